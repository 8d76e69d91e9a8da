/**
 * A chart on the page: its title, the drawing in two widths of which the style shows one, and in words what it shows.
 * A chart made for a desk cannot be read on a phone when it is shrunk, nor the other way round when it is stretched.
 */
import type { Drawing } from '../charts/draw.ts';
import { strokeOf } from '../charts/ink.ts';
import { Html, html } from './template.ts';

export const WIDE = 600;
export const NARROW = 340;

export interface Figure {
  title: Html | string;
  /** What a reader who does not see it should know; the numbers themselves stand in tables. */
  description: string;
  draw(width: number, narrow: boolean): Drawing;
  note?: Html | string | undefined;
}

export function figure({ title, description, draw, note }: Figure): Html {
  return html`<figure class="chart"><figcaption>${title}${note === undefined ? undefined : html` <small>${note}</small>`}</figcaption>
<div role="img" aria-label="${description}">${svg(draw(WIDE, false), 'wide')}${svg(draw(NARROW, true), 'narrow')}</div></figure>`;
}

function svg({ width, height, markup }: Drawing, name: string): Html {
  return html`<svg class="${name}" viewBox="0 0 ${width} ${height}" fill="none" aria-hidden="true">${new Html(markup)}</svg>`;
}

export interface Key {
  /** A letter, or a mark. */
  mark: Html | string;
  name: string;
  stroke: number;
}

/** What the lines of a chart are. */
export function lineLegend(keys: readonly Key[]): Html {
  return html`<ul class="legend">${keys.map(({ mark, name, stroke }) => {
    const { color, dash } = strokeOf(stroke);
    return html`<li><svg class="sample" viewBox="0 0 34 10" aria-hidden="true"><line x1="0" x2="34" y1="5" y2="5" stroke="${color}" stroke-width="2" stroke-dasharray="${dash.join(',')}"/></svg>${mark} ${name}</li>`;
  })}</ul>`;
}
