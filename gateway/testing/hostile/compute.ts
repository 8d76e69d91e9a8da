/** Deeds that keep a thread from its event loop. */
import { pbkdf2Sync } from 'node:crypto';
import { type Deed, TIME_MAX_MS } from './deed.ts';

/** Of processor time, so that the call takes no less on a busy machine. */
const NATIVE_CALL_MICROS = 4_000_000;

function computeUntil(endMs: number): void {
  while (performance.now() < endMs);
}

export const compute: Readonly<Record<string, Deed>> = {
  loop: () => {
    computeUntil(performance.now() + TIME_MAX_MS);
    return 'came to an end';
  },
  /** In inline mode, where nothing would stop it. */
  'loop-for-a-second': () => {
    computeUntil(performance.now() + 1_000);
    return 'came to an end';
  },
  /** Each further letter doubles the time; these take several seconds. */
  regex: () => String(/^(a+)+$/.test(`${'a'.repeat(30)}b`)),
  native: () => {
    const sample = 100_000;
    const before = process.threadCpuUsage();
    pbkdf2Sync('password', 'salt', sample, 64, 'sha512');
    const { user, system } = process.threadCpuUsage(before);
    pbkdf2Sync('password', 'salt', Math.ceil((sample * NATIVE_CALL_MICROS) / (user + system)), 64, 'sha512');
    return 'came to an end';
  },
  wait: () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TIME_MAX_MS);
    return 'came to an end';
  },
  'go-on': ({ end }) => {
    end();
    setImmediate(() => computeUntil(performance.now() + TIME_MAX_MS));
    return undefined;
  },
};
