/** How the pacer waits: the process's clock, timers and sleep in one place, so that tests bring their own. */
import { nowNs } from '../../transports/clock.ts';

export interface Waiting {
  nowNs(): number;
  /** Calls back after the sockets that are ready now have been read. */
  soon(callback: () => void): void;
  /** Calls back in `ms` or somewhat later. @returns how to call it off. */
  after(ms: number, callback: () => void): () => void;
  /** Gives the core away for about this long; nothing else of this thread runs meanwhile. */
  block(ns: number): void;
}

/** Nobody ever wakes it: `Atomics.wait` is the one way to sleep in JavaScript that is finer than a timer. */
const never = new Int32Array(new SharedArrayBuffer(4));

export const WAITING: Waiting = Object.freeze({
  nowNs,
  soon(callback: () => void) {
    setImmediate(callback);
  },
  after(ms: number, callback: () => void) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  block(ns: number) {
    Atomics.wait(never, 0, 0, ns / 1e6);
  },
});
