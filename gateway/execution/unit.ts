/**
 * What the watchdog sees of a thread or process that runs turns: what it uses, whose turn it is at, and how to stop it.
 * Pools make units; the watchdog (`watchdog.ts`) samples them and decides.
 */

export type QuotaKind = 'cpu' | 'memory';

/** Why a unit is stopped: goes into the offending turn's error, the log and the counts. */
export interface QuotaBreach {
  kind: QuotaKind;
  /** Nanoseconds of processor time, or bytes. */
  used: number;
  quota: number;
}

export interface UnitSample {
  /** Processor time of the unit since it started. */
  cpuNs: number;
  /**
   * It was in the middle of code when it was asked: its event loop has not rested from then to its answer (a thread, by
   * `eventLoopUtilization().idle`), or the operating system has it running (a process, state `R`).
   */
  computing: boolean;
  heapUsedBytes: number;
  /** Outside the heap: Buffers, WebAssembly memories. 0 where `rssBytes` tells. */
  externalBytes: number;
  /** Of a process; `null` for threads, which share one. */
  rssBytes: number | null;
}

export interface Unit {
  readonly kind: 'thread' | 'process';
  /** As in `/threads` and the log: `agent-3`. */
  readonly name: string;
  /** Ids of the turns that it runs now, oldest first. */
  turns(): readonly number[];
  /** The turn whose code the unit entered last; 0: none. Reads shared memory: it answers also while the unit computes. */
  lastEntered(): number;
  /** Whether its event loop has not come to rest for a while. Answers as `lastEntered` does. */
  computing(): boolean;
  /** Its processor time by the operating system (`osThread`), which knows it also while the unit answers nothing; `null`: not told. */
  osCpuNs(): number | null;
  /** What it uses; `undefined` when it does not answer within the time (a native call, say) or is gone. */
  sample(timeoutMs: number): Promise<UnitSample | undefined>;
  /** Before the quota is reached. */
  warned(turn: number, breach: QuotaBreach): void;
  /**
   * The turn is over with `quota_exceeded` at once. It is told to stop first only where `listens`; a unit that does not
   * come back to its event loop is killed, its other turns end with `agent_died`, and it is replaced.
   */
  stop(turn: number, breach: QuotaBreach, listens: boolean): void;
}
