/**
 * What the operating system knows of a thread: how often it was switched out, and how long it was ready to run and
 * waited for a core. Only Linux tells, in `/proc`; elsewhere everything here is `null`.
 */
import { readFileSync } from 'node:fs';

export interface OsThread {
  /** Processor time since it started. */
  runMs: number | null;
  /** Ready to run, without a core. */
  runQueueWaitMs: number | null;
  /** Wait ÷ run: near 0 while there are cores enough, 1 where two threads share one. */
  runQueueWaitRatio: number | null;
  /** It had nothing to do, or waited for something. */
  voluntarySwitches: number | null;
  /** Its time was up, or something more urgent came. */
  involuntarySwitches: number | null;
}

const UNKNOWN: OsThread = Object.freeze({
  runMs: null,
  runQueueWaitMs: null,
  runQueueWaitRatio: null,
  voluntarySwitches: null,
  involuntarySwitches: null,
});

/** The content of a file, `undefined` where there is none: threads end at any time. */
export type ReadText = (path: string) => string | undefined;

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A thread of this process. */
export function osThread(threadId: number, read: ReadText = readText): OsThread {
  return threadIn(`/proc/self/task/${threadId}`, read);
}

/** The main thread of another process. */
export function osProcess(pid: number, read: ReadText = readText): OsThread {
  return threadIn(`/proc/${pid}/task/${pid}`, read);
}

/** All threads of this process: its workers, and those that libuv and V8 keep. */
export function osThreadCount(read: ReadText = readText): number | null {
  return counter(read('/proc/self/status'), 'Threads');
}

function threadIn(folder: string, read: ReadText): OsThread {
  const status = read(`${folder}/status`);
  if (status === undefined) return UNKNOWN;
  // Nanoseconds of run time, of waiting, and time slices. Kernels can be built without it.
  const [, run, wait] = /^(\d+) (\d+) \d+/.exec(read(`${folder}/schedstat`) ?? '') ?? [];
  const runMs = run === undefined ? null : Number(run) / 1e6;
  const runQueueWaitMs = wait === undefined ? null : Number(wait) / 1e6;
  return {
    runMs,
    runQueueWaitMs,
    runQueueWaitRatio: runMs === null || runQueueWaitMs === null || runMs === 0 ? null : runQueueWaitMs / runMs,
    voluntarySwitches: counter(status, 'voluntary_ctxt_switches'),
    involuntarySwitches: counter(status, 'nonvoluntary_ctxt_switches'),
  };
}

function counter(text: string | undefined, name: string): number | null {
  const found = new RegExp(`^${name}:\\s+(\\d+)$`, 'm').exec(text ?? '')?.[1];
  return found === undefined ? null : Number(found);
}
