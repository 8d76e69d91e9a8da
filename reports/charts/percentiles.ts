/**
 * An arm's encoded histogram as the points of its percentile spectrum: what value lies at which quantile, as far out as
 * ten samples lie beyond it. Further out a line would draw single turns as if they were a law.
 */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';

const SAMPLES_BEYOND_MIN = 10;
const POINTS_MAX = 48;

export interface Spectrum {
  samples: number;
  /** Ascending in both. */
  points: readonly { quantile: number; ms: number }[];
}

/** Where a quantile stands on the axis: each further nine is as long as the one before. 0 at the minimum. */
export function nines(quantile: number): number {
  return -Math.log10(1 - quantile);
}

/** @returns `undefined` for what is no histogram, or one with too few samples to say anything. */
export function spectrumOf(encoded: string): Spectrum | undefined {
  const histogram = decoded(encoded);
  if (!histogram || histogram.totalCount < 2 * SAMPLES_BEYOND_MIN) return undefined;
  const samples = histogram.totalCount;
  const [first, last] = [SAMPLES_BEYOND_MIN / samples, 1 - SAMPLES_BEYOND_MIN / samples].map(nines) as [number, number];
  const points = Array.from({ length: POINTS_MAX }, (_, index) => {
    const quantile = 1 - 10 ** -(first + ((last - first) * index) / (POINTS_MAX - 1));
    // A hair less, since 99.00000000000001 % would leave one sample fewer beyond.
    return { quantile, ms: histogram.getValueAtPercentile(100 * quantile - 1e-9) / 1_000 };
  });
  return { samples, points: points.filter(({ ms }, index) => ms !== points[index - 1]?.ms || ms !== points[index + 1]?.ms) };
}

function decoded(encoded: string) {
  try {
    return decodeFromCompressedBase64(encoded, 32, false);
  } catch {
    // Reports come from elsewhere, too; the schema cannot look into a histogram.
    return undefined;
  }
}
