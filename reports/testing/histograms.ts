/** Encoded histograms with a given shape, for tests and examples. */
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';

/** Of values in milliseconds, each as often as it stands there. */
export function histogramOf(valuesMs: Iterable<number>): string {
  const histogram = build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3_600_000_000,
    numberOfSignificantValueDigits: 3,
  });
  for (const ms of valuesMs) histogram.recordValue(Math.max(1, Math.round(1_000 * ms)));
  return encodeIntoCompressedBase64(histogram);
}

/** `samples` latencies around a median, with a tail: the p99 is `p99Ms`, and beyond it goes on as steeply. */
export function latencies(samples: number, p50Ms: number, p99Ms: number): number[] {
  return Array.from({ length: samples }, (_, index) => {
    const quantile = (index + 0.5) / samples;
    const nines = -Math.log10(1 - quantile);
    const [median, hundredth] = [Math.log10(2), 2];
    const share = (nines - median) / (hundredth - median);
    return p50Ms * (p99Ms / p50Ms) ** Math.max(-0.3, share * Math.max(0.2, Math.min(1, 0.4 + 0.6 * share)));
  });
}

const made = new Map<string, string>();

/** The same, encoded, and made once: tests ask for the same examples again and again. */
export function spectrumText(samples: number, p50Ms: number, p99Ms: number): string {
  const key = `${samples}/${p50Ms}/${p99Ms}`;
  const text = made.get(key) ?? histogramOf(latencies(samples, p50Ms, p99Ms));
  made.set(key, text);
  return text;
}
