/** What all renderers say in the same words of load: how streams at once fared against the service level, and trials over time. */
import { count, quantity } from './format.ts';
import { measureLabel } from './measures.ts';
import type { LoadCurve, Timeline } from './report.ts';

/** More points than a sentence holds. */
const POINTS_SAID_MAX = 8;

/**
 * `completionLag p99 by streams, limit 100 ms: 100: 4.10 ms, 450: 210 ms (did not hold)`; of many points those that matter:
 * `…: 40 numbers from 25 to 900; most that held: 412: 38.0 ms; fewest that did not: 437: 210 ms`.
 */
export function curveText(curve: LoadCurve): string {
  const { measure, unit, limit, points } = curve;
  const said = ({ streams, p99 }: Point) => `${count(streams)}: ${p99 === null ? 'not known' : quantity(p99, unit)}`;
  const head = `${measureLabel(`${measure}.p99`)} by streams, limit ${quantity(limit, unit)}`;
  if (points.length <= POINTS_SAID_MAX)
    return `${head}: ${points.map((point) => `${said(point)}${point.held ? '' : ' (did not hold)'}`).join(', ')}`;
  const sorted = [...points].sort((a, b) => a.streams - b.streams);
  const most = sorted.findLast(({ held }) => held);
  const fewest = sorted.find(({ held }) => !held);
  const parts = [
    `${points.length} numbers from ${count(sorted[0]?.streams ?? 0)} to ${count(sorted.at(-1)?.streams ?? 0)}`,
    most ? `most that held: ${said(most)}` : 'none held',
    fewest ? `fewest that did not: ${said(fewest)}` : 'all held',
  ];
  return `${head}: ${parts.join('; ')}`;
}

type Point = LoadCurve['points'][number];

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
