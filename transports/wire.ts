/**
 * How transports are used: a server listens with a `Handler`, a client connects as one.
 *
 * One server carries every transport and envelope on one port (HTTP/1.1, HTTP/2, WebSocket; plain or TLS);
 * a client is made for one leg: one transport, one envelope, one way of using connections.
 */
import type { ConnectionMode, EnvelopeName, Handler, Refusal, TransportName } from './contract.ts';

export interface Leg {
  transport: TransportName;
  envelope: EnvelopeName;
  connection: ConnectionMode;
}

/** What a handshake or request brings, before its body is read. */
export interface Admission {
  kind: 'request' | 'upgrade';
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  remoteAddress: string;
  /** WebSocket subprotocols offered. */
  subprotocols: readonly string[];
}

export interface ServeLimits {
  /** Largest request body or WebSocket message. */
  messageBytesMax: number;
  /** From accept to the end of the request's headers, or to the upgrade; ends there: an idle WebSocket may stay. */
  handshakeTimeoutMs: number;
  /** From the end of the headers to the end of the request's body. */
  requestTimeoutMs: number;
  connectionsMax: number;
  /** Turns in flight on one multiplexed connection; further ones wait in order. */
  streamsInFlightMax: number;
  /** Turns that may wait on one connection beyond those in flight. */
  streamsWaitingMax: number;
  namedStreamsMax: number;
  connectionLifetimeMs: number;
  /** A peer that takes nothing for this long is disconnected. */
  stallTimeoutMs: number;
  /** Events held for one stream whose consumer does not take them. */
  streamBufferBytesMax: number;
}

export const SERVE_LIMITS: Readonly<ServeLimits> = Object.freeze({
  messageBytesMax: 100 * 1024 * 1024,
  handshakeTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  connectionsMax: 10_000,
  streamsInFlightMax: 16,
  streamsWaitingMax: 1_024,
  namedStreamsMax: 32,
  connectionLifetimeMs: 3_600_000,
  stallTimeoutMs: 30_000,
  streamBufferBytesMax: 1024 * 1024,
});

export interface ServeOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  tls?: { key: string; cert: string };
  handler: Handler;
  /** Looks at each request and upgrade before its body; a refusal ends it there. */
  admit?: (admission: Admission) => Refusal | undefined;
  limits?: Partial<ServeLimits>;
  /** WebSocket ping interval; a peer that misses two is gone. 0: none. */
  keepAliveIntervalMs?: number;
  /** How long events may wait for others to share a write. 0: what piles up in one pass of the event loop. */
  flushMs?: number;
  /** permessage-deflate on WebSockets. */
  compression?: boolean;
  /** For `GET /v1/models`. */
  models?: () => readonly string[];
  /** Told of every protocol error of a peer (for logs and metrics); never holds content. */
  onPeerError?: (code: string, message: string) => void;
}

export interface ServerCounts {
  connections: number;
  /** Turns in flight or waiting. */
  turns: number;
}

export interface Server {
  readonly port: number;
  counts(): ServerCounts;
  /** Stops accepting, refuses new turns, lets turns finish for `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** Exact byte counts of one client, by layer, both directions; headers and handshakes apart. */
export interface Meter {
  /** On the raw socket, beneath TLS. Updated when a connection is read out (`Client.meter`). */
  wireReadBytes: number;
  wireWrittenBytes: number;
  /** Of the reply direction: plain bytes above TLS … */
  readBytes: number;
  /** … and what they were: */
  contentBytes: number;
  diagnosticsBytes: number;
  /** All that the envelope's messages hold besides content and diagnostics. */
  envelopeBytes: number;
  /** SSE lines, HTTP chunk framing, WebSocket and HTTP/2 frame headers. */
  framingBytes: number;
  /** HTTP reply headers, trailers, upgrade replies. */
  headerBytes: number;
  /** Of the request direction, above TLS. */
  writtenBytes: number;
  requestBodyBytes: number;
  connections: number;
  turns: number;
}

export interface ClientOptions {
  leg: Leg;
  host: string;
  port: number;
  /** `ca`: PEM to trust besides none other; absent: the system's. */
  tls?: { ca?: string; servername?: string };
  /** Overrides the envelope's path. */
  path?: string;
  headers?: Readonly<Record<string, string>>;
  /** `session`: a `kept` connection lives as long as its session (`release`); `pool`: connections are shared by all turns. */
  keep?: 'session' | 'pool';
  connectionsMax?: number;
  /** Turns at once on a `multiplexed` connection. */
  streamsPerConnection?: number;
  /** Turns that may wait for a connection. */
  waitingMax?: number;
  connectTimeoutMs?: number;
  /** From the request's last byte to the first byte of the reply, and between reads after that. 0: none. */
  replyTimeoutMs?: number;
  messageBytesMax?: number;
  compression?: boolean;
}

export interface Client {
  readonly handler: Handler;
  /** Connections open now. */
  connections(): number;
  /** Opens this many connections ahead (`kept` with `keep: 'pool'`, and `multiplexed`). */
  warm(connections: number): Promise<void>;
  /** The session is over: closes its connection. */
  release(session: string): void;
  /** Totals since the client was made, open connections included. */
  meter(): Meter;
  close(): Promise<void>;
}
