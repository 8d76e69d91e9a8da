/** What a run's report says as a whole: whether its numbers may be believed, and whether its thresholds hold. */
import type { Report, ReportVerdict } from '../../reports/report.ts';

/** Beyond this, before and after the run are two machines. */
const CANARY_SHIFT_MAX = 1.5;

export function measuredAnything(scenarios: Report['scenarios']): boolean {
  return scenarios.some(({ arms }) => arms.some(({ launches, turns }) => launches > 0 && turns.completed > 0));
}

export function verdictOf(
  scenarios: Report['scenarios'],
  thresholds: Report['thresholds'],
  trouble: string | undefined,
  canaryShift: number,
): { verdict: ReportVerdict; reason: string } {
  const missed = thresholds.filter(({ ok }) => !ok);
  if (trouble !== undefined) return { verdict: 'inconclusive', reason: trouble };
  if (!measuredAnything(scenarios)) return { verdict: 'fail', reason: 'nothing valid was measured' };
  if (missed.length > 0) return { verdict: 'fail', reason: `${missed.length} of ${thresholds.length} thresholds do not hold` };
  const invalid = scenarios.flatMap(({ name, arms }) => {
    const parts = new Set(arms.flatMap(({ mixOf = [] }) => mixOf));
    return arms.filter(({ id, validity }) => !validity.ok && !parts.has(id)).map(({ id }) => `${name} ${id}`);
  });
  if (invalid.length > 0) return { verdict: 'inconclusive', reason: `too many trials were not valid on ${invalid.join(', ')}` };
  if (Math.max(canaryShift, 1 / canaryShift) > CANARY_SHIFT_MAX) {
    return { verdict: 'inconclusive', reason: `the machine’s speed changed by a factor of ${canaryShift.toFixed(2)} during the run` };
  }
  return {
    verdict: 'pass',
    reason: thresholds.length > 0 ? 'every arm was measured validly and every threshold holds' : 'every arm was measured validly',
  };
}
