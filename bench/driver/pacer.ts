/**
 * Does things at the time they are due: issues turns at their intended start.
 *
 * `Agenda.next(nowNs) → {fire, waitNs}` decides and is pure; `Pacer` asks it, does what it says, and waits in the way
 * that it was given (`waiting.ts`). Nothing is ever skipped: what is late is fired late, and its lateness recorded.
 */
import type { Waiting } from './waiting.ts';

export interface Due {
  readonly dueNs: number;
  fire(): void;
}

export interface Step {
  /** In order of their due times, those of one time in the order they were added. Good until the next step. */
  readonly fire: readonly Due[];
  /** Until something is due; 0 when something already is, Infinity when nothing is left. */
  readonly waitNs: number;
}

/** A generator that has fallen behind reads its sockets once in so many turns; otherwise they would look slow too. */
export const FIRE_MAX = 64;

interface Entry {
  due: Due;
  order: number;
}

/** A binary heap of what is due, and the decision what to do now. */
export class Agenda {
  readonly #heap: Entry[] = [];
  readonly #fire: Due[] = [];
  #added = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Infinity when nothing is left. */
  get nextNs(): number {
    return this.#heap[0]?.due.dueNs ?? Number.POSITIVE_INFINITY;
  }

  add(due: Due): void {
    const entry = { due, order: this.#added };
    this.#added += 1;
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (isBefore(heap[above]!, entry)) break;
      heap[index] = heap[above]!;
      index = above;
    }
    heap[index] = entry;
  }

  next(nowNs: number): Step {
    this.#fire.length = 0;
    while (this.#fire.length < FIRE_MAX && this.nextNs <= nowNs) this.#fire.push(this.#take());
    return { fire: this.#fire, waitNs: Math.max(0, this.nextNs - nowNs) };
  }

  #take(): Due {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return first.due;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= size) break;
      if (below + 1 < size && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
      if (isBefore(last, heap[below]!)) break;
      heap[index] = heap[below]!;
      index = below;
    }
    heap[index] = last;
    return first.due;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.due.dueNs < b.due.dueNs || (a.due.dueNs === b.due.dueNs && a.order < b.order);
}

export class Pacer {
  readonly #agenda = new Agenda();
  readonly #waiting: Waiting;
  readonly #onFault: (fault: unknown) => void;
  #state: 'idle' | 'waiting' | 'firing' | 'stopped' = 'idle';
  #waitingForNs = 0;

  /** @param onFault told once of what a `fire` threw; the pacer has stopped then. */
  constructor(waiting: Waiting, onFault: (fault: unknown) => void) {
    this.#waiting = waiting;
    this.#onFault = onFault;
  }

  /** May be called at any time, also while something fires; what is due already is fired in the next round. */
  add(due: Due): void {
    if (this.#state === 'stopped') return;
    this.#agenda.add(due);
    if (this.#state === 'idle' || (this.#state === 'waiting' && due.dueNs < this.#waitingForNs)) this.#wait();
  }

  stop(): void {
    this.#state = 'stopped';
    this.#waiting.cancel();
  }

  #wait(): void {
    const dueNs = this.#agenda.nextNs;
    if (dueNs === Number.POSITIVE_INFINITY) {
      this.#state = 'idle';
      return;
    }
    this.#state = 'waiting';
    this.#waitingForNs = dueNs;
    this.#waiting.until(dueNs, this.#round);
  }

  readonly #round = (): void => {
    this.#state = 'firing';
    try {
      for (const due of this.#agenda.next(this.#waiting.nowNs()).fire) {
        due.fire();
        if (this.#isStopped()) return;
      }
    } catch (fault) {
      this.stop();
      this.#onFault(fault);
      return;
    }
    this.#wait();
  };

  /** Apart, since `fire` changes the state behind the type checker's back. */
  #isStopped(): boolean {
    return this.#state === 'stopped';
  }
}
