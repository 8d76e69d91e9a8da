import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RatioEstimate, ratioOfLogs, ratioOfPairs } from './ratio.ts';
import { rng } from './rng.ts';
import { type Direction, holm, judge, judgeAll, type Question } from './verdict.ts';

/** An estimate of six launches whose 95 % interval is the given one. */
function estimate(low: number, high: number): RatioEstimate {
  const meanLog = (Math.log(low) + Math.log(high)) / 2;
  const standardErrorLog = (Math.log(high) - Math.log(low)) / 2 / 2.5705818356;
  return { ratio: Math.exp(meanLog), interval: [low, high], level: 0.95, launches: 6, meanLog, standardErrorLog, method: 'student' };
}
const ask = (low: number, high: number, direction: Direction = 'lower', margin = 0.05): Question => ({
  estimate: estimate(low, high),
  direction,
  margin,
});

describe('verdict of one comparison', () => {
  test.each([
    ['wholly below 1, lower is better', 0.6, 0.9, 'lower', 'better'],
    ['wholly below 1, higher is better', 0.6, 0.9, 'higher', 'worse'],
    ['wholly above 1, lower is better', 1.1, 1.5, 'lower', 'worse'],
    ['wholly above 1, higher is better', 1.1, 1.5, 'higher', 'better'],
    ['just below 1', 0.9, 0.999999, 'lower', 'better'],
    ['just across 1', 0.9, 1.000001, 'lower', 'inconclusive'],
    ['just within the margin', 0.97, 1.049999, 'lower', 'same'],
    ['just beyond the margin', 0.97, 1.050001, 'lower', 'inconclusive'],
    ['just within it below', 1 / 1.05 + 1e-6, 1.02, 'lower', 'same'],
    ['just beyond it below', 1 / 1.05 - 1e-6, 1.02, 'lower', 'inconclusive'],
    ['a small real difference', 0.96, 0.98, 'lower', 'same'],
    ['different, reaching beyond the margin', 0.94, 0.98, 'lower', 'better'],
  ] as const)('%s', (_, low, high, direction, verdict) => {
    expect(judge(ask(low, high, direction)).verdict).toBe(verdict);
  });

  test('is what the interval shows, always', () => {
    const bound = fc.double({ min: 0.5, max: 2, noNaN: true });
    fc.assert(
      fc.property(bound, bound, fc.double({ min: 0, max: 0.3, noNaN: true }), (a, b, margin) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b) + 1e-3];
        const near = [low, high].some((x) => [1, 1 + margin, 1 / (1 + margin)].some((edge) => Math.abs(x - edge) < 1e-7));
        fc.pre(!near);
        const within = low > 1 / (1 + margin) && high < 1 + margin;
        const expected = within ? 'same' : high < 1 ? 'better' : low > 1 ? 'worse' : 'inconclusive';
        expect(judge(ask(low, high, 'lower', margin)).verdict).toBe(expected);
      }),
    );
  });

  test('says why', () => {
    expect(judge(ask(0.8, 1.2)).reason).toBe('the interval holds 1 and reaches beyond ±5 %: more launches could decide');
    expect(judge(ask(0.96, 0.98)).reason).toBe('the difference of 3 % is real, but less than the margin of 5 %');
    expect(judge(ask(0.6, 0.9))).not.toHaveProperty('reason');
    const single = ratioOfPairs([{ baseline: 2, candidate: 1 }]);
    expect(judge({ estimate: single, direction: 'lower', margin: 0.05 })).toEqual({
      verdict: 'inconclusive',
      reason: 'a single launch gives no interval',
      pDifference: null,
      pDifferenceAdjusted: null,
      pSame: null,
      pSameAdjusted: null,
    });
  });

  test('takes six launches, unless what was counted came out equal in each', () => {
    const four = { estimate: { ...estimate(0.5, 0.6), launches: 4 }, direction: 'lower', margin: 0.05 } as const;
    expect(judge(four)).toMatchObject({ verdict: 'inconclusive', reason: '4 launches; a verdict takes 6' });
    expect(judge(four, { launchesMin: 4 }).verdict).toBe('better');
    const counted = ratioOfPairs(new Array(2).fill({ baseline: 3_690_000, candidate: 215_000 }));
    expect(judge({ estimate: counted, direction: 'lower', margin: 0.05 }).verdict).toBe('better');
    const equal = ratioOfPairs(new Array(2).fill({ baseline: 7, candidate: 7 }));
    expect(judge({ estimate: equal, direction: 'lower', margin: 0 })).toMatchObject({ verdict: 'same', pDifference: 1, pSame: 0 });
  });

  test('more than a fifth of the trials excluded decides nothing', () => {
    const asked = ask(0.5, 0.6);
    expect(judge({ ...asked, trials: { excluded: 2, total: 10 } }).verdict).toBe('better');
    expect(judge({ ...asked, trials: { excluded: 3, total: 10 } })).toMatchObject({
      verdict: 'inconclusive',
      reason: '3 of 10 trials were invalid and excluded, more than 20 %',
    });
  });
});

describe('Holm', () => {
  test("a worked example, and the procedure's invariants", () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
    expect(holm([])).toEqual([]);
    expect(holm([0.2])).toEqual([0.2]);
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
    const p = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(p, { minLength: 1, maxLength: 12 }), (ps) => {
        const adjusted = holm(ps);
        for (const [i, value] of adjusted.entries()) {
          expect(value).toBeGreaterThanOrEqual(ps[i]!);
          expect(value).toBeLessThanOrEqual(Math.min(1, ps[i]! * ps.length));
          for (const [k, other] of adjusted.entries()) if (ps[i]! < ps[k]!) expect(value).toBeLessThanOrEqual(other);
        }
      }),
    );
  });

  test('a lone finding among many doubtful ones is no longer one, and says so', () => {
    const doubtful = Array.from({ length: 9 }, () => ask(0.8, 1.2));
    const [finding] = judgeAll([ask(0.8, 0.99), ...doubtful]);
    expect(finding!.verdict).toBe('inconclusive');
    expect(finding!.reason).toMatch(/^different by itself \(p = 0\.0\d+\), but not among 10 comparisons \(p = 0\.\d+ after Holm\)$/);
    expect(judgeAll([ask(0.2, 0.25), ...doubtful])[0]!.verdict).toBe('better');
  });

  test('what cannot be tested does not count in the family', () => {
    const untestable: Question = { estimate: ratioOfPairs([]), direction: 'lower', margin: 0.05 };
    const judged = judgeAll([untestable, ask(0.8, 0.99), untestable]);
    expect(judged.map((j) => j.verdict)).toEqual(['inconclusive', 'better', 'inconclusive']);
    expect(judged[1]!.pDifferenceAdjusted).toBe(judged[1]!.pDifference);
  });

  /** Share of simulated reports of ten comparisons with at least one of these verdicts. */
  function familyError(trueRatios: readonly number[], noise: number, wrong: (verdict: string, trueRatio: number) => boolean): number {
    const random = rng(`family ${trueRatios.join()}`);
    const reports = 1_500;
    let errors = 0;
    for (let i = 0; i < reports; i += 1) {
      const judged = judgeAll(
        trueRatios.map((truth) => ({
          estimate: ratioOfLogs(Array.from({ length: 6 }, () => Math.log(truth) + noise * random.normal())),
          direction: 'lower',
          margin: 0.05,
        })),
      );
      if (judged.some((judgement, index) => wrong(judgement.verdict, trueRatios[index]!))) errors += 1;
    }
    return errors / reports;
  }
  const different = (verdict: string) => verdict === 'better' || verdict === 'worse';

  // Three standard errors of a share of 5 % in 1,500 are 1.7 %. The noise is wide, so that "same" hides no error.
  test('ten equal arms give a false difference in 5 % of reports', () => {
    const error = familyError(new Array(10).fill(1), 0.2, different);
    expect(error).toBeGreaterThan(0.033);
    expect(error).toBeLessThan(0.067);
  });

  test('also where half of the comparisons are real', () => {
    // Holm spends on the five true ones what the five real ones did not need; plain 5 % each would give 23 %.
    const truths = [0.01, 0.02, 0.03, 0.04, 0.05, 1, 1, 1, 1, 1];
    const error = familyError(truths, 0.2, (verdict, truth) => truth === 1 && different(verdict));
    expect(error).toBeGreaterThan(0.02);
    expect(error).toBeLessThan(0.067);
  });

  test('ten arms that differ by just the margin are called the same in at most 5 %', () => {
    expect(familyError(new Array(10).fill(1.05), 0.01, (verdict) => verdict === 'same')).toBeLessThan(0.067);
  });
});
