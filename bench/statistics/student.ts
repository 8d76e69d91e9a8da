/**
 * Student's t distribution and the normal one: probabilities and quantiles for intervals and tests.
 *
 * Few launches make the t distribution, not the normal one, the honest choice: at six launches a normal interval
 * would be a quarter too narrow (1.96 against 2.571 standard errors).
 */
import { erfc, incompleteBeta, invert } from './special.ts';

/** P(T > t) with `df` degrees of freedom, exact in the far tail too. DLMF 8.17; Abramowitz & Stegun 26.7.1. */
export function studentTail(t: number, df: number): number {
  if (t === Number.POSITIVE_INFINITY) return 0;
  if (t < 0) return 1 - studentTail(-t, df);
  const square = t * t;
  return 0.5 * incompleteBeta(df / (df + square), df / 2, 0.5, square / (df + square));
}

/** P(T ≤ t). */
export function studentCdf(t: number, df: number): number {
  return t < 0 ? studentTail(-t, df) : 1 - studentTail(t, df);
}

/** The t with P(T ≤ t) = p, 0 < p < 1. */
export function studentQuantile(p: number, df: number): number {
  if (p === 0.5) return 0;
  // From the upper tail, which keeps its digits when p is near 0 or 1.
  const tail = Math.min(p, 1 - p);
  const t = invert((x) => 1 - studentTail(x, df), 1 - tail, 0, 2);
  return p < 0.5 ? -t : t;
}

/** Half the width of a two-sided interval, in standard errors. */
export function studentHalfWidth(level: number, df: number): number {
  return studentQuantile(1 - (1 - level) / 2, df);
}

export function normalCdf(z: number): number {
  return 0.5 * erfc(-z / Math.SQRT2);
}

export function normalQuantile(p: number): number {
  if (p === 0.5) return 0;
  const z = invert(normalCdf, Math.max(p, 1 - p), 0, 2);
  return p < 0.5 ? -z : z;
}
