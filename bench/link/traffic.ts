/** What went over one direction of a link: bytes, deliveries and how late they were, and what was held. */
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { EncodedHistogram } from '../trial.ts';

export interface TrafficFigures {
  bytes: number;
  deliveries: number;
  /** Actual − due time of the deliveries; quantiles are `null` with too few of them. Never early, so never negative. */
  error: { p50Us: number | null; p99Us: number | null; maxUs: number | null; histogram: EncodedHistogram };
  /** Read and not yet written, of all connections together. */
  heldBytes: number;
  heldBytesPeak: number;
  /** The most that one connection held, with what its socket had not taken yet. */
  connectionHeldBytesPeak: number;
}

export class Traffic {
  #bytes = 0;
  #error = new LatencyHistogram();
  #heldBytes = 0;
  #heldBytesPeak = 0;
  #connectionHeldBytesPeak = 0;

  /** So many more bytes are held, or less. */
  hold(bytes: number): void {
    this.#heldBytes += bytes;
    if (this.#heldBytes > this.#heldBytesPeak) this.#heldBytesPeak = this.#heldBytes;
  }

  connectionHolds(bytes: number): void {
    if (bytes > this.#connectionHeldBytesPeak) this.#connectionHeldBytesPeak = bytes;
  }

  delivered(bytes: number, lateNs: number): void {
    this.#bytes += bytes;
    this.#error.recordNs(lateNs);
  }

  figures(): TrafficFigures {
    const maxMs = this.#error.maxMs();
    return {
      bytes: this.#bytes,
      deliveries: this.#error.count,
      error: {
        p50Us: this.#error.quantileUs(0.5),
        p99Us: this.#error.quantileUs(0.99),
        maxUs: maxMs === null ? null : Math.round(maxMs * 1_000),
        histogram: this.#error.encode(),
      },
      heldBytes: this.#heldBytes,
      heldBytesPeak: this.#heldBytesPeak,
      connectionHeldBytesPeak: this.#connectionHeldBytesPeak,
    };
  }

  /** What is held now is the new peak; a connection's starts at nothing. */
  clear(): void {
    this.#bytes = 0;
    this.#error = new LatencyHistogram();
    this.#heldBytesPeak = this.#heldBytes;
    this.#connectionHeldBytesPeak = 0;
  }
}
