/**
 * When streams emit: one scheduler for all streams of the process, a heap of what is due next.
 *
 * A timer cannot do it: it counts whole milliseconds, fires ~0.6 ms late, and aligns streams by accident. Both
 * pacings sleep on a timer while nothing is near; they differ in the last 2.5 ms before a stream is due:
 * - `spin` runs the event loop round and round (`setImmediate`). Exact, and it eats a core.
 * - `hybrid` blocks the thread in steps of at most 200 µs, never past what is due next, with a round of the event
 *   loop between steps so that sockets are read. For a core that is shared with the generator.
 *
 * Measured: 200 connections × 100 tokens/s, independent, 170 B a write over loopback; lateness at the write in µs and
 * the process's CPU in cores (2 virtual cores at 2.6 GHz, Linux 6.18, Node 26.10; one run each, 3 s after a second of
 * warm-up, taken when the near range was still 1.5 ms; alone and at 2.5 ms: spin 1 / 55, 0.99; hybrid 67 / 84, 0.28):
 *
 *   core shared with                 spin: p50 / p99, CPU      hybrid: p50 / p99, CPU
 *   nothing                             1 /    86, 0.98          67 /   101, 0.32
 *   the reader of the tokens            1 /   284, 0.81          67 /   293, 0.28
 *   a process busy half of each ms     12 /   530, 0.58          69 /   583, 0.23
 *   a process that never sleeps       370 / 3,977, 0.51          62 / 3,728, 0.25
 *
 * Steps of at least 150 µs (so that more tokens share a wake-up) saved a quarter of hybrid's CPU and doubled p50;
 * steps of 400 µs halved the CPU and quadrupled p50. A kernel timer slack of 1 µs instead of 50 brought p50 to
 * 21 µs for a third more CPU. None is worth it: at 67 µs the steps are no longer what bounds a comparison.
 */
import type { Waiting } from './waiting.ts';

export const PACINGS = ['spin', 'hybrid'] as const;
export type Pacing = (typeof PACINGS)[number];

/** A stream that wants to emit at times of its own. */
export interface Paced {
  /** When it wants to emit next (`nowNs`). Changed only in `emit`, or while the pacer does not have it. */
  dueNs: number;
  /** The pacer's own: its place in the heap, −1 when it is not in it. */
  heapIndex: number;
  /** It is due. Sets the next `dueNs`, or takes itself out (`Pacer.remove`). */
  emit(nowNs: number): void;
}

/** Nearer than this, timers are too coarse: they fire up to 1.1 ms late by their unit alone. */
const NEAR_NS = 2_500_000;
/** A timer aims this long before the due time. */
const TIMER_EARLY_NS = 1_500_000;
/** Bounds how long `hybrid` leaves sockets unread. */
const BLOCK_NS_MAX = 200_000;
/** Emissions before sockets are read again, however many more are due. */
const EMISSIONS_PER_PASS_MAX = 1_024;

export class Pacer {
  readonly pacing: Pacing;
  readonly #waiting: Waiting;
  readonly #afterPass: () => void;
  readonly #heap: Paced[] = [];
  #state: 'idle' | 'timer' | 'soon' | 'passing' | 'stopped' = 'idle';
  #timerForNs = 0;
  #clearTimer: () => void = () => {};

  /** @param afterPass called when all that was due has been emitted: the time to write it. */
  constructor(pacing: Pacing, waiting: Waiting, afterPass: () => void) {
    this.pacing = pacing;
    this.#waiting = waiting;
    this.#afterPass = afterPass;
  }

  get streams(): number {
    return this.#heap.length;
  }

  add(stream: Paced): void {
    if (stream.heapIndex >= 0 || this.#state === 'stopped') return;
    this.#heap.push(stream);
    this.#rise(this.#heap.length - 1, stream);
    if (this.#state === 'timer' && stream.dueNs < this.#timerForNs) {
      this.#clearTimer();
      this.#arm();
    } else if (this.#state === 'idle') this.#arm();
  }

  remove(stream: Paced): void {
    const index = stream.heapIndex;
    if (index < 0) return;
    stream.heapIndex = -1;
    const last = this.#heap.pop()!;
    if (last !== stream) this.#settle(index, last);
    if (this.#heap.length === 0 && this.#state === 'timer') {
      this.#clearTimer();
      this.#state = 'idle';
    }
  }

  /** Forgets all streams; nothing is emitted any more. */
  stop(): void {
    this.#state = 'stopped';
    this.#clearTimer();
    for (const stream of this.#heap) stream.heapIndex = -1;
    this.#heap.length = 0;
  }

  #arm(): void {
    const next = this.#heap[0];
    if (!next) {
      this.#state = 'idle';
      return;
    }
    const waitNs = next.dueNs - this.#waiting.nowNs();
    if (waitNs <= NEAR_NS) {
      this.#state = 'soon';
      this.#waiting.soon(this.#round);
      return;
    }
    this.#state = 'timer';
    this.#timerForNs = next.dueNs;
    this.#clearTimer = this.#waiting.after(Math.floor((waitNs - TIMER_EARLY_NS) / 1e6), this.#round);
  }

  /** One round of the event loop: sleeps a step if that is due, emits what is. */
  readonly #round = (): void => {
    if (this.#state === 'stopped') return;
    let nowNs = this.#waiting.nowNs();
    if (this.pacing === 'hybrid') {
      const waitNs = (this.#heap[0]?.dueNs ?? Number.POSITIVE_INFINITY) - nowNs;
      if (waitNs > 0 && waitNs <= NEAR_NS) {
        this.#waiting.block(Math.min(BLOCK_NS_MAX, waitNs));
        nowNs = this.#waiting.nowNs();
      }
    }
    this.#emitDue(nowNs);
    if (!this.#isStopped()) this.#arm();
  };

  #emitDue(nowNs: number): void {
    this.#state = 'passing';
    let emissions = 0;
    for (let stream = this.#heap[0]; stream && stream.dueNs <= nowNs && emissions < EMISSIONS_PER_PASS_MAX; stream = this.#heap[0]) {
      emissions += 1;
      stream.emit(nowNs);
      if (stream.heapIndex >= 0) this.#settle(stream.heapIndex, stream);
    }
    if (emissions > 0) this.#afterPass();
  }

  /** `emit` and `afterPass` may have stopped the pacer. */
  #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  #settle(index: number, stream: Paced): void {
    this.#sink(index, stream);
    this.#rise(stream.heapIndex, stream);
  }

  #rise(from: number, stream: Paced): void {
    const heap = this.#heap;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex]!;
      if (parent.dueNs <= stream.dueNs) break;
      heap[index] = parent;
      parent.heapIndex = index;
      index = parentIndex;
    }
    heap[index] = stream;
    stream.heapIndex = index;
  }

  #sink(from: number, stream: Paced): void {
    const heap = this.#heap;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      if (!child) break;
      const right = heap[childIndex + 1];
      if (right && right.dueNs < child.dueNs) {
        child = right;
        childIndex += 1;
      }
      if (stream.dueNs <= child.dueNs) break;
      heap[index] = child;
      child.heapIndex = index;
      index = childIndex;
    }
    heap[index] = stream;
    stream.heapIndex = index;
  }
}
