/** What the rungs of a ladder make of one measure between the published ends: each factor's worth, as a factor. */
import type { Scenario } from '../../reports/report.ts';
import { HTTP_MODE, WEBSOCKET_MODE } from '../../scenarios/ends.ts';
import { pathOf } from './cells.ts';

export interface Climb {
  /** Of the rungs, in words: `round trip 20 ms`. */
  condition: string;
  /** From HTTP mode to WebSocket mode; what lies beyond is no part of the claim. */
  steps: readonly { factor: string; ratio: number }[];
}

/** `undefined` without such a ladder, or where one of its rungs is not known. */
export function climbOf({ ladder = [] }: Pick<Scenario, 'ladder'>, measure: string, condition: string): Climb | undefined {
  const rungs = ladder.filter((rung) => rung.measure === measure && rung.condition === condition).sort((a, b) => a.step - b.step);
  const end = rungs.findIndex(({ to }) => pathOf({ id: to }) === WEBSOCKET_MODE);
  const between = rungs.slice(0, end + 1);
  const steps = between.flatMap(({ factor, ratio }) => (ratio === null || ratio <= 0 ? [] : [{ factor, ratio }]));
  const [first] = between;
  return first && pathOf({ id: first.from }) === HTTP_MODE && steps.length === between.length ? { condition, steps } : undefined;
}

export interface Worth {
  /** WebSocket mode ÷ HTTP mode. */
  total: number;
  /** Those that pull the way the total goes, the strongest first, until four fifths of that pull are named. */
  carriers: readonly { factor: string; ratio: number; share: number }[];
  /** Those that pull the other way by more than `margin`, the strongest first. */
  against: readonly { factor: string; ratio: number }[];
}

const NAMED_SHARE = 0.8;

/** Worths multiply, so that shares are of logarithms. */
export function worthOf({ steps }: Climb, margin: number): Worth {
  const logs = steps.map(({ factor, ratio }) => ({ factor, ratio, log: Math.log(ratio) }));
  const total = logs.reduce((sum, { log }) => sum + log, 0);
  const way = Math.sign(total) || 1;
  const strongest = logs.toSorted((a, b) => Math.abs(b.log) - Math.abs(a.log));
  const along = strongest.filter(({ log }) => Math.sign(log) === way);
  const pull = along.reduce((sum, { log }) => sum + Math.abs(log), 0);
  let named = 0;
  const carriers = along.flatMap(({ factor, ratio, log }) => {
    if (named >= NAMED_SHARE) return [];
    const share = Math.abs(log) / pull;
    named += share;
    return [{ factor, ratio, share }];
  });
  const against = strongest
    .filter(({ log, ratio }) => Math.sign(log) === -way && Math.abs(ratio - 1) > margin)
    .map(({ factor, ratio }) => ({ factor, ratio }));
  return { total: Math.exp(total), carriers, against };
}
