/**
 * Thresholds: what must hold of a report, written as `ttft.p99 < 400` or `tokenOverhead <= 0.03`.
 *
 *     MEASURE [ . QUANTILE ]  < | <= | > | >=  NUMBER
 *     difference( MEASURE [ . QUANTILE ] )  < | <= | > | >=  NUMBER
 *
 * The number is in the measure's own unit. A distribution without a quantile means its median, as everywhere. The first
 * speaks of arms, the second of what candidates add to their baselines, where a scenario compares differences.
 */
import { MEASURES, referTo } from '../../reports/measures.ts';
import type { Unit } from '../../reports/report.ts';
import { didYouMean } from './suggest.ts';

export interface Threshold {
  /** In its plain form, spaces and all. */
  expression: string;
  /** Whose: every arm's, or every comparison's. */
  of: 'arms' | 'differences';
  measure: string;
  /** Of a distribution; absent for its median, and for all that is no distribution. */
  quantile?: ThresholdQuantile;
  operator: ThresholdOperator;
  limit: number;
  unit: Unit;
}

export const THRESHOLD_QUANTILES = ['p50', 'p90', 'p99', 'p99.9'] as const;
export type ThresholdQuantile = (typeof THRESHOLD_QUANTILES)[number];
export const THRESHOLD_OPERATORS = ['<', '<=', '>', '>='] as const;
export type ThresholdOperator = (typeof THRESHOLD_OPERATORS)[number];

export type ThresholdResult = { ok: true; threshold: Threshold } | { ok: false; problem: string };

const REFERENCE = '\\w+(?:\\.[\\w.]*\\w)?';
const FORM = new RegExp(`^\\s*(?:(${REFERENCE})|difference\\(\\s*(${REFERENCE})\\s*\\))\\s*([<>]=?)\\s*(\\S+)\\s*$`);
const NUMBER = /^-?\d+(?:\.\d+)?(?:e-?\d+)?$/i;

export function parseThreshold(text: string): ThresholdResult {
  const fail = (problem: string): ThresholdResult => ({ ok: false, problem: `threshold ${JSON.stringify(text)}: ${problem}` });
  const [, ofArms, ofDifferences, operatorText, numberText] = FORM.exec(text) ?? [];
  const reference = ofArms ?? ofDifferences;
  if (reference === undefined || numberText === undefined) return fail('expected MEASURE[.QUANTILE] < NUMBER, as in ttft.p99 < 400');
  const { name, quantile: quantileText, measure } = referTo(reference);
  if (!measure) {
    const names = MEASURES.map((known) => known.name);
    return fail(`there is no measure ${name}${didYouMean(name, names) || `; there are ${names.join(', ')}`}`);
  }
  const quantile = THRESHOLD_QUANTILES.find((known) => known === quantileText);
  if (quantileText !== undefined && !measure.distribution) return fail(`${name} is one number and has no quantiles`);
  if (quantileText !== undefined && !quantile) return fail(`quantiles are ${THRESHOLD_QUANTILES.join(', ')}; ${quantileText} is not`);
  const operator = THRESHOLD_OPERATORS.find((known) => known === operatorText)!;
  if (!NUMBER.test(numberText)) return fail(`${numberText} is no number (it is read in the unit of ${name}, ${measure.unit})`);
  const limit = Number(numberText);
  if (ofArms !== undefined && limit < 0) return fail(`${numberText} is less than any ${name} can be`);
  return {
    ok: true,
    threshold: {
      expression: `${ofArms ?? `difference(${ofDifferences})`} ${operator} ${limit}`,
      of: ofArms === undefined ? 'differences' : 'arms',
      measure: name,
      ...(quantile === undefined ? {} : { quantile }),
      operator,
      limit,
      unit: measure.unit,
    },
  };
}

/** Whether a value, in the threshold's unit, keeps to it. */
export function keeps({ operator, limit }: Pick<Threshold, 'operator' | 'limit'>, value: number): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
  }
}
