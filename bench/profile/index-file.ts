/** What a profile folder holds, for programs (`index.json`): which tool wrote what or why not, and where time went. */
import type { FunctionTime } from './cpu-profile.ts';
import { ownerOf, placeOf } from './frames.ts';

export interface ProfileIndex {
  schemaVersion: 1;
  startedAt: string;
  durationMs: number;
  command: readonly string[];
  scenario: string;
  arm: string;
  /** Of the load that was profiled, after its warm-up. */
  measureMs: number;
  /** Why nothing, or only a part, came of it: the gateway died, say. */
  trouble: string | null;
  /** Why the load was not what it should have been (a busy machine, say); what the threads did holds all the same. */
  invalid: readonly string[];
  /**
   * Processor time of the gateway in the measured window, all threads and the kernel's work for them; `null` where it is
   * not known. More than the threads were busy: V8 takes a thread for idle from its wait for events until their callbacks
   * run, so that what the kernel does to read sockets is in no function.
   */
  cpuMs: number | null;
  tools: readonly ToolResult[];
  threads: readonly ThreadResult[];
  /** The report of the profiled trial, in the same folder; `null` where the trial did not come to its end. */
  report: string | null;
}

export interface ToolResult {
  tool: string;
  ok: boolean;
  /** In the same folder. */
  files: readonly string[];
  /** Why not; `null` where it worked. */
  reason: string | null;
}

/** One thread of the gateway, or of one of its processes. */
export interface ThreadResult {
  name: string;
  pid: number;
  threadId: number;
  /** As V8 wrote it; opens in a browser's developer tools too. */
  profile: string | null;
  flame: string | null;
  /** Why it has none; `null` where it has. */
  reason: string | null;
  /** Of the measured window. */
  spanMs: number;
  busyMs: number;
  samples: number;
  top: readonly FunctionShare[];
}

export interface FunctionShare {
  function: string;
  /** `gateway/app.ts:12`; empty for what V8 does by itself. */
  where: string;
  owner: ReturnType<typeof ownerOf>;
  /** Of the thread's busy time, its own alone. */
  selfShare: number;
  /** With what it called. */
  totalShare: number;
}

export function sharesOf(times: readonly FunctionTime[], busyMicros: number, root: string): FunctionShare[] {
  return times.map(({ frame, selfMicros, totalMicros }) => ({
    function: frame.name,
    where: placeOf(frame, root),
    owner: ownerOf(frame),
    selfShare: selfMicros / busyMicros,
    totalShare: totalMicros / busyMicros,
  }));
}
