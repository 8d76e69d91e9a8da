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

/** The answer to an `Admission`: in, and under which name, or out. */
export type Admitted = { ok: true; client: string } | { ok: false; refusal: Refusal };

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
  /** Connections of one client at once. 0: no limit of its own, as for the two below. */
  connectionsPerClientMax: number;
  /** New connections from one address (of IPv6: one /64) in a second, with as many at once. */
  connectionsPerSecondMax: number;
  /** Turns of one client in a second, with as many at once. */
  turnsPerSecondMax: number;
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
  connectionsPerClientMax: 0,
  connectionsPerSecondMax: 0,
  turnsPerSecondMax: 0,
});

/** Gives out the tokens of sessions whose messages are signed (`session/protocol.ts`), and judges them. */
export interface SessionIssuer {
  /** Names that a client may set in `env`. */
  readonly allowedEnv: ReadonlySet<string>;
  /** @returns a token that names this session, and the seconds (since 1970) between which it holds. */
  issue(sid: string, client: string): Promise<{ token: string; issuedAtS: number; expiresAtS: number }>;
  /** `foreign`: a good token, of another session. */
  check(token: string, sid: string): Promise<'valid' | 'invalid' | 'expired' | 'foreign'>;
}

/** What sessions and limits read the time from, so that a test can set it. */
export interface ServeClock {
  /** Since 1970. */
  wallMs(): number;
  /** Only goes forward. */
  monotonicMs(): number;
}

export interface ServeOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  tls?: { key: string; cert: string };
  handler: Handler;
  /** Looks at each request and upgrade before its body; a refusal ends it there. `client` goes into `Turn.arrival`. */
  admit?: (admission: Admission) => Admitted;
  limits?: Partial<ServeLimits>;
  /** WebSocket ping interval; a peer that misses two is gone. 0: none. */
  keepAliveIntervalMs?: number;
  /**
   * In place of those pings: a challenge on each WebSocket connection every so often, which only the peer can answer.
   * One that has not answered two is closed with 4408. 0: none.
   */
  heartbeatIntervalMs?: number;
  /** For clients that offer `gatebench.session.v1`; without it the subprotocol is never selected. */
  sessions?: SessionIssuer;
  /** Refuses other WebSocket upgrades. */
  requireMessageAuth?: boolean;
  /** How long events may wait for others to share a write. 0: what piles up in one pass of the event loop. */
  flushMs?: number;
  /** permessage-deflate on WebSockets. */
  compression?: boolean;
  /** Makes replies wasteful on purpose: see `ReplyContext`. */
  extraBytesPerToken?: number;
  /** For `GET /v1/models`. */
  models?: () => readonly string[];
  /** Told of every protocol error of a peer (for logs and metrics); never holds content. */
  onPeerError?: (code: string, message: string) => void;
  clock?: ServeClock;
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
  /** Over HTTP/2: so much of a reply may be under way before it is read. */
  streamWindowBytes?: number;
  messageBytesMax?: number;
  compression?: boolean;
  /** Signs each message (`gatebench.session.v1`); see `sessionProblem`. `env` is for the agents of this client's turns. */
  session?: { env?: Readonly<Record<string, string>> };
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
