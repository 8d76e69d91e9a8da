/** What a pool tells of itself, for the status page and for whoever measures. */

export type UnitState = 'starting' | 'idle' | 'busy' | 'stopping';

/** One thread or process. Figures that take asking are those of the last answer; `null`: none yet, or none to be had. */
export interface UnitStatus {
  /** For its life: `agent-3` is a thread, `process-3` a process. */
  name: string;
  kind: 'thread' | 'process';
  /** Node's number of the thread; `null` for a process. */
  threadId: number | null;
  /** The operating system's, as in `/proc/self/task`; `null` where there is no such thing. */
  osThreadId: number | null;
  /** Of the process that it is or is in; 0: not started yet. */
  pid: number;
  /** The agent whose own it is. */
  agent: string | null;
  state: UnitState;
  turns: number;
  ageMs: number;
  cpuMs: number | null;
  heapUsedBytes: number | null;
  externalBytes: number | null;
  /** Of a process. */
  rssBytes: number | null;
}

export interface PoolStatus {
  units: UnitStatus[];
  /** Turns that wait for a unit. */
  waiting: number;
  /** From a unit being handed a turn until it has begun it, of the turns since `beginWindow()`. */
  dispatch: { count: number; p50Micros: number; p99Micros: number };
  /** From a turn's arrival until a unit was handed it; 0 where one had room. */
  queueWaitMs: { p50: number; p99: number };
  /** Units, since the pool began: */
  started: number;
  /** … that the pool let go, idle or for others; */
  ended: number;
  /** … that ended by themselves; */
  died: number;
  /** … that were ended with turns in them. */
  killed: number;
}

/** The same at a glance: what is known without asking any thread or process. */
export interface PoolGlance {
  units: { name: string; state: UnitState; turns: number; cpuNs: number | null }[];
  waiting: number;
}
