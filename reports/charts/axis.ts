/**
 * Axes as all charts have them: quiet lines, marks where `scale.ts` puts them, units at the marks.
 *
 * A logarithmic axis is a linear one of logarithms, because ECharts' own marks powers of ten alone, which leaves an
 * axis from 2.0 to 2.7 s without any.
 */
import { brief } from '../format.ts';
import type { Unit } from '../report.ts';
import { linearTicks, logTicks } from '../scale.ts';
import { INK } from './ink.ts';

export interface Axis {
  /** To the coordinate that ECharts is given. */
  to(value: number): number;
  /** Coordinates of the two ends. */
  min: number;
  max: number;
  ticks: readonly { at: number; text: string }[];
}

export function linearAxis(max: number, unit: Unit, ticksMax: number): Axis {
  const end = max > 0 && Number.isFinite(max) ? max : 1;
  const ticks = linearTicks(0, end, 1 / ticksMax).map((value) => ({ at: value, text: brief(value, unit) }));
  return { to: (value) => value, min: 0, max: end, ticks };
}

/** Holds all values, and a little air. Values of 0 and below have no place on it and count as the smallest other. */
export function logAxis(values: readonly number[], unit: Unit, ticksMax: number): Axis {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  const [low, high] = positive.length === 0 ? [1, 10] : [Math.min(...positive), Math.max(...positive)];
  // Where all is equal, the axis still shows how little a few per cent are.
  const air = Math.max(1.05, (high / low) ** 0.06, Math.sqrt(1.2 / (high / low)));
  const [from, to] = [low / air, high * air];
  const ticks = logTicks(from, to, 1 / ticksMax).map((value) => ({ at: Math.log10(value), text: brief(value, unit) }));
  return { to: (value) => Math.log10(Math.max(value, low)), min: Math.log10(from), max: Math.log10(to), ticks };
}

/** @param grid lines across the chart at the marks. */
export function axisOption({ min, max, ticks }: Axis, grid = true) {
  const texts = new Map(ticks.map(({ at, text }) => [at, text]));
  const customValues = ticks.map(({ at }) => at);
  return {
    type: 'value' as const,
    min,
    max,
    axisLine: { show: false },
    axisTick: { show: false, customValues },
    axisLabel: { color: INK.quiet, customValues, hideOverlap: false, formatter: (at: number) => texts.get(at) ?? '' },
    splitLine: { show: grid, lineStyle: { color: INK.grid } },
    minorTick: { show: false },
  };
}

/** An axis that is there for its scale alone. */
export function hiddenAxis(min: number, max: number, inverse = false) {
  return { type: 'value' as const, show: false, min, max, inverse };
}

export interface Sides {
  left: number;
  right: number;
  top: number;
  bottom?: number;
  height?: number;
}

/** Exactly there: by itself ECharts shrinks a chart whose labels it thinks too long, and two of them no longer align. */
export function gridOption(sides: Sides) {
  return { ...sides, outerBoundsMode: 'none' as const };
}
