/**
 * A value that must not reach a log, an error message or the status page. It shows itself as `[secret]` to
 * everything that prints, so that a whole configuration can be printed safely; `reveal` marks each use.
 */
import { inspect } from 'node:util';

const SHOWN = '[secret]';

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toJSON(): string {
    return SHOWN;
  }

  toString(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
