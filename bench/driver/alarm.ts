/**
 * A timer to the microsecond: a thread that sleeps until a time (`Atomics.wait` takes fractions of a millisecond) and
 * then wakes the event loop with a message. This file is both sides: the thread runs it too.
 *
 * The time lies in shared memory. Setting it raises a counter that the thread sleeps on, so it notices a new time also
 * while it sleeps for the old one; a message for a time that is no longer wanted is passed over.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { nowNs } from '../../transports/clock.ts';

interface Shared {
  /** One word, raised with every change of `dueNs`. */
  changes: Int32Array;
  /** One word. */
  dueNs: BigInt64Array;
}

interface AlarmData {
  gatebenchAlarm: Shared;
}

export class Alarm {
  readonly #worker: Worker;
  readonly #shared: Shared;
  #wake: (() => void) | undefined;
  #dueNs = 0;

  private constructor(worker: Worker, shared: Shared) {
    this.#worker = worker;
    this.#shared = shared;
  }

  /** @throws when the thread cannot be started. */
  static async open(): Promise<Alarm> {
    const shared: Shared = { changes: new Int32Array(new SharedArrayBuffer(4)), dueNs: new BigInt64Array(new SharedArrayBuffer(8)) };
    const data: AlarmData = { gatebenchAlarm: shared };
    // No flags of the parent: a profiler there is not meant for this thread.
    const worker = new Worker(new URL(import.meta.url), { workerData: data, name: 'alarm', execArgv: [] });
    const ready = Promise.withResolvers<unknown>();
    worker.once('message', ready.resolve).once('error', ready.reject);
    await ready.promise;
    // From here on a failure of the thread is nobody's to handle, and ends the process.
    worker.off('error', ready.reject);
    const alarm = new Alarm(worker, shared);
    worker.on('message', alarm.#ring);
    worker.unref();
    return alarm;
  }

  /** Calls `wake` once at `dueNs` or soon after; takes the place of an earlier time. */
  set(dueNs: number, wake: () => void): void {
    this.#wake = wake;
    // Setting the same time again would cost a system call for nothing.
    if (dueNs === this.#dueNs) return;
    this.#dueNs = dueNs;
    Atomics.store(this.#shared.dueNs, 0, BigInt(Math.round(dueNs)));
    Atomics.add(this.#shared.changes, 0, 1);
    Atomics.notify(this.#shared.changes, 0);
  }

  /** The thread may still ring for the time that was set; nobody hears it. */
  clear(): void {
    this.#wake = undefined;
  }

  async close(): Promise<void> {
    this.clear();
    await this.#worker.terminate();
  }

  readonly #ring = (): void => {
    const wake = this.#wake;
    this.#wake = undefined;
    this.#dueNs = 0;
    wake?.();
  };
}

function sleepAndRing({ changes, dueNs }: Shared, ring: () => void): never {
  let seen = 0;
  for (;;) {
    Atomics.wait(changes, 0, seen);
    seen = Atomics.load(changes, 0);
    const untilNs = Number(Atomics.load(dueNs, 0));
    let changed = false;
    for (let waitNs = untilNs - nowNs(); waitNs > 0 && !changed; waitNs = untilNs - nowNs()) {
      Atomics.wait(changes, 0, seen, waitNs / 1e6);
      // Not by how the sleep ended: who raises the counter and is held up before it wakes this thread wakes it from the
      // sleep for the very time that was set, which must go on.
      changed = Atomics.load(changes, 0) !== seen;
    }
    if (!changed) ring();
  }
}

function isAlarmData(data: unknown): data is AlarmData {
  return typeof data === 'object' && data !== null && 'gatebenchAlarm' in data;
}

if (parentPort && isAlarmData(workerData)) {
  const port = parentPort;
  port.postMessage('ready');
  sleepAndRing(workerData.gatebenchAlarm, () => port.postMessage('due'));
}
