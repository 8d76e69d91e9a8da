/** A ladder as a run makes it: arms that mix round-trip times and are told apart by them, a rung for each change, one beyond the end. */
import type { Arm, Measured, Rung, Scenario } from '../report.ts';
import { BEST_HTTP, exampleArm, HTTP, turns, WEBSOCKET } from './arms.ts';
import { spectrumText } from './histograms.ts';

export const LADDER_PATHS = [
  HTTP,
  'sse/chat/per-turn>sse/chat/kept/full/inline',
  BEST_HTTP,
  'sse/responses/kept>sse/chat/kept/full/inline',
  'websocket/responses/kept>sse/chat/kept/full/inline',
  WEBSOCKET,
  'websocket/responses/kept>websocket/responses/kept/full/thread',
] as const;
const FACTORS = ['streaming', 'connection reuse', 'envelope', 'transport', 'threads', 'upstream leg'];

type Ratios = readonly ([ratio: number, low: number, high: number] | null)[];

interface Climbed {
  measure: string;
  unit: Measured['unit'];
  start: number;
  /** One a rung. */
  ratios: Ratios;
  /** At this round-trip time; for all together where there is none. */
  rttMs?: number;
}

const CLIMBED: readonly Climbed[] = [
  {
    measure: 'turn',
    unit: 'ms',
    rttMs: 20,
    start: 128,
    ratios: [
      [0.994, 0.985, 1.003],
      [0.672, 0.664, 0.68],
      [1.001, 0.992, 1.01],
      [0.996, 0.987, 1.005],
      [1.012, 1.002, 1.022],
      [1.002, 0.99, 1.014],
    ],
  },
  {
    measure: 'turn',
    unit: 'ms',
    rttMs: 80,
    start: 309,
    ratios: [
      [0.998, 0.99, 1.006],
      [0.479, 0.474, 0.484],
      [1.001, 0.99, 1.012],
      [0.999, 0.988, 1.01],
      [1.004, 0.99, 1.018],
      [1, 0.988, 1.012],
    ],
  },
  {
    measure: 'ttft',
    unit: 'ms',
    rttMs: 20,
    start: 128,
    ratios: [[0.684, 0.675, 0.694], [0.521, 0.512, 0.53], [1.004, 0.995, 1.013], [0.993, 0.98, 1.006], [1.024, 1.011, 1.037], null],
  },
  {
    measure: 'cpuPerToken',
    unit: 'us/token',
    start: 61.4,
    ratios: [
      [1.43, 1.38, 1.48],
      [0.584, 0.561, 0.608],
      [1.11, 1.06, 1.16],
      [0.871, 0.84, 0.903],
      [1.19, 1.13, 1.25],
      [1.04, 0.98, 1.1],
    ],
  },
];

const idOf = (path: string, rttMs: number | string) => `${path}@tls=true,rttMs=${rttMs}`;
const MIX = '20+80';

export function exampleLadder(): Scenario {
  return {
    name: 'ladder',
    why: 'Which factor makes the difference between HTTP mode and WebSocket mode?',
    parameters: { tokens: 40, tpotMs: 1 },
    schedule: { hash: '51d0ac77', offeredRate: 120, achievedRate: 120, interArrivalCv: 0 },
    arms: LADDER_PATHS.flatMap((path, index) => [mix(path, index), part(path, index, 20), part(path, index, 80)]),
    comparisons: [],
    ladder: CLIMBED.flatMap(rungs),
    notRun: [],
  };
}

/** After so many rungs; a rung that is not known counts as none. */
function valueAfter({ start, ratios }: Climbed, rungs: number): number {
  return ratios.slice(0, rungs).reduce((value, ratio) => value * (ratio?.[0] ?? 1), start);
}

function rungs(climbed: Climbed): Rung[] {
  const { measure, ratios, rttMs } = climbed;
  return ratios.map((ratio, index) => ({
    step: index + 1,
    factor: FACTORS[index] ?? '',
    from: idOf(LADDER_PATHS[index] ?? '', rttMs ?? MIX),
    to: idOf(LADDER_PATHS[index + 1] ?? '', rttMs ?? MIX),
    condition: rttMs === undefined ? 'round trips 20 and 80 ms' : `round trip ${rttMs} ms`,
    measure,
    before: valueAfter(climbed, index),
    ratio: ratio?.[0] ?? null,
    interval: ratio ? [ratio[1], ratio[2]] : null,
    ...(index === 2 ? { interaction: { ratio: 0.998, interval: [0.98, 1.017] as const } } : {}),
  }));
}

function metricsOf(index: number, rttMs: number | undefined): Record<string, Measured> {
  return Object.fromEntries(
    CLIMBED.filter((climbed) => climbed.rttMs === rttMs).map((climbed) => {
      const estimate = valueAfter(climbed, index);
      return [climbed.measure, { unit: climbed.unit, estimate, interval: [0.98 * estimate, 1.02 * estimate], statistic: 'mean' }];
    }),
  );
}

/** What all of its sessions share. */
function mix(path: string, index: number): Arm {
  return exampleArm(idOf(path, MIX), {
    conditions: { tls: true, rttMs: MIX },
    mixOf: [idOf(path, 20), idOf(path, 80)],
    turns: turns({}),
    metrics: metricsOf(index, undefined),
  });
}

function part(path: string, index: number, rttMs: number): Arm {
  const metrics = metricsOf(index, rttMs);
  const p50 = metrics.turn?.estimate ?? 100;
  const spectrum = (median: number, p99: number) => spectrumText(720, median, p99);
  return exampleArm(idOf(path, rttMs), {
    conditions: { tls: true, rttMs },
    metrics,
    histograms: {
      turn: spectrum(p50, p50 * 1.3),
      ttft: spectrum(index === 0 ? p50 : p50 / 2.5, p50),
      completionLag: spectrum(0.4 + 0.1 * index, 4 + index),
    },
    validity: { ok: true, excluded: 0, trials: 0, reasons: [] },
  });
}
