/** A scenario's part of the page: the question, what came out, and then the numbers that it rests on. */
import { ARMS_BESIDE_MAX, groupsOf, lettersOf, nameOf } from '../arms.ts';
import { differenceText, Footnotes, measureRows, OUTCOMES, scheduleText, validityLines } from '../digest.ts';
import { count, ratio, UNKNOWN } from '../format.ts';
import type { Arm, Comparison, Scenario, Verdict } from '../report.ts';
import { distributionsPart } from './distributions.ts';
import { withMutedInterval } from './interval.ts';
import { ladderPart } from './ladder.ts';
import { cpuPart, curvesPart, timelinesPart } from './load.ts';
import { axisHead, ratioAxis, ratioPlot } from './plots.ts';
import { slowestPart } from './slowest.ts';
import { splitsPart } from './splits.ts';
import { anchor, type Html, html } from './template.ts';
import { armDefinitions, armTerm, measureTerm, wordTerm } from './terms.ts';
import { heading, type View, viewName } from './view.ts';

const MARKS: Readonly<Record<Verdict, string>> = { better: 'good', worse: 'bad', same: 'same', inconclusive: 'unsure' };

/** @param charts where arms are many: of all their groups, or of the first alone, to keep a page small. */
export function scenarioSection(scenario: Scenario, charts: 'all' | 'first'): Html {
  const schedule = scheduleText(scenario);
  const id = anchor('scenario', scenario.name);
  return html`
<section aria-label="Scenario ${scenario.name}">
<h2 id="${id}">${scenario.name}</h2>
<p>${scenario.why}</p>
${arms(scenario)}
${(scenario.findings ?? []).map((finding) => html`<p><strong>${finding}</strong></p>`)}
${ladderPart(scenario)}
${forest(scenario)}
${cpuPart(scenario)}
${timelinesPart(scenario)}
${groups(scenario, charts)}
${accounts(scenario)}
<h3>Validity</h3>
<ul class="notes">${validityLines(scenario).map((line) => html`<li>${line}</li>`)}${schedule ? html`<li>Load: ${schedule}.</li>` : undefined}</ul>
${notRun(scenario)}
${parameters(scenario)}
${armDefinitions(scenario)}
</section>`;
}

/** What is looked at arm beside arm: at once, or, where arms are many, condition by condition, the first of them open. */
function groups(scenario: Scenario, charts: 'all' | 'first'): Html {
  const all = groupsOf(scenario);
  if (all.length === 1) return html`${all.map((group) => parts({ ...group, scenario, level: 3, charts: true }))}`;
  return html`${all.map(
    (group, index) => html`
<details class="group"${index === 0 ? html` open` : undefined}><summary><h3>${group.title || `${lettersText(scenario, group.arms)}`}</h3></summary>
${parts({ ...group, scenario, level: 4, charts: charts === 'all' || index === 0 })}
</details>`,
  )}`;
}

function lettersText(scenario: Scenario, of: readonly Arm[]): string {
  const letters = lettersOf(scenario);
  return `Arms ${letters.get(of[0]?.id ?? '')} to ${letters.get(of.at(-1)?.id ?? '')}`;
}

function parts(view: View): Html {
  return html`${distributionsPart(view)}
${curvesPart(view)}
${splitsPart(view)}
${slowestPart(view)}
${measures(view)}`;
}

function arms(scenario: Scenario): Html {
  const letters = lettersOf(scenario);
  const list = html`<ul class="arms">${scenario.arms.map((arm) => {
    const name = nameOf(arm);
    return html`<li><span class="letter">${letters.get(arm.id)}</span><span>${name ? html`<strong>${name}</strong> ` : undefined}<code>${arm.id}</code></span></li>`;
  })}</ul>`;
  return scenario.arms.length <= ARMS_BESIDE_MAX
    ? list
    : html`<details class="legend-of-arms"><summary>${count(scenario.arms.length)} arms</summary>${list}</details>`;
}

function forest(scenario: Scenario): Html | undefined {
  const { comparisons } = scenario;
  if (comparisons.length === 0) return undefined;
  const axis = ratioAxis(
    comparisons.map((one) => one.ratio),
    comparisons.map((one) => one.interval),
  );
  const id = anchor('compared', scenario.name);
  return html`
<h3 id="${id}">Compared: candidate ÷ baseline</h3>
<table class="forest" aria-labelledby="${id}"><thead><tr><th scope="col">measure</th><th scope="col">pair</th><th scope="col" class="plot">${axisHead(axis)}<span class="hidden">picture</span></th><th scope="col">${wordTerm('ratio')}</th><th scope="col">${wordTerm('verdict')}</th></tr></thead>
<tbody>${comparisons.map(
    (one) => html`<tr class="${MARKS[one.verdict]}">
<th scope="row" class="measure">${measureTerm(one.measure)}${one.condition ? html`<small class="reason">${one.condition}</small>` : undefined}</th>
<td class="pair">${armOf(scenario, one.candidate)} ÷ ${armOf(scenario, one.baseline)}</td>
<td class="plot">${ratioPlot(axis, one.ratio, one.interval, one.margin)}</td>
<td class="value ratio">${withMutedInterval(ratio(one.ratio, one.interval))}${difference(one)}</td>
<td class="result"><span class="mark">${one.verdict}</span>${one.deciding ? html` <small>(decides)</small>` : undefined}${one.reason ? html`<span class="reason">${one.reason}</span>` : undefined}</td></tr>`,
  )}</tbody></table>`;
}

function armOf(scenario: Scenario, id: string): Html {
  const arm = scenario.arms.find((one) => one.id === id);
  return arm ? armTerm(scenario, arm) : html`${id}`;
}

function difference(comparison: Comparison): Html | undefined {
  const text = differenceText(comparison);
  return text === undefined ? undefined : html`<small class="reason">${text}</small>`;
}

function measures(view: View): Html | undefined {
  const { scenario, arms: shown } = view;
  const known = ({ cells }: { cells: readonly { text: string }[] }) => cells.some(({ text }) => text !== UNKNOWN);
  const rows = measureRows(shown, ['p50', 'p90', 'p99', 'p99.9'], 'all').filter((row) => known(row) || /p50$|p99$/.test(row.label));
  if (rows.length === 0) return undefined;
  const notes = new Footnotes();
  return html`
${heading(view, 'Measures')}
<div class="scroll" tabindex="0" role="region" aria-label="Measures of ${viewName(view)}"><table><thead><tr><th scope="col">measure</th>${shown.map((arm) => html`<th scope="col">${armTerm(scenario, arm)} ${nameOf(arm)}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ name, label, cells }) =>
      html`<tr><th scope="row">${measureTerm(name, label)}</th>${cells.map(
        (cell) => html`<td class="value">${withMutedInterval(cell.text)}${notes.mark(cell.note)}</td>`,
      )}</tr>`,
  )}</tbody></table></div>
<ul class="notes">${notes.lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

function accounts(scenario: Scenario): Html | undefined {
  if (scenario.arms.length === 0) return undefined;
  const codesOf = (arm: Arm) => Object.entries(arm.codes ?? {}).map(([code, n]) => html`<code>${code}</code> ${count(n)} `);
  return html`
<h3>Where the turns went</h3>
<div class="scroll" tabindex="0" role="region" aria-label="Turns of ${scenario.name}"><table><thead><tr><th scope="col">arm</th><th scope="col" class="number">offered</th>${OUTCOMES.map(({ word }) => html`<th scope="col" class="number">${word}</th>`)}<th scope="col">codes</th></tr></thead>
<tbody>${scenario.arms.map(
    (arm) =>
      html`<tr><th scope="row">${armTerm(scenario, arm)}</th><td class="number">${count(arm.turns.offered)}</td>${OUTCOMES.map(
        ({ key }) => html`<td class="number">${count(arm.turns[key])}</td>`,
      )}<td class="codes">${codesOf(arm)}</td></tr>`,
  )}</tbody></table></div>`;
}

function notRun(scenario: Scenario): Html | undefined {
  if (scenario.notRun.length === 0) return undefined;
  return html`
<h3>Not run</h3>
<ul class="notes">${scenario.notRun.map(({ what, reason }) => html`<li><code>${what}</code>: ${reason}</li>`)}</ul>`;
}

function parameters(scenario: Scenario): Html | undefined {
  const entries = Object.entries(scenario.parameters);
  if (entries.length === 0) return undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return html`
<h3>Parameters</h3>
<dl class="facts">${entries.map(([name, value]) => html`<dt>${name}</dt><dd><code>${text(value)}</code></dd>`)}</dl>`;
}
