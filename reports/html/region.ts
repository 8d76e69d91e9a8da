/**
 * Where a claim would hold: a map over two conditions, as a table, which is read by eye, by ear, on a phone and on paper
 * alike. Each cell says its improvement in figures; its ground only repeats that.
 */
import { GROUND_WORDS, type Ground, groundOf, measuredTexts, modelText } from '../claims.ts';
import { brief, count, number, UNKNOWN } from '../format.ts';
import { referTo } from '../measures.ts';
import type { Claim, Region } from '../report.ts';
import { type Html, html } from './template.ts';
import { wordTerm } from './terms.ts';

const MEASURED = '●';

export function regionMap(claim: Claim): Html | undefined {
  const { region } = claim;
  if (!region) return undefined;
  const { x, y } = region;
  const marks = new Set(region.measured.map((point) => `${nearest(y.values, point.y)},${nearest(x.values, point.x)}`));
  const direction = referTo(claim.measure).measure?.direction;
  const unitOf = ({ unit }: Region['x']) => (unit === '' ? '' : ` (${unit})`);
  const grounds = new Set(region.improvement.flat().map((value) => groundOf(value, claim.claimed.improvement)));
  return html`
<h4>Where it would hold</h4>
<p><strong>${region.sentence}</strong></p>
<p class="muted">The ${wordTerm('improvement')} in per cent that the model expects, by ${x.name} and ${y.name}.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Map of ${x.name} and ${y.name}"><table class="map">
<thead><tr><td></td><th scope="col" colspan="${x.values.length}">${x.name}${unitOf(x)}</th></tr>
<tr><th scope="col">${y.name}${unitOf(y)}</th>${x.values.map((value) => html`<th scope="col">${brief(value, '1')}</th>`)}</tr></thead>
<tbody>${y.values.map(
    (yValue, row) =>
      html`<tr><th scope="row">${brief(yValue, '1')}</th>${x.values.map((_, column) => {
        const value = region.improvement[row]?.[column] ?? null;
        const mark = marks.has(`${row},${column}`) ? html` <span title="measured near here">${MEASURED}</span>` : undefined;
        return html`<td class="${groundOf(value, claim.claimed.improvement)}">${cellText(value, direction)}${mark}</td>`;
      })}</tr>`,
  )}</tbody></table></div>
<ul class="legend">${(Object.keys(GROUND_WORDS) as Ground[]).filter((ground) => grounds.has(ground)).map((ground) => html`<li><i class="${ground}"></i>${GROUND_WORDS[ground]}</li>`)}${marks.size > 0 ? html`<li>${MEASURED} measured nearest here</li>` : undefined}</ul>
<ul class="notes"><li>${modelText(region)}</li>${measuredTexts(claim).map((text) => html`<li>Measured at ${text}.</li>`)}</ul>`;
}

/** In per cent; twice as many streams or more, as a multiple. */
function cellText(value: number | null, direction: 'lower' | 'higher' | undefined): string {
  if (value === null) return UNKNOWN;
  if (direction === 'higher' && value >= 1) return `${number(1 + value)}×`;
  return count(100 * value);
}

/** On axes of conditions, twice as much is as far as half. */
function nearest(values: readonly number[], value: number): number {
  const distance = (other: number) =>
    other > 0 && value > 0 ? Math.abs(Math.log(other / value)) : Math.abs(other - value) + (other === value ? 0 : 1e9);
  return values.reduce((best, candidate, index) => (distance(candidate) < distance(values[best] ?? Number.NaN) ? index : best), 0);
}
