/**
 * Percentile spectra laid over each other: how long the best half, the worst tenth, the worst hundredth of the turns
 * took. Each further nine of the horizontal axis is as wide as the one before, so the tail is not squeezed into the edge.
 */
import type { Unit } from '../report.ts';
import { axisOption, gridOption, logAxis } from './axis.ts';
import { type ChartOption, type Drawing, draw, type LineSeriesOption, type Size } from './draw.ts';
import { strokeOf } from './ink.ts';
import { nines, type Spectrum } from './percentiles.ts';

export interface SpectrumLine {
  letter: string;
  /** Which stroke: the same for an arm in all charts. */
  stroke: number;
  spectrum: Spectrum;
}

const QUANTILES = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999];
const UNIT: Unit = 'ms';

export function drawSpectra(lines: readonly SpectrumLine[], size: Size): Drawing {
  const points = lines.flatMap(({ spectrum }) => spectrum.points);
  const y = logAxis(
    points.map(({ ms }) => ms),
    UNIT,
    size.height / 40,
  );
  const end = Math.max(nines(0.5) * 1.2, ...points.map(({ quantile }) => nines(quantile)));
  const ticks = QUANTILES.map((quantile) => ({ at: nines(quantile), text: `p${Number((100 * quantile).toFixed(4))}` }));
  const x = { to: nines, min: 0, max: end, ticks: ticks.filter(({ at }) => at <= end) };
  const option: ChartOption = {
    grid: gridOption({ left: 58, right: 26, top: 10, bottom: 28 }),
    xAxis: axisOption(x),
    yAxis: axisOption(y),
    series: lines.map((line): LineSeriesOption => lineOf(line, y.to)),
  };
  return draw(option, size);
}

function lineOf({ letter, stroke, spectrum }: SpectrumLine, y: (ms: number) => number): LineSeriesOption {
  const { color, dash } = strokeOf(stroke);
  return {
    type: 'line',
    data: spectrum.points.map(({ quantile, ms }) => [nines(quantile), y(ms)]),
    symbol: 'none',
    silent: true,
    lineStyle: { color, width: 2, type: dash.length === 0 ? 'solid' : [...dash] },
    endLabel: { show: true, distance: 5, color, fontWeight: 'bold', textBorderWidth: 0, formatter: () => letter },
    labelLayout: { moveOverlap: 'shiftY' },
  };
}
