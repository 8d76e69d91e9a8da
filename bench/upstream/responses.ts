/**
 * The responses that the mock LLM remembers, so that a turn may name one instead of sending its history again.
 * Nothing is kept of them but how many tokens they are worth as context; the oldest goes when the bound is reached.
 */
import { randomBytes } from 'node:crypto';

const RESPONSES_MAX = 100_000;

export class Responses {
  readonly #contextTokens = new Map<string, number>();
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

  remember(id: string, contextTokens: number): void {
    if (this.#contextTokens.size >= this.#max) {
      for (const oldest of this.#contextTokens.keys()) {
        this.#contextTokens.delete(oldest);
        break;
      }
    }
    this.#contextTokens.set(id, contextTokens);
  }

  /** Tokens of everything that this response saw and said; `undefined` when it is not known (any more). */
  contextTokensOf(id: string): number | undefined {
    return this.#contextTokens.get(id);
  }
}
