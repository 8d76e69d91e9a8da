/**
 * How trials went over time: turns a second that were due, completed and refused, and below them what turns took. All
 * arms of a scenario have the same axes, so that one look compares them.
 */
import { largest, TIMELINE_ROWS } from '../load.ts';
import type { Timeline } from '../report.ts';
import { axisOption, gridOption, linearAxis } from './axis.ts';
import { type ChartOption, type Drawing, draw, type LineSeriesOption, type Size } from './draw.ts';
import { type Stroke, strokeOf } from './ink.ts';

/** A stroke for each row of a timeline, in their order. */
const STROKES = [2, 0, 1, 3];
export const TIMELINE_LINES = TIMELINE_ROWS.map((row, index) => ({ ...row, stroke: STROKES[index] ?? index }));

/** The largest values of all arms, which their charts share. */
export interface Tops {
  perSecond: number;
  turnMs: number;
  durationMs: number;
}

export function topsOf(timelines: readonly Timeline[]): Tops {
  return {
    perSecond: largest(timelines.flatMap(({ offeredPerSecond: a, completedPerSecond: b, refusedPerSecond: c }) => [...a, ...b, ...c])),
    turnMs: largest(timelines.flatMap(({ turnMs }) => turnMs)),
    durationMs: largest(timelines.map(({ binMs, turnMs }) => binMs * turnMs.length)),
  };
}

export function drawTimeline(timeline: Timeline, tops: Tops, size: Size): Drawing {
  const sides = { left: 58, right: 26 };
  const upper = Math.round((size.height - 48) * 0.6);
  const x = linearAxis(tops.durationMs, 'ms', size.width / 60);
  const option: ChartOption = {
    grid: [gridOption({ ...sides, top: 10, height: upper }), gridOption({ ...sides, top: upper + 26, bottom: 26 })],
    xAxis: [
      { ...axisOption(x), axisLabel: { show: false }, gridIndex: 0 },
      { ...axisOption(x), gridIndex: 1 },
    ],
    yAxis: [
      { ...axisOption(linearAxis(tops.perSecond, '1/s', 5)), gridIndex: 0 },
      { ...axisOption(linearAxis(tops.turnMs, 'ms', 4)), gridIndex: 1 },
    ],
    series: TIMELINE_LINES.map(({ key, stroke }): LineSeriesOption => {
      const grid = key === 'turnMs' ? 1 : 0;
      return { ...lineOf(timeline[key], timeline.binMs, strokeOf(stroke)), xAxisIndex: grid, yAxisIndex: grid };
    }),
  };
  return draw(option, size);
}

function lineOf(values: readonly (number | null)[], binMs: number, { color, dash }: Stroke): LineSeriesOption {
  // A step for each stretch, since its value is that of all of it; a gap where nothing is known.
  const data = values.flatMap((value, bin): [number, number | null][] =>
    value === null
      ? [[bin * binMs, null]]
      : [
          [bin * binMs, value],
          [(bin + 1) * binMs, value],
        ],
  );
  return {
    type: 'line',
    data,
    symbol: 'none',
    silent: true,
    lineStyle: { color, width: 1.5, type: dash.length === 0 ? 'solid' : [...dash] },
  };
}
