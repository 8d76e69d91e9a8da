/** What a pool needs of a connection, whatever the transport: the seam that a new transport fills. */

import type { Running, Sink, Turn } from './contract.ts';
import type { DialError } from './dial.ts';
import type { Envelope } from './envelope.ts';
import type { ClientOptions } from './wire.ts';

/** Raw counts of one client, from which its `Meter` is made. Mutated on the hot path, so plain numbers. */
export interface Counts {
  /** Plain bytes of finished connections; open ones are asked. */
  wireReadBytes: number;
  wireWrittenBytes: number;
  readBytes: number;
  writtenBytes: number;
  contentBytes: number;
  diagnosticsBytes: number;
  /** Bytes of envelope messages, content included. */
  messageBytes: number;
  headerBytes: number;
  requestBodyBytes: number;
  connections: number;
  turns: number;
}

export interface Connection {
  /** Turns that it can take now; 0 while it opens, when it is full, and once it closes. */
  readonly free: number;
  /** Carries a turn; only called while `free` > 0. */
  start(turn: Turn, sink: Sink): Running;
  /** Fails turns whose reply has been silent since before `sinceNs`. */
  expire(sinceNs: number): void;
  /** Adds what it has read and written so far. */
  count(into: Counts): void;
  /** Cuts it; turns on it end with `connection_lost`. */
  close(): void;
}

/** Told by its connections. `freed` comes before the `end` of the turn that occupied the place. */
export interface ConnectionOwner {
  readonly counts: Counts;
  opened(connection: Connection, error: DialError | undefined): void;
  freed(connection: Connection): void;
  /** Once, for every connection that had opened; its counts are then final. */
  closed(connection: Connection): void;
}

/** Options of a client with every default filled in. */
export type SettledOptions = Required<Omit<ClientOptions, 'tls' | 'path' | 'session'>> & {
  tls: ClientOptions['tls'];
  session: ClientOptions['session'];
  path: string;
  envelope: Envelope;
};

/** Starts opening a connection; `owner.opened` follows, later. */
export type OpenConnection = (options: SettledOptions, owner: ConnectionOwner) => Connection;
