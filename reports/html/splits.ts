/** What a whole is made of, as stacked bars of one scale, and the numbers below them. */
import { causeLines, modelLines } from '../cause.ts';
import { quantity } from '../format.ts';
import { amongText, type Split, type SplitColumn, splitsOf, wholeOf } from '../splits.ts';
import { type Part, partLegend, stackedBar } from './plots.ts';
import { type Html, html } from './template.ts';
import { armTerm, phaseTerm } from './terms.ts';
import { heading, type View, viewName } from './view.ts';

export function splitsPart(view: View): Html {
  const { scenario, arms } = view;
  const lines = [...causeLines(scenario, arms), ...modelLines(scenario, arms)];
  const facts = lines.length === 0 ? undefined : html`<ul class="notes">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
  return html`${splitsOf(arms).map((split) => splitPart(view, split))}${facts}`;
}

function splitPart(view: View, { title, what, names, columns }: Split): Html {
  const { scenario } = view;
  const longest = Math.max(...columns.map(wholeOf));
  const partsOf = ({ values }: SplitColumn): Part[] => names.map((name, index) => ({ name, value: values[index] ?? 0 }));
  return html`
${heading(view, title)}
${partLegend(names)}
<table class="bars"><tbody>${columns.map(
    (column) => html`<tr><th scope="row">${armTerm(scenario, column.arm)} <small>${column.among}</small></th>
<td class="bar">${stackedBar(partsOf(column), longest, ({ name, value }) => `${name} ${quantity(value, column.unit)}`)}</td>
<td class="value">${quantity(wholeOf(column), column.unit)}</td></tr>`,
  )}</tbody></table>
<div class="scroll" tabindex="0" role="region" aria-label="${title}, ${viewName(view)}"><table><thead><tr><th scope="col">${what}</th>${columns.map(
    (column) => html`<th scope="col" class="number">${armTerm(scenario, column.arm)} ${amongText(column)}</th>`,
  )}</tr></thead>
<tbody>${names.map(
    (name, index) =>
      html`<tr><th scope="row">${phaseTerm(name)}</th>${columns.map(({ values, unit }) => html`<td class="number">${quantity(values[index], unit)}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}
