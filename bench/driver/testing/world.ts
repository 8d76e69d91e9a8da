/** A world without real time: a clock that jumps from event to event, for the driver and the targets it drives. */
import type { Waiting } from '../waiting.ts';

interface Happening {
  atNs: number;
  order: number;
  happen: () => void;
}

export class World implements Waiting {
  #nowNs = 1e12;
  #order = 0;
  #happenings: Happening[] = [];
  #wake: Happening | undefined;

  nowNs(): number {
    return this.#nowNs;
  }

  /** What is past happens next, but never at once. */
  at(atNs: number, happen: () => void): Happening {
    const happening = { atNs: Math.max(atNs, this.#nowNs), order: this.#order++, happen };
    this.#happenings.push(happening);
    return happening;
  }

  after(ns: number, happen: () => void): void {
    this.at(this.#nowNs + ns, happen);
  }

  until(dueNs: number, wake: () => void): void {
    this.cancel();
    this.#wake = this.at(dueNs, wake);
  }

  cancel(): void {
    this.#happenings = this.#happenings.filter((happening) => happening !== this.#wake);
  }

  /** Everything stands still for so long: a stop of the process itself. */
  stall(ns: number): void {
    this.#nowNs += ns;
  }

  /** Lets everything happen, in order, until nothing is left. */
  run(): void {
    for (let count = 0; this.#happenings.length > 0; count += 1) {
      if (count > 100_000) throw new Error('this world does not end');
      this.#happenings.sort((a, b) => a.atNs - b.atNs || a.order - b.order);
      const next = this.#happenings.shift()!;
      this.#nowNs = Math.max(this.#nowNs, next.atNs);
      next.happen();
    }
  }
}
