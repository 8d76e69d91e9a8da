/**
 * What is known of a turn once it has ended: when it came to each step of its way, and what it spent in each phase.
 * One is made of every turn, traced or not, and handed to observers: metrics, traces, the live page.
 */
import type { Execution, Outcome, Turn, Usage } from '../transports/contract.ts';
import type { GatewayPhase } from '../transports/phases.ts';
import type { TraceContext } from '../transports/traceparent.ts';

/** Nanoseconds of CLOCK_MONOTONIC; 0: it did not come to that. */
export interface TurnStamps {
  /** The read that completed the request. */
  readNs: number;
  /** It may run. */
  admittedNs: number;
  /** It came to a pool of threads or processes and had to wait; 0 where it did not. */
  queuedNs: number;
  /** It was handed to the thread or process; inline, to the agent. */
  dispatchedNs: number;
  /** The agent's code has it, stamped where that runs. */
  agentStartedNs: number;
  /** Its first request to the LLM. */
  upstreamSentNs: number;
  /** The read of the first content of its first inference that had any. */
  upstreamFirstNs: number;
  /** The read of the last content of its last inference that had any. */
  upstreamLastNs: number;
  /** The main thread had its last content, to be pushed towards the client's socket. */
  lastPushedNs: number;
  /** Its end was pushed towards the client's socket. */
  endedNs: number;
}

export interface TurnRecord {
  /** As it came. Not to be kept: it has the whole conversation. */
  turn: Turn;
  /** Empty where it was not admitted: what a client names is no bounded set. */
  agent: string;
  execution: Execution;
  /** Of the thread or process that ran it: `agent-3`; null inline, and where none got it. */
  unit: string | null;
  outcome: Outcome;
  usage: Usage | undefined;
  /** Text events that were pushed towards the client. */
  textEvents: number;
  stamps: Readonly<TurnStamps>;
  /** In milliseconds. */
  phases: Readonly<Record<GatewayPhase, number>>;
  /** As it came, valid by W3C; the gateway's own server span hangs under it. */
  traceparent: string | undefined;
  /** By the parent's flag, and without a parent by the gateway's own ratio. */
  sampled: boolean;
  /** Its own span, where it is sampled: under that hangs what it causes. */
  span: TraceContext | undefined;
}

export type TurnObserver = (record: TurnRecord) => void;
