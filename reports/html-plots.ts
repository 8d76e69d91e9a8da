/**
 * The page's pictures as inline SVG: ratios with their intervals on a logarithmic axis, and stacked bars.
 *
 * Positions are percentages of an SVG without a viewBox, so pictures stretch with the page while text, dots and
 * lines keep their size, from a phone to paper. The numbers always stand beside them as text.
 */
import { number } from './format.ts';
import { type Html, html } from './html-template.ts';
import type { Interval } from './report.ts';

/** Ratios beyond this are drawn at the edge. */
const RATIO_MAX = 1_000;

export interface Axis {
  /** Per cent of the width. */
  at(ratio: number): number;
  ticks: readonly number[];
}

/** Labels closer than this (per cent of the width) would touch on a phone. */
const TICK_GAP_MIN = 11;
const DECADES = [-3, -2, -1, 0, 1, 2, 3];
const TICKS = [
  [0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2, 1.25],
  [0.8, 0.9, 1, 1.1, 1.2],
  [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2],
  [0.5, 0.7, 1, 1.4, 2],
  DECADES.flatMap((decade) => [1, 2, 5].map((digit) => digit * 10 ** decade)),
  DECADES.flatMap((decade) => [1, 3].map((digit) => digit * 10 ** decade)),
  DECADES.map((decade) => 10 ** decade),
];

/** An axis that holds all intervals and 1. */
export function logAxis(ratios: readonly (number | null)[], intervals: readonly (Interval | null)[]): Axis {
  const values = [...ratios, ...intervals.flat(), 1 / 1.1, 1.1]
    .filter((value) => value !== null)
    .map((value) => Math.min(RATIO_MAX, Math.max(1 / RATIO_MAX, value)));
  const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  const margin = (high - low) * 0.04;
  const [from, to] = [low - margin, high + margin];
  const place = (ratio: number) => (100 * (Math.log(Math.max(ratio, 1e-9)) - from)) / (to - from);
  return { at: (ratio) => round(Math.min(100, Math.max(0, place(ratio)))), ticks: bestTicks(place) };
}

/** Of the sets whose labels do not touch, the one that marks most of the axis; of equals, the finer. */
function bestTicks(place: (ratio: number) => number): readonly number[] {
  let best: readonly number[] = [1];
  let bestSpan = 0;
  for (const set of TICKS) {
    const inside = set.filter((tick) => place(tick) >= 0 && place(tick) <= 100);
    const gaps = inside.slice(1).map((tick, index) => place(tick) - place(inside[index] ?? tick));
    const span = gaps.reduce((sum, gap) => sum + gap, 0);
    if (Math.min(...gaps) >= TICK_GAP_MIN && span > bestSpan * 1.2) {
      best = inside;
      bestSpan = span;
    }
  }
  return best;
}

/** The axis' labels. */
export function axisHead(axis: Axis): Html {
  const labels = axis.ticks.map((tick) => html`<text x="${axis.at(tick)}%" y="14" text-anchor="middle">${tickText(tick)}</text>`);
  return html`<svg width="100%" height="18" aria-hidden="true">${labels}</svg>`;
}

function tickText(tick: number): string {
  return tick >= 0.001 && tick < 1_000 ? String(Number(tick.toPrecision(3))) : number(tick);
}

/** One ratio: band of the margin, line at 1, interval, estimate. */
export function ratioPlot(axis: Axis, ratio: number | null, interval: Interval | null, margin: number | undefined): Html {
  const grid = axis.ticks.map((tick) => line(tick === 1 ? 'one' : 'grid', axis.at(tick)));
  const band =
    margin === undefined || margin === 0
      ? undefined
      : html`<rect class="band" x="${axis.at(1 / (1 + margin))}%" width="${round(axis.at(1 + margin) - axis.at(1 / (1 + margin)))}%" y="0" height="100%"/>`;
  const bar = interval ? html`<line class="ci" x1="${axis.at(interval[0])}%" x2="${axis.at(interval[1])}%" y1="50%" y2="50%"/>` : undefined;
  const dot = ratio === null ? undefined : html`<circle class="dot" cx="${axis.at(ratio)}%" cy="50%" r="5"/>`;
  return html`<svg width="100%" aria-hidden="true">${band}${grid}${bar}${dot}</svg>`;
}

function line(name: string, x: number): Html {
  return html`<line class="${name}" x1="${x}%" x2="${x}%" y1="0" y2="100%"/>`;
}

/** Distinct with most forms of colour blindness, and readable on light and dark (after Paul Tol's "muted" scheme). */
const COLORS = ['#88ccee', '#44aa99', '#ddcc77', '#b3a633', '#c98ad0', '#5b6ee1', '#cc6677', '#4f9a5b', '#9c4f7d', '#d98a4a', '#8c96a0'];

export interface Part {
  name: string;
  value: number;
}

export function colorOf(index: number): string {
  return COLORS[index % COLORS.length] ?? '#8c96a0';
}

/** One bar; `whole` is the value of the full width. Negative parts (a residual) have no length. */
export function stackedBar(parts: readonly Part[], whole: number, label: (part: Part) => string): Html {
  let from = 0;
  const rects = parts.map((part, index) => {
    const width = whole > 0 ? (100 * Math.max(0, part.value)) / whole : 0;
    const rect = html`<rect x="${round(from)}%" width="${round(width)}%" y="2" height="16" fill="${colorOf(index)}"><title>${label(part)}</title></rect>`;
    from += width;
    return rect;
  });
  return html`<svg width="100%" height="20" role="img" aria-label="${parts.map(label).join(', ')}">${rects}</svg>`;
}

export function legend(names: readonly string[]): Html {
  return html`<ul class="legend">${names.map((name, index) => html`<li><i style="background:${colorOf(index)}"></i>${name}</li>`)}</ul>`;
}

function round(percent: number): number {
  return Math.round(percent * 100) / 100;
}
