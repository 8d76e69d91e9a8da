/**
 * Judges thresholds on a finished report. A threshold speaks of every arm that has the measure, or of every comparison
 * that has it as a difference, and of the bound of the interval that is against us: what is not shown to hold does not
 * hold.
 */
import type { Interval, Threshold as Judged, Scenario } from '../../reports/report.ts';
import { keeps, type Threshold } from '../command/thresholds.ts';

export function judgeThresholds(thresholds: readonly Threshold[], scenarios: readonly Scenario[]): Judged[] {
  return thresholds.map((threshold) => judgeThreshold(threshold, scenarios));
}

function judgeThreshold(threshold: Threshold, scenarios: readonly Scenario[]): Judged {
  const { expression, unit } = threshold;
  const upward = threshold.operator.startsWith('<');
  let worst: number | null = null;
  for (const { estimate, interval, reason } of valuesOf(threshold, scenarios)) {
    // The interval's far end, or the estimate where there is no interval.
    const value = interval ? interval[upward ? 1 : 0] : estimate;
    if (value === null) return { expression, ok: false, value: null, unit, reason };
    worst = worst === null ? value : upward ? Math.max(worst, value) : Math.min(worst, value);
  }
  if (worst === null) return { expression, ok: false, value: null, unit, reason: nothingOf(threshold) };
  return { expression, ok: keeps(threshold, worst), value: worst, unit };
}

interface Value {
  estimate: number | null;
  interval: Interval | null;
  /** Why there is no estimate. */
  reason: string;
}

function valuesOf({ of, measure, quantile }: Threshold, scenarios: readonly Scenario[]): Value[] {
  if (of === 'differences') {
    const reference = quantile === undefined ? measure : `${measure}.${quantile}`;
    const asked = scenarios.flatMap(({ comparisons }) => comparisons.filter((comparison) => comparison.measure === reference));
    return asked.flatMap(({ difference }) => (difference ? { ...difference, reason: 'a comparison has no value for it' } : []));
  }
  return scenarios
    .flatMap(({ arms }) => arms.flatMap(({ metrics }) => metrics[measure] ?? []))
    .map((measured) => ({
      estimate: quantile === undefined ? measured.estimate : (measured.quantiles?.[quantile] ?? null),
      interval: quantile === undefined ? measured.interval : (measured.quantileIntervals?.[quantile] ?? null),
      reason: measured.reason ?? 'an arm has no value for it',
    }));
}

function nothingOf({ of, measure }: Threshold): string {
  return of === 'arms' ? `no arm of this run has ${measure}` : `no comparison of this run has a difference of ${measure}`;
}
