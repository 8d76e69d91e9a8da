/**
 * A ladder as a waterfall: from the first arm's value each rung goes up or down by what changing its one factor alone
 * was worth, and ends at the last arm's. Whiskers are the intervals of the rungs.
 */
import { quantity, signed, UNKNOWN } from '../format.ts';
import type { Interval, Unit } from '../report.ts';
import { axisOption, gridOption, hiddenAxis, linearAxis } from './axis.ts';
import { type CustomSeriesOption, type Drawing, draw } from './draw.ts';
import { clip, INK } from './ink.ts';

/** What the whole is on the way: at its beginning, its end, and where a reader knows the arm. */
export interface Stop {
  kind: 'stop';
  label: string;
  value: number | null;
}

export interface Step {
  kind: 'step';
  label: string;
  /** From the value before to the one after; `null` beyond a rung that is not known. */
  from: number | null;
  to: number | null;
  /** Of `to`, `from` taken as exact. */
  interval: Interval | null;
  effect: 'good' | 'bad' | 'same';
}

export interface Waterfall {
  unit: Unit;
  rows: readonly (Stop | Step)[];
}

interface Row {
  label: string;
  text: string;
  from: number | null;
  to: number | null;
  interval: Interval | null;
  color: string;
}

type RenderItem = NonNullable<CustomSeriesOption['renderItem']>;

const BAR_HEIGHT = 14;
/** Never so thin that nothing is seen. */
const BAR_WIDTH_MIN = 1.5;
const NUMBER_WIDTH = 76;
const LABEL_GAP = 12;

/** @param narrow labels stand above their bars instead of beside them. */
export function drawWaterfall(waterfall: Waterfall, width: number, narrow: boolean): Drawing {
  const rows = rowsOf(waterfall);
  const rowHeight = narrow ? 40 : 28;
  const grid = { left: narrow ? 5 : Math.round(width * 0.46), right: narrow ? 14 : NUMBER_WIDTH, top: 4, bottom: 26 };
  const size = { width, height: grid.top + grid.bottom + rows.length * rowHeight };
  const most = Math.max(...rows.flatMap(({ from, to, interval }) => [from ?? 0, to ?? 0, interval?.[1] ?? 0]));
  const scale = linearAxis(most * 1.02, waterfall.unit, (width - grid.left - grid.right) / 70);
  const axis = { ...scale, ticks: scale.ticks.map(({ at, text }) => ({ at, text: short(text) })) };
  const renderItem: RenderItem = ({ dataIndex }, api) => {
    const row = rows[dataIndex];
    if (!row) return undefined;
    const top = grid.top + dataIndex * rowHeight;
    const middle = top + (narrow ? 28 : rowHeight / 2);
    const words = narrow
      ? [label(0, top + 11, clip(row.label, width - NUMBER_WIDTH), 'left'), label(width, top + 11, row.text, 'right')]
      : [label(grid.left - LABEL_GAP, middle, clip(row.label, grid.left - LABEL_GAP), 'right'), label(width, middle, row.text, 'right')];
    const x = (value: number) => api.coord([value, 0])[0] ?? 0;
    const goesOn = (rows[dataIndex + 1]?.from ?? null) !== null;
    return { type: 'group', children: [...barOf(row, x, middle, goesOn ? rowHeight : 0), ...words] };
  };
  return draw(
    {
      grid: gridOption(grid),
      xAxis: axisOption(axis),
      yAxis: hiddenAxis(0, rows.length, true),
      series: [{ type: 'custom', silent: true, clip: false, data: rows.map((_, index) => [0, index]), renderItem }],
    },
    size,
  );
}

/** @param stride to the next bar, which a thin line leads to; 0: there is none. */
function barOf({ from, to, interval, color }: Row, x: (value: number) => number, middle: number, stride: number) {
  if (from === null || to === null) return [];
  const [left, right] = [Math.min(x(from), x(to)), Math.max(x(from), x(to))];
  const bar = {
    type: 'rect' as const,
    shape: { x: left, width: Math.max(BAR_WIDTH_MIN, right - left), y: middle - BAR_HEIGHT / 2, height: BAR_HEIGHT },
    style: { fill: color },
  };
  const bottom = middle + BAR_HEIGHT / 2;
  return [
    bar,
    ...(stride > 0 ? [line(x(to), bottom, x(to), bottom + stride - BAR_HEIGHT, INK.quiet, 1)] : []),
    ...(interval ? [line(x(interval[0]), middle, x(interval[1]), middle, INK.text, 1.5)] : []),
    ...(interval ?? []).map((bound) => line(x(bound), middle - 4, x(bound), middle + 4, INK.text, 1.5)),
  ];
}

function line(x1: number, y1: number, x2: number, y2: number, stroke: string, lineWidth: number) {
  return { type: 'line' as const, shape: { x1, y1, x2, y2 }, style: { stroke, lineWidth } };
}

function label(x: number, y: number, text: string, textAlign: 'left' | 'right') {
  const style = { x, y, text, textAlign, textVerticalAlign: 'middle', fill: INK.text } as const;
  return { type: 'text' as const, style };
}

/** What it is per, the chart's title says. */
function short(text: string): string {
  return text.replace(/\/(token|turn)$/, '');
}

function rowsOf({ unit, rows }: Waterfall): Row[] {
  return rows.map((row): Row => {
    if (row.kind === 'stop') {
      const { label: name, value } = row;
      return {
        label: name,
        text: short(quantity(value, unit)),
        from: value === null ? null : 0,
        to: value,
        interval: null,
        color: INK.whole,
      };
    }
    const { label: name, from, to, interval, effect } = row;
    const change = from === null || to === null ? UNKNOWN : short(signed(to - from, null, unit));
    return { label: name, text: change, from, to, interval, color: INK[effect] };
  });
}
