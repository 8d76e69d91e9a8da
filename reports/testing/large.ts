/**
 * A report as large as a whole set of claims makes it: six arms at three round-trip times and mixed, each with everything
 * that can be drawn.
 */
import type { Arm, Report, Rung, Scenario } from '../report.ts';
import { BEST_HTTP, exampleArm } from './arms.ts';
import { exampleComparison, exampleReport } from './example.ts';
import { spectrumText } from './histograms.ts';
import { LADDER_PATHS } from './ladder.ts';

const PATHS = LADDER_PATHS.slice(0, 6);
const ROUND_TRIPS = [0, 20, 80];
const MEASURES = ['turn', 'ttft', 'gatewayAdded', 'completionLag', 'cpuPerToken'];
const idOf = (path: string, rttMs: number) => `${path}@rttMs=${rttMs}`;

export function largeReport(): Report {
  return exampleReport({ scenarios: [claims(), ...exampleReport().scenarios] });
}

function claims(): Scenario {
  const [first = ''] = PATHS;
  return {
    name: 'claims',
    why: 'Do the four claims hold?',
    parameters: { launches: 6 },
    schedule: null,
    arms: PATHS.flatMap((path, index) => ROUND_TRIPS.map((rttMs) => arm(path, rttMs, index))),
    comparisons: PATHS.slice(1).flatMap((path) =>
      ROUND_TRIPS.flatMap((rttMs) =>
        MEASURES.map((measure) =>
          exampleComparison({ measure, candidate: idOf(path, rttMs), baseline: idOf(first, rttMs), condition: `round trip ${rttMs} ms` }),
        ),
      ),
    ),
    ladder: ROUND_TRIPS.flatMap((rttMs) => MEASURES.flatMap((measure) => PATHS.slice(1).map((_, index) => rung(measure, rttMs, index)))),
    notRun: [],
  };
}

function rung(measure: string, rttMs: number, index: number): Rung {
  return {
    step: index + 1,
    factor: 'something',
    from: idOf(PATHS[index] ?? '', rttMs),
    to: idOf(PATHS[index + 1] ?? '', rttMs),
    condition: `round trip ${rttMs} ms`,
    measure,
    before: 2_000,
    ratio: 0.9,
    interval: [0.85, 0.95],
  };
}

function arm(path: string, rttMs: number, index: number): Arm {
  const [example] = exampleReport().scenarios;
  const full = example?.arms.find(({ id }) => id === BEST_HTTP);
  const p50 = 100 + rttMs + 3 * index;
  const streams = [10, 20, 40, 80, 160, 320, 640, 1_280];
  return exampleArm(idOf(path, rttMs), {
    ...full,
    id: idOf(path, rttMs),
    conditions: rttMs === 0 ? {} : { rttMs },
    histograms: Object.fromEntries(
      MEASURES.slice(0, 4).map((measure, shift) => [measure, spectrumText(5_000, p50 / (shift + 1), 3 * p50)]),
    ),
    curve: {
      measure: 'completionLag',
      unit: 'ms',
      limit: 100,
      points: streams.map((n) => ({ streams: n, p99: (n * (1 + index)) / 10, held: n * (1 + index) <= 1_000 })),
    },
  });
}
