/**
 * The report as text for a terminal: the verdict and what decided it, then for each scenario its arms, what was
 * compared, where the turns went and whether the measurement can be believed, and last the machine.
 */

import { lettersOf, pairOf } from './arms.ts';
import { causeLines } from './cause.ts';
import { CLAIM_WORDS, claimedText, headlineOf, modelText, readingText, readingValues } from './claims.ts';
import {
  accountLines,
  accountsText,
  addTurns,
  commandText,
  differenceText,
  environmentFacts,
  Footnotes,
  scheduleText,
  validityLines,
  verdictSentence,
  whyOf,
} from './digest.ts';
import { count, duration, quantity, ratio, UNKNOWN } from './format.ts';
import { climbsOf } from './ladder.ts';
import { curveText, timelineText } from './load.ts';
import { measureMatrix, splitMatrix } from './matrix.ts';
import { measureLabel } from './measures.ts';
import type { ClaimVerdict, Report, ReportVerdict, Scenario, Verdict } from './report.ts';
import { type Split, splitsOf } from './splits.ts';
import { clean, type Paint, type Painter, painter, table, wrap } from './text-table.ts';
import { trustOf } from './trust.ts';

export interface TerminalOptions {
  color?: boolean;
  /** Columns; held to 80 … 120. */
  width?: number;
}

const PAINTS: Readonly<Record<ReportVerdict | Verdict | ClaimVerdict, Paint>> = {
  pass: 'good',
  fail: 'bad',
  better: 'good',
  worse: 'bad',
  same: 'dim',
  inconclusive: 'unsure',
  reproduced: 'good',
  partly: 'unsure',
  'not-reproduced': 'bad',
  reversed: 'bad',
};

export function renderTerminal(report: Report, options: TerminalOptions = {}): string {
  const page: Page = {
    width: Math.min(120, Math.max(80, Math.floor(options.width ?? 100))),
    paint: painter(options.color ?? false),
    lines: [],
  };
  verdict(report, page);
  claims(report, page);
  for (const scenario of report.scenarios) scenarioPart(scenario, page);
  environment(report, page);
  return `${page.lines.join('\n')}\n`;
}

interface Page {
  readonly width: number;
  readonly paint: Painter;
  readonly lines: string[];
}

function verdict(report: Report, page: Page): void {
  const word = report.verdict.toUpperCase();
  const [first = '', ...rest] = wrap(verdictSentence(report), page.width, `${word}  `);
  page.lines.push(
    page.paint({ text: word, paint: PAINTS[report.verdict] }) + page.paint({ text: first.slice(word.length), paint: 'bold' }),
  );
  page.lines.push(...rest.map((text) => page.paint({ text, paint: 'bold' })));
  for (const why of whyOf(report)) page.lines.push(...wrap(why, page.width, '  · '));
  const turns = addTurns(report.scenarios.flatMap(({ arms }) => arms.map((arm) => arm.turns)));
  if (turns.offered > 0) page.lines.push(...wrap(`Turns: ${accountsText(turns)}.`, page.width, '  · '));
  for (const line of trustOf(report).lines.slice(0, 1)) page.lines.push(...wrap(line, page.width, '  · '));
}

function claims(report: Report, page: Page): void {
  if (report.claims.length === 0) return;
  heading('Claims', page);
  for (const claim of report.claims) {
    const headline = headlineOf(claim);
    page.lines.push(
      ...wrap(`${measureLabel(claim.measure)}: claimed ${claimedText(claim)}`, page.width, '  ').map((text) =>
        page.paint({ text, paint: 'bold' }),
      ),
    );
    const rows = claim.readings.map((reading) => [
      clean(measureLabel(reading.measure)),
      readingText(reading),
      { text: CLAIM_WORDS[reading.verdict], paint: PAINTS[reading.verdict] },
      clean(`${reading.condition || 'as offered'}${reading === headline ? ' (headline)' : ''}`),
    ]);
    page.lines.push(...table(['measure', 'measured', 'verdict', 'condition'], rows, { ...page, indent: 4, flexible: true }));
    if (headline) page.lines.push(...wrap(`Headline: ${readingValues(headline)}.`, page.width, '    '));
    page.lines.push(...wrap(claim.explanation, page.width, '    '));
    if (claim.region) {
      for (const text of [claim.region.sentence, modelText(claim.region)]) page.lines.push(...wrap(text, page.width, '    '));
    }
  }
}

function scenarioPart(scenario: Scenario, page: Page): void {
  heading(scenario.name, page);
  page.lines.push(...wrap(scenario.why, page.width, '  '));
  const letters = lettersOf(scenario);
  page.lines.push('');
  for (const { id } of scenario.arms) page.lines.push(...wrap(id, page.width, `  ${letters.get(id)}  `));

  const notes = new Footnotes();
  const { header, rows: measured } = measureMatrix(scenario, ['p50', 'p99'], 'target');
  const rows = measured.map(({ label, cells }) => [
    clean(label),
    ...cells.map(({ text, note }) => ({ text: text + notes.mark(note), ...(text === UNKNOWN ? { paint: 'dim' as const } : {}) })),
  ]);
  if (rows.length > 0) {
    page.lines.push('', ...table(header.map(clean), rows, { ...page, indent: 2 }));
    for (const line of notes.lines) page.lines.push(...wrap(line, page.width, '    '));
  }
  comparisons(scenario, letters, page);
  ladder(scenario, page);
  for (const split of splitsOf(scenario.arms)) splitTable(split, letters, page);
  for (const line of causeLines(scenario)) page.lines.push(...wrap(line, page.width, '    '));

  page.lines.push('');
  for (const { id, curve, timeline } of scenario.arms) {
    if (curve) page.lines.push(...wrap(`${letters.get(id)}: ${curveText(curve)}`, page.width, '  load   '));
    if (timeline) page.lines.push(...wrap(`${letters.get(id)}: ${timelineText(timeline)}`, page.width, '  time   '));
  }
  for (const line of accountLines(scenario)) page.lines.push(...wrap(line, page.width, '  turns  '));
  for (const line of validityLines(scenario)) page.lines.push(...wrap(line, page.width, '  valid  '));
  const schedule = scheduleText(scenario);
  if (schedule) page.lines.push(...wrap(schedule, page.width, '  load   '));
  for (const { what, reason } of scenario.notRun) page.lines.push(...wrap(`${what}: ${reason}`, page.width, '  not run  '));
}

function comparisons(scenario: Scenario, letters: ReadonlyMap<string, string>, page: Page): void {
  if (scenario.comparisons.length === 0) return;
  const notes = new Footnotes();
  const conditions = scenario.comparisons.some(({ condition }) => condition !== '');
  const differences = scenario.comparisons.some(({ difference }) => difference !== undefined);
  const rows = scenario.comparisons.map((comparison) => [
    pairOf(comparison, letters),
    clean(measureLabel(comparison.measure)),
    ratio(comparison.ratio, comparison.interval),
    ...(differences ? [differenceText(comparison) ?? ''] : []),
    { text: comparison.verdict + notes.mark(comparison.reason), paint: PAINTS[comparison.verdict] },
    ...(conditions ? [clean(comparison.condition)] : []),
  ]);
  const header = ['compared', 'measure', 'ratio', ...(differences ? ['difference'] : []), 'verdict', ...(conditions ? ['condition'] : [])];
  page.lines.push('', ...table(header, rows, { ...page, indent: 2, flexible: conditions }));
  for (const line of notes.lines) page.lines.push(...wrap(line, page.width, '    '));
}

function ladder(scenario: Scenario, page: Page): void {
  for (const { measure, condition, unit, start, end, steps } of climbsOf(scenario)) {
    const interactions = steps.some(({ rung }) => rung.interaction !== undefined);
    const rows = steps.map(({ rung, label, to }) => [
      clean(`${rung.step}. ${label}`),
      ratio(rung.ratio, rung.interval),
      quantity(to, unit),
      ...(interactions ? [ratio(rung.interaction?.ratio, rung.interaction?.interval)] : []),
    ]);
    const header = ['rung', 'ratio', 'then', ...(interactions ? ['interaction'] : [])];
    const title = `Ladder of ${measureLabel(measure)}${condition ? `, ${condition}` : ''}: ${quantity(start, unit)} → ${quantity(end, unit)}`;
    page.lines.push('', ...wrap(title, page.width, '  '), ...table(header, rows, { ...page, indent: 2 }));
  }
}

function splitTable(split: Split, letters: ReadonlyMap<string, string>, page: Page): void {
  const { header, rows } = splitMatrix(split, letters);
  const cells = rows.map((row) => [clean(row.label), ...row.cells.map(({ text }) => text)]);
  page.lines.push('', ...wrap(`${split.title}:`, page.width, '  '), ...table(header.map(clean), cells, { ...page, indent: 2 }));
}

function environment(report: Report, page: Page): void {
  heading('Machine and run', page);
  const facts = environmentFacts(report.environment);
  const longest = Math.max(...facts.map(({ name }) => name.length));
  for (const { name, value } of facts) page.lines.push(...wrap(value, page.width, `  ${name.padEnd(longest)}  `));
  const arms = report.scenarios.reduce((sum, scenario) => sum + scenario.arms.length, 0);
  const size = `${report.scenarios.length} scenarios, ${count(arms)} arms`;
  const run = `${report.tool.name} ${report.tool.version}, ${report.startedAt}, ${duration(report.durationMs)}, ${size}, seed ${report.seed}`;
  page.lines.push(...wrap(run, page.width, `  ${'Run'.padEnd(longest)}  `));
  page.lines.push(...wrap(commandText(report.command), page.width, `  ${'Command'.padEnd(longest)}  `));
}

function heading(text: string, page: Page): void {
  const title = [...clean(text)].slice(0, page.width - 4).join('');
  page.lines.push('', page.paint({ text: `${title} ${'─'.repeat(Math.max(3, page.width - [...title].length - 1))}`, paint: 'bold' }));
}
