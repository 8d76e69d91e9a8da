/** One chart in the page: uPlot's drawing, and below it what its lines are and what they say, at the cursor or now. */
import type UPlot from 'uplot';
import { armColor, type Chart, type Line, stacked } from './charts.ts';
import { el, inkOf, setColor, setText } from './dom.ts';
import { clockTime } from './format.ts';
import type { Moment } from './store.ts';

declare const uPlot: typeof UPlot;

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const STRIP_HEIGHT = 4;
/** Less would be all of it, and stretched. */
const SECONDS_MIN = 30;
const AXIS_WIDTH = 58;
/** Half of a time at the right end of the axis. */
const LABEL_OVERHANG = 26;
/** Times as the axis has them: about a minute, two, five. */
const TIME_STEPS = [5, 10, 15, 30, 60, 120, 300];

export class Plot {
  readonly element = el('figure');
  readonly #heading = el('span');
  readonly #note = el('small');
  readonly #ground = el('div', { class: 'plot', role: 'img' });
  readonly #key = el('ul', { class: 'key' });
  #plot: UPlot | undefined;
  #chart: Chart | undefined;
  #moments: readonly Moment[] = [];
  #arms: readonly string[] = [];
  #signature = '';
  #seconds = 0;
  /** Index of the moment under the cursor. */
  #pointed: number | null = null;

  constructor() {
    this.element.append(el('figcaption', {}, this.#heading, this.#note), this.#ground, this.#key);
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.#ground);
  }

  show(chart: Chart, moments: readonly Moment[], seconds: number, arms: readonly string[]): void {
    this.#chart = chart;
    this.#moments = moments;
    this.#seconds = seconds;
    this.#arms = arms;
    setText(this.#heading, chart.title);
    setText(this.#note, chart.note);
    const isEmpty = chart.lines.every(({ values }) => values.every((value) => value === null));
    const signature = JSON.stringify([isEmpty, chart.layers, ...chart.lines.map(({ label, color }) => [label, color])]);
    if (signature !== this.#signature) {
      this.#signature = signature;
      this.#plot?.destroy();
      this.#plot = undefined;
      this.#pointed = null;
      this.#ground.replaceChildren();
      this.#key.replaceChildren(...(isEmpty ? [] : chart.lines.map((line) => keyOf(line, chart.layers))));
      if (isEmpty) this.#ground.append(el('p', { class: 'empty' }, 'Nothing of this yet'));
      else this.#plot = new uPlot(this.#options(chart), this.#data(chart), this.#ground);
    } else this.#plot?.setData(this.#data(chart));
    this.#tell();
  }

  /** In other colours. */
  redraw(): void {
    this.#signature = '';
  }

  #data({ lines, layers }: Chart): UPlot.AlignedData {
    const times = this.#moments.map(({ atMs }) => atMs / 1e3);
    // The highest layer first, so that each covers what is below its top.
    return [times, ...(layers ? stacked(lines).reverse() : lines.map(({ values }) => values))];
  }

  #size(): { width: number; height: number } {
    return { width: this.#ground.clientWidth, height: this.#ground.clientHeight };
  }

  #options({ lines, layers, format }: Chart): UPlot.Options {
    const [quiet, grid] = [inkOf('muted'), inkOf('line')];
    const axis = { stroke: quiet, font: FONT, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: 4 } };
    const drawn = layers ? [...lines].reverse() : lines;
    return {
      ...this.#size(),
      padding: [10, LABEL_OVERHANG, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: 'gatebench' }, drag: { x: false, y: false }, points: { size: 6 }, y: false },
      scales: {
        x: { range: (_plot, min, max) => [max - Math.min(this.#seconds, Math.max(SECONDS_MIN, max - min)), max] },
        y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
      },
      axes: [
        { ...axis, size: 28, gap: 4, space: 64, incrs: TIME_STEPS, values: (_plot, ticks) => ticks.map((at) => clockTime(at * 1e3)) },
        { ...axis, size: AXIS_WIDTH, gap: 4, space: 34, values: (_plot, ticks) => ticks.map(format) },
      ],
      series: [
        {},
        ...drawn.map(({ color, dash }): UPlot.Series => {
          const ink = inkOf(color);
          return layers
            ? { stroke: inkOf('paper'), fill: ink, width: 1, points: { show: false } }
            : { stroke: ink, width: 1.75, dash: [...dash], points: { show: (_plot, index) => this.#isLonely(index), size: 5, fill: ink } };
        }),
      ],
      hooks: {
        draw: [(plot) => this.#drawStrip(plot)],
        setCursor: [
          ({ cursor: { idx } }) => {
            this.#pointed = idx ?? null;
            this.#tell();
          },
        ],
      },
    };
  }

  /** Lines with single values that no line leads to need dots. */
  #isLonely(series: number): boolean {
    const values = this.#chart?.lines[series - 1]?.values ?? [];
    return values.some((value, at) => value !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null);
  }

  /** Whose trial it was, along the top. */
  #drawStrip({ ctx, valToPos, bbox }: UPlot): void {
    if (this.#arms.length === 0) return;
    const height = STRIP_HEIGHT * devicePixelRatio;
    ctx.save();
    for (const { sample } of this.#moments) {
      const index = sample?.trial ? this.#arms.indexOf(sample.trial.arm) : -1;
      if (!sample || index === -1) continue;
      const left = Math.max(bbox.left, valToPos((sample.atMs - sample.spanMs) / 1e3, 'x', true));
      ctx.fillStyle = inkOf(armColor(index));
      ctx.fillRect(left, bbox.top - height - 1, valToPos(sample.atMs / 1e3, 'x', true) - left + 1, height);
    }
    ctx.restore();
  }

  #tell(): void {
    const chart = this.#chart;
    if (!chart) return;
    const said: string[] = [];
    for (const [index, { label, values }] of chart.lines.entries()) {
      const value = this.#pointed === null ? values.findLast((one) => one !== null) : values[this.#pointed];
      const text = value === undefined || value === null ? '–' : chart.format(value);
      const place = this.#key.children[index]?.querySelector('b');
      if (place) setText(place, text);
      said.push(`${label} ${text}`);
    }
    const description = `${chart.title}, ${chart.note}: ${said.join(', ') || 'nothing yet'}`;
    if (this.#pointed === null) this.#ground.setAttribute('aria-label', description);
  }
}

function keyOf({ label, color, dash }: Line, layers: boolean): HTMLLIElement {
  if (layers) {
    const swatch = el('i', { 'aria-hidden': 'true' });
    setColor(swatch, color);
    return el('li', {}, swatch, label, el('b'));
  }
  const sample = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  sample.setAttribute('viewBox', '0 0 22 8');
  sample.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
  const attributes = { x1: '0', x2: '22', y1: '4', y2: '4', 'stroke-width': '2', 'stroke-dasharray': dash.join(',') };
  for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, value);
  line.style.setProperty('stroke', `var(--${color})`);
  sample.append(line);
  return el('li', {}, sample, label, el('b'));
}
