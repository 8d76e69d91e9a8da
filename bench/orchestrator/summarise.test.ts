import { describe, expect, it } from 'vitest';
import { validateReport } from '../../reports/schema.ts';
import { exampleReport } from '../../reports/testing/example.ts';
import { latency } from '../../scenarios/latency.ts';
import { arm } from '../arms.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { TrialResult } from '../trial.ts';
import type { Observation } from './observation.ts';
import { type ScenarioData, summarise } from './summarise.ts';

const A = 'sse/chat/kept>sse/chat/kept/full/inline';
const B = 'websocket/responses/kept>sse/chat/kept/full/inline';
const METER = {
  wireReadBytes: 1_000,
  wireWrittenBytes: 500,
  readBytes: 1_000,
  contentBytes: 50,
  diagnosticsBytes: 0,
  envelopeBytes: 700,
  framingBytes: 200,
  headerBytes: 50,
  writtenBytes: 500,
  requestBodyBytes: 400,
  connections: 1,
  turns: 10,
};

/** 200 turns of this many milliseconds, 10 of whose tokens cost the gateway this many microseconds each. */
function observe(id: string, launch: number, turnMs: number, cpuUs: number, over: Partial<Observation> = {}): Observation {
  const times = new LatencyHistogram();
  for (let turn = 0; turn < 200; turn += 1) times.recordUs(turnMs * 1_000);
  const none = new LatencyHistogram();
  const result: TrialResult = {
    id: 'x',
    windowStartNs: 0,
    windowEndNs: 1e9,
    turns: { offered: 200, completed: 199, failed: 1, cancelled: 0, timedOut: 0, refused: 0, dropped: 0 },
    codes: { upstream_error: 1 },
    schedule: { hash: 'h', offeredRate: 200, achievedRate: 200, interArrivalCv: 1 },
    histograms: {
      lateness: times.encode(),
      ttft: times.encode(),
      turn: times.encode(),
      tpot: none.encode(),
      interChunk: none.encode(),
      service: times.encode(),
    },
    totals: { turns: 10, outputTokens: 10, textEvents: 10, meter: METER },
    generator: { cpuNs: 1e6, wallNs: 1e9, inFlightPeak: 3 },
  };
  const counts = {
    tokensJoined: 10,
    tokensLost: 0,
    extraUnits: 0,
    turnsWithExtra: 0,
    turnsWithoutLedger: 0,
    callsWithoutTurn: 0,
    negativeStamps: 0,
    mostNegativeNs: 0,
  };
  return {
    scenario: 'latency',
    arm: id,
    launch,
    result,
    ledger: { gatewayAdded: times, completionLag: times, mockLateness: none, counts, window: { tokens: 10, turns: 1 } },
    cpu: { windowNs: cpuUs * 10 * 1e3, windowWallNs: 1e9, cores: 1, waitRatio: 0.1, rssBytes: 1e6 },
    reasons: [],
    ...over,
  };
}

function data(observations: Observation[]): ScenarioData {
  const scenario = { ...latency, pairs: [[A, B]] as const, measures: ['turn', 'cpuPerToken'] };
  return { scenario, arms: [arm(A), arm(B)], observations, answers: [], notRun: [], parameters: {} };
}

const SIX = Array.from({ length: 6 }, (_, launch) => launch);
/** The machine drifts: both arms of a launch are slower or faster together. */
const drift = (launch: number) => 1 + launch * 0.2;

describe('summarise', () => {
  it('compares within launches, so that drift does not blur a ratio', () => {
    const observations = SIX.flatMap((launch) => [
      observe(A, launch, 100, 20 * drift(launch)),
      observe(B, launch, 50, 10 * drift(launch) * (1 + launch * 0.002)),
    ]);
    const [scenario] = summarise([data(observations)], 1);
    const [turn, cpu] = scenario!.comparisons;
    expect(turn).toMatchObject({ measure: 'turn', verdict: 'better', launches: 6 });
    expect(turn!.ratio).toBeCloseTo(0.5, 2);
    expect(cpu).toMatchObject({ measure: 'cpuPerToken', verdict: 'better' });
    expect(cpu!.ratio).toBeCloseTo(0.5025, 3);
    expect(cpu!.interval![1] - cpu!.interval![0]).toBeLessThan(0.01);
    const [a] = scenario!.arms;
    expect(a!.turns).toMatchObject({ offered: 1_200, completed: 1_194, failed: 6 });
    expect(a!.codes).toEqual({ upstream_error: 6 });
    expect(a!.metrics.tokenOverhead).toMatchObject({ estimate: 0.95, interval: [0.95, 0.95] });
    expect(a!.metrics.cpuPerToken!.interval).not.toBeNull();
    // 200 samples a launch are too few for p99, 1,200 together are not: a pooled value, and no interval.
    expect(a!.metrics.turn!.quantiles!.p99).toBeCloseTo(100, 0);
    expect(a!.metrics.turn!.quantileIntervals!.p99).toBeNull();
    expect(a!.metrics.turn!.quantiles!['p99.9']).toBeNull();
    expect(a!.layers).toMatchObject({ unit: 'B/token', content: 5, envelope: 70, framing: 20, headers: 5, tls: 0 });
  });

  it('leaves invalid trials out of every number but counts their turns, and says why', () => {
    const late = { reasons: ['generator lateness p99 9 ms is above 2 ms'] };
    const observations = SIX.flatMap((launch) => [observe(A, launch, 100, 20), observe(B, launch, 50, 10, launch < 3 ? late : {})]);
    const [scenario] = summarise([data(observations)], 1);
    const b = scenario!.arms[1]!;
    expect(b).toMatchObject({ launches: 3, validity: { ok: false, excluded: 3, trials: 6 } });
    expect(b.turns.offered).toBe(1_200);
    expect(scenario!.comparisons[0]).toMatchObject({ verdict: 'inconclusive' });
    expect(scenario!.comparisons[0]!.reason).toContain('invalid');
  });

  it('gives no ratio where a search only found a lower bound', () => {
    const search: ScenarioData = {
      ...data([]),
      scenario: {
        ...data([]).scenario,
        measures: ['concurrency'],
        plan: { kind: 'search', usersMin: 1, usersMax: 10, stepRatio: 2, completionLagP99MsMax: 1, gatewayAddedP99MsMax: 1 },
      },
      answers: SIX.flatMap((launch) => [
        { scenario: 'latency', arm: A, launch, users: 400, atLeast: true, probes: [] },
        { scenario: 'latency', arm: B, launch, users: 200, atLeast: false, probes: [] },
      ]),
    };
    const [scenario] = summarise([search], 1);
    expect(scenario!.arms[0]!.metrics.concurrency).toMatchObject({ estimate: 400, bound: 'atLeast' });
    expect(scenario!.comparisons[0]).toMatchObject({ ratio: null, verdict: 'inconclusive' });
  });

  it('makes scenarios that the schema of reports accepts', () => {
    const observations = SIX.flatMap((launch) => [observe(A, launch, 100, 20), observe(B, launch, 50, 10)]);
    const checked = validateReport({ ...exampleReport(), claims: [], scenarios: summarise([data(observations)], 1) });
    expect(checked.ok ? [] : checked.problems).toEqual([]);
  });
});
