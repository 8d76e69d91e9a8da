/**
 * What all renderers say in the same words: the verdict and why, letters for arms, rows of measures, the accounts
 * of turns, the machine. Plain text and no layout.
 */
import { ARMS_BESIDE_MAX, lettersOf, pairOf, withOwnTrials } from './arms.ts';
import { claimSentence } from './claims.ts';
import { count, number, quantity, ratio, signed, UNKNOWN, withInterval } from './format.ts';
import { MEASURES, measureLabel, referTo } from './measures.ts';
import type { Arm, Comparison, Environment, Measured, Report, Scenario, Turns, Unit, Verdict } from './report.ts';

/** `+12.1 µs/turn [9.80, 14.4]`; `undefined` where the comparison was not made that way. */
export function differenceText({ difference }: Comparison): string | undefined {
  return difference && signed(difference.estimate, difference.interval, difference.unit);
}

/** Reasons gathered below a table; equal ones share a mark. */
export class Footnotes {
  readonly #notes: string[] = [];

  mark(note: string | undefined): string {
    if (!note) return '';
    let index = this.#notes.indexOf(note);
    if (index === -1) index = this.#notes.push(note) - 1;
    return superscript(index + 1);
  }

  get lines(): string[] {
    return this.#notes.map((note, index) => `${superscript(index + 1)} ${note}`);
  }
}

function superscript(n: number): string {
  return String(n).replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)] ?? '');
}

export interface Cell {
  text: string;
  /** Why it is unknown, or only a bound. */
  note?: string;
}
export interface Row {
  /** The measure's name, for a link to its definition. */
  name: string;
  label: string;
  /** One an arm. */
  cells: Cell[];
}

/** The measures of arms, in the order of the catalogue; rows that no arm knows anything of are left out. */
export function measureRows(arms: readonly Arm[], quantiles: readonly string[], of: 'target' | 'all'): Row[] {
  const present = new Set(arms.flatMap(({ metrics }) => Object.keys(metrics)));
  const known = MEASURES.filter(({ name }) => present.has(name)).filter((measure) => of === 'all' || measure.of === 'target');
  const unknown = [...present].filter((name) => referTo(name).measure === undefined);
  const references = [
    ...known.flatMap(({ name, distribution }) => (distribution ? quantiles.map((quantile) => `${name}.${quantile}`) : [name])),
    ...unknown,
  ];
  return references
    .map((reference) => ({
      name: referTo(reference).name,
      label: measureLabel(reference),
      cells: arms.map((arm) => cellOf(arm, reference)),
    }))
    .filter(({ cells }) => cells.some((cell) => cell.text !== UNKNOWN || cell.note !== undefined));
}

/** Where the turns went: of each arm, or of all where they are many. */
export function accountLines(scenario: Scenario): string[] {
  const letters = lettersOf(scenario);
  if (scenario.arms.length <= ARMS_BESIDE_MAX)
    return scenario.arms.map(({ id, turns, codes }) => `${letters.get(id)}: ${accountsText(turns, codes)}`);
  const codes = new Map<string, number>();
  for (const [code, n] of scenario.arms.flatMap((arm) => Object.entries(arm.codes ?? {}))) codes.set(code, (codes.get(code) ?? 0) + n);
  return [`all arms: ${accountsText(addTurns(scenario.arms.map(({ turns }) => turns)), Object.fromEntries(codes))}`];
}

/** One measure of one arm: `852 ms [840, 866]`, `≥ 1,600 streams`, `–` with the reason. */
export function cellOf(arm: Arm, reference: string): Cell {
  const { name, quantile } = referTo(reference);
  const metric = arm.metrics[name];
  if (!metric) return { text: UNKNOWN };
  if (quantile === undefined || !metric.quantiles)
    return quantile === undefined || quantile === 'p50' ? plainCell(metric) : { text: UNKNOWN };
  const value = metric.quantiles[quantile] ?? null;
  const interval = metric.quantileIntervals?.[quantile] ?? (quantile === 'p50' ? metric.interval : null);
  const tooFew = metric.samples === undefined ? metric.reason : `${count(metric.samples)} samples in all are too few for ${quantile}`;
  const note = metric.quantileReasons?.[quantile] ?? (value === null ? tooFew : undefined);
  return { text: withInterval(value, interval, metric.unit), ...(note === undefined ? {} : { note }) };
}

function plainCell(metric: Measured): Cell {
  const sign = metric.bound === 'atLeast' ? '≥ ' : metric.bound === 'atMost' ? '≤ ' : '';
  const text = withInterval(metric.estimate, metric.interval, metric.unit);
  return { text: text === UNKNOWN ? text : sign + text, ...(metric.reason === undefined ? {} : { note: metric.reason }) };
}

export function tally(comparisons: readonly Comparison[]): Record<Verdict, number> {
  const counts: Record<Verdict, number> = { better: 0, worse: 0, same: 0, inconclusive: 0 };
  for (const { verdict } of comparisons) counts[verdict] += 1;
  return counts;
}

/** `10 comparisons: 3 better, 2 worse, 5 same`. */
export function tallyText(comparisons: readonly Comparison[]): string {
  const parts = Object.entries(tally(comparisons)).filter(([, n]) => n > 0);
  const total = `${count(comparisons.length)} ${comparisons.length === 1 ? 'comparison' : 'comparisons'}`;
  return comparisons.length === 0 ? 'no comparisons' : `${total}: ${parts.map(([verdict, n]) => `${n} ${verdict}`).join(', ')}`;
}

/** The sentence beside the verdict. */
export function verdictSentence(report: Report): string {
  if (report.verdictReason) return report.verdictReason;
  const missed = report.thresholds.filter(({ ok }) => !ok).length;
  const regressions = regressionsOf(report).length;
  const parts = [
    ...(missed > 0 ? [`${missed} of ${report.thresholds.length} thresholds missed`] : []),
    ...(regressions > 0 ? [`${regressions} ${regressions === 1 ? 'regression' : 'regressions'}`] : []),
  ];
  if (parts.length > 0) return `${parts.join(', ')}.`;
  return `${tallyText(report.scenarios.flatMap(({ comparisons }) => comparisons))}.`;
}

export function regressionsOf(report: Report): { scenario: Scenario; comparison: Comparison }[] {
  return report.scenarios.flatMap((scenario) =>
    scenario.comparisons
      .filter(({ deciding, verdict }) => deciding === true && verdict === 'worse')
      .map((comparison) => ({ scenario, comparison })),
  );
}

/** What a reader should know first, most weighty first. */
export function whyOf(report: Report): string[] {
  const missed = report.thresholds.filter(({ ok }) => !ok);
  const invalid = report.scenarios.flatMap(({ name, arms }) =>
    withOwnTrials(arms)
      .filter(({ validity }) => !validity.ok)
      .map(() => name),
  );
  return [
    ...missed.map(({ expression, value, unit, reason }) => `Threshold missed: ${expression}; ${thresholdValue(value, unit, reason)}.`),
    ...regressionsOf(report).map(({ scenario, comparison }) => {
      const letters = lettersOf(scenario);
      return `Worse: ${measureLabel(comparison.measure)} in ${scenario.name}, ${pairOf(comparison, letters)} = ${ratio(comparison.ratio, comparison.interval)}.`;
    }),
    ...report.claims.map(claimSentence),
    ...report.scenarios.flatMap(({ findings }) => findings ?? []),
    ...(invalid.length > 0
      ? [`${invalid.length} ${invalid.length === 1 ? 'arm has' : 'arms have'} no valid result (${[...new Set(invalid)].join(', ')}).`]
      : []),
  ];
}

export function thresholdValue(value: number | null, unit: Unit | undefined, reason: string | undefined): string {
  const text = unit === undefined ? number(value) : quantity(value, unit);
  return text === UNKNOWN ? `not measured (${reason ?? 'no reason given'})` : `measured ${text}`;
}

export function addTurns(list: readonly Turns[]): Turns {
  const sum = { offered: 0, completed: 0, failed: 0, cancelled: 0, timedOut: 0, refused: 0, dropped: 0 };
  for (const turns of list) for (const key of Object.keys(sum) as (keyof Turns)[]) sum[key] += turns[key];
  return sum;
}

export const OUTCOMES: readonly { key: Exclude<keyof Turns, 'offered'>; word: string }[] = [
  { key: 'completed', word: 'completed' },
  { key: 'failed', word: 'failed' },
  { key: 'cancelled', word: 'cancelled' },
  { key: 'timedOut', word: 'timed out' },
  { key: 'refused', word: 'refused' },
  { key: 'dropped', word: 'dropped' },
];

/** `1,500 offered = 1,497 completed + 2 failed + 1 timed out (connection_lost 2)`. */
export function accountsText(turns: Turns, codes: Arm['codes'] = {}): string {
  const parts = OUTCOMES.filter(({ key }) => key === 'completed' || turns[key] > 0).map(({ key, word }) => `${count(turns[key])} ${word}`);
  const named = Object.entries(codes).map(([code, n]) => `${code} ${count(n)}`);
  return `${count(turns.offered)} offered = ${parts.join(' + ')}${named.length > 0 ? ` (${named.join(', ')})` : ''}`;
}

/** One sentence an arm that lost trials; a single one when none did. */
export function validityLines(scenario: Scenario): string[] {
  const letters = lettersOf(scenario);
  const arms = withOwnTrials(scenario.arms);
  const trials = arms.reduce((sum, { validity }) => sum + (validity.trials ?? 0), 0);
  const lines = arms
    .filter(({ validity }) => !validity.ok || validity.excluded > 0)
    .map(({ id, validity }) => {
      const of = validity.trials === undefined ? '' : ` of ${validity.trials}`;
      const result = validity.ok ? '' : ', so its result is not valid';
      return `${letters.get(id)}: ${validity.excluded}${of} trials excluded${result}: ${validity.reasons.join('; ') || 'no reason given'}.`;
    });
  const notes = scenario.arms.flatMap(({ id, notes: of = [] }) => of.map((note) => `${letters.get(id)}: ${note}.`));
  if (lines.length > 0) return [...lines, ...notes];
  return [trials === 0 ? 'All results are valid.' : `All ${count(trials)} trials are valid.`, ...notes];
}

export function scheduleText({ schedule }: Scenario): string | undefined {
  if (!schedule) return undefined;
  const cv = schedule.interArrivalCv === null ? '' : `, inter-arrival CV ${number(schedule.interArrivalCv)}`;
  return `offered ${number(schedule.offeredRate)} turns/s, achieved ${number(schedule.achievedRate)}${cv}, schedule ${schedule.hash}`;
}

export function environmentFacts(environment: Environment): { name: string; value: string }[] {
  const { git, canaryCv, pinning } = environment;
  const cores = environment.coresEffective === environment.cores ? '' : `, ${number(environment.coresEffective)} effective`;
  return [
    { name: 'CPU', value: `${environment.cpuModel}, ${environment.cores} cores${cores}` },
    { name: 'Memory', value: quantity(environment.memoryBytes, 'B') },
    { name: 'System', value: `${environment.os}, kernel ${environment.kernel}` },
    { name: 'Node', value: environment.node },
    {
      name: 'Pinning',
      value:
        pinning.length === 0
          ? 'none'
          : pinning.map(({ process, cores: on }) => `${process} ${on.length === 0 ? 'not pinned' : `on ${on.join(', ')}`}`).join('; '),
    },
    { name: 'CPU canary', value: canaryCv === null ? `${UNKNOWN} (not run)` : `CV ${quantity(canaryCv, 'fraction')}` },
    {
      name: 'Revision',
      value: git === null ? `${UNKNOWN} (no git)` : `${git.commit.slice(0, 12)}${git.dirty ? ' with local changes' : ''}`,
    },
    ...(environment.notes ?? []).map((value) => ({ name: 'Note', value })),
  ];
}

/** The condition that all have, to be said once; `undefined` where they differ. */
export function sharedCondition(list: readonly { condition: string }[]): string | undefined {
  const [first] = list;
  return first && list.every(({ condition }) => condition === first.condition) ? first.condition : undefined;
}

/** The command as a shell takes it. */
export function commandText(command: readonly string[]): string {
  return command
    .map((part) => (/^[\w@%+=:,./>-]+$/.test(part) && !part.includes('>') ? part : `'${part.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
