/**
 * Processor time, memory and switches of another process, thread by thread.
 *
 * On Linux two sources are combined, because neither is enough. `task/TID/schedstat` counts nanoseconds, but a thread
 * takes its count with it when it ends. `stat` keeps what ended threads used, but in ticks of 10 ms: user and system
 * time are the scheduler's exact run time, each cut to whole ticks, so their sum is up to two ticks short. So the
 * total here is the live threads' exact times, plus the last seen times of those that ended, plus what `stat` proves
 * was missed between a thread's last sample and its end. It never exceeds the truth, never falls, is exact while
 * threads live, and at most 20 ms short for what they did unseen.
 *
 * Elsewhere `ps` answers, in hundredths of a second or worse, for the process as a whole; waits, switches and threads
 * are then unknown, not 0.
 *
 * On loopback the kernel charges a receiver's TCP work to the sender: no source tells the two apart.
 */
import { execFileSync } from 'node:child_process';
import { nowNs } from '../../transports/clock.ts';
import { field, HOST_FILES, type HostFiles } from './files.ts';

export interface ThreadSample {
  tid: number;
  /** As the thread calls itself: Node's workers by their `name`. */
  name: string;
  runNs: number;
  /** Ready to run, waiting for a core. */
  waitNs: number;
  voluntarySwitches: number;
  involuntarySwitches: number;
}

/** Totals since the process started. */
export interface CpuSample {
  /** `nowNs`, just before the counters were read. */
  atNs: number;
  /** User and system time of all threads, ended ones included. */
  cpuNs: number;
  /** Of the threads seen, ended ones included; `null` where the system does not say. */
  waitNs: number | null;
  voluntarySwitches: number | null;
  involuntarySwitches: number | null;
  rssBytes: number;
  rssPeakBytes: number | null;
  /** Those alive; empty where the system does not say. */
  threads: readonly ThreadSample[];
}

/** What happened between two samples of one process. */
export interface CpuSpan {
  wallNs: number;
  cpuNs: number;
  waitNs: number | null;
  /** Run-queue wait ÷ run; `null` when unknown or when nothing ran. */
  waitRatio: number | null;
  voluntarySwitches: number | null;
  involuntarySwitches: number | null;
}

export interface CpuMeter {
  /** `undefined` when the process is gone (what it was last seen to use is in the samples taken before). */
  sample(): CpuSample | undefined;
}

export function openCpuMeter(pid: number): CpuMeter {
  return process.platform === 'linux' ? new LinuxCpuMeter(pid) : new PsCpuMeter(pid);
}

export function cpuBetween(from: CpuSample, to: CpuSample): CpuSpan {
  const cpuNs = to.cpuNs - from.cpuNs;
  const waitNs = difference(to.waitNs, from.waitNs);
  return {
    wallNs: to.atNs - from.atNs,
    cpuNs,
    waitNs,
    waitRatio: waitNs === null || cpuNs <= 0 ? null : waitNs / cpuNs,
    voluntarySwitches: difference(to.voluntarySwitches, from.voluntarySwitches),
    involuntarySwitches: difference(to.involuntarySwitches, from.involuntarySwitches),
  };
}

/** USER_HZ, in which `stat` counts for every Linux since 2.6, whatever the kernel's own tick. */
export const TICK_NS = 10_000_000;

export class LinuxCpuMeter implements CpuMeter {
  readonly #folder: string;
  readonly #files: HostFiles;
  readonly #clock: () => number;
  #live = new Map<number, ThreadSample>();
  /** Sums over threads that are gone, by what they were last seen at. */
  readonly #ended = { runNs: 0, waitNs: 0, voluntarySwitches: 0, involuntarySwitches: 0 };
  /** Run time that only `stat` has seen. */
  #missedNs = 0;

  constructor(pid: number, files: HostFiles = HOST_FILES, clock: () => number = nowNs) {
    this.#folder = `/proc/${pid}`;
    this.#files = files;
    this.#clock = clock;
  }

  sample(): CpuSample | undefined {
    const atNs = this.#clock();
    // Before the threads: what they run in between must not look like something missed.
    const statNs = parseStat(this.#files.text(`${this.#folder}/stat`));
    this.#readThreads();
    const status = this.#files.text(`${this.#folder}/status`);
    // A zombie still has a `stat`, but neither memory nor threads.
    const rssBytes = kibibytes(field(status, 'VmRSS'));
    if (statNs === undefined || rssBytes === undefined) return undefined;
    const threads = [...this.#live.values()];
    const sum = (of: 'runNs' | 'waitNs' | 'voluntarySwitches' | 'involuntarySwitches') =>
      threads.reduce((total, thread) => total + thread[of], this.#ended[of]);
    const seenNs = sum('runNs');
    this.#missedNs = Math.max(this.#missedNs, statNs - seenNs);
    return {
      atNs,
      cpuNs: seenNs + this.#missedNs,
      waitNs: sum('waitNs'),
      voluntarySwitches: sum('voluntarySwitches'),
      involuntarySwitches: sum('involuntarySwitches'),
      rssBytes,
      rssPeakBytes: kibibytes(field(status, 'VmHWM')) ?? null,
      threads,
    };
  }

  #readThreads(): void {
    const live = new Map<number, ThreadSample>();
    for (const name of this.#files.names(`${this.#folder}/task`)) {
      const tid = Number(name);
      const sample = this.#readThread(tid);
      if (!sample) continue;
      const before = this.#live.get(tid);
      // Counters only grow: one that fell belongs to a new thread with the number of an old one.
      if (before && before.runNs > sample.runNs) this.#retire(before);
      live.set(tid, sample);
    }
    for (const [tid, thread] of this.#live) if (!live.has(tid)) this.#retire(thread);
    this.#live = live;
  }

  #readThread(tid: number): ThreadSample | undefined {
    const folder = `${this.#folder}/task/${tid}`;
    const schedstat = parseSchedstat(this.#files.text(`${folder}/schedstat`));
    const status = this.#files.text(`${folder}/status`);
    if (!schedstat || status === undefined) return undefined;
    return {
      tid,
      name: field(status, 'Name') ?? '',
      ...schedstat,
      voluntarySwitches: Number(field(status, 'voluntary_ctxt_switches') ?? 0),
      involuntarySwitches: Number(field(status, 'nonvoluntary_ctxt_switches') ?? 0),
    };
  }

  #retire(thread: ThreadSample): void {
    this.#ended.runNs += thread.runNs;
    this.#ended.waitNs += thread.waitNs;
    this.#ended.voluntarySwitches += thread.voluntarySwitches;
    this.#ended.involuntarySwitches += thread.involuntarySwitches;
  }
}

export class PsCpuMeter implements CpuMeter {
  readonly #pid: number;

  constructor(pid: number) {
    this.#pid = pid;
  }

  sample(): CpuSample | undefined {
    const atNs = nowNs();
    let text: string;
    try {
      text = execFileSync('ps', ['-o', 'time=,rss=', '-p', String(this.#pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    } catch {
      return undefined;
    }
    const found = parsePs(text);
    return found && { atNs, ...found, waitNs: null, voluntarySwitches: null, involuntarySwitches: null, rssPeakBytes: null, threads: [] };
  }
}

/** Run time, wait time (both ns) and time slices. */
export function parseSchedstat(text: string | undefined): { runNs: number; waitNs: number } | undefined {
  const found = /^(\d+) (\d+) \d+/.exec(text ?? '');
  return found ? { runNs: Number(found[1]), waitNs: Number(found[2]) } : undefined;
}

/** User and system time, in ns; fields 14 and 15, counted after the command's name, which may hold anything. */
export function parseStat(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks * TICK_NS : undefined;
}

/** `[[DAYS-]HOURS:]MINUTES:SECONDS[.HUNDREDTHS] KIBIBYTES`. */
export function parsePs(text: string): { cpuNs: number; rssBytes: number } | undefined {
  const found = /^\s*(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+(?:\.\d+)?)\s+(\d+)\s*$/.exec(text);
  if (!found) return undefined;
  const [days, hours, minutes, seconds, rssKib] = found.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { cpuNs: Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1e9), rssBytes: rssKib * 1_024 };
}

function kibibytes(text: string | undefined): number | undefined {
  const found = /^(\d+) kB$/.exec(text ?? '');
  return found ? Number(found[1]) * 1_024 : undefined;
}

function difference(to: number | null, from: number | null): number | null {
  return to === null || from === null ? null : to - from;
}
