/**
 * What every reply of a server shares: it counts as a turn from request to end, calls the handler, and makes sure
 * of the contract on both sides (one end, nothing after it, a handler that throws does no harm to others).
 */
import type { EndEvent, Handler, Running, Sink, Turn } from '../contract.ts';
import { OVER } from '../contract.ts';
import type { FlushPolicy } from '../flush.ts';
import type { ServeClock, ServeLimits, ServeOptions } from '../wire.ts';
import type { Admissions } from './admission.ts';

/** What the parts of one server share. */
export interface Service {
  readonly handler: Handler;
  readonly options: ServeOptions;
  readonly limits: ServeLimits;
  readonly flush: FlushPolicy;
  readonly admissions: Admissions;
  readonly clock: ServeClock;
  /** Turns in flight or waiting. */
  turns: number;
  draining: boolean;
  /** Told when the last turn has ended. */
  onIdle: (() => void) | undefined;
  /** Connections that wait for their peer to take bytes, since when (ms of `performance.now()`), and how to cut them. */
  readonly stalled: Map<object, { sinceMs: number; cut: () => void }>;
  peerError(code: string, message: string): void;
  /** Numbers a connection, the same each time, from 1. */
  connectionOf(socket: object): number;
}

export function turnBegins(service: Service): void {
  service.turns += 1;
}

export function turnEnds(service: Service): void {
  service.turns -= 1;
  if (service.turns === 0) service.onIdle?.();
}

/** @returns a numbering of connections that does not keep them alive. */
export function numberConnections(): (socket: object) => number {
  const numbers = new WeakMap<object, number>();
  let last = 0;
  return (socket) => {
    let number = numbers.get(socket);
    if (number === undefined) {
      last += 1;
      number = last;
      numbers.set(socket, number);
    }
    return number;
  };
}

/** Runs the handler; an exception becomes the turn's end. */
export function runTurn(service: Service, turn: Turn, sink: Sink): Running {
  try {
    return service.handler(turn, sink);
  } catch (error) {
    service.peerError('internal_error', error instanceof Error ? (error.stack ?? error.message) : String(error));
    sink.push(internalError(), 0);
    return OVER;
  }
}

export function internalError(): EndEvent {
  return { type: 'end', outcome: { kind: 'failed', code: 'internal_error', message: 'a defect in the server; its log says more' } };
}

/** Status and body of an end that came before anything was sent. */
export interface EndError {
  status: number;
  code: string;
  message: string;
  param?: string;
  retryAfterS?: number;
}

/** How an end that is no completion looks to an HTTP client; `undefined` for a completed turn. */
export function errorOf(end: EndEvent): EndError | undefined {
  const { outcome } = end;
  switch (outcome.kind) {
    case 'completed':
      return undefined;
    case 'refused':
      return outcome;
    case 'timedOut':
      return { status: 504, code: 'timed_out', message: outcome.message };
    case 'cancelled':
      return { status: 499, code: 'cancelled', message: 'the turn was cancelled' };
    case 'failed':
      return { status: outcome.code === 'internal_error' ? 500 : 502, code: outcome.code, message: outcome.message };
  }
}

/** A handler's way to say that the connection itself is to be cut, without a word: what a crashed server does. */
export function cutsConnection(end: EndEvent): boolean {
  return end.outcome.kind === 'failed' && end.outcome.code === 'connection_lost';
}
