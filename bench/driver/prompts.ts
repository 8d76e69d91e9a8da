/**
 * The text of the users' messages, made once and used again: joining a thousand tokens takes ~30 µs, which the hot
 * path has not got. Texts of one length come in a few variants, so that neighbouring turns differ and compression
 * does not find in one what it has just seen in another (deflate looks back 32 KiB).
 */

/** Text of exactly so many tokens. */
export type InputText = (seed: string, tokens: number) => string;

export const VARIANTS = 16;
/** UTF-16 units kept. Where every turn has its own length, what does not fit is made anew for each. */
export const UNITS_MAX = 32 * 1024 * 1024;

export class Prompts {
  readonly #seed: number | string;
  readonly #inputText: InputText;
  readonly #texts = new Map<string, string>();
  #units = 0;

  constructor(seed: number | string, inputText: InputText) {
    this.#seed = seed;
    this.#inputText = inputText;
  }

  /** The same for the same arguments, whatever was asked before. */
  text(session: number, turn: number, tokens: number): string {
    // Turns of a session differ for 16 turns, and so do sessions that follow one another.
    const name = `${this.#seed}/${(session * 5 + turn) % VARIANTS}/${tokens}`;
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const text = this.#inputText(name, tokens);
    if (this.#units + text.length <= UNITS_MAX) {
      this.#texts.set(name, text);
      this.#units += text.length;
    }
    return text;
  }
}
