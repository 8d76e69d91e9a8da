/**
 * An agent answers a turn: by inferences of the LLM, by tools that it runs itself, by work of its own. What it needs
 * comes in its context, so that the same agent runs on the main thread, in a worker thread and in a process.
 */
import type { Handler, Running, Sink, Turn } from '../../transports/contract.ts';

/** Plain JSON data. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** What belongs to the session of a turn, and to no other. Plain data: it is sent to threads and processes. */
export interface SessionData {
  /** Names it within the gateway, client included; absent: the turn stands alone, and all it leaves goes with it. */
  readonly key?: string;
  /** From the client's handshake message, as far as the configuration allows its names. */
  readonly env: Readonly<Record<string, string>>;
  /** What the agent remembers from one turn of the session to the next. Replaced, never changed in place. */
  readonly state: JsonObject;
  /** Absolute path of the folder of its files; there when the first file needs it. */
  readonly workspace: string;
}

export interface AgentContext {
  /** One inference of the LLM. */
  readonly upstream: Handler;
  readonly session: SessionData;
  /** Remembers `state` for the session's next turn. Bounded; what is too large is refused by an exception. */
  remember(state: JsonObject): void;
  /** Starts a program in the workspace. Only the main thread may start any: elsewhere it is asked to. */
  readonly startCommand: StartCommand;
  /** For the log: what went wrong in the agent itself, with its stack. The agent still ends its turn. */
  report(error: unknown): void;
}

export type Agent = (turn: Turn, sink: Sink, context: AgentContext) => Running;

/** A program and its arguments; there is no shell. */
export interface CommandRequest {
  readonly words: readonly string[];
  /** Of the session; the program starts in it. */
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
  /** At most the configuration's. */
  readonly timeoutMs?: number;
  /** All of its output is wanted, at the pace of who takes it; otherwise what exceeds the configured bound is dropped. */
  readonly outputWhole?: boolean;
}

export type CommandResult =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'timedOut'; readonly afterMs: number }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'refused'; readonly message: string };

export type CommandEvent =
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** Comes once and last; the whole process group is gone by then. */
  | { readonly type: 'ended'; readonly result: CommandResult; readonly outputDroppedBytes?: number };

export interface RunningCommand {
  /** Holds back its output, so that a command whose output nobody takes stops at a full pipe. */
  pause(): void;
  resume(): void;
  /** Kills the process group; `ended` still follows. */
  cancel(): void;
}

export type StartCommand = (request: CommandRequest, onEvent: (event: CommandEvent) => void) => RunningCommand;

/** The turn as the LLM gets it, with the trace that it belongs to: what concerns the gateway alone stays here. */
export function inference({ agent: _a, execution: _e, env: _v, session: _s, arrival: _r, ...turn }: Turn): Turn {
  return { ...turn, want: { phases: false } };
}
