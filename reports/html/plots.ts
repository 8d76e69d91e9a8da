/**
 * Pictures within the rows of tables: ratios and improvements with their intervals, bars, and stacked bars.
 *
 * Positions are percentages of an SVG without a viewBox, so pictures stretch with the page while text, dots and
 * lines keep their size, from a phone to paper. The numbers always stand beside them as text. What has two axes of its
 * own is a chart (`reports/charts`).
 */
import { brief } from '../format.ts';
import { referTo } from '../measures.ts';
import type { Claim, Interval, Reading } from '../report.ts';
import { fittingTicks, linearTicks } from '../scale.ts';
import { type Html, html } from './template.ts';

/** Ratios beyond this are drawn at the edge. */
const RATIO_MAX = 1_000;

export interface Axis {
  /** Per cent of the width. */
  at(value: number): number;
  ticks: readonly { value: number; text: string }[];
  /** Where nothing changed: a stronger line. */
  origin: number;
}

/** Labels closer than this share of the width would touch on a phone. */
const TICK_GAP_MIN = 0.11;
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
export function ratioAxis(ratios: readonly (number | null)[], intervals: readonly (Interval | null)[]): Axis {
  const values = [...ratios, ...intervals.flat(), 1 / 1.1, 1.1]
    .filter((value) => value !== null)
    .map((value) => Math.min(RATIO_MAX, Math.max(1 / RATIO_MAX, value)));
  const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  const margin = (high - low) * 0.04;
  const [from, to] = [low - margin, high + margin];
  const place = (ratio: number) => (Math.log(Math.max(ratio, 1e-9)) - from) / (to - from);
  const ticks = fittingTicks(TICKS, place, TICK_GAP_MIN);
  return { at: percent(place), ticks: (ticks.length > 0 ? ticks : [1]).map((value) => ({ value, text: brief(value, '1') })), origin: 1 };
}

/** Worse than twice as much, or than this many times the claim, is drawn at the edge. */
const WORST = -1;
const BEST_OF_CLAIM = 2;

/** An axis that holds a claim, its readings and none at all. */
export function improvementAxis({ measure, claimed, readings }: Claim): Axis {
  const values = readings.flatMap(({ improvement, interval }) => [improvement ?? 0, ...(interval ?? [])]);
  const low = Math.max(WORST, Math.min(-0.1, ...values));
  const high = Math.min(Math.max(1, BEST_OF_CLAIM * claimed.improvement), Math.max(0.1, claimed.improvement, ...values));
  const air = (high - low) * 0.04;
  const [from, to] = [low - air, high + air];
  const times = referTo(measure).measure?.direction === 'higher';
  const ticks = linearTicks(from, to, TICK_GAP_MIN * 1.8).map((value) => ({
    value,
    text: times ? `${brief(value + 1, '1')}×` : `${brief(100 * value, '1')} %`,
  }));
  return { at: percent((value) => (value - from) / (to - from)), ticks, origin: 0 };
}

function percent(place: (value: number) => number): (value: number) => number {
  return (value) => round(100 * Math.min(1, Math.max(0, place(value))));
}

/** The axis' labels. */
export function axisHead(axis: Axis): Html {
  const labels = axis.ticks.map(({ value, text }) => html`<text x="${axis.at(value)}%" y="14" text-anchor="middle">${text}</text>`);
  return html`<svg width="100%" height="18" aria-hidden="true">${labels}</svg>`;
}

/** One ratio: band of the margin, line at 1, interval, estimate. */
export function ratioPlot(axis: Axis, ratio: number | null, interval: Interval | null, margin: number | undefined): Html {
  const band: Interval | undefined = margin === undefined || margin === 0 ? undefined : [1 / (1 + margin), 1 + margin];
  return picture(axis, { band, value: ratio, interval });
}

/** One reading of a claim, beside what was claimed. */
export function improvementPlot(axis: Axis, { improvement, interval }: Reading, claimed: number, margin: number): Html {
  return picture(axis, { band: [-margin, margin], value: improvement, interval, claimed });
}

interface Picture {
  band?: Interval | undefined;
  value: number | null;
  interval: Interval | null;
  claimed?: number;
}

function picture(axis: Axis, { band, value, interval, claimed }: Picture): Html {
  const { at, origin } = axis;
  const grid = axis.ticks.map((tick) => line(tick.value === origin ? 'one' : 'grid', at(tick.value)));
  const ground = band && html`<rect class="band" x="${at(band[0])}%" width="${round(at(band[1]) - at(band[0]))}%" y="0" height="100%"/>`;
  const claim = claimed === undefined ? undefined : line('claimed', at(claimed));
  const bar = interval ? html`<line class="ci" x1="${at(interval[0])}%" x2="${at(interval[1])}%" y1="50%" y2="50%"/>` : undefined;
  const dot = value === null ? undefined : html`<circle class="dot" cx="${at(value)}%" cy="50%" r="5"/>`;
  return html`<svg width="100%" aria-hidden="true">${ground}${grid}${claim}${bar}${dot}</svg>`;
}

function line(name: string, x: number): Html {
  return html`<line class="${name}" x1="${x}%" x2="${x}%" y1="0" y2="100%"/>`;
}

/** One amount from 0 on, with its interval; `whole` is the value of the full width. */
export function amountBar(value: number | null, interval: Interval | null, whole: number): Html {
  const at = percent((amount) => (whole > 0 ? amount / whole : 0));
  const bar = value === null ? undefined : html`<rect x="0" width="${at(value)}%" y="3" height="14"/>`;
  const ends = (interval ?? []).map((bound) => html`<line x1="${at(bound)}%" x2="${at(bound)}%" y1="6" y2="14"/>`);
  const lines = interval === null ? undefined : html`<line x1="${at(interval[0])}%" x2="${at(interval[1])}%" y1="10" y2="10"/>${ends}`;
  // Twice: a halo, without which it is lost on its bar.
  const whisker = lines && html`<g class="halo">${lines}</g>${lines}`;
  return html`<svg class="amount" width="100%" height="20" aria-hidden="true">${bar}${whisker}</svg>`;
}

/** So many parts of a bar have a colour of their own. */
export const PARTS_MAX = 12;

export interface Part {
  name: string;
  value: number;
}

export function colorOf(index: number): string {
  return `var(--part-${index % PARTS_MAX})`;
}

/** One bar; `whole` is the value of the full width. Negative parts (a residual) have no length. */
export function stackedBar(parts: readonly Part[], whole: number, label: (part: Part) => string): Html {
  let from = 0;
  const rects = parts.flatMap((part, index) => {
    const width = whole > 0 ? (100 * Math.max(0, part.value)) / whole : 0;
    const rect = html`<rect x="${round(from)}%" width="${round(width)}%" y="2" height="16" fill="${colorOf(index)}"><title>${label(part)}</title></rect>`;
    from += width;
    return width > 0 ? [rect] : [];
  });
  return html`<svg width="100%" height="20" aria-hidden="true">${rects}</svg>`;
}

export function partLegend(names: readonly string[]): Html {
  return html`<ul class="legend">${names.map((name, index) => html`<li><i style="background:${colorOf(index)}"></i>${name}</li>`)}</ul>`;
}

function round(share: number): number {
  return Math.round(share * 100) / 100;
}
