/**
 * Readings of a claim: one for each of its measures in each cell, judged by the interval of the ratio within launches. The
 * point estimate decides nothing, and neither does what too few launches or too few valid trials say.
 */
import type { Interval, Measured, Reading, Arm as ReportArm } from '../../reports/report.ts';
import type { ArmData } from '../orchestrator/arm-data.ts';
import { owns } from '../orchestrator/arm-data.ts';
import { boundedRatio } from '../orchestrator/bounds.ts';
import { ratioOf, trialsOf } from '../orchestrator/comparisons.ts';
import { directionOf, SEARCH_MEASURE, unitOf } from '../orchestrator/measures.ts';
import { type Improvement, improvementOf, judgeClaim } from '../statistics/claim.ts';
import { obstacle } from '../statistics/verdict.ts';
import { type Cell, conditionWords } from './cells.ts';
import type { PublishedClaim } from './published.ts';

/** What a reading shows, and what explains it. */
export interface Judged {
  reading: Reading;
  cell: Cell;
  /** Of WebSocket mode over the best HTTP; `undefined` where that was not measured. */
  overBest: Improvement | undefined;
  /** Of `http` and `websocket` these are only known to be at least that. */
  atLeast: readonly ('http' | 'websocket')[];
  /** Why nothing could be decided. */
  reason?: string;
}

/** @param metrics of the report's arms, by id, for the values that are shown. */
export type MetricsOf = (cell: Cell, id: string) => ReportArm['metrics'];

export function readingsOf(claim: PublishedClaim, cells: readonly Cell[], metricsOf: MetricsOf, seed: number): Judged[] {
  return claim.measures.flatMap((measure) =>
    cells.filter((cell) => isReadIn(measure, cell)).map((cell) => read(claim, measure, cell, metricsOf, seed)),
  );
}

function isReadIn(measure: string, { scenario, http }: Cell): boolean {
  return (measure === SEARCH_MEASURE.name) === (scenario.plan.kind === 'search') && owns(http, measure);
}

function read(claim: PublishedClaim, measure: string, cell: Cell, metricsOf: MetricsOf, seed: number): Judged {
  const { http, best, websocket } = cell;
  const metricOf = (data: ArmData): Measured | undefined => metricsOf(cell, data.arm.id)[measure];
  const shown = judge(claim, measure, [http, websocket], seed);
  const overBest = best && improvementOf(ratioOf(measure, best, websocket, seed), directionOf(measure));
  const atLeast = (
    [
      ['http', http],
      ['websocket', websocket],
    ] as const
  ).flatMap(([end, data]) => (metricOf(data)?.bound === 'atLeast' ? [end] : []));
  return {
    reading: {
      measure,
      condition: conditionWords(cell.conditions),
      unit: unitOf(measure),
      http: metricOf(http)?.estimate ?? null,
      websocket: metricOf(websocket)?.estimate ?? null,
      ...(best ? { bestHttp: metricOf(best)?.estimate ?? null } : {}),
      improvement: shown.improvement,
      interval: shown.interval,
      verdict: shown.verdict,
    },
    cell,
    overBest,
    atLeast,
    ...(shown.reason === undefined ? {} : { reason: shown.reason }),
  };
}

type Shown = Pick<Reading, 'improvement' | 'interval' | 'verdict'> & { reason?: string };

function judge({ claimed }: PublishedClaim, measure: string, [http, websocket]: readonly [ArmData, ArmData], seed: number): Shown {
  const bounded = measure === SEARCH_MEASURE.name ? boundedRatio(http, websocket, seed) : undefined;
  const estimate = bounded?.estimate ?? ratioOf(measure, http, websocket, seed);
  const { improvement, interval } = improvementOf(estimate, directionOf(measure));
  const inTheWay = obstacle(measure === SEARCH_MEASURE.name ? { estimate } : { estimate, trials: trialsOf(http, websocket) });
  if (inTheWay !== undefined) return { improvement, interval, verdict: 'inconclusive', reason: inTheWay };
  return judgeImprovement({ improvement, interval, ...(bounded ? { side: bounded.side } : {}) }, claimed.improvement);
}

/**
 * The verdict on one improvement. Known from one side only, it can still be shown to be too small, or to be large enough.
 * @param claimed as a fraction.
 */
export function judgeImprovement(measured: Improvement & { side?: 'atMost' | 'atLeast' }, claimed: number): Shown {
  const { improvement, interval, side } = measured;
  if (interval === null) return { improvement, interval: null, verdict: 'inconclusive', reason: 'there is no interval' };
  if (side === 'atLeast') {
    const enough = interval[0] >= claimed;
    return {
      improvement,
      interval: null,
      verdict: enough ? 'reproduced' : 'inconclusive',
      ...(enough ? {} : { reason: 'only a lower bound is known' }),
    };
  }
  // What is at most so much better may be as much worse as can be: nothing is left of it.
  const bounds: Interval = side === 'atMost' ? [-1, interval[1]] : interval;
  const verdict = judgeClaim(bounds, claimed);
  return {
    improvement,
    interval: bounds,
    verdict,
    ...(verdict === 'inconclusive' ? { reason: side ? 'only an upper bound is known' : 'the interval is too wide' } : {}),
  };
}
