/**
 * How many batches a unit may have sent that the main thread has not delivered yet. Neither a message port nor a socket
 * has back-pressure that would reach the agents.
 */
export interface Credit {
  /** @returns whether a batch may be sent now; if not, `Outbox.credited` is called when one may */
  take(): boolean;
}

const BATCHES_MAX = 8;
/** Told this many at a time: often enough that a unit never waits for a busy main thread to say so. */
const PER_ACKNOWLEDGEMENT = 4;

/** By messages. */
export class ToldCredit implements Credit {
  #left = BATCHES_MAX;

  take(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }

  acknowledged(batches: number): void {
    this.#left += batches;
  }
}

/** The main thread's side of that. */
export class ToldDeliveries {
  readonly #tell: (batches: number) => void;
  #untold = 0;

  constructor(tell: (batches: number) => void) {
    this.#tell = tell;
  }

  delivered(): void {
    this.#untold += 1;
    if (this.#untold < PER_ACKNOWLEDGEMENT) return;
    this.#tell(this.#untold);
    this.#untold = 0;
  }
}

/**
 * By memory that both threads share: a message would wake the thread for nothing, which costs as much as a batch does.
 * Only one that has run out of credit is woken.
 */
export class SharedCredit implements Credit {
  readonly #shared: SharedWords;
  #sent = 0;

  constructor(shared: SharedWords) {
    this.#shared = shared;
  }

  take(): boolean {
    if (!this.#room()) {
      Atomics.store(this.#shared, WAITING, 1);
      // A batch may have been delivered before that was seen.
      if (!this.#room()) return false;
      Atomics.store(this.#shared, WAITING, 0);
    }
    this.#sent = (this.#sent + 1) | 0;
    return true;
  }

  #room(): boolean {
    return ((this.#sent - Atomics.load(this.#shared, DELIVERED)) | 0) < BATCHES_MAX;
  }
}

export class SharedDeliveries {
  readonly #shared: SharedWords;
  readonly #wake: () => void;

  /** @param wake sends the message by which the thread tries again */
  constructor(shared: SharedWords, wake: () => void) {
    this.#shared = shared;
    this.#wake = wake;
  }

  delivered(): void {
    Atomics.add(this.#shared, DELIVERED, 1);
    if (Atomics.exchange(this.#shared, WAITING, 0) === 1) this.#wake();
  }
}

/** What a thread and the main thread share: three words. */
export type SharedWords = Int32Array<SharedArrayBuffer>;

/** The turn whose code the thread entered last. */
export const ENTERED = 0;
/** Batches that have been delivered, modulo 2^32. */
const DELIVERED = 1;
/** The thread waits for that number to grow. */
const WAITING = 2;

export function sharedWords(): SharedWords {
  return new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));
}
