/**
 * How much one client may do in a second: a bucket of a second's worth for each, refilled steadily.
 *
 * A bucket is the time at which it will be full again. One that nobody touched for a second is full, which is what an
 * unknown client has too, so that it can be forgotten: memory holds the last seconds' clients alone, and not more than
 * a bound of them. Beyond the bound buckets are forgotten before they are full; whoever has that many addresses is not
 * held by a limit for each of them anyway.
 */

/** `over`: to be refused. `flood`: refused as often as would have been granted within a second, and still at it. */
export type Rate = 'ok' | 'over' | 'flood';

interface Bucket {
  fullAtMs: number;
  /** The same for refusals: as many are told as are granted. */
  toldAtMs: number;
}

const SECOND_MS = 1_000;
const FORGET_MS = 2 * SECOND_MS;
/** Sums of fractions of a second are not exact. */
const TOLERANCE_MS = 1e-3;

export class RateLimit {
  readonly #costMs: number;
  readonly #nowMs: () => number;
  readonly #keysMax: number;
  /** Touched since the last turn-over, and before it. */
  #current = new Map<string, Bucket>();
  #previous = new Map<string, Bucket>();
  #turnedMs: number;

  /** @param nowMs a clock that only goes forward. */
  constructor(perSecondMax: number, nowMs: () => number, keysMax = 16_384) {
    this.#costMs = SECOND_MS / perSecondMax;
    this.#nowMs = nowMs;
    this.#keysMax = keysMax;
    this.#turnedMs = nowMs();
  }

  take(key: string): Rate {
    const nowMs = this.#nowMs();
    const bucket = this.#bucket(key, nowMs);
    const fullAtMs = Math.max(bucket.fullAtMs, nowMs) + this.#costMs;
    if (fullAtMs <= nowMs + SECOND_MS + TOLERANCE_MS) {
      bucket.fullAtMs = fullAtMs;
      return 'ok';
    }
    const toldAtMs = Math.max(bucket.toldAtMs, nowMs) + this.#costMs;
    if (toldAtMs > nowMs + SECOND_MS + TOLERANCE_MS) return 'flood';
    bucket.toldAtMs = toldAtMs;
    return 'over';
  }

  /** Clients remembered. */
  get size(): number {
    return this.#current.size + this.#previous.size;
  }

  #bucket(key: string, nowMs: number): Bucket {
    const known = this.#current.get(key);
    if (known) return known;
    if (this.#current.size >= this.#keysMax || nowMs - this.#turnedMs >= FORGET_MS) {
      this.#previous = this.#current;
      this.#current = new Map();
      this.#turnedMs = nowMs;
    }
    const bucket = this.#previous.get(key) ?? { fullAtMs: nowMs, toldAtMs: nowMs };
    this.#previous.delete(key);
    this.#current.set(key, bucket);
    return bucket;
  }
}
