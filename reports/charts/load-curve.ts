/**
 * What a growing number of concurrent streams does to the slowest hundredth, against the service level: where a line
 * crosses the limit, the gateway is full. Both axes are logarithmic.
 */
import type { LoadCurve } from '../report.ts';
import { type Axis, axisOption, gridOption, logAxis } from './axis.ts';
import { type ChartOption, type Drawing, draw, type LineSeriesOption, type Size } from './draw.ts';
import { INK, strokeOf } from './ink.ts';

export interface CurveLine {
  letter: string;
  stroke: number;
  points: LoadCurve['points'];
}

export function drawLoadCurves(lines: readonly CurveLine[], { limit, unit }: Pick<LoadCurve, 'limit' | 'unit'>, size: Size): Drawing {
  const points = lines.flatMap((line) => line.points);
  const x = logAxis(
    points.map(({ streams }) => streams),
    '1',
    size.width / 60,
  );
  const known = [limit, ...points.flatMap(({ p99 }) => p99 ?? [])];
  // Room at the edges for those that have no place of their own.
  const edges = points.some(({ p99 }) => p99 === null) ? [2.5 * Math.max(...known), Math.min(...known) / 1.6] : [];
  const y = logAxis([...known, ...edges], unit, size.height / 40);
  const option: ChartOption = {
    grid: gridOption({ left: 58, right: 26, top: 14, bottom: 28 }),
    xAxis: axisOption(x),
    yAxis: axisOption(y),
    series: [limitLine([x.min, x.max], y.to(limit)), ...lines.flatMap((line) => linesOf(line, x.to, y))],
  };
  return draw(option, size);
}

function limitLine([from, to]: [number, number], at: number): LineSeriesOption {
  return {
    type: 'line',
    data: [
      { value: [from, at], label: { show: true, formatter: () => 'limit', color: INK.limit, position: [4, -14], textBorderWidth: 0 } },
      [to, at],
    ],
    symbol: 'circle',
    symbolSize: 0,
    silent: true,
    lineStyle: { color: INK.limit, width: 1.5, type: [6, 4] },
  };
}

type Scale = (value: number) => number;

/**
 * A filled circle: held. A hollow square: not. Where how late is not known, triangles off the line: a filled one at the
 * lower edge held, a hollow one at the upper edge did not.
 */
function linesOf({ letter, stroke, points }: CurveLine, x: Scale, y: Axis): LineSeriesOption[] {
  const { color, dash } = strokeOf(stroke);
  const look = (held: boolean) => (held ? { color } : { color: INK.paper, borderColor: color, borderWidth: 2 });
  const sorted = [...points].sort((a, b) => a.streams - b.streams);
  const known = sorted.flatMap(({ streams, p99, held }) => (p99 === null ? [] : [{ at: [x(streams), y.to(p99)], held }]));
  const unknown = sorted.filter(({ p99 }) => p99 === null);
  return [
    {
      type: 'line',
      silent: true,
      lineStyle: { color, width: 2, type: dash.length === 0 ? 'solid' : [...dash] },
      data: known.map(({ at, held }) => ({ value: at, symbol: held ? 'circle' : 'rect', symbolSize: 7, itemStyle: look(held) })),
      endLabel: { show: true, distance: 7, color, fontWeight: 'bold', textBorderWidth: 0, formatter: () => letter },
      labelLayout: { moveOverlap: 'shiftY' },
    },
    {
      type: 'line',
      silent: true,
      lineStyle: { width: 0 },
      data: unknown.map(({ streams, held }) => ({
        value: [x(streams), held ? y.min : y.max],
        symbol: 'triangle',
        symbolRotate: held ? 180 : 0,
        symbolSize: 9,
        itemStyle: look(held),
      })),
    },
  ];
}
