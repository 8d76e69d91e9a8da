/**
 * A scenario's ladder as climbs: for each measure and condition the rungs in order, and what the measure is before and
 * after each of them.
 */
import { changeOf, lettersOf, nameOf } from './arms.ts';
import { referTo } from './measures.ts';
import type { Arm, Interval, Rung, Scenario, Unit } from './report.ts';

export interface Climb {
  measure: string;
  condition: string;
  unit: Unit;
  /** 1 where the value is not known; then all that follows is a multiple of it. */
  start: number;
  relative: boolean;
  /** The arm that it starts from. */
  from: string;
  steps: readonly ClimbStep[];
  /** `null` where a rung on the way is not known. */
  end: number | null;
}

export interface ClimbStep {
  rung: Rung;
  /** `streaming: http → sse`. */
  label: string;
  /** The arm that it leads to, where this has a name or is the last. */
  stop: string | undefined;
  from: number | null;
  to: number | null;
  /** Of `to`, as far as this rung alone is uncertain. */
  interval: Interval | null;
  /** Whether the rung's interval shows a change, and for the better or the worse. */
  effect: 'good' | 'bad' | 'same';
}

export function climbsOf(scenario: Scenario): Climb[] {
  const { ladder = [], arms } = scenario;
  const groups = Map.groupBy(ladder, ({ measure, condition }) => JSON.stringify([measure, condition]));
  return [...groups.values()].flatMap((rungs) => {
    const sorted = [...rungs].sort((a, b) => a.step - b.step);
    const [first] = sorted;
    if (!first) return [];
    const conditions = new Set(ladder.filter(({ measure }) => measure === first.measure).map(({ condition }) => condition));
    const known = first.before ?? (conditions.size === 1 ? estimateOf(arms, first.measure) : undefined);
    return [climbOf(first, sorted, known, scenario)];
  });
}

function climbOf({ measure, condition, from: start }: Rung, rungs: readonly Rung[], known: number | undefined, scenario: Scenario): Climb {
  const called = (id: string) => scenario.arms.find((arm) => arm.id === id);
  const letters = lettersOf(scenario);
  let value: number | null = known ?? 1;
  const steps = rungs.map((rung, index): ClimbStep => {
    const arm = called(rung.to);
    const last = index === rungs.length - 1;
    const from = value;
    value = from === null || rung.ratio === null ? null : from * rung.ratio;
    const interval: Interval | null = from === null || rung.interval === null ? null : [from * rung.interval[0], from * rung.interval[1]];
    return {
      rung,
      label: `${rung.factor}: ${changeOf(rung, scenario)}`,
      stop: (arm && nameOf(arm)) ?? (last ? (arm ? `arm ${letters.get(rung.to)}` : 'after') : undefined),
      from,
      to: value,
      interval: value === null ? null : interval,
      effect: effectOf(rung),
    };
  });
  const unit = known === undefined ? '1' : (referTo(measure).measure?.unit ?? '1');
  const first = called(start);
  const from = (first && nameOf(first)) ?? (first ? `arm ${letters.get(start)}` : 'before');
  return { measure, condition, unit, start: known ?? 1, relative: known === undefined, from, steps, end: value };
}

/** The first arm's. Under several conditions it would be there several times, or once for all of them: then it is not known. */
function estimateOf(arms: readonly Arm[], reference: string): number | undefined {
  const [first] = arms;
  const { name, quantile } = referTo(reference);
  const same = arms.filter(({ factors, metrics }) => first && name in metrics && sameFactors(factors, first.factors));
  const metric = same.length === 1 ? same[0]?.metrics[name] : undefined;
  const value = quantile === undefined ? metric?.estimate : metric?.quantiles?.[quantile];
  return value ?? undefined;
}

function sameFactors(a: Arm['factors'], b: Arm['factors']): boolean {
  return (Object.keys(a) as (keyof typeof a)[]).every((name) => a[name] === b[name]);
}

function effectOf({ measure, interval }: Rung): ClimbStep['effect'] {
  const direction = referTo(measure).measure?.direction;
  if (interval === null || direction === undefined || (interval[0] <= 1 && interval[1] >= 1)) return 'same';
  return interval[1] < 1 === (direction === 'lower') ? 'good' : 'bad';
}
