/**
 * How the pacer waits until something is due: the process's clock and two ways of waiting, so that tests bring theirs.
 *
 * Timers of the event loop count whole milliseconds and fire 0.5 ms late at p50. Two things do better:
 * - `spin`: a timer until 2 ms before, then round and round the event loop. For a core of the generator's own.
 * - `yielding`: a second thread sleeps to the microsecond and wakes the event loop (`alarm.ts`); only the last
 *   microseconds are spun. The event loop sleeps in its poll meanwhile, so replies are read the moment they come;
 *   blocking the thread for short steps instead would be as exact and read them up to a step late.
 *
 * Measured: Poisson arrivals while 1,700 messages/s come in from a process that sleeps between them; lateness and
 * delay of the reads as p50 / p99 in µs (2 virtual cores at 2.6 GHz, Linux 6.18, Node 26.10):
 *
 *                        1,000 due/s, own core                1,000 due/s, core shared
 *                      lateness    reads       CPU          lateness    reads       CPU
 *   timers             532/1604    31/ 68     0.05          544/1599    20/ 59     0.04
 *   spin                 0/  69     9/ 93     0.78            0/ 121    20/122     0.76
 *   blocked ≤ 50 µs     61/ 110    71/186     0.20           55/  98    22/141     0.13
 *   alarm, 60 µs early  22/ 218    29/ 97     0.07           15/ 175    17/ 43     0.05
 */
import { nowNs } from '../../transports/clock.ts';
import type { Alarm } from './alarm.ts';

export const PACINGS = ['spin', 'yielding'] as const;
export type Pacing = (typeof PACINGS)[number];

export interface Waiting {
  nowNs(): number;
  /**
   * Calls `wake` once, at `dueNs` or soon after (at once when that is past, but never from within this call), or
   * somewhat before: whoever is woken looks at the clock. Takes the place of an earlier wish.
   */
  until(dueNs: number, wake: () => void): void;
  cancel(): void;
}

/** Nearer than this, a timer's unit is too coarse: it may fire 1.1 ms after the time that it was set for. */
const TIMER_NS_MIN = 2_000_000;
const TIMER_EARLY_NS = 1_500_000;

export class Spinning implements Waiting {
  readonly nowNs = nowNs;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  until(dueNs: number, wake: () => void): void {
    this.cancel();
    const waitNs = dueNs - nowNs();
    if (waitNs > TIMER_NS_MIN) this.#timer = setTimeout(wake, Math.floor((waitNs - TIMER_EARLY_NS) / 1e6));
    else this.#immediate = setImmediate(wake);
  }

  cancel(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }
}

/** The time that waking another thread takes on an idle core. */
const ALARM_EARLY_NS = 60_000;

export class Yielding implements Waiting {
  readonly nowNs = nowNs;
  readonly #alarm: Alarm;
  #immediate: NodeJS.Immediate | undefined;

  constructor(alarm: Alarm) {
    this.#alarm = alarm;
  }

  until(dueNs: number, wake: () => void): void {
    this.cancel();
    if (dueNs - nowNs() > ALARM_EARLY_NS) this.#alarm.set(dueNs - ALARM_EARLY_NS, wake);
    else this.#immediate = setImmediate(wake);
  }

  cancel(): void {
    clearImmediate(this.#immediate);
    this.#alarm.clear();
  }
}
