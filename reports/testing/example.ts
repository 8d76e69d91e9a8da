/**
 * A report as a real run makes one, for tests of the renderers: every optional field occurs, as do the awkward cases
 * (unknown values, bounds, exact counts, an arm without a valid trial, a regression). The numbers are invented.
 */

import type { Arm, Comparison, Interval, Measured, PhaseSplit, Report, Scenario, SlowTurn, Unit } from '../report.ts';
import { BEST_HTTP, exampleArm, HTTP, MULTIPLEXED, turns, WEBSOCKET } from './arms.ts';
import { exampleClaims } from './claims.ts';
import { spectrumText } from './histograms.ts';
import { exampleLadder } from './ladder.ts';

export { BEST_HTTP, exampleArm, HTTP, MULTIPLEXED, WEBSOCKET };

export function exampleReport(changes: Partial<Report> = {}): Report {
  return {
    schemaVersion: 1,
    tool: { name: 'gatebench', version: '0.1.0' },
    startedAt: '2026-11-24T08:24:05.120Z',
    durationMs: 252_340,
    command: ['gatebench', 'bench', 'claims', '--quick', '--threshold', 'turn.p99<2000'],
    seed: 42,
    environment: {
      node: '26.10.0',
      os: 'Debian GNU/Linux 13',
      kernel: '6.12.48',
      cpuModel: 'AMD EPYC 7B13',
      cores: 2,
      coresEffective: 2,
      memoryBytes: 8_254_390_272,
      pinning: [
        { process: 'gateway', cores: [0] },
        { process: 'mock LLM', cores: [1] },
        { process: 'generator', cores: [1] },
      ],
      canaryCv: 0.031,
      git: { commit: '85027dc1f0e94f7c9a44', dirty: true },
      notes: ['Loopback charges the receiver’s TCP work to the sender.'],
    },
    scenarios: [latency(), tokenOverhead(), concurrency(), exampleLadder()],
    claims: exampleClaims(),
    thresholds: [
      { expression: 'turn.p99<2500', ok: false, value: 2_731, unit: 'ms' },
      { expression: 'errorRate<0.01', ok: true, value: 0.0004, unit: 'fraction' },
      { expression: 'tpot.p99.9<50', ok: false, value: null, reason: '3,000 samples; p99.9 takes 10,000' },
    ],
    verdict: 'fail',
    verdictReason: '2 of 3 thresholds were missed.',
    ...changes,
  };
}

/** The smallest report that is valid: nothing was asked and nothing found. */
export function emptyReport(changes: Partial<Report> = {}): Report {
  return exampleReport({ scenarios: [], claims: [], thresholds: [], verdict: 'pass', verdictReason: 'Nothing was asked.', ...changes });
}

export function exampleComparison(changes: Partial<Comparison> = {}): Comparison {
  return {
    baseline: HTTP,
    candidate: WEBSOCKET,
    measure: 'turn',
    condition: '',
    ratio: 0.978,
    interval: [0.973, 0.983],
    verdict: 'same',
    launches: 6,
    margin: 0.05,
    pAdjusted: 0.0012,
    ...changes,
  };
}

function latency(): Scenario {
  return {
    name: 'latency',
    why: 'How long does a user wait for the first token and for the last? The model takes the same time in all arms, so what differs is the way.',
    parameters: { profile: 'haiku-4.5-like', roundTripMs: 20, tls: true, outputTokens: { kind: 'fixed', value: 100 }, launches: 6 },
    schedule: { hash: '9f2c11d0', offeredRate: 25, achievedRate: 24.96, interArrivalCv: 0.98 },
    arms: [
      exampleArm(HTTP, {
        turns: turns({ completed: 1_497, failed: 2, timedOut: 1 }),
        codes: { connection_lost: 2 },
        metrics: {
          turn: times([2_145, 2_128, 2_163], 2_402, 2_731),
          ttft: times([2_145, 2_128, 2_163], 2_402, 2_731),
          tpot: { unit: 'ms', estimate: null, interval: null, reason: 'a whole reply has no times between its tokens' },
          completionLag: times([41.3, 40.9, 41.8], 43.2, 58.1),
          cpuPerToken: value('us/token', 21.4, [20.8, 22.1]),
          bytesPerToken: value('B/token', 12.1, [12.1, 12.1]),
        },
        phases: [
          split('p50', [41.2, 0.31, 0, 0.05, 0.4, 1_103, 980, 0.6, 0, 19.9]),
          split('p90', [61.7, 0.44, 0, 0.06, 0.5, 1_520, 1_102, 0.9, 0, 24.2]),
        ],
        traces: { sampled: 40, lost: 0 },
        slowest: [
          slow('latency-2-0.x.17.3', 'completed', [3.2, 61.7, 0.44, 0, 0.06, 0.5, 2_020, 1_102, 0.9, 0, 24.2]),
          slow('latency-0-0.x.4.0', 'failed (connection_lost)', []),
        ],
        notes: ['phases of all turns leave 9.21 ms of a turn unaccounted for, more than 3.50 ms: the split is not to be trusted'],
        layers: { unit: 'B/token', content: 5.6, envelope: 2.1, framing: 0.1, headers: 3.4, tls: 0.9, diagnostics: 0 },
        histograms: spectra({ turn: [1_497, 2_145, 2_731], ttft: [1_497, 2_145, 2_731], completionLag: [1_497, 41.3, 58.1] }),
      }),
      exampleArm(BEST_HTTP, {
        metrics: {
          turn: times([2_099, 2_084, 2_115], 2_358, 2_655),
          ttft: times([92.6, 91.8, 93.5], 118, 171),
          tpot: times([20.1, 20, 20.2], 23.4, 29.8),
          completionLag: times([0.61, 0.58, 0.65], 1.02, 4.4),
          gatewayAdded: times([0.42, 0.4, 0.45], 0.98, 3.9),
          cpuPerToken: value('us/token', 44.2, [42.9, 45.5]),
          bytesPerToken: value('B/token', 334, [334, 334]),
          lateness: times([0.02, 0.02, 0.03], 0.4, 1.3),
        },
        phases: [
          split('p50', [0.02, 0.3, 0, 0.05, 0.4, 1_104, 983, 0.5, 0, 10.1]),
          split('p99', [0.05, 0.4, 0, 0.06, 0.5, 1_511, 1_100, 0.8, 2.2, 12.8]),
        ],
        layers: { unit: 'B/token', content: 5.6, envelope: 291, framing: 31.2, headers: 1.9, tls: 4.3, diagnostics: 0 },
        histograms: spectra({
          turn: [1_500, 2_099, 2_655],
          ttft: [1_500, 92.6, 171],
          gatewayAdded: [150_000, 0.42, 3.9],
          completionLag: [1_500, 0.61, 4.4],
        }),
        timeline: {
          binMs: 100,
          offeredPerSecond: [20, 80, 20, 0],
          completedPerSecond: [20, 40, 30, 10],
          refusedPerSecond: [0, 35, 0, 0],
          turnMs: [52, 340, 61, null],
        },
      }),
      exampleArm(WEBSOCKET, {
        conditions: { tls: true },
        turns: turns({ completed: 1_488, refused: 9, cancelled: 1, dropped: 2 }),
        codes: { queue_full: 9 },
        metrics: {
          turn: times([2_098, 2_081, 2_116], 2_360, 2_660),
          ttft: times([93.4, 92.5, 94.4], 119, 176),
          tpot: times([20.1, 20, 20.2], 23.5, 30.4),
          completionLag: times(
            [0.74, 0.7, 0.79],
            1.4,
            null,
            'pooled over launches: the smallest holds 248 samples, p99 takes 1000 in each',
          ),
          gatewayAdded: times([0.55, 0.52, 0.59], 1.21, 5.2),
          cpuPerToken: value('us/token', 39.8, [38.1, 41.6]),
          bytesPerToken: value('B/token', 195, [195, 195]),
        },
        phases: [split('all', [0.03, 0.28, 0.02, 0.11, 0.5, 1_104, 982, 0.6, 0, 10.2])],
        layers: { unit: 'B/token', content: 5.6, envelope: 184, framing: 4.1, headers: 0.2, tls: null, diagnostics: 1.2 },
        histograms: spectra({
          turn: [1_488, 2_098, 2_660],
          ttft: [1_488, 93.4, 176],
          gatewayAdded: [148_800, 0.55, 5.2],
          completionLag: [248, 0.74, 6.1],
        }),
        details: { runQueueWaitRatioMean: 0.06, byLaunch: [39.1, 40.3, null], ledger: { tokensJoined: 148_800 } },
        validity: { ok: true, excluded: 2, trials: 18, reasons: ['generator lateness p99 2.7 ms is above 2 ms (and 1 more like it)'] },
      }),
      exampleArm('websocket/compact/kept>sse/chat/kept/full/thread', {
        launches: 0,
        turns: turns({ failed: 40 }),
        codes: { bad_reply: 40 },
        validity: { ok: false, excluded: 18, trials: 18, reasons: ['no turn completed (and 17 more like it)'] },
      }),
    ],
    comparisons: [
      exampleComparison({ pAdjusted: 0.0004 }),
      exampleComparison({ measure: 'turn.p99', ratio: 0.974, interval: [0.941, 1.009], verdict: 'same' }),
      exampleComparison({ measure: 'ttft', ratio: 0.0435, interval: [0.0421, 0.045], verdict: 'better' }),
      exampleComparison({ measure: 'cpuPerToken', ratio: 1.86, interval: [1.78, 1.94], verdict: 'worse', deciding: false }),
      exampleComparison({ baseline: BEST_HTTP, measure: 'ttft', ratio: 1.009, interval: [0.997, 1.02], verdict: 'same' }),
      exampleComparison({
        baseline: BEST_HTTP,
        measure: 'cpuPerToken',
        ratio: 0.9,
        interval: [0.857, 0.946],
        verdict: 'better',
      }),
      exampleComparison({
        baseline: BEST_HTTP,
        measure: 'gatewayAdded.p99',
        condition: 'round trip 20 ms',
        ratio: 1.33,
        interval: [0.88, 2.02],
        verdict: 'inconclusive',
        reason: 'the interval holds 1 and reaches beyond ±5 %: more launches could decide',
        pAdjusted: 0.41,
      }),
    ],
    findings: ['Streaming is worth all of it: against HTTP that streams on kept connections, WebSocket changes the first token by 0.9 %.'],
    notRun: [{ what: MULTIPLEXED, reason: 'the quick run leaves it out' }],
  };
}

function tokenOverhead(): Scenario {
  const exact = (id: string, bytes: number, overhead: number): Arm =>
    exampleArm(id, { metrics: { bytesPerToken: counted('B/token', bytes), tokenOverhead: counted('fraction', overhead) } });
  return {
    name: 'token-overhead',
    why: 'How many bytes does a token of 5.6 bytes cost on the wire?',
    parameters: { tokensPerChunk: 1, turns: 32 },
    schedule: null,
    arms: [exact(BEST_HTTP, 334, 0.9271), exact(WEBSOCKET, 195, 0.9827)],
    comparisons: [
      exampleComparison({
        baseline: BEST_HTTP,
        measure: 'bytesPerToken',
        ratio: 0.584,
        interval: [0.584, 0.584],
        difference: { unit: 'B/token', estimate: -139, interval: [-139, -139] },
        verdict: 'better',
        deciding: true,
      }),
      exampleComparison({
        baseline: BEST_HTTP,
        measure: 'tokenOverhead',
        ratio: 1.06,
        interval: [1.06, 1.06],
        difference: { unit: 'fraction', estimate: 0.0556, interval: [0.0512, 0.06] },
        verdict: 'worse',
        deciding: true,
        reason: 'the baseline of the gate is the previous revision',
      }),
    ],
    notRun: [],
  };
}

function concurrency(): Scenario {
  return {
    name: 'concurrency',
    why: 'How many streams at once does the gateway carry before the last token is late?',
    parameters: { completionLagP99MsMax: 100 },
    schedule: null,
    arms: [
      exampleArm(BEST_HTTP, {
        metrics: { concurrency: value('streams', 412, [388, 437]) },
        curve: {
          measure: 'completionLag',
          unit: 'ms',
          limit: 100,
          points: [
            { streams: 100, p99: 4.1, held: true },
            { streams: 400, p99: 38, held: true },
            { streams: 450, p99: 210, held: false },
            { streams: 800, p99: null, held: false },
          ],
        },
      }),
      exampleArm(MULTIPLEXED, {
        conditions: { arrivals: 'together', flushMs: 1 },
        curve: {
          measure: 'completionLag',
          unit: 'ms',
          limit: 100,
          points: [
            { streams: 100, p99: 1.2, held: true },
            { streams: 400, p99: 5.1, held: true },
            { streams: 1_600, p99: 61, held: true },
          ],
        },
        metrics: {
          concurrency: {
            unit: 'streams',
            estimate: 1_600,
            interval: null,
            bound: 'atLeast',
            statistic: 'mean',
            reason: 'in 6 of 6 launches the instrument gave out before the gateway',
          },
        },
      }),
    ],
    comparisons: [
      exampleComparison({
        baseline: BEST_HTTP,
        candidate: MULTIPLEXED,
        measure: 'concurrency',
        ratio: null,
        interval: null,
        verdict: 'inconclusive',
        reason: 'the candidate is only known to carry at least 1600 streams',
      }),
    ],
    notRun: [],
  };
}

function times(median: [number, number, number], p90: number, p99: number | null, reason?: string): Measured {
  const [p50, low, high] = median;
  return {
    unit: 'ms',
    estimate: p50,
    interval: [low, high],
    statistic: 'p50',
    quantiles: { p50, p90, p99, 'p99.9': null },
    quantileIntervals: { p50: [low, high], p90: [p90 * 0.98, p90 * 1.02], p99: p99 === null ? null : [p99 * 0.9, p99 * 1.11] },
    quantileReasons: { 'p99.9': '1500 samples; p99.9 takes 10000', ...(reason === undefined ? {} : { p99: reason }) },
    samples: 1_500,
  };
}

function value(unit: Unit, estimate: number, interval: Interval): Measured {
  return { unit, estimate, interval, statistic: 'mean' };
}

function counted(unit: Unit, exact: number): Measured {
  return { unit, estimate: exact, interval: [exact, exact], statistic: 'count' };
}

const PHASES = [
  'transit',
  'admission',
  'queue',
  'dispatch',
  'agent',
  'upstreamFirstToken',
  'upstreamStreaming',
  'serialise',
  'backPressure',
  'returnTransit',
];

function split(among: PhaseSplit['among'], ms: readonly number[]): PhaseSplit {
  return {
    among,
    turns: among === 'p99' || among === 'p90' ? 15 : 150,
    meanMs: Object.fromEntries(PHASES.map((name, i) => [name, ms[i] ?? 0])),
    residualMs: 0.4,
    modelMs: (ms[5] ?? 0) + (ms[6] ?? 0) - 0.3,
  };
}

function slow(key: string, outcome: string, ms: readonly number[]): SlowTurn {
  return {
    key,
    outcome,
    turnMs: ms.reduce((sum, value) => sum + value, ms.length === 0 ? 12.5 : 0.4),
    phasesMs: Object.fromEntries(ms.map((value, i) => [['scheduleLag', ...PHASES][i], value])),
    residualMs: ms.length === 0 ? null : 0.4,
    traceId: '0af7651916cd43dd8448eb211c80319c',
  };
}

function spectra(of: Readonly<Record<string, readonly [samples: number, p50Ms: number, p99Ms: number]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(of).map(([measure, shape]) => [measure, spectrumText(...shape)]));
}
