import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { erfc, incompleteBeta, lnGamma } from './special.ts';
import { normalCdf, normalQuantile, studentCdf, studentHalfWidth, studentQuantile, studentTail } from './student.ts';

describe('student', () => {
  // Columns: 1, 2, 5, 7, 19, 120, 1000 degrees of freedom. As in printed tables, with the digits of SciPy 1.17.
  const DF = [1, 2, 5, 7, 19, 120, 1000];
  test.each([
    [0.9, [3.077683537, 1.88561808, 1.475884049, 1.414923928, 1.327728209, 1.288646234, 1.282398721]],
    [0.95, [6.313751515, 2.91998558, 2.015048373, 1.894578605, 1.729132812, 1.657650899, 1.646378817]],
    [0.975, [12.706204736, 4.30265273, 2.570581836, 2.364624252, 2.093024054, 1.979930405, 1.962339081]],
    [0.995, [63.656741163, 9.924843201, 4.032142984, 3.499483297, 2.860934606, 2.617421145, 2.580754698]],
    [0.9995, [636.619248769, 31.599054576, 6.868826626, 5.407882521, 3.883405853, 3.373453769, 3.300282648]],
  ])('quantiles at %d', (p, expected) => {
    for (const [index, df] of DF.entries()) {
      expect(Math.abs(studentQuantile(p, df) - expected[index]!)).toBeLessThan(1e-6);
      expect(Math.abs(studentQuantile(1 - p, df) + expected[index]!)).toBeLessThan(1e-6);
    }
  });

  test('probabilities', () => {
    expect(studentCdf(1.5, 3)).toBeCloseTo(0.884708067378, 11);
    expect(studentCdf(-2.3, 5)).toBeCloseTo(0.034886234666, 11);
    expect(studentCdf(12, 8)).toBeCloseTo(0.999998928067, 11);
    // One degree of freedom is the Cauchy distribution, two have a closed form.
    expect(studentCdf(4, 1)).toBeCloseTo(0.5 + Math.atan(4) / Math.PI, 13);
    expect(studentCdf(0.7, 2)).toBeCloseTo(0.5 + 0.7 / (2 * Math.sqrt(2 + 0.49)), 13);
    expect(studentTail(40, 5) / 9.205981085886477e-8).toBeCloseTo(1, 9);
    expect(studentTail(Number.POSITIVE_INFINITY, 5)).toBe(0);
    expect(studentHalfWidth(0.95, 5)).toBeCloseTo(2.570581836, 8);
  });

  test('cdf and quantile invert each other', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), fc.integer({ min: 1, max: 200 }), (p, df) => {
        expect(Math.abs(studentCdf(studentQuantile(p, df), df) - p)).toBeLessThan(1e-11);
      }),
      { numRuns: 50 },
    );
  });
});

describe('normal', () => {
  test('known values', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963985, 8);
    expect(normalQuantile(0.5)).toBe(0);
    expect(normalQuantile(0.05)).toBeCloseTo(-1.644853627, 8);
    expect(normalCdf(-1.2)).toBeCloseTo(0.11506967022170822, 14);
    expect(normalCdf(3)).toBeCloseTo(0.9986501019683699, 14);
    expect(normalCdf(-6) / 9.865876450376946e-10).toBeCloseTo(1, 10);
  });
});

describe('special functions', () => {
  test('log-gamma of integers and halves', () => {
    expect(lnGamma(1)).toBeCloseTo(0, 13);
    expect(lnGamma(11)).toBeCloseTo(Math.log(3_628_800), 12);
    expect(lnGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 13);
  });

  test('incomplete beta: closed forms and symmetry', () => {
    expect(incompleteBeta(0.3, 1, 1)).toBeCloseTo(0.3, 14);
    expect(incompleteBeta(0.3, 2, 1)).toBeCloseTo(0.09, 14);
    expect(incompleteBeta(0.3, 1, 5)).toBeCloseTo(1 - 0.7 ** 5, 14);
    expect(incompleteBeta(0, 2, 3)).toBe(0);
    expect(incompleteBeta(1, 2, 3)).toBe(1);
    const shape = fc.double({ min: 0.1, max: 500, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), shape, shape, (x, a, b) => {
        expect(incompleteBeta(x, a, b) + incompleteBeta(1 - x, b, a)).toBeCloseTo(1, 9);
      }),
      { numRuns: 100 },
    );
  });

  test('erfc joins its two methods without a step', () => {
    expect(erfc(2 - 1e-13) / erfc(2)).toBeCloseTo(1, 10);
    expect(erfc(0)).toBe(1);
    expect(erfc(-1)).toBeCloseTo(1.842700792949715, 13);
  });
});
