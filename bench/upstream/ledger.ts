/**
 * The mock LLM's books: which calls came, and when each of their tokens was handed to the kernel.
 *
 * A call's row can be written only when its last bytes have left, which may be after its end was pushed (connections
 * write once a pass). Until then it waits here, bounded: a row whose connection died first is written as it stands.
 */

import { TokenColumns } from '../ledger/columns.ts';
import type { LedgerRow } from '../ledger/rows.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';

/** A call whose reply has ended while some of its tokens have not been written. */
export interface Unsent {
  /** Writes its row with what was sent. Called once. */
  settle(): void;
}

const KEYS_MAX = 1_000_000;
const UNSENT_MAX = 10_000;

export class Ledger {
  readonly #columns: TokenColumns<LedgerRow>;
  readonly #calls = new Map<string, number>();
  readonly #unsent = new Set<Unsent>();
  /** Of each token behind its plan, since the last `clear`. */
  lateness = new LatencyHistogram();

  constructor(tokensMax: number) {
    this.#columns = new TokenColumns(tokensMax);
  }

  /** How many calls under this name came before. */
  nextOrdinal(key: string): number {
    const ordinal = this.#calls.get(key) ?? 0;
    if (ordinal === 0 && this.#calls.size >= KEYS_MAX) {
      for (const oldest of this.#calls.keys()) {
        this.#calls.delete(oldest);
        break;
      }
    }
    this.#calls.set(key, ordinal + 1);
    return ordinal;
  }

  append(row: LedgerRow, cumulativeLengths: ArrayLike<number>, timesNs: ArrayLike<number>): void {
    this.#columns.append(row, cumulativeLengths, timesNs);
  }

  awaitWrite(call: Unsent): void {
    this.#unsent.add(call);
    if (this.#unsent.size <= UNSENT_MAX) return;
    for (const oldest of this.#unsent) {
      this.#unsent.delete(oldest);
      oldest.settle();
      break;
    }
  }

  /** Its bytes have left. @returns whether it was waiting; its row is then the caller's to write. */
  withdraw(call: Unsent): boolean {
    return this.#unsent.delete(call);
  }

  /** Writes all rows of calls that have ended to a file. */
  save(path: string): { rows: number; tokens: number; lostTokens: number } {
    this.#settleAll();
    this.#columns.save(path);
    return { rows: this.#columns.rows.length, tokens: this.#columns.tokens, lostTokens: this.#columns.lostTokens };
  }

  /** Forgets rows, ordinals and lateness; calls in flight will still write theirs. */
  clear(): void {
    this.#settleAll();
    this.#columns.clear();
    this.#calls.clear();
    this.lateness = new LatencyHistogram();
  }

  #settleAll(): void {
    const waiting = [...this.#unsent];
    this.#unsent.clear();
    for (const call of waiting) call.settle();
  }
}
