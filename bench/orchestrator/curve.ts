/** What a search or a ramp tried, as a curve: the lag of completions by the number of streams, over the launches. */
import type { LoadCurve } from '../../reports/report.ts';
import type { SearchPlan } from '../scenario.ts';
import { average } from '../statistics/bootstrap.ts';
import type { SearchAnswer, SearchProbe } from './observation.ts';

/** Launches try different numbers of streams: those within this factor are one point. Searches step wider. */
const POINT_RATIO = 1.1;

/** `undefined` where nothing was tried. */
export function curveOf(answers: readonly SearchAnswer[], plan: SearchPlan): LoadCurve | undefined {
  const probes = Map.groupBy(
    answers.flatMap((answer) => answer.probes),
    ({ users }) => Math.round(Math.log(users) / Math.log(POINT_RATIO)),
  );
  if (probes.size === 0) return undefined;
  const points = [...probes.values()].map((tried) => ({
    streams: Math.round(geometricMean(tried.map(({ users }) => users)) ?? 0),
    p99: geometricMean(tried.flatMap(({ lagP99Ms }) => (lagP99Ms === null || lagP99Ms <= 0 ? [] : [lagP99Ms]))),
    held: held(tried),
  }));
  return { measure: 'completionLag', unit: 'ms', limit: plan.completionLagP99MsMax, points: points.sort((a, b) => a.streams - b.streams) };
}

/** `null` of nothing: the instrument gave out in all launches. */
function geometricMean(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.exp(average(values.map(Math.log)));
}

/** In more than half of what was tried. */
function held(probes: readonly SearchProbe[]): boolean {
  return probes.filter(({ ok }) => ok).length * 2 > probes.length;
}
