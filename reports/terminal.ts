/**
 * The report as text for a terminal: the verdict and what decided it, then for each scenario its arms, what was
 * compared, where the turns went and whether the measurement can be believed, and last the machine.
 */
import {
  accountsText,
  addTurns,
  CLAIM_WORDS,
  claimedText,
  commandText,
  environmentFacts,
  Footnotes,
  headlineOf,
  lettersOf,
  measureRows,
  pairOf,
  readingText,
  scheduleText,
  sharedCondition,
  validityLines,
  verdictSentence,
  whyOf,
} from './digest.ts';
import { count, duration, ratio, UNKNOWN } from './format.ts';
import { measureLabel } from './measures.ts';
import type { ClaimVerdict, Report, ReportVerdict, Scenario, Verdict } from './report.ts';
import { clean, type Paint, type Painter, painter, table, wrap } from './text-table.ts';

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
    page.lines.push(...wrap(claim.explanation, page.width, '    '));
  }
}

function scenarioPart(scenario: Scenario, page: Page): void {
  heading(scenario.name, page);
  page.lines.push(...wrap(scenario.why, page.width, '  '));
  const letters = lettersOf(scenario);
  page.lines.push('');
  for (const { id } of scenario.arms) page.lines.push(...wrap(id, page.width, `  ${letters.get(id)}  `));

  const notes = new Footnotes();
  const rows = measureRows(scenario, ['p50', 'p99'], 'target').map(({ label, cells }) => [
    clean(label),
    ...cells.map(({ text, note }) => ({ text: text + notes.mark(note), ...(text === UNKNOWN ? { paint: 'dim' as const } : {}) })),
  ]);
  if (rows.length > 0) {
    page.lines.push('', ...table(['', ...letters.values()], rows, { ...page, indent: 2 }));
    for (const line of notes.lines) page.lines.push(...wrap(line, page.width, '    '));
  }
  comparisons(scenario, letters, page);
  ladder(scenario, page);

  page.lines.push('');
  for (const { id, turns, codes } of scenario.arms) {
    page.lines.push(...wrap(`${letters.get(id)}: ${accountsText(turns, codes)}`, page.width, '  turns  '));
  }
  for (const line of validityLines(scenario)) page.lines.push(...wrap(line, page.width, '  valid  '));
  const schedule = scheduleText(scenario);
  if (schedule) page.lines.push(...wrap(schedule, page.width, '  load   '));
  for (const { what, reason } of scenario.notRun) page.lines.push(...wrap(`${what}: ${reason}`, page.width, '  not run  '));
}

function comparisons(scenario: Scenario, letters: ReadonlyMap<string, string>, page: Page): void {
  if (scenario.comparisons.length === 0) return;
  const notes = new Footnotes();
  const conditions = scenario.comparisons.some(({ condition }) => condition !== '');
  const rows = scenario.comparisons.map((comparison) => [
    pairOf(comparison, letters),
    clean(measureLabel(comparison.measure)),
    ratio(comparison.ratio, comparison.interval),
    { text: comparison.verdict + notes.mark(comparison.reason), paint: PAINTS[comparison.verdict] },
    ...(conditions ? [clean(comparison.condition)] : []),
  ]);
  const header = ['compared', 'measure', 'ratio', 'verdict', ...(conditions ? ['condition'] : [])];
  page.lines.push('', ...table(header, rows, { ...page, indent: 2, flexible: conditions }));
  for (const line of notes.lines) page.lines.push(...wrap(line, page.width, '    '));
}

function ladder(scenario: Scenario, page: Page): void {
  const rungs = scenario.ladder ?? [];
  if (rungs.length === 0) return;
  const shared = sharedCondition(rungs);
  const interactions = rungs.some(({ interaction }) => interaction !== undefined);
  const rows = rungs.map((rung) => [
    `${rung.step}. ${clean(rung.factor)}`,
    clean(`${rung.from} → ${rung.to}`),
    clean(measureLabel(rung.measure)),
    ratio(rung.ratio, rung.interval),
    ...(interactions ? [ratio(rung.interaction?.ratio, rung.interaction?.interval)] : []),
    ...(shared === undefined ? [clean(rung.condition)] : []),
  ]);
  const header = [
    'rung',
    'change',
    'measure',
    'ratio',
    ...(interactions ? ['interaction'] : []),
    ...(shared === undefined ? ['condition'] : []),
  ];
  page.lines.push('', ...wrap(`Ladder, one factor a rung${shared ? ` (${shared})` : ''}:`, page.width, '  '));
  page.lines.push(...table(header, rows, { ...page, indent: 2, flexible: shared === undefined }));
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
