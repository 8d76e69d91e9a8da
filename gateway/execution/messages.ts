/**
 * What passes between the main thread and a worker, beside the tasks themselves.
 *
 * Each worker has one channel for all its turns. Events go up in batches, since a message costs about 3 µs and an
 * event in a batch of 32 a tenth of that; batches are acknowledged, since a message port has no back-pressure.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Turn, TurnEvent } from '../../transports/contract.ts';
import type { ClientOptions } from '../../transports/wire.ts';
import type { AgentSettings } from '../agents/index.ts';
import type { AgentName } from '../agents/names.ts';

/** Batches that a worker may have sent without an acknowledgement. */
export const BATCHES_UNACKNOWLEDGED_MAX = 8;
/** The main thread acknowledges this many at a time: often enough that the worker never waits for a busy main thread to say so. */
export const BATCHES_PER_ACKNOWLEDGEMENT = 4;

/** `workerData` of every worker. */
export interface WorkerSettings {
  gatebench: 'worker';
  agents: Readonly<Record<AgentName, AgentSettings>>;
  upstream: ClientOptions;
}

export interface ThreadTask {
  id: number;
  turn: Turn;
}

/** A worker's first words. */
export interface Hello {
  hello: 'gatebench';
  threadId: number;
  /** The operating system's id of the thread, as in `/proc/self/task`; `null` where there is no such thing. */
  osThreadId: number | null;
  port: MessagePort;
}

/** Columns, which clone faster than an array of objects. Text events are their text alone. */
export interface Batch {
  ids: number[];
  events: (string | TurnEvent)[];
  readAtNs: number[];
}

export type FromWorker = { accepted: number } | Batch;

export type ToWorker = { cancel: number } | { pause: number } | { resume: number } | { acknowledged: number };
