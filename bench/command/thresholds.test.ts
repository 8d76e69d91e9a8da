import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MEASURES } from '../../reports/measures.ts';
import { keeps, parseThreshold, THRESHOLD_OPERATORS, THRESHOLD_QUANTILES } from './thresholds.ts';

describe('a threshold', () => {
  it.each([
    ['ttft.p99 < 400', { expression: 'ttft.p99 < 400', measure: 'ttft', quantile: 'p99', operator: '<', limit: 400, unit: 'ms' }],
    ['  turn<=1.5 ', { expression: 'turn <= 1.5', measure: 'turn', operator: '<=', limit: 1.5, unit: 'ms' }],
    ['turn.p99.9<2e3', { expression: 'turn.p99.9 < 2000', measure: 'turn', quantile: 'p99.9', operator: '<', limit: 2000, unit: 'ms' }],
    [
      'tokenOverhead < 0.03',
      { expression: 'tokenOverhead < 0.03', measure: 'tokenOverhead', operator: '<', limit: 0.03, unit: 'fraction' },
    ],
    ['concurrency>=200', { expression: 'concurrency >= 200', measure: 'concurrency', operator: '>=', limit: 200, unit: 'streams' }],
  ])('%j', (text, threshold) => {
    expect(parseThreshold(text)).toEqual({ ok: true, threshold: { of: 'arms', ...threshold } });
  });

  it.each([
    ['ttft', /expected MEASURE/],
    ['', /expected MEASURE/],
    ['ttft = 3', /expected MEASURE/],
    ['ttft < 3 ms', /expected MEASURE/],
    ['ttft.p99 < 400ms', /400ms is no number \(it is read in the unit of ttft, ms\)/],
    ['ttft < -1', /-1 is less than any ttft can be/],
    ['difference ttft < 3', /expected MEASURE/],
    ['difference(ttft < 3', /expected MEASURE/],
    ['difference(tttft) < 3', /there is no measure tttft; did you mean ttft\?/],
    ['difference(cpuPerTurn.p99) < 3', /cpuPerTurn is one number and has no quantiles/],
    ['ttft < NaN', /NaN is no number/],
    ['tttft < 3', /there is no measure tttft; did you mean ttft\?/],
    ['fps < 3', /there is no measure fps; there are turn, ttft/],
    ['ttft.p98 < 3', /quantiles are p50, p90, p99, p99.9; p98 is not/],
    ['cpuPerToken.p99 < 3', /cpuPerToken is one number and has no quantiles/],
  ])('%j is refused', (text, problem) => {
    const result = parseThreshold(text);
    expect(result).toMatchObject({ ok: false });
    expect(result.ok ? '' : result.problem).toMatch(problem);
    expect(result.ok ? '' : result.problem).toContain(JSON.stringify(text));
  });

  it.each([
    ['difference( cpuPerTurn )<=0.025', { expression: 'difference(cpuPerTurn) <= 0.025', measure: 'cpuPerTurn', limit: 0.025 }],
    ['difference(turn.p99) < -1', { expression: 'difference(turn.p99) < -1', measure: 'turn', quantile: 'p99', limit: -1 }],
  ])('%j speaks of comparisons', (text, threshold) => {
    const parsed = parseThreshold(text);
    expect(parsed).toMatchObject({ ok: true, threshold: { of: 'differences', ...threshold } });
    expect(parsed.ok && parseThreshold(parsed.threshold.expression)).toEqual(parsed);
  });

  it('means the same when its plain form is read again', () => {
    const form = fc.record({
      measure: fc.constantFrom(...MEASURES),
      quantile: fc.constantFrom(undefined, ...THRESHOLD_QUANTILES),
      operator: fc.constantFrom(...THRESHOLD_OPERATORS),
      limit: fc.double({ min: 0, max: 1e15, noNaN: true }),
    });
    fc.assert(
      fc.property(form, ({ measure, quantile, operator, limit }) => {
        const reference = measure.distribution && quantile ? `${measure.name}.${quantile}` : measure.name;
        // Scientific notation, since -0 and 1e-7 are how doubles print.
        const first = parseThreshold(`${reference}${operator}${Math.abs(limit).toExponential().replace('e+', 'e')}`);
        expect(first).toMatchObject({
          ok: true,
          threshold: { measure: measure.name, operator, limit: Math.abs(limit), unit: measure.unit },
        });
        expect(first.ok && parseThreshold(first.threshold.expression)).toEqual(first);
      }),
    );
  });
});

describe('keeping to it', () => {
  it.each([
    ['<', [true, false, false]],
    ['<=', [true, true, false]],
    ['>', [false, false, true]],
    ['>=', [false, true, true]],
  ] as const)('%s 5', (operator, expected) => {
    expect([4, 5, 6].map((value) => keeps({ operator, limit: 5 }, value))).toEqual(expected);
  });
});
