/**
 * The claims: first each as a card, published beside measured, its verdict and what decided it; then all its readings,
 * and the conditions under which it would hold.
 */
import { CLAIM_MARGIN, CLAIM_WORDS, claimedText, headlineOf, readingText, readingValues, sideText } from '../claims.ts';
import { quantity, UNKNOWN } from '../format.ts';
import { referTo } from '../measures.ts';
import type { Claim, ClaimVerdict, Reading, ReadingSide } from '../report.ts';
import { withMutedInterval } from './interval.ts';
import { amountBar, axisHead, improvementAxis, improvementPlot } from './plots.ts';
import { regionMap } from './region.ts';
import { anchor, type Html, html } from './template.ts';
import { measureTerm, wordTerm } from './terms.ts';

const CLAIM_MARKS: Readonly<Record<ClaimVerdict, string>> = {
  reproduced: 'good',
  partly: 'unsure',
  'not-reproduced': 'bad',
  reversed: 'bad',
  inconclusive: 'unsure',
};

export function claimsSection(claims: readonly Claim[]): Html | undefined {
  if (claims.length === 0) return undefined;
  return html`
<section aria-labelledby="claims">
<h2 id="claims">Claims</h2>
<p>What was published, and what was measured here. The condition that decides a ${wordTerm('claim’s verdict', 'verdict')} was declared before the run.</p>
<div class="claims">${claims.map(card)}</div>
${claims.map(allReadings)}
</section>`;
}

const titleOf = ({ measure }: Claim): string => referTo(measure).measure?.title ?? measure;

function card(claim: Claim): Html {
  const headline = headlineOf(claim);
  const measured = headline && headline.improvement !== null ? readingText(headline) : undefined;
  return html`<article class="${CLAIM_MARKS[claim.verdict]}">
<h3>${measureTerm(claim.measure, titleOf(claim))}</h3>
<p class="word">${CLAIM_WORDS[claim.verdict]}</p>
${duel(claim, headline)}
<p>Claimed ${claimedText(claim).replace(/^.*, /, '')}, measured ${measured === undefined ? UNKNOWN : withMutedInterval(measured)}.</p>
<p>${claim.explanation}</p>
<p class="condition">Headline: ${claim.headline.condition || 'as offered'}${claim.headline.measure === claim.measure ? undefined : html`; ${measureTerm(claim.headline.measure)}`}</p>
</article>`;
}

interface Bar {
  name: string;
  value: number | null;
  text: string;
}

/** Published above measured, on one scale. */
function duel({ claimed }: Claim, headline: Reading | undefined): Html {
  const published = [
    { name: 'published HTTP', value: claimed.http, text: quantity(claimed.http, claimed.unit) },
    { name: 'published WebSocket', value: claimed.websocket, text: quantity(claimed.websocket, claimed.unit) },
  ];
  const measured = headline ? SIDES.flatMap(({ name, side }) => barOf(headline, name, side)) : [];
  // Of different units they share no scale.
  const whole = (bars: readonly Bar[]) => Math.max(0, ...bars.map(({ value }) => value ?? 0));
  const shared = headline && headline.unit !== claimed.unit ? undefined : whole([...published, ...measured]);
  const row = (kind: string, most: number) => (bar: Bar) =>
    html`<tr class="${kind}"><th scope="row">${bar.name}</th><td class="bar">${amountBar(bar.value, null, most)}</td><td class="value">${bar.text}</td></tr>`;
  return html`<table class="duel"><tbody>${published.map(row('published', shared ?? whole(published)))}${measured.map(row('measured', shared ?? whole(measured)))}</tbody></table>`;
}

const SIDES = [
  { name: 'measured HTTP', side: 'http' },
  { name: 'measured best HTTP', side: 'bestHttp' },
  { name: 'measured WebSocket', side: 'websocket' },
] as const;

function barOf(headline: Reading, name: string, side: ReadingSide): Bar[] {
  const value = headline[side];
  return value === undefined ? [] : [{ name, value, text: sideText(headline, side) }];
}

function allReadings(claim: Claim): Html {
  const headline = headlineOf(claim);
  const axis = improvementAxis(claim);
  const id = anchor('readings', claim.measure);
  return html`
<h3 id="${id}">${titleOf(claim)}: all readings</h3>
<table class="forest readings" aria-labelledby="${id}"><thead><tr><th scope="col">condition</th><th scope="col">measure</th><th scope="col" class="plot">${axisHead(axis)}<span class="hidden">picture</span></th><th scope="col">${wordTerm('improvement')}</th><th scope="col">${wordTerm('claim’s verdict', 'verdict')}</th></tr></thead>
<tbody>${claim.readings.map(
    (reading) => html`<tr class="${CLAIM_MARKS[reading.verdict]}">
<th scope="row" class="measure">${reading.condition || 'as offered'}${reading === headline ? html` <small>(headline)</small>` : undefined}</th>
<td class="pair">${measureTerm(reading.measure)}</td>
<td class="plot">${improvementPlot(axis, reading, claim.claimed.improvement, CLAIM_MARGIN)}</td>
<td class="value ratio">${withMutedInterval(readingText(reading))}<small class="reason">${readingValues(reading)}</small></td>
<td class="result"><span class="mark">${CLAIM_WORDS[reading.verdict]}</span></td></tr>`,
  )}</tbody></table>
${regionMap(claim)}`;
}
