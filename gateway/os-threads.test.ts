import { expect, it } from 'vitest';
import { osProcess, osThread, osThreadCount } from './os-threads.ts';

const FILES: Readonly<Record<string, string>> = {
  '/proc/self/task/7/status': 'Name:\tagent-1\nThreads:\t9\nvoluntary_ctxt_switches:\t120\nnonvoluntary_ctxt_switches:\t34\n',
  '/proc/self/task/7/schedstat': '2000000000 500000000 154\n',
  '/proc/self/task/8/status': 'voluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t0\n',
  '/proc/self/task/9/status': 'voluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t0\n',
  '/proc/self/task/9/schedstat': '0 0 0\n',
  '/proc/self/status': 'Name:\tnode\nThreads:\t12\n',
  '/proc/44/task/44/status': 'voluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t6\n',
  '/proc/44/task/44/schedstat': '1000000 3000000 2\n',
};
const read = (path: string) => FILES[path];
const UNKNOWN = { runMs: null, runQueueWaitMs: null, runQueueWaitRatio: null, voluntarySwitches: null, involuntarySwitches: null };

it('reads what the kernel counts of a thread', () => {
  expect(osThread(7, read)).toEqual({
    runMs: 2_000,
    runQueueWaitMs: 500,
    runQueueWaitRatio: 0.25,
    voluntarySwitches: 120,
    involuntarySwitches: 34,
  });
  expect(osProcess(44, read)).toEqual({
    runMs: 1,
    runQueueWaitMs: 3,
    runQueueWaitRatio: 3,
    voluntarySwitches: 5,
    involuntarySwitches: 6,
  });
  expect(osThreadCount(read)).toBe(12);
});

it('knows nothing of a thread that is gone, or where there is no /proc, and not 0', () => {
  expect(osThread(6, read)).toEqual(UNKNOWN);
  expect(osThreadCount(() => undefined)).toBeNull();
  expect(osThread(8, read)).toEqual({ ...UNKNOWN, voluntarySwitches: 1, involuntarySwitches: 0 });
  expect(osThread(9, read).runQueueWaitRatio).toBeNull();
});

it.runIf(process.platform === 'linux')('counts on for the thread that asks', () => {
  const before = osThread(process.pid);
  const until = performance.now() + 20;
  while (performance.now() < until);
  const after = osThread(process.pid);
  expect(after.runMs! - before.runMs!).toBeGreaterThan(1);
  expect(osThreadCount()).toBeGreaterThan(1);
});
