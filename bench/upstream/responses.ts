/**
 * The responses that the mock LLM remembers, so that a turn may name one instead of sending its history again.
 * Nothing is kept of them but how many tokens they are worth as context, and which turn they belong to; the oldest goes
 * when the bound is reached.
 */
import { randomBytes } from 'node:crypto';
import type { Place } from './place.ts';

export interface Remembered {
  /** Tokens of everything that the response saw and said. */
  readonly contextTokens: number;
  readonly place: Place;
}

const RESPONSES_MAX = 100_000;

export class Responses {
  readonly #byId = new Map<string, Remembered>();
  readonly #max: number;
  /** Ids have one length whatever happens: they are part of the bytes that arms are compared by. */
  readonly #prefix = `resp_${randomBytes(8).toString('hex')}`;
  #made = 0;

  constructor(max = RESPONSES_MAX) {
    this.#max = max;
  }

  nextId(): string {
    this.#made += 1;
    return `${this.#prefix}${this.#made.toString(16).padStart(16, '0')}`;
  }

  remember(id: string, response: Remembered): void {
    if (this.#byId.size >= this.#max) {
      for (const oldest of this.#byId.keys()) {
        this.#byId.delete(oldest);
        break;
      }
    }
    this.#byId.set(id, response);
  }

  /** `undefined` when it is not known (any more). */
  find(id: string): Remembered | undefined {
    return this.#byId.get(id);
  }
}
