/**
 * Collects everything that is wrong with a request, so that a client learns it all at once.
 *
 * The refusal has the first problem's code and field; its message names all of them, within a bound, since a
 * hostile request may have a million.
 */
import type { RefusalCode } from '../codes.ts';
import type { Refusal } from '../contract.ts';

const PROBLEMS_SHOWN_MAX = 20;
const NAME_CHARACTERS_MAX = 64;

export class Problems {
  #code: RefusalCode | undefined;
  #param: string | undefined;
  readonly #messages: string[] = [];
  #hidden = 0;

  add(code: RefusalCode, param: string | undefined, message: string): void {
    if (this.#code === undefined) {
      this.#code = code;
      this.#param = param === undefined ? undefined : shown(param);
    }
    if (this.#messages.length < PROBLEMS_SHOWN_MAX) this.#messages.push(message);
    else this.#hidden += 1;
  }

  /** The usual case: a field has the wrong type or value. */
  invalid(param: string, expected: string): void {
    this.add('invalid_request', param, `\`${shown(param)}\` must be ${expected}`);
  }

  unknown(names: readonly string[]): void {
    if (names.length === 0) return;
    const listed = names.slice(0, PROBLEMS_SHOWN_MAX).map((name) => `\`${shown(name)}\``);
    const more = names.length > listed.length ? ` and ${names.length - listed.length} more` : '';
    this.add('unknown_parameter', names[0], `unknown: ${listed.join(', ')}${more}`);
  }

  get found(): boolean {
    return this.#code !== undefined;
  }

  /** @returns nothing wrong: `undefined`. */
  refusal(): Refusal | undefined {
    if (this.#code === undefined) return undefined;
    const more = this.#hidden > 0 ? `; and ${this.#hidden} more problems` : '';
    return {
      status: 400,
      code: this.#code,
      message: `${this.#messages.join('; ')}${more}`,
      ...(this.#param === undefined ? {} : { param: this.#param }),
    };
  }
}

function shown(name: string): string {
  return name.length <= NAME_CHARACTERS_MAX ? name : `${name.slice(0, NAME_CHARACTERS_MAX).toWellFormed()}…`;
}
