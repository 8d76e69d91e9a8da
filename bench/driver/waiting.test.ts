import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { nowNs } from '../../transports/clock.ts';
import { Alarm } from './alarm.ts';
import { Spinning, type Waiting, Yielding } from './waiting.ts';

// Real time: how exact these are depends on the machine, so only what holds on every machine is asserted.
let alarm: Alarm;
beforeAll(async () => {
  alarm = await Alarm.open();
});
afterAll(() => alarm.close());

/** Waits as the pacer does: whoever is woken too soon waits again. */
function wakesAt(waiting: Waiting, dueNs: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const wake = () => {
    if (waiting.nowNs() >= dueNs) resolve(waiting.nowNs());
    else waiting.until(dueNs, wake);
  };
  waiting.until(dueNs, wake);
  return promise;
}
const turnOfTheLoop = () => new Promise((resolve) => setTimeout(resolve, 30));

describe.each([
  { name: 'spin', make: (): Waiting => new Spinning() },
  { name: 'yielding', make: (): Waiting => new Yielding(alarm) },
])('$name', ({ make }) => {
  test.each([0, 30_000, 1_000_000, 20_000_000])('wakes %d ns ahead, not before', async (aheadNs) => {
    const waiting = make();
    const dueNs = waiting.nowNs() + aheadNs;
    expect(await wakesAt(waiting, dueNs)).toBeGreaterThanOrEqual(dueNs);
  });

  test('wakes never within the call, also when the time is past', async () => {
    const waiting = make();
    let within = true;
    const woken = new Promise<boolean>((resolve) => waiting.until(0, () => resolve(within)));
    within = false;
    expect(await woken).toBe(false);
  });

  test('a new wish takes the place of the old one', async () => {
    const waiting = make();
    let old = 0;
    waiting.until(waiting.nowNs() + 5_000_000, () => {
      old += 1;
    });
    await wakesAt(waiting, waiting.nowNs() + 1_000_000);
    await turnOfTheLoop();
    expect(old).toBe(0);
  });

  test('cancelled, it wakes nobody', async () => {
    const waiting = make();
    let woken = 0;
    for (const aheadNs of [0, 100_000, 3_000_000]) {
      waiting.until(waiting.nowNs() + aheadNs, () => {
        woken += 1;
      });
      waiting.cancel();
    }
    await turnOfTheLoop();
    expect(woken).toBe(0);
  });
});

test('an alarm rings for the time set last, and may be set again from its ring', async () => {
  const rings: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const waiting = new Yielding(alarm);
  const startNs = waiting.nowNs();
  const again = () => {
    rings.push(waiting.nowNs());
    if (rings.length === 5) resolve();
    else alarm.set(startNs + rings.length * 1_000_000, again);
  };
  alarm.set(startNs + 10_000_000_000, () => rings.push(-1));
  alarm.set(startNs, again);
  await promise;
  for (const [index, atNs] of rings.entries()) expect(atNs).toBeGreaterThanOrEqual(startNs + index * 1_000_000);
});

test('an alarm can be closed while its thread sleeps', async () => {
  const other = await Alarm.open();
  other.set(new Spinning().nowNs() + 60_000_000_000, () => {});
  await expect(other.close()).resolves.toBeUndefined();
});

test('a thread that is woken late, for a time that it sleeps for already, rings all the same', async () => {
  // What `set` does, held up between raising the counter and waking the sleeper.
  const changes = new Int32Array(new SharedArrayBuffer(4));
  const dueNs = new BigInt64Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL('./alarm.ts', import.meta.url), { workerData: { gatebenchAlarm: { changes, dueNs } }, execArgv: [] });
  onTestFinished(() => void worker.terminate());
  const messages: unknown[] = [];
  const next = () => new Promise((resolve) => worker.once('message', resolve));
  worker.on('message', (message) => messages.push(message));
  await next();
  const ringsNs = nowNs() + 200e6;
  Atomics.store(dueNs, 0, BigInt(ringsNs));
  Atomics.add(changes, 0, 1);
  // It sleeps for that time once anybody is woken; woken again, it goes on sleeping.
  for (let woken = 0; woken < 2 && nowNs() < ringsNs; ) woken += Atomics.notify(changes, 0);
  await next();
  expect(nowNs()).toBeGreaterThanOrEqual(ringsNs);
  expect(messages).toEqual(['ready', 'due']);
});
