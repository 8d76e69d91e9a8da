/** First in, first out, in constant time: `Array.shift` moves everything that stays, once a queue is long. */

/** Below this, what has been taken is not worth moving the rest for. */
const TAKEN_MIN = 64;

export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #taken = 0;

  get length(): number {
    return this.#items.length - this.#taken;
  }

  /** The oldest; `undefined` when there is none. */
  get head(): T | undefined {
    return this.#items[this.#taken];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#taken];
    if (item === undefined) return undefined;
    this.#items[this.#taken] = undefined;
    this.#taken += 1;
    if (this.#taken === this.#items.length) {
      this.#items.length = 0;
      this.#taken = 0;
    } else if (this.#taken >= TAKEN_MIN && this.#taken * 2 >= this.#items.length) {
      this.#items.splice(0, this.#taken);
      this.#taken = 0;
    }
    return item;
  }

  /** Puts another in the place of the oldest. */
  replaceHead(item: T): void {
    this.#items[this.#taken] = item;
  }

  clear(): void {
    this.#items.length = 0;
    this.#taken = 0;
  }
}
