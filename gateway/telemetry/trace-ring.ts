/**
 * The traces that a gateway remembers: the latest, and for longer those that somebody will ask for, the failed and the
 * slowest. Bounded by their numbers and, whatever stands in their attributes, by an estimate of their bytes.
 */

import type { TraceSpan } from '../../dashboards/live/otlp-json.ts';
import type { Outcome } from '../../transports/contract.ts';

/** Of one turn: its own span first, then its phases. */
export interface TurnTrace {
  readonly traceId: string;
  readonly agent: string;
  readonly outcome: Outcome['kind'];
  readonly code: string | undefined;
  readonly durationMs: number;
  readonly spans: readonly TraceSpan[];
}

interface Kept extends TurnTrace {
  /** About what it takes. */
  readonly bytes: number;
}

export interface RingLimits {
  readonly latestMax: number;
  readonly failedMax: number;
  readonly slowestMax: number;
  readonly bytesMax: number;
}

export const RING_LIMITS: RingLimits = { latestMax: 256, failedMax: 64, slowestMax: 64, bytesMax: 8 * 1024 * 1024 };

export class TraceRing {
  readonly #limits: RingLimits;
  /** A trace is in one of these. Oldest first; of the slowest, fastest first. */
  readonly #latest: Kept[] = [];
  readonly #failed: Kept[] = [];
  readonly #slowest: Kept[] = [];
  #bytes = 0;

  constructor(limits: RingLimits = RING_LIMITS) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#latest.length + this.#failed.length + this.#slowest.length;
  }

  /** About what they take. */
  get bytes(): number {
    return this.#bytes;
  }

  add(trace: TurnTrace): void {
    const { latestMax, bytesMax } = this.#limits;
    const bytes = bytesOf(trace);
    this.#latest.push({ ...trace, bytes });
    this.#bytes += bytes;
    if (this.#latest.length > latestMax) this.#retire(this.#latest.shift()!);
    while (this.#bytes > bytesMax && this.count > 0) this.#drop(this.#nonEmpty().shift()!);
  }

  /** Slowest first. */
  all(): TurnTrace[] {
    return [...this.#latest, ...this.#failed, ...this.#slowest].sort((a, b) => b.durationMs - a.durationMs);
  }

  /** The turns of one trace, oldest first: whoever calls the gateway may make several of one. */
  find(traceId: string): TurnTrace[] {
    return [...this.#latest, ...this.#failed, ...this.#slowest]
      .filter((trace) => trace.traceId === traceId)
      .sort((a, b) => a.spans[0]!.startNs - b.spans[0]!.startNs);
  }

  /** It is none of the latest any more. */
  #retire(trace: Kept): void {
    const { failedMax, slowestMax } = this.#limits;
    if (trace.outcome !== 'completed' && trace.outcome !== 'cancelled') {
      this.#failed.push(trace);
      if (this.#failed.length > failedMax) this.#drop(this.#failed.shift()!);
      return;
    }
    const place = this.#slowest.findIndex(({ durationMs }) => durationMs > trace.durationMs);
    this.#slowest.splice(place === -1 ? this.#slowest.length : place, 0, trace);
    if (this.#slowest.length > slowestMax) this.#drop(this.#slowest.shift()!);
  }

  #nonEmpty(): Kept[] {
    if (this.#latest.length > 0) return this.#latest;
    return this.#failed.length > 0 ? this.#failed : this.#slowest;
  }

  #drop({ bytes }: Kept): void {
    this.#bytes -= bytes;
  }
}

/** Of a span itself, and of each attribute beside its text. */
const SPAN_BYTES = 320;
const ATTRIBUTE_BYTES = 48;

function bytesOf({ spans }: TurnTrace): number {
  let bytes = 0;
  for (const { attributes, error = '' } of spans) {
    bytes += SPAN_BYTES + 2 * error.length;
    for (const name in attributes) {
      const value = attributes[name];
      bytes += ATTRIBUTE_BYTES + (typeof value === 'string' ? 2 * value.length : 0);
    }
  }
  return bytes;
}
