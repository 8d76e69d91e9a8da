/** Times of a window of measurement. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

export class Distribution {
  readonly #histogram: RecordableHistogram = createHistogram();

  get count(): number {
    return this.#histogram.count;
  }

  record(ns: number): void {
    // It holds whole numbers from 1.
    this.#histogram.record(Math.max(1, Math.round(ns)));
  }

  /** 0 while nothing was recorded. */
  percentileNs(percentile: number): number {
    return this.#histogram.count === 0 ? 0 : this.#histogram.percentile(percentile);
  }

  reset(): void {
    this.#histogram.reset();
  }
}
