/**
 * Shares of turns (errors, timeouts) with their intervals. A share near 0 is no normal variable: the textbook
 * p ± 1.96·√(p(1−p)/n) gives 0 ± 0 for no error in n, though n turns can never show that there are none.
 */
import { incompleteBeta, invert } from './special.ts';
import { normalQuantile } from './student.ts';

/** Wilson's score interval (JASA 22, 1927): near nominal on average, for display. `null` without turns. */
export function wilson(k: number, n: number, level = 0.95): [number, number] | null {
  if (n === 0) return null;
  const z = normalQuantile((1 + level) / 2);
  const p = k / n;
  const square = (z * z) / n;
  const centre = (p + square / 2) / (1 + square);
  const half = (z * Math.sqrt((p * (1 - p)) / n + square / (4 * n))) / (1 + square);
  return [k === 0 ? 0 : centre - half, k === n ? 1 : centre + half];
}

/** Clopper and Pearson (Biometrika 26, 1934): never covers less than nominal, for guarantees. `null` without turns. */
export function clopperPearson(k: number, n: number, level = 0.95): [number, number] | null {
  if (n === 0) return null;
  const tail = (1 - level) / 2;
  return [k === 0 ? 0 : betaQuantile(tail, k, n - k + 1), k === n ? 1 : betaQuantile(1 - tail, k + 1, n - k)];
}

/**
 * Highest share that k in n leaves room for, one-sided. With k = 0 it is 1 − (1 − level)^(1/n), about 3/n at 95 %:
 * the rule of three. `null` without turns.
 */
export function upperBound(k: number, n: number, level = 0.95): number | null {
  if (n === 0) return null;
  if (k === n) return 1;
  if (k === 0) return -Math.expm1(Math.log1p(-level) / n);
  return betaQuantile(level, k + 1, n - k);
}

/** How many turns without a single error it takes to show a share below `share`. */
export function turnsNeeded(share: number, level = 0.95): number {
  return Math.ceil(Math.log1p(-level) / Math.log1p(-share) - 1e-9);
}

function betaQuantile(p: number, a: number, b: number): number {
  return invert((x) => incompleteBeta(x, a, b), p, 0, 1);
}
