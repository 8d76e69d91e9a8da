/**
 * The report as Markdown that fits a pull request's comment: verdict first, why, then the comparisons of each
 * scenario; all further numbers folded away. A comment holds 65,536 characters, so what does not fit is left out from
 * the end of the least important on, and the comment says so.
 */

import { lettersOf, pairOf } from './arms.ts';
import { causeLines } from './cause.ts';
import { CLAIM_WORDS, claimedText, groundOf, headlineOf, measuredTexts, modelText, readingText, readingValues } from './claims.ts';
import {
  accountLines,
  accountsText,
  addTurns,
  commandText,
  differenceText,
  environmentFacts,
  Footnotes,
  scheduleText,
  tallyText,
  thresholdValue,
  validityLines,
  verdictSentence,
  whyOf,
} from './digest.ts';
import { brief, count, duration, quantity, ratio, UNKNOWN } from './format.ts';
import { type Climb, climbsOf } from './ladder.ts';
import { curveText, timelineText } from './load.ts';
import { measureMatrix, splitMatrix } from './matrix.ts';
import { measureLabel } from './measures.ts';
import { phaseTitle } from './phases.ts';
import type { Claim, Comparison, Report, Scenario } from './report.ts';
import { splitsOf } from './splits.ts';
import { trustOf } from './trust.ts';

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
    ...trustOf(report)
      .lines.slice(0, 1)
      .map((line) => `- ${text(line)}`),
  ];
  return { text: lines.join('\n'), rank: 0 };
}

function claims(report: Report): Block[] {
  if (report.claims.length === 0) return [];
  const header = ['measure', 'condition', 'claimed', 'measured', 'HTTP → WebSocket', 'verdict'];
  const rows = report.claims.map((claim) => {
    const { measure, condition } = claim.headline;
    const reading = headlineOf(claim);
    const measured = reading ? [text(readingText(reading)), text(readingValues(reading))] : [UNKNOWN, UNKNOWN];
    return [
      text(measureLabel(measure)),
      text(condition || 'as offered'),
      text(claimedText(claim)),
      ...measured,
      `**${CLAIM_WORDS[claim.verdict]}**`,
    ];
  });
  const explanations = report.claims.map((claim) => `- ${text(measureLabel(claim.measure))}: ${text(claim.explanation)}`);
  const body = `### Claims\n\n${table(header, rows)}\n\n${explanations.join('\n')}`;
  return [{ text: body, rank: 1 }, ...report.claims.flatMap((claim) => [...readings(claim), ...region(claim)])];
}

/** All of a claim's readings, where there are more than its headline. */
function readings(claim: Claim): Block[] {
  if (claim.readings.length < 2) return [];
  const rows = claim.readings.map((reading) => [
    text(measureLabel(reading.measure)),
    text(reading.condition || 'as offered'),
    text(readingText(reading)),
    text(readingValues(reading)),
    reading === headlineOf(claim) ? `**${CLAIM_WORDS[reading.verdict]}**` : CLAIM_WORDS[reading.verdict],
  ]);
  const header = ['measure', 'condition', 'measured', 'HTTP → WebSocket', 'verdict'];
  return [folded(`All readings of the claim on ${text(measureLabel(claim.measure))}`, table(header, rows))];
}

/** Where a claim would hold: the sentence for all, the map for who opens it. */
function region(claim: Claim): Block[] {
  if (!claim.region) return [];
  const { x, y, improvement, sentence } = claim.region;
  const nameOf = ({ name, unit }: typeof x) => (unit === '' ? name : `${name} (${unit})`);
  const corner = `${nameOf(y)} by ${nameOf(x)}`;
  const rows = y.values.map((value, row) => [
    text(brief(value, '1')),
    ...x.values.map((_, column) => {
      const cell = improvement[row]?.[column] ?? null;
      return cell === null ? UNKNOWN : groundOf(cell, claim.claimed.improvement) === 'held' ? `**${percent(cell)}**` : percent(cell);
    }),
  ]);
  const map = table([text(corner), ...x.values.map((value) => text(brief(value, '1')))], rows);
  const facts = [modelText(claim.region), ...measuredTexts(claim).map((line) => `Measured at ${line}.`)].map((line) => `- ${text(line)}`);
  return [folded(`Where it would hold: ${text(sentence)}`, `${map}\n\n${facts.join('\n')}`)];
}

const percent = (fraction: number): string => text(`${count(100 * fraction)} %`);

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
  const { header: measured, rows: known } = measureMatrix(scenario, ['p50', 'p99'], 'all');
  const rows = known.map(({ label, cells }) => [text(label), ...cells.map((cell) => text(cell.text) + notes.mark(cell.note))]);
  const facts = [
    ...notes.lines.map(text),
    ...accountLines(scenario).map(text),
    ...scenario.arms.flatMap(({ id, curve, timeline }) =>
      [...(curve ? [curveText(curve)] : []), ...(timeline ? [timelineText(timeline)] : [])].map(
        (line) => `${letters.get(id)}: ${text(line)}`,
      ),
    ),
    ...causeLines(scenario).map(text),
    ...validityLines(scenario).map(text),
    ...[scheduleText(scenario)].filter((line) => line !== undefined).map(text),
    ...scenario.notRun.map(({ what, reason }) => `Not run: ${code(what)}: ${text(reason)}`),
  ];
  const climbs = climbsOf(scenario).map(climbText);
  if (climbs.length > 0) blocks.push(folded(`Ladder of ${text(scenario.name)}`, climbs.join('\n\n')));
  for (const split of splitsOf(scenario.arms)) {
    const { header, rows: parts } = splitMatrix(split, letters);
    const cells = parts.map(({ label, cells: of }) => [text(label), ...of.map((cell) => text(cell.text))]);
    blocks.push(folded(`${split.title}, ${text(scenario.name)}`, table(header.map(text), cells)));
  }
  blocks.push(...slowestBlocks(scenario, letters));
  const measures = rows.length === 0 ? '' : `${table(measured.map(text), rows)}\n\n`;
  blocks.push(
    folded(`Measures, turns and validity of ${text(scenario.name)}`, `${measures}${facts.map((line) => `- ${line}`).join('\n')}`),
  );
  return blocks;
}

/** Phases that took less of a turn than this are not told. */
const TOLD_SHARE_MIN = 0.05;

function slowestBlocks(scenario: Scenario, letters: ReadonlyMap<string, string>): Block[] {
  const rows = scenario.arms.flatMap(({ id, slowest = [] }) =>
    slowest.map(({ key, outcome, turnMs, phasesMs, traceId }) => {
      const most = Object.entries(phasesMs)
        .filter(([, ms]) => ms >= TOLD_SHARE_MIN * turnMs)
        .sort(([, a], [, b]) => b - a)
        .map(([phase, ms]) => `${phaseTitle(phase)} ${quantity(ms, 'ms')}`);
      const cells = [`${letters.get(id)}`, quantity(turnMs, 'ms'), most.join(', ') || 'not told', outcome].map(text);
      return [...cells, code(key), traceId === undefined ? '' : code(traceId)];
    }),
  );
  if (rows.length === 0) return [];
  const header = ['arm', 'time', 'most of it', 'outcome', 'turn', 'trace (traces.jsonl)'];
  return [folded(`The slowest turns of ${text(scenario.name)}`, table(header, rows))];
}

function climbText({ measure, condition, unit, from, start, steps }: Climb): string {
  const interactions = steps.some(({ rung }) => rung.interaction !== undefined);
  const rows = steps.map(({ rung, label, to }) => [
    text(`${rung.step}. ${label}`),
    text(ratio(rung.ratio, rung.interval)),
    text(quantity(to, unit)),
    ...(interactions ? [text(ratio(rung.interaction?.ratio, rung.interaction?.interval))] : []),
  ]);
  const title = `${measureLabel(measure)}${condition === '' ? '' : `, ${condition}`}: ${from} ${quantity(start, unit)}`;
  return `${text(title)}\n\n${table(['rung', 'ratio', 'then', ...(interactions ? ['interaction'] : [])], rows)}`;
}

function comparisonBlock(scenario: Scenario, letters: ReadonlyMap<string, string>): Block[] {
  if (scenario.comparisons.length === 0) return [];
  const weigh = ({ verdict, deciding }: Comparison) => WEIGHT[verdict] - (deciding ? 0.5 : 0);
  const all = scenario.comparisons;
  const kept = all.length <= ROWS_MAX ? all : [...all].sort((a, b) => weigh(a) - weigh(b)).slice(0, ROWS_MAX);
  const differences = kept.some(({ difference }) => difference !== undefined);
  const rows = kept.map((comparison) => [
    text(pairOf(comparison, letters)),
    text(measureLabel(comparison.measure) + (comparison.condition ? `, ${comparison.condition}` : '')),
    text(ratio(comparison.ratio, comparison.interval)),
    ...(differences ? [text(differenceText(comparison) ?? '')] : []),
    VERDICTS[comparison.verdict] + (comparison.reason ? `: ${text(comparison.reason)}` : ''),
  ]);
  const rest = all.length > kept.length ? `\n\n_… and ${count(all.length - kept.length)} more._` : '';
  const header = ['', 'measure', 'ratio (95 %)', ...(differences ? ['difference'] : []), 'verdict'];
  return [{ text: table(header, rows) + rest, rank: 1 }];
}

function environment(report: Report): Block {
  const facts = environmentFacts(report.environment).map(({ name, value }) => `- ${name}: ${text(value)}`);
  const run = `- Run: ${text(`${report.tool.name} ${report.tool.version}, ${report.startedAt}, ${duration(report.durationMs)}, seed ${report.seed}`)}`;
  const trust = trustOf(report).lines.map((line) => `- Validity: ${text(line)}`);
  return folded('Machine and run', [...facts, ...trust, run, `- Command: ${code(commandText(report.command))}`].join('\n'));
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
