/**
 * Latency histograms: HdrHistogram with three digits, in microseconds, from 1 µs to 1 h.
 *
 * Percentiles cannot be averaged, histograms can be added: every process records into one of these, the encoded
 * form crosses the pipe, and adding is exact to the bit. What does not fit the range is clamped to its ends and
 * counted, never lost: a latency below 1 µs (0, or negative after a link's delay was subtracted) counts as 1 µs,
 * one above an hour as an hour. A quantile is the upper end of its bucket, at most 0.1 % above the true value.
 */
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram, JsHistogram } from 'hdr-histogram-js';
import type { EncodedHistogram } from '../trial.ts';

const US_MAX = 3_600_000_000;
const DIGITS = 3;
/** A quantile with fewer samples beyond it is noise of a few outliers. */
export const SAMPLES_BEYOND_MIN = 10;

export class LatencyHistogram {
  readonly #histogram: Histogram;
  #clampedLow = 0;
  #clampedHigh = 0;

  constructor(histogram: Histogram = empty()) {
    this.#histogram = histogram;
  }

  /** @throws RangeError on NaN, which is a defect of the caller and would otherwise vanish in a bucket. */
  recordUs(us: number): void {
    let whole = Math.round(us);
    if (whole < 1) {
      whole = 1;
      this.#clampedLow += 1;
    } else if (whole > US_MAX) {
      whole = US_MAX;
      this.#clampedHigh += 1;
    } else if (Number.isNaN(whole)) {
      throw new RangeError('a latency is not a number');
    }
    this.#histogram.recordValue(whole);
  }

  recordNs(ns: number): void {
    this.recordUs(ns / 1_000);
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  /** Values clamped by this object; the encoded form does not carry them. */
  get clamped(): { low: number; high: number } {
    return { low: this.#clampedLow, high: this.#clampedHigh };
  }

  add(other: LatencyHistogram): void {
    this.#histogram.add(other.#histogram);
    this.#clampedLow += other.#clampedLow;
    this.#clampedHigh += other.#clampedHigh;
  }

  /** `null` when fewer than ten samples lie beyond it on its shorter side. */
  quantileUs(q: number): number | null {
    if (samplesBeyond(this.count, q) < SAMPLES_BEYOND_MIN) return null;
    return this.#histogram.getValueAtPercentile(q * 100);
  }

  quantileMs(q: number): number | null {
    const us = this.quantileUs(q);
    return us === null ? null : us / 1_000;
  }

  meanMs(): number | null {
    return this.count === 0 ? null : this.#histogram.mean / 1_000;
  }

  maxMs(): number | null {
    return this.count === 0 ? null : this.#histogram.maxValue / 1_000;
  }

  /** How many lie within each of these ascending bounds and above the one before, and how many above the last. */
  within(boundsUs: readonly number[]): number[] {
    const counts = Array.from({ length: boundsUs.length + 1 }, () => 0);
    const histogram = this.#histogram;
    if (!(histogram instanceof JsHistogram)) throw new TypeError('a histogram without indexes');
    let bound = 0;
    for (let index = 0; index < histogram.countsArrayLength; index += 1) {
      const count = histogram.getCountAtIndex(index);
      if (count === 0) continue;
      const us = histogram.valueFromIndex(index);
      while (bound < boundsUs.length && us > boundsUs[bound]!) bound += 1;
      counts[bound]! += count;
    }
    return counts;
  }

  /** Compressed V2 in base64. Equal contents give equal text. */
  encode(): EncodedHistogram {
    return encodeIntoCompressedBase64(this.#histogram);
  }

  /** @throws Error when the text is no encoded histogram. */
  static decode(encoded: EncodedHistogram): LatencyHistogram {
    let decoded: Histogram;
    try {
      decoded = decodeFromCompressedBase64(encoded, 32, false, US_MAX);
    } catch (cause) {
      throw new Error('not an encoded histogram', { cause });
    }
    // Into one of our own range, whatever the writer's was.
    const histogram = empty();
    histogram.add(decoded);
    return new LatencyHistogram(histogram);
  }

  static merge(histograms: Iterable<LatencyHistogram>): LatencyHistogram {
    const merged = new LatencyHistogram();
    for (const histogram of histograms) merged.add(histogram);
    return merged;
  }
}

/** How many of n samples lie beyond the q-quantile, on its shorter side. */
export function samplesBeyond(n: number, q: number): number {
  // The tolerance undoes floating point: 100 × (1 − 0.9) is 9.999….
  const below = Math.ceil(n * q - 1e-9);
  return Math.min(n - below, below);
}

/** How many samples the q-quantile takes. */
export function samplesNeeded(q: number): number {
  return Math.ceil(SAMPLES_BEYOND_MIN / Math.min(q, 1 - q) - 1e-9);
}

/** 23 buckets of 1,024 counters: under 100 KB. */
function empty(): Histogram {
  return build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: US_MAX,
    numberOfSignificantValueDigits: DIGITS,
    autoResize: false,
  });
}
