/** A clock and an event loop that tests turn by hand. */
import type { Waiting } from '../waiting.ts';

interface Timer {
  atNs: number;
  callback: () => void;
}

export class FakeWaiting implements Waiting {
  /** Each round of the event loop takes this long. */
  readonly roundNs: number;
  /** Timers fire this late, and sleeps last this much longer. */
  readonly lateNs: number;
  readonly blocksNs: number[] = [];
  rounds = 0;
  #nowNs = 0;
  #soon: (() => void)[] = [];
  #timers: Timer[] = [];

  constructor({ roundNs = 1_000, lateNs = 0 } = {}) {
    this.roundNs = roundNs;
    this.lateNs = lateNs;
  }

  readonly nowNs = (): number => this.#nowNs;

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atNs: this.#nowNs + ms * 1e6 + this.lateNs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  block(ns: number): void {
    this.blocksNs.push(ns);
    this.#nowNs += ns + this.lateNs;
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** Nothing will ever happen again by itself. */
  get idle(): boolean {
    return this.#soon.length === 0 && this.#timers.length === 0;
  }

  /** Adds to the clock, as work does. */
  spend(ns: number): void {
    this.#nowNs += ns;
  }

  /** Runs the event loop until nothing is left to do before this time. */
  runUntil(untilNs: number): void {
    while (this.#nowNs < untilNs) {
      const soon = this.#soon.splice(0);
      if (soon.length > 0) {
        this.rounds += 1;
        this.#nowNs += this.roundNs;
        for (const callback of soon) callback();
        continue;
      }
      const next = this.#timers.reduce<Timer | undefined>((first, timer) => (first && first.atNs <= timer.atNs ? first : timer), undefined);
      if (!next || next.atNs > untilNs) {
        this.#nowNs = untilNs;
        return;
      }
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#nowNs = Math.max(this.#nowNs, next.atNs);
      next.callback();
    }
  }
}
