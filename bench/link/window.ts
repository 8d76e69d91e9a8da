/**
 * The congestion window of one direction of a connection on a path that loses nothing, in bytes, by the clock alone.
 *
 * - At most `windowBytes` are on their way without an acknowledgement; the first window is the configured one
 *   (RFC 6928: ten segments).
 * - Slow start (RFC 5681, section 3.1): each acknowledged byte widens the window by one, so that it doubles every
 *   round trip. As in Linux, a window that was not half used is not widened.
 * - Restart after idleness, as Linux does it by default (`tcp_slow_start_after_idle`): after more than a
 *   retransmission timeout without sending, with nothing on its way, the window is halved once for each such timeout
 *   that passed, down to the first window at least (RFC 5681, section 4.1, goes there at once). The timeout is that
 *   of a path whose round trips do not vary: one round trip + 200 ms.
 *
 * Left out: losses, and all that follows from them (so slow start never ends; the bound on held bytes caps it);
 * early exits from slow start by delay (HyStart); delayed acknowledgements; the receiver's window; pacing of a window
 * over the round trip; the decay of windows that are little used; and that Linux counts segments, so that ten short
 * ones fill a first window that ten long ones fill as well.
 */
import { Fifo } from './fifo.ts';

/** Linux's lower bound of the round trip's variation, in its retransmission timeout. */
const TIMEOUT_VARIATION_NS = 200_000_000;

interface Unacknowledged {
  readonly bytes: number;
  readonly ackNs: number;
}

export class CongestionWindow {
  readonly #firstBytes: number;
  readonly #roundTripNs: number;
  readonly #timeoutNs: number;
  readonly #unacknowledged = new Fifo<Unacknowledged>();
  #windowBytes: number;
  #inFlightBytes = 0;
  /** The most in flight in the present round, which ends when what was sent at its beginning is acknowledged. */
  #peakBytes = 0;
  #roundEndNs = 0;
  #sentNs = 0;

  constructor(firstBytes: number, roundTripNs: number) {
    this.#firstBytes = firstBytes;
    this.#windowBytes = firstBytes;
    this.#roundTripNs = roundTripNs;
    this.#timeoutNs = roundTripNs + TIMEOUT_VARIATION_NS;
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  /** How much may leave at `atNs`; times do not run backwards from call to call. */
  roomBytes(atNs: number): number {
    for (let next = this.#unacknowledged.head; next && next.ackNs <= atNs; next = this.#unacknowledged.head) {
      this.#unacknowledged.shift();
      this.#inFlightBytes -= next.bytes;
      if (this.#windowBytes < 2 * this.#peakBytes) this.#windowBytes += next.bytes;
    }
    if (this.#inFlightBytes === 0) this.#restart(atNs - this.#sentNs);
    return this.#windowBytes - this.#inFlightBytes;
  }

  /** When it opens, by what is known since the last `roomBytes`: 0 while it is open. */
  get opensNs(): number {
    return this.#inFlightBytes < this.#windowBytes ? 0 : this.#unacknowledged.head!.ackNs;
  }

  /** `bytes` left at `atNs`; the last of them is acknowledged at `ackNs`. */
  sent(bytes: number, atNs: number, ackNs: number): void {
    this.#inFlightBytes += bytes;
    this.#unacknowledged.push({ bytes, ackNs });
    this.#sentNs = atNs;
    if (atNs < this.#roundEndNs && this.#inFlightBytes <= this.#peakBytes) return;
    this.#peakBytes = this.#inFlightBytes;
    this.#roundEndNs = atNs + this.#roundTripNs;
  }

  #restart(idleNs: number): void {
    for (let leftNs = idleNs - this.#timeoutNs; leftNs > 0 && this.#windowBytes > this.#firstBytes; leftNs -= this.#timeoutNs) {
      this.#windowBytes = Math.max(this.#firstBytes, Math.floor(this.#windowBytes / 2));
    }
  }
}
