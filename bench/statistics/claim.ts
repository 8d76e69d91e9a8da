/**
 * How a published claim ("62 % lower latency") stands against a measured ratio.
 *
 * A claim is not only true or false: a gain may be real and smaller than advertised, or absent, or a loss. The
 * interval decides, never the point estimate.
 */
import type { RatioEstimate } from './ratio.ts';
import type { Direction } from './verdict.ts';

export type ClaimVerdict = 'reproduced' | 'partly' | 'not-reproduced' | 'reversed' | 'inconclusive';

/** Gains within ± this are none. */
export const CLAIM_MARGIN = 0.05;

export interface Improvement {
  /** A fraction: 0.62 is 62 % lower (where lower is better), or 62 % more. */
  improvement: number | null;
  interval: [number, number] | null;
}

/** 1 − ratio where lower is better, ratio − 1 where higher is. */
export function improvementOf({ ratio, interval }: Pick<RatioEstimate, 'ratio' | 'interval'>, direction: Direction): Improvement {
  const of = (x: number) => (direction === 'lower' ? 1 - x : x - 1);
  if (ratio === null) return { improvement: null, interval: null };
  if (interval === null) return { improvement: of(ratio), interval: null };
  const [a, b] = [of(interval[0]), of(interval[1])];
  return { improvement: of(ratio), interval: [Math.min(a, b), Math.max(a, b)] };
}

/** @param claimed the improvement that was published, as a fraction. */
export function judgeClaim(interval: readonly [number, number] | null, claimed: number, margin = CLAIM_MARGIN): ClaimVerdict {
  if (interval === null) return 'inconclusive';
  const [low, high] = interval;
  if (low >= claimed) return 'reproduced';
  if (low > margin) return 'partly';
  if (high < -margin) return 'reversed';
  if (low >= -margin && high <= margin) return 'not-reproduced';
  return 'inconclusive';
}
