/** What all renderers say in the same words of load: how streams at once fared against the service level, and trials over time. */
import { number, quantity } from './format.ts';
import { measureLabel } from './measures.ts';
import type { LoadCurve, Timeline } from './report.ts';

/** `completionLag p99 by streams, limit 100 ms: 100 4.10 ms, 450 210 ms (did not hold)`. */
export function curveText(curve: LoadCurve): string {
  const points = curve.points.map(({ streams, p99, held }) => {
    const value = p99 === null ? 'not known' : quantity(p99, curve.unit);
    return `${number(streams)}: ${value}${held ? '' : ' (did not hold)'}`;
  });
  return `${measureLabel(`${curve.measure}.p99`)} by streams, limit ${quantity(curve.limit, curve.unit)}: ${points.join(', ')}`;
}

export const TIMELINE_ROWS = [
  { name: 'due', key: 'offeredPerSecond', unit: '1/s' },
  { name: 'completed', key: 'completedPerSecond', unit: '1/s' },
  { name: 'refused', key: 'refusedPerSecond', unit: '1/s' },
  { name: 'median turn', key: 'turnMs', unit: 'ms' },
] as const;

/** `over 400 ms: due up to 80.0 /s, …, median turn up to 340 ms`. */
export function timelineText(timeline: Timeline): string {
  const parts = TIMELINE_ROWS.map(({ name, key, unit }) => `${name} up to ${quantity(largest(timeline[key]), unit)}`);
  return `over ${quantity(timeline.binMs * timeline.turnMs.length, 'ms')}: ${parts.join(', ')}`;
}

/** Of what is known; 0 where nothing is. */
export function largest(values: readonly (number | null)[]): number {
  return values.reduce((most: number, value) => Math.max(most, value ?? 0), 0);
}
