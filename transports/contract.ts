/**
 * The one contract of the project: a turn goes in, its events come out.
 *
 * Upstream LLM, agent, pool, gateway, target and client connection are all a `Handler`;
 * middleware wraps one, a transport carries one over a wire. The consumer hands in a `Sink`
 * and gets a `Running` back, so both directions of control are plain synchronous calls:
 * events and the end flow down (`push`), pausing, resuming and cancelling flow up.
 * (Measured against `AsyncIterable<Batch>`: 4 ns a token and layer here, 95 ns there.)
 *
 * Rules that the contract suite holds every transport to:
 * 1. Events arrive in order. `started` comes at most once and first; `end` comes exactly once and last,
 *    also after `cancel()`, and also when the handler fails at once.
 * 2. `push` returning false asks the producer to pause until `resume()`. What was already decoded may
 *    still be pushed; a producer that ignores it runs into the consumer's bound and is cancelled.
 * 3. `cancel()` and `resume()` may be called at any time, any number of times, also after the end.
 * 4. A handler may push before it has returned its `Running` (a refusal, say).
 */
import type { RefusalCode, TurnErrorCode } from './codes.ts';

export const TRANSPORTS = ['http', 'sse', 'sse-h2', 'websocket', 'memory'] as const;
export type TransportName = (typeof TRANSPORTS)[number];
export const ENVELOPES = ['chat', 'responses', 'compact', 'binary'] as const;
export type EnvelopeName = (typeof ENVELOPES)[number];
export const CONNECTIONS = ['per-turn', 'kept', 'multiplexed'] as const;
export type ConnectionMode = (typeof CONNECTIONS)[number];
export const EXECUTIONS = ['inline', 'thread', 'process'] as const;
export type Execution = (typeof EXECUTIONS)[number];

/** One message of a conversation. `content` is plain text; richer parts are refused by the envelopes. */
export interface Message {
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  content: string;
  /** For role `tool`: which call this answers. */
  toolCallId?: string;
  /** For role `assistant`: calls that it made. */
  toolCalls?: readonly ToolCall[];
}

export interface ToolCall {
  id: string;
  name: string;
  /** JSON text, as the model wrote it. */
  arguments: string;
}

/** One request to an agent. Frozen in spirit: handlers copy what they change. */
export interface Turn {
  /** Names this turn in logs. The ledger's key stands in the last user message, since only that survives any gateway. */
  key: string;
  /** Which agent answers; `undefined` is the configured default. */
  agent?: string;
  model: string;
  input: readonly Message[];
  /** History is what this response (and those before it) saw and said, then `input`. */
  previousResponseId?: string;
  /** false: prepare only, no output (`generate: false` of the Responses WebSocket mode). */
  generate?: boolean;
  outputTokensMax?: number;
  /** Honoured only where the gateway's configuration allows overrides. */
  execution?: Execution;
  traceparent?: string;
  /** Turns of one session share history, and a `kept` connection where the client keeps one a session. */
  session?: string;
  /** Environment of the session's agent; travels in the handshake message, never in headers or logs. */
  env?: Readonly<Record<string, string>>;
  want: { phases: boolean };
  /** Model parameters passed through untouched (temperature, tools, …): known names only, see the envelopes. */
  parameters?: Readonly<Record<string, unknown>>;
  /** Set by a server, for its handler: how the turn arrived. Never crosses a wire. */
  arrival?: Arrival;
}

export interface Arrival {
  transport: TransportName;
  envelope: EnvelopeName;
  /** Numbers the connections of this server, from 1. */
  connection: number;
  /** Of the body or message. */
  requestBytes: number;
  /** When the read that completed the request was taken from the socket (`nowNs`); what it says was parsed after. */
  readAtNs: number;
  /** Who sent it, as the server's `admit` named it: sessions of one client are never those of another. */
  client?: string;
}

export interface Usage {
  inputTokens: number;
  outputTokens: number;
}

/** Milliseconds spent in each phase of a turn inside the gateway, by phase name. */
export type Phases = Readonly<Record<string, number>>;

/** How a turn ended. `dropped` is the generator's own and never crosses a wire. */
export type Outcome =
  | { kind: 'completed'; finish: 'stop' | 'toolCalls' | 'length' }
  | { kind: 'failed'; code: TurnErrorCode; message: string }
  | { kind: 'cancelled' }
  | { kind: 'timedOut'; message: string }
  | { kind: 'refused'; status: number; code: RefusalCode | TurnErrorCode; message: string; param?: string; retryAfterS?: number };

export interface StartedEvent {
  type: 'started';
  responseId: string;
}
export interface TextEvent {
  type: 'text';
  text: string;
}
/** A tool call or a further fragment of one: `id` and `name` are empty in fragments after the first. */
export interface ToolCallEvent {
  type: 'toolCall';
  index: number;
  id: string;
  name: string;
  arguments: string;
}
export interface EndEvent {
  type: 'end';
  outcome: Outcome;
  usage?: Usage;
  responseId?: string;
  phases?: Phases;
}
export type TurnEvent = StartedEvent | TextEvent | ToolCallEvent | EndEvent;

/** Takes the events of one turn. */
export interface Sink {
  /**
   * @param readAtNs when the bytes of this event were read from a socket (`nowNs`), before any parsing;
   *   events with the same stamp came in one read. 0 where no socket was involved.
   * @returns false when the producer should pause until `resume()`.
   */
  push(event: TurnEvent, readAtNs: number): boolean;
}

/** A turn under way, as its consumer sees it. */
export interface Running {
  /** The consumer takes events again. */
  resume(): void;
  /** The consumer wants no more; an `end` still follows (`cancelled`, unless the turn ended otherwise first). */
  cancel(): void;
  /** Called, where it exists, just before events pushed so far are written to a socket. */
  written?(atNs: number): void;
}

export type Handler = (turn: Turn, sink: Sink) => Running;

/** The `Running` of a turn that is over before it began. */
export const OVER: Running = Object.freeze({ resume() {}, cancel() {} });

export interface Refusal {
  status: number;
  code: RefusalCode;
  message: string;
  /** The field or header at fault. */
  param?: string;
  retryAfterS?: number;
}
