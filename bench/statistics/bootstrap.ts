/**
 * The bootstrap-t interval of a mean (Efron & Tibshirani, *An Introduction to the Bootstrap*, §12.5): instead of
 * reading t from a table that assumes normal data, it reads it from resamples of the data at hand, so that skewed
 * launches get an interval that leans the way they do.
 *
 * Chosen by simulation, nominal 95 %, 1,500 experiments each, twenty launches: on normal / gamma(4) / exponential
 * data it covered 95.5 / 95.3 / 93.7 %, Student's interval 95.4 / 94.6 / 91.2 %, BCa 93.3 / 92.7 / 90.6 % (and BCa
 * at five launches 85 / 82 / 81 %). It still needs data to resample, so it takes over at twenty and not before.
 */
import type { Rng } from './rng.ts';

export const BOOTSTRAP_LAUNCHES_MIN = 20;
const RESAMPLES = 2_000;

/** @param values not all equal. */
export function bootstrapMean(values: readonly number[], level: number, random: Rng): [number, number] {
  const n = values.length;
  const mean = average(values);
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const standardError = Math.sqrt(squares / (n - 1) / n);

  const ts = new Float64Array(RESAMPLES);
  for (let i = 0; i < RESAMPLES; i += 1) {
    let sum = 0;
    let sumOfSquares = 0;
    for (let k = 0; k < n; k += 1) {
      const deviation = (values[random.integer(n)] as number) - mean;
      sum += deviation;
      sumOfSquares += deviation * deviation;
    }
    const variance = (sumOfSquares - (sum * sum) / n) / (n - 1);
    // A resample of one value n times over has no spread; from 20 values on none is ever seen, but NaN must not be.
    ts[i] = variance > 0 ? sum / n / Math.sqrt(variance / n) : 0;
  }
  ts.sort();
  const at = (p: number): number => ts[Math.round(p * (RESAMPLES - 1))] as number;
  return [mean - at((1 + level) / 2) * standardError, mean - at((1 - level) / 2) * standardError];
}

export function average(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
