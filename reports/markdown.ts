/**
 * The report as Markdown that fits a pull request's comment: verdict first, why, then the comparisons of each
 * scenario; all further numbers folded away. A comment holds 65,536 characters, so what does not fit is left out from
 * the end of the least important on, and the comment says so.
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
  tallyText,
  thresholdValue,
  validityLines,
  verdictSentence,
  whyOf,
} from './digest.ts';
import { count, duration, ratio } from './format.ts';
import { measureLabel } from './measures.ts';
import type { Comparison, Report, Scenario } from './report.ts';

export const MARKDOWN_BYTES_MAX = 60_000;
/** Kept free for the note on what was left out. */
const NOTE_BYTES = 300;
const ROWS_MAX = 50;
const TEXT_MAX = 400;

const MARKS = { pass: '✅', fail: '❌', inconclusive: '❔' } as const;
const VERDICTS = { better: '**better**', worse: '**worse**', same: 'same', inconclusive: '_inconclusive_' } as const;
/** When rows must go, the telling ones stay. */
const WEIGHT = { worse: 0, better: 1, inconclusive: 2, same: 3 } as const;

interface Block {
  text: string;
  /** 0 is never left out for the sake of 1, nor 1 for 2. */
  rank: 0 | 1 | 2;
}

export function renderMarkdown(report: Report): string {
  const blocks: Block[] = [
    head(report),
    ...claims(report),
    ...thresholds(report),
    ...report.scenarios.flatMap(scenarioBlocks),
    environment(report),
  ];
  const chosen = new Set<Block>();
  let room = MARKDOWN_BYTES_MAX - NOTE_BYTES;
  for (const rank of [0, 1, 2]) {
    for (const block of blocks.filter((one) => one.rank === rank)) {
      const size = Buffer.byteLength(block.text) + 2;
      if (size > room) continue;
      room -= size;
      chosen.add(block);
    }
  }
  const left = blocks.length - chosen.size;
  const note =
    left === 0 ? [] : [`_${left} of ${blocks.length} parts did not fit into a comment; the HTML page and report.json have them._`];
  return `${[...blocks.filter((block) => chosen.has(block)).map(({ text }) => text), ...note].join('\n\n')}\n`;
}

function head(report: Report): Block {
  const comparisons = report.scenarios.flatMap((scenario) => scenario.comparisons);
  const turns = addTurns(report.scenarios.flatMap(({ arms }) => arms.map((arm) => arm.turns)));
  const why = whyOf(report).slice(0, 20);
  const lines = [
    `## ${MARKS[report.verdict]} ${text(report.tool.name)}: ${report.verdict}`,
    '',
    `**${text(verdictSentence(report))}**`,
    '',
    ...why.map((line) => `- ${text(line)}`),
    `- ${text(tallyText(comparisons))}.`,
    ...(turns.offered > 0 ? [`- Turns: ${text(accountsText(turns))}.`] : []),
  ];
  return { text: lines.join('\n'), rank: 0 };
}

function claims(report: Report): Block[] {
  if (report.claims.length === 0) return [];
  const rows = report.claims.flatMap((claim) =>
    claim.readings.map((reading) => [
      text(measureLabel(reading.measure)),
      text(reading.condition || 'as offered'),
      text(claimedText(claim)),
      text(readingText(reading)),
      reading === headlineOf(claim) ? `**${CLAIM_WORDS[reading.verdict]}**` : CLAIM_WORDS[reading.verdict],
    ]),
  );
  const explanations = report.claims.map((claim) => `- ${text(measureLabel(claim.measure))}: ${text(claim.explanation)}`);
  const body = `### Claims\n\n${table(['measure', 'condition', 'claimed', 'measured', 'verdict'], rows)}\n\n${explanations.join('\n')}`;
  return [{ text: body, rank: 1 }];
}

function thresholds(report: Report): Block[] {
  if (report.thresholds.length === 0) return [];
  const rows = report.thresholds.map(({ expression, ok, value, unit, reason }) => [
    ok ? '✅' : '❌',
    code(expression),
    text(thresholdValue(value, unit, reason)),
  ]);
  return [{ text: `### Thresholds\n\n${table(['', 'threshold', ''], rows)}`, rank: 0 }];
}

function scenarioBlocks(scenario: Scenario): Block[] {
  const letters = lettersOf(scenario);
  const legend = scenario.arms.map(({ id }) => `- ${letters.get(id)} ${code(id)}`).slice(0, ROWS_MAX);
  const blocks: Block[] = [
    { text: [`### ${text(scenario.name)}`, '', text(scenario.why), '', ...legend].join('\n'), rank: 1 },
    ...comparisonBlock(scenario, letters),
  ];
  const notes = new Footnotes();
  const rows = measureRows(scenario, ['p50', 'p99'], 'all').map(({ label, cells }) => [
    text(label),
    ...cells.map((cell) => text(cell.text) + notes.mark(cell.note)),
  ]);
  const facts = [
    ...notes.lines.map(text),
    ...scenario.arms.map(({ id, turns, codes }) => `${letters.get(id)}: ${text(accountsText(turns, codes))}`),
    ...validityLines(scenario).map(text),
    ...[scheduleText(scenario)].filter((line) => line !== undefined).map(text),
    ...scenario.notRun.map(({ what, reason }) => `Not run: ${code(what)}: ${text(reason)}`),
  ];
  const ladder = (scenario.ladder ?? []).map((rung) => [
    `${rung.step}. ${text(rung.factor)}`,
    text(`${rung.from} → ${rung.to}`),
    text(measureLabel(rung.measure)),
    text(rung.condition),
    text(ratio(rung.ratio, rung.interval)),
    text(ratio(rung.interaction?.ratio, rung.interaction?.interval)),
  ]);
  if (ladder.length > 0) {
    blocks.push(
      folded(`Ladder of ${text(scenario.name)}`, table(['rung', 'change', 'measure', 'condition', 'ratio', 'interaction'], ladder)),
    );
  }
  const measures = rows.length === 0 ? '' : `${table(['', ...letters.values()], rows)}\n\n`;
  blocks.push(
    folded(`Measures, turns and validity of ${text(scenario.name)}`, `${measures}${facts.map((line) => `- ${line}`).join('\n')}`),
  );
  return blocks;
}

function comparisonBlock(scenario: Scenario, letters: ReadonlyMap<string, string>): Block[] {
  if (scenario.comparisons.length === 0) return [];
  const weigh = ({ verdict, deciding }: Comparison) => WEIGHT[verdict] - (deciding ? 0.5 : 0);
  const all = scenario.comparisons;
  const kept = all.length <= ROWS_MAX ? all : [...all].sort((a, b) => weigh(a) - weigh(b)).slice(0, ROWS_MAX);
  const rows = kept.map((comparison) => [
    text(pairOf(comparison, letters)),
    text(measureLabel(comparison.measure) + (comparison.condition ? `, ${comparison.condition}` : '')),
    text(ratio(comparison.ratio, comparison.interval)),
    VERDICTS[comparison.verdict] + (comparison.reason ? `: ${text(comparison.reason)}` : ''),
  ]);
  const rest = all.length > kept.length ? `\n\n_… and ${count(all.length - kept.length)} more._` : '';
  return [{ text: table(['', 'measure', 'ratio (95 %)', 'verdict'], rows) + rest, rank: 1 }];
}

function environment(report: Report): Block {
  const facts = environmentFacts(report.environment).map(({ name, value }) => `- ${name}: ${text(value)}`);
  const run = `- Run: ${text(`${report.tool.name} ${report.tool.version}, ${report.startedAt}, ${duration(report.durationMs)}, seed ${report.seed}`)}`;
  return folded('Machine and run', [...facts, run, `- Command: ${code(commandText(report.command))}`].join('\n'));
}

function folded(summary: string, body: string): Block {
  return { text: `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`, rank: 2 };
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const body = rows.slice(0, ROWS_MAX).map(line);
  const rest = rows.length > ROWS_MAX ? [`\n_… and ${count(rows.length - ROWS_MAX)} more rows._`] : [];
  return [line(header), line(header.map(() => '---')), ...body, ...rest].join('\n');
}

/** Text that means nothing to Markdown or HTML, mentions nobody and refers to no issue. */
function text(value: string): string {
  return shorten(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_[\]|~$]/g, '\\$&')
    .replace(/[@#](?=\w)/g, '$&\u200b')
    .replace(/:\/\//g, ':\u200b//');
}

function code(value: string): string {
  return `\`${shorten(value).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}

function shorten(value: string): string {
  const line = value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  const characters = [...line];
  return characters.length <= TEXT_MAX ? line : `${characters.slice(0, TEXT_MAX - 1).join('')}…`;
}
