import { describe, expect, test } from 'vitest';
import { clopperPearson, turnsNeeded, upperBound, wilson } from './proportion.ts';

describe('proportion', () => {
  // SciPy 1.17: binomtest(k, n).proportion_ci, beta.ppf.
  test.each([
    [0, 1_000, [0, 0.003682083896639526], [0, 0.0038267584855551234], 0.002991249545095295],
    [1, 10, [0.0025285785444625728, 0.44501611702819543], [0.017876213095072896, 0.4041500267952385], 0.39416330243650466],
    [3, 50, [0.01254858783533406, 0.1654819466037729], [0.020614970348973957, 0.1621709168883817], 0.14783717636418123],
    [50, 50, [0.9288782635357954, 1], [0.9286524008666412, 1], 1],
    [7, 2_000, [0.0014083038325025188, 0.007197961714756038], [0.0016964316970424186, 0.007207196253241746], 0.006563954853350077],
  ])('%d in %d', (k, n, exact, score, bound) => {
    const pair = (got: [number, number] | null, expected: number[]) => {
      expect(got![0]).toBeCloseTo(expected[0]!, 10);
      expect(got![1]).toBeCloseTo(expected[1]!, 10);
    };
    pair(clopperPearson(k, n), exact);
    pair(wilson(k, n), score);
    expect(upperBound(k, n)).toBeCloseTo(bound, 10);
  });

  test('none in n: the rule of three', () => {
    expect(upperBound(0, 3_000)! / (3 / 3_000)).toBeCloseTo(1, 2);
    expect(turnsNeeded(0.001)).toBe(2_995);
    expect(upperBound(0, 2_995)!).toBeLessThanOrEqual(0.001);
    expect(upperBound(0, 2_994)!).toBeGreaterThan(0.001);
  });

  test('nothing is known of no turns', () => {
    expect(wilson(0, 0)).toBeNull();
    expect(clopperPearson(0, 0)).toBeNull();
    expect(upperBound(0, 0)).toBeNull();
  });
});
