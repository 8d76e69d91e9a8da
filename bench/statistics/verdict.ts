/**
 * What a ratio may be said to show: better, worse, same, or nothing yet.
 *
 * Two tests on the log-ratios, both Student's over launches. *Different*: two-sided against 1. *Same*: both one-sided
 * tests against the margin (TOST; Schuirmann 1987), so "same" is shown, never assumed from a lack of difference;
 * its p is twice the larger one-sided one. With that doubling a lone comparison's verdict is what its 95 % interval
 * shows: wholly on one side of 1, or wholly within the margin (which wins: a difference too small to matter is "same").
 *
 * A report makes many comparisons, and at 5 % each, one in twenty would err by chance. Holm's step-down procedure
 * (Scand. J. Statist. 6, 1979) adjusts the p-values: over all tests for difference, so that the chance of any false
 * better or worse in the report is at most 5 %, and likewise over all tests for sameness. (One family of the smaller
 * p of each pair would not hold its level: a comparison that rightly rejects "equal" may still be one whose
 * "differs by the margin" is true.)
 */
import type { RatioEstimate } from './ratio.ts';
import { studentTail } from './student.ts';
import { tooManyExcluded } from './validity.ts';

export type Direction = 'lower' | 'higher';
export type Verdict = 'better' | 'worse' | 'same' | 'inconclusive';

/** Fewer launches give an interval, but one that stands on the normality of two or three numbers. */
export const VERDICT_LAUNCHES_MIN = 6;
export const FAMILY_LEVEL = 0.05;

export interface Question {
  estimate: RatioEstimate;
  /** Which way is better. */
  direction: Direction;
  /** Ratios from 1/(1 + margin) to 1 + margin count as the same; 0: only exact equality does. */
  margin: number;
  /** Trials of the two arms, and how many were excluded as invalid. */
  trials?: { excluded: number; total: number };
}

export interface Judgement {
  verdict: Verdict;
  /** Why nothing is shown, or what qualifies the verdict. */
  reason?: string;
  /** Before and after Holm; `null` where there is nothing to test. */
  pDifference: number | null;
  pDifferenceAdjusted: number | null;
  pSame: number | null;
  pSameAdjusted: number | null;
}

/** The p-values after Holm, in the order given: reject where one is ≤ the family's level. */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number>(ps.length);
  let highest = 0;
  for (const [rank, { p, index }] of order.entries()) {
    highest = Math.max(highest, Math.min(1, p * (ps.length - rank)));
    adjusted[index] = highest;
  }
  return adjusted;
}

/** Judges all comparisons of a report together. */
export function judgeAll(questions: readonly Question[], options: { familyLevel?: number; launchesMin?: number } = {}): Judgement[] {
  const { familyLevel = FAMILY_LEVEL, launchesMin = VERDICT_LAUNCHES_MIN } = options;
  const obstacles = questions.map((question) => obstacle(question, launchesMin));
  const tested = questions.flatMap((question, index) => (obstacles[index] === undefined ? [{ index, ...testRatio(question) }] : []));
  const differenceAdjusted = holm(tested.map((test) => test.pDifference));
  const sameAdjusted = holm(tested.map((test) => test.pSame));

  const judgements: Judgement[] = obstacles.map((reason) => ({
    verdict: 'inconclusive',
    reason: reason ?? '',
    pDifference: null,
    pDifferenceAdjusted: null,
    pSame: null,
    pSameAdjusted: null,
  }));
  for (const [position, test] of tested.entries()) {
    const adjusted = { pDifferenceAdjusted: differenceAdjusted[position] ?? 1, pSameAdjusted: sameAdjusted[position] ?? 1 };
    const question = questions[test.index] as Question;
    judgements[test.index] = { ...decide(question, { ...test, ...adjusted }, familyLevel, tested.length), ...tests(test, adjusted) };
  }
  return judgements;
}

/** Judges one comparison that stands alone. */
export function judge(question: Question, options: { familyLevel?: number; launchesMin?: number } = {}): Judgement {
  return judgeAll([question], options)[0] as Judgement;
}

interface Tests {
  pDifference: number;
  pSame: number;
}
type Adjusted = { pDifferenceAdjusted: number; pSameAdjusted: number };

function tests(test: Tests, adjusted: Adjusted): Omit<Judgement, 'verdict' | 'reason'> {
  return { pDifference: test.pDifference, pSame: test.pSame, ...adjusted };
}

/** Why a ratio can show nothing, however it comes out. */
export function obstacle(
  { estimate, trials }: Pick<Question, 'estimate' | 'trials'>,
  launchesMin = VERDICT_LAUNCHES_MIN,
): string | undefined {
  if (trials !== undefined && tooManyExcluded(trials.excluded, trials.total)) {
    return `${trials.excluded} of ${trials.total} trials were invalid and excluded, more than 20 %`;
  }
  if (estimate.standardErrorLog === null) return estimate.reason ?? 'no interval';
  // Counts that came out equal in every launch need no replication to be believed.
  if (estimate.launches < launchesMin && estimate.standardErrorLog > 0) {
    return `${estimate.launches} launches; a verdict takes ${launchesMin}`;
  }
  return undefined;
}

function testRatio({ estimate, margin }: Question): Tests {
  const mean = estimate.meanLog ?? 0;
  const error = estimate.standardErrorLog ?? 0;
  const bound = Math.log1p(margin);
  if (error === 0) return { pDifference: mean === 0 ? 1 : 0, pSame: Math.abs(mean) <= bound ? 0 : 1 };
  const df = estimate.launches - 1;
  const nearer = (bound - Math.abs(mean)) / error;
  return {
    pDifference: Math.min(1, 2 * studentTail(Math.abs(mean) / error, df)),
    pSame: Math.min(1, 2 * studentTail(nearer, df)),
  };
}

function decide(question: Question, p: Tests & Adjusted, level: number, family: number): { verdict: Verdict; reason?: string } {
  const ratio = question.estimate.ratio ?? 1;
  const different = p.pDifferenceAdjusted <= level;
  if (p.pSameAdjusted <= level) {
    const small = different && ratio !== 1;
    return small
      ? {
          verdict: 'same',
          reason: `the difference of ${percent(Math.abs(ratio - 1))} is real, but less than the margin of ${percent(question.margin)}`,
        }
      : { verdict: 'same' };
  }
  if (different) return { verdict: ratio < 1 === (question.direction === 'lower') ? 'better' : 'worse' };

  if (p.pDifference <= level || p.pSame <= level) {
    const [what, alone, adjusted] =
      p.pDifference <= level ? ['different', p.pDifference, p.pDifferenceAdjusted] : ['the same', p.pSame, p.pSameAdjusted];
    return {
      verdict: 'inconclusive',
      reason: `${what} by itself (p = ${probability(alone)}), but not among ${family} comparisons (p = ${probability(adjusted)} after Holm)`,
    };
  }
  return {
    verdict: 'inconclusive',
    reason: `the interval holds 1 and reaches beyond ±${percent(question.margin)}: more launches could decide`,
  };
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(2))} %`;
}

function probability(p: number): string {
  return p < 0.0001 ? '< 0.0001' : String(Number(p.toPrecision(2)));
}
