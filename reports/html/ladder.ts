/** A scenario's ladder: each measure as a waterfall from the first arm to the last, and its rungs in a table beside it. */

import { drawWaterfall, type Waterfall } from '../charts/waterfall.ts';
import { sharedCondition } from '../digest.ts';
import { quantity, ratio, signed, UNKNOWN } from '../format.ts';
import { type Climb, type ClimbStep, climbsOf } from '../ladder.ts';
import { measureLabel, referTo } from '../measures.ts';
import type { Rung, Scenario } from '../report.ts';
import { clean } from '../text-table.ts';
import { figure } from './figure.ts';
import { type Html, html } from './template.ts';
import { measureTerm, wordTerm } from './terms.ts';

export function ladderPart(scenario: Scenario): Html | undefined {
  const climbs = climbsOf(scenario);
  if (climbs.length === 0) return undefined;
  const shared = sharedCondition(climbs);
  return html`
<h3>${wordTerm('ladder', 'Ladder')}: one factor a rung${shared ? ` (${shared})` : ''}</h3>
${climbs.map((climb) => html`<div class="charts">${waterfall(climb, shared === undefined)}${rungs(climb)}</div>`)}`;
}

function waterfall(climb: Climb, withCondition: boolean): Html {
  const { measure, condition, unit, steps, relative, from } = climb;
  const what = referTo(measure).measure?.title ?? measure;
  const last = steps.at(-1)?.stop ?? '';
  return figure({
    title: html`<strong>${measureTerm(measure)}</strong>${withCondition && condition ? html` ${condition}` : undefined}`,
    note: relative ? `as a multiple of ${from}, whose value is not known` : undefined,
    description: `${what} from ${from}, ${quantity(climb.start, unit)}, to ${last}, ${quantity(climb.end, unit)}: ${steps.map((step) => `${step.label} ${changeText(step, climb)}`).join('; ')}.`,
    draw: (width, narrow) => drawWaterfall({ unit, rows: rowsOf(climb) }, width, narrow),
  });
}

function rowsOf({ from, start, steps }: Climb): Waterfall['rows'] {
  return [
    { kind: 'stop', label: from, value: start },
    ...steps.flatMap((step): Waterfall['rows'] => [
      { kind: 'step', ...step, label: clean(step.label) },
      ...(step.stop === undefined ? [] : [{ kind: 'stop' as const, label: step.stop, value: step.to }]),
    ]),
  ];
}

function changeText({ from, to }: ClimbStep, { unit }: Climb): string {
  return from === null || to === null ? UNKNOWN : signed(to - from, null, unit);
}

function rungs({ measure, condition, unit, steps }: Climb): Html {
  const label = `Rungs of ${measureLabel(measure)}${condition ? `, ${condition}` : ''}`;
  return html`<table class="rungs" aria-label="${label}"><thead><tr><th scope="col">change</th><th scope="col">${wordTerm('ratio')}</th><th scope="col" class="number">then</th></tr></thead>
<tbody>${steps.map(
    ({ rung, label: change, to, effect }) => html`<tr class="${effect}"><th scope="row">${rung.step}. ${change}</th>
<td class="value"><span class="mark">${ratio(rung.ratio, null)}</span> <i>${intervalOf(rung)}</i>${interactionOf(rung)}</td>
<td class="number">${quantity(to, unit)}</td></tr>`,
  )}</tbody></table>`;
}

function interactionOf({ interaction }: Rung): Html | undefined {
  return interaction && html`<small class="reason">${wordTerm('interaction')} ${ratio(interaction.ratio, interaction.interval)}</small>`;
}

function intervalOf(rung: Rung): string {
  const estimate = ratio(rung.ratio, null);
  return ratio(rung.ratio, rung.interval).slice(estimate.length).trim();
}
