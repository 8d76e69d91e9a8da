/**
 * Judges thresholds on a finished report. A threshold speaks of every arm that has the measure, and of the bound of
 * the interval that is against us: what is not shown to hold does not hold.
 */
import type { Threshold as Judged, Measured, Scenario } from '../../reports/report.ts';
import { keeps, type Threshold } from '../command/thresholds.ts';

export function judgeThresholds(thresholds: readonly Threshold[], scenarios: readonly Scenario[]): Judged[] {
  return thresholds.map((threshold) => judgeThreshold(threshold, scenarios));
}

function judgeThreshold(threshold: Threshold, scenarios: readonly Scenario[]): Judged {
  const upward = threshold.operator.startsWith('<');
  let worst: number | null = null;
  for (const measured of scenarios.flatMap(({ arms }) => arms.flatMap((arm) => arm.metrics[threshold.measure] ?? []))) {
    const value = boundAgainst(measured, threshold.quantile, upward);
    if (value === null) {
      return {
        expression: threshold.expression,
        ok: false,
        value: null,
        unit: threshold.unit,
        reason: measured.reason ?? 'an arm has no value for it',
      };
    }
    worst = worst === null ? value : upward ? Math.max(worst, value) : Math.min(worst, value);
  }
  const { expression, unit } = threshold;
  if (worst === null) return { expression, ok: false, value: null, unit, reason: `no arm of this run has ${threshold.measure}` };
  return { expression, ok: keeps(threshold, worst), value: worst, unit };
}

/** The interval's far end, or the estimate where there is no interval. */
function boundAgainst(measured: Measured, quantile: string | undefined, upward: boolean): number | null {
  const estimate = quantile === undefined ? measured.estimate : (measured.quantiles?.[quantile] ?? null);
  const interval = quantile === undefined ? measured.interval : (measured.quantileIntervals?.[quantile] ?? null);
  return interval ? interval[upward ? 1 : 0] : estimate;
}
