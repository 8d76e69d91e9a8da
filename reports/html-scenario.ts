/** A scenario's part of the page: the question, what was compared, and then the numbers that it rests on. */
import { Footnotes, lettersOf, measureRows, OUTCOMES, pairOf, scheduleText, sharedCondition, validityLines } from './digest.ts';
import { count, quantity, ratio, UNKNOWN } from './format.ts';
import { axisHead, legend, logAxis, type Part, ratioPlot, stackedBar } from './html-plots.ts';
import { anchor, type Html, html } from './html-template.ts';
import { measureLabel, referTo } from './measures.ts';
import type { Arm, Layers, Scenario, Verdict } from './report.ts';

const MARKS: Readonly<Record<Verdict, string>> = { better: 'good', worse: 'bad', same: 'same', inconclusive: 'unsure' };

export function scenarioSection(scenario: Scenario): Html {
  const letters = lettersOf(scenario);
  const schedule = scheduleText(scenario);
  return html`
<section>
<h2 id="${anchor('scenario', scenario.name)}">${scenario.name}</h2>
<p>${scenario.why}</p>
<ul class="arms">${scenario.arms.map(({ id }) => html`<li><span class="letter">${letters.get(id)}</span><code>${id}</code></li>`)}</ul>
${(scenario.findings ?? []).map((finding) => html`<p><strong>${finding}</strong></p>`)}
${forest(scenario, letters)}
${ladder(scenario)}
${measures(scenario, letters)}
${phases(scenario, letters)}
${layers(scenario, letters)}
${accounts(scenario, letters)}
<h3>Validity</h3>
<ul class="notes">${validityLines(scenario).map((line) => html`<li>${line}</li>`)}${schedule ? html`<li>Load: ${schedule}.</li>` : undefined}</ul>
${notRun(scenario)}
${parameters(scenario)}
</section>`;
}

/** A measure's name with a link to its definition. */
export function measureLink(reference: string): Html {
  const { name, measure } = referTo(reference);
  const label = measureLabel(reference);
  return measure ? html`<a href="#${anchor('measure', name)}" title="${measure.title}">${label}</a>` : html`${label}`;
}

function forest(scenario: Scenario, letters: ReadonlyMap<string, string>): Html | undefined {
  const { comparisons } = scenario;
  if (comparisons.length === 0) return undefined;
  const axis = logAxis(
    comparisons.map((one) => one.ratio),
    comparisons.map((one) => one.interval),
  );
  return html`
<h3>Compared: candidate ÷ baseline</h3>
<table class="forest"><thead><tr><th>measure</th><th>pair</th><th class="plot">${axisHead(axis)}</th><th>ratio</th><th>verdict</th></tr></thead>
<tbody>${comparisons.map(
    (one) => html`<tr class="${MARKS[one.verdict]}">
<th class="measure">${measureLink(one.measure)}${one.condition ? html`<small class="reason">${one.condition}</small>` : undefined}</th>
<td class="pair">${pairOf(one, letters)}</td>
<td class="plot">${ratioPlot(axis, one.ratio, one.interval, one.margin)}</td>
<td class="value ratio">${withMutedInterval(ratio(one.ratio, one.interval))}</td>
<td class="result"><span class="mark">${one.verdict}</span>${one.deciding ? html` <small>(decides)</small>` : undefined}${one.reason ? html`<span class="reason">${one.reason}</span>` : undefined}</td></tr>`,
  )}</tbody></table>`;
}

function ladder(scenario: Scenario): Html | undefined {
  const rungs = scenario.ladder ?? [];
  if (rungs.length === 0) return undefined;
  const axis = logAxis(
    rungs.map((rung) => rung.ratio),
    rungs.map((rung) => rung.interval),
  );
  const shared = sharedCondition(rungs);
  return html`
<h3>Ladder: one factor a rung${shared ? ` (${shared})` : ''}</h3>
<table class="forest same"><thead><tr><th>change</th><th>measure</th><th class="plot">${axisHead(axis)}</th><th>ratio</th><th>interaction</th></tr></thead>
<tbody>${rungs.map(
    (rung) => html`<tr>
<th class="measure">${rung.step}. ${rung.factor}: ${rung.from} → ${rung.to}${shared === undefined && rung.condition ? html`<small class="reason">${rung.condition}</small>` : undefined}</th>
<td class="pair">${measureLink(rung.measure)}</td>
<td class="plot">${ratioPlot(axis, rung.ratio, rung.interval, undefined)}</td>
<td class="value ratio">${withMutedInterval(ratio(rung.ratio, rung.interval))}</td>
<td class="value result" data-label="interaction">${rung.interaction ? withMutedInterval(ratio(rung.interaction.ratio, rung.interaction.interval)) : html`<i>${UNKNOWN}</i>`}</td></tr>`,
  )}</tbody></table>`;
}

function measures(scenario: Scenario, letters: ReadonlyMap<string, string>): Html | undefined {
  const known = ({ cells }: { cells: readonly { text: string }[] }) => cells.some(({ text }) => text !== UNKNOWN);
  const rows = measureRows(scenario, ['p50', 'p90', 'p99', 'p99.9'], 'all').filter((row) => known(row) || /p50$|p99$/.test(row.label));
  if (rows.length === 0) return undefined;
  const notes = new Footnotes();
  return html`
<h3>Measures</h3>
<div class="scroll"><table><thead><tr><th>measure</th>${head(scenario, letters)}</tr></thead>
<tbody>${rows.map(
    ({ name, label, cells }) =>
      html`<tr><th><a href="#${anchor('measure', name)}">${label}</a></th>${cells.map(
        (cell) => html`<td class="value">${withMutedInterval(cell.text)}${notes.mark(cell.note)}</td>`,
      )}</tr>`,
  )}</tbody></table></div>
<ul class="notes">${notes.lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

function head(scenario: Scenario, letters: ReadonlyMap<string, string>): Html[] {
  return scenario.arms.map(({ id }) => html`<th title="${id}">${letters.get(id)}</th>`);
}

const AMONG = { p50: 'around the median', p99: 'above p99', all: 'all turns' } as const;

function phases(scenario: Scenario, letters: ReadonlyMap<string, string>): Html | undefined {
  const splits = scenario.arms.flatMap((arm) => (arm.phases ?? []).map((split) => ({ arm, split })));
  if (splits.length === 0) return undefined;
  const names = [...new Set(splits.flatMap(({ split }) => Object.keys(split.meanMs)))];
  const partsOf = (meanMs: Readonly<Record<string, number>>, residualMs: number): Part[] => [
    ...names.map((name) => ({ name, value: meanMs[name] ?? 0 })),
    { name: 'residual', value: residualMs },
  ];
  const rows = splits.map(({ arm, split }) => ({ arm, split, parts: partsOf(split.meanMs, split.residualMs) }));
  const longest = Math.max(...rows.map(({ parts }) => total(parts)));
  return html`
<h3>Where the time of a turn goes</h3>
${legend([...names, 'residual'])}
<table class="bars"><tbody>${rows.map(
    ({ arm, split, parts }) => html`<tr><th>${letters.get(arm.id)} <small>${AMONG[split.among]}</small></th>
<td class="bar">${stackedBar(parts, longest, ({ name, value }) => `${name} ${quantity(value, 'ms')}`)}</td>
<td class="value">${quantity(total(parts), 'ms')}</td></tr>`,
  )}</tbody></table>
<div class="scroll"><table><thead><tr><th>mean of the phase</th>${rows.map(({ arm, split }) => html`<th class="number">${letters.get(arm.id)}, ${AMONG[split.among]} <small>(${count(split.turns)})</small></th>`)}</tr></thead>
<tbody>${[...names, 'residual'].map(
    (name, index) =>
      html`<tr><th>${name}</th>${rows.map(({ parts }) => html`<td class="number">${quantity(parts[index]?.value, 'ms')}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

const LAYERS = ['content', 'envelope', 'framing', 'headers', 'tls', 'diagnostics'] as const satisfies readonly (keyof Layers)[];

function layers(scenario: Scenario, letters: ReadonlyMap<string, string>): Html | undefined {
  const rows = scenario.arms.flatMap((arm) => (arm.layers ? [{ arm, layers: arm.layers }] : []));
  if (rows.length === 0) return undefined;
  const partsOf = (of: Layers): Part[] => LAYERS.map((name) => ({ name, value: of[name] ?? 0 }));
  const longest = Math.max(...rows.map((row) => total(partsOf(row.layers))));
  return html`
<h3>Where the bytes of a reply go</h3>
${legend(LAYERS)}
<table class="bars"><tbody>${rows.map(
    ({ arm, layers: of }) => html`<tr><th>${letters.get(arm.id)}</th>
<td class="bar">${stackedBar(partsOf(of), longest, ({ name, value }) => `${name} ${quantity(value, of.unit)}`)}</td>
<td class="value">${quantity(total(partsOf(of)), of.unit)}</td></tr>`,
  )}</tbody></table>
<div class="scroll"><table><thead><tr><th>layer</th>${rows.map(({ arm }) => html`<th class="number">${letters.get(arm.id)}</th>`)}</tr></thead>
<tbody>${LAYERS.map(
    (name) => html`<tr><th>${name}</th>${rows.map(({ layers: of }) => html`<td class="number">${quantity(of[name], of.unit)}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

function total(parts: readonly Part[]): number {
  return parts.reduce((sum, { value }) => sum + Math.max(0, value), 0);
}

function accounts(scenario: Scenario, letters: ReadonlyMap<string, string>): Html | undefined {
  if (scenario.arms.length === 0) return undefined;
  const codesOf = (arm: Arm) => Object.entries(arm.codes ?? {}).map(([code, n]) => html`<code>${code}</code> ${count(n)} `);
  return html`
<h3>Where the turns went</h3>
<div class="scroll"><table><thead><tr><th>arm</th><th class="number">offered</th>${OUTCOMES.map(({ word }) => html`<th class="number">${word}</th>`)}<th>codes</th></tr></thead>
<tbody>${scenario.arms.map(
    (arm) =>
      html`<tr><th>${letters.get(arm.id)}</th><td class="number">${count(arm.turns.offered)}</td>${OUTCOMES.map(
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

/** `852 ms [840, 866]` with the interval set back. */
export function withMutedInterval(text: string): Html {
  const bracket = text.search(/ (\[|exact$)/);
  return bracket === -1 ? html`${text}` : html`${text.slice(0, bracket)}<i>${text.slice(bracket)}</i>`;
}
