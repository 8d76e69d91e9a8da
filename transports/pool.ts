/**
 * Hands a client's turns to its connections: a fresh one for each turn, one kept a session or shared, or a few
 * that carry many turns each. The same for every transport.
 *
 * A turn that finds no place waits (bounded); its wait is part of its latency, since it has begun for its caller.
 */

import { nowNs } from './clock.ts';
import type { Connection, ConnectionOwner, Counts, OpenConnection, SettledOptions } from './connection.ts';
import { type Outcome, OVER, type Running, type Sink, type Turn } from './contract.ts';
import type { DialError } from './dial.ts';
import type { Client, Meter } from './wire.ts';

/** A turn without a place yet. Afterwards it stands between the caller and the real `Running`. */
class Waiting implements Running {
  readonly turn: Turn;
  readonly sink: Sink;
  over = false;
  #running: Running | undefined;

  constructor(turn: Turn, sink: Sink) {
    this.turn = turn;
    this.sink = sink;
  }

  startOn(connection: Connection): void {
    this.#running = connection.start(this.turn, this.sink);
  }

  end(outcome: Outcome): void {
    if (this.over || this.#running) return;
    this.over = true;
    this.sink.push({ type: 'end', outcome }, 0);
  }

  resume(): void {
    this.#running?.resume();
  }

  cancel(): void {
    if (this.#running) this.#running.cancel();
    else this.end({ kind: 'cancelled' });
  }
}

export class ConnectionPool implements Client, ConnectionOwner {
  readonly counts: Counts = {
    wireReadBytes: 0,
    wireWrittenBytes: 0,
    readBytes: 0,
    writtenBytes: 0,
    contentBytes: 0,
    diagnosticsBytes: 0,
    messageBytes: 0,
    headerBytes: 0,
    requestBodyBytes: 0,
    connections: 0,
    turns: 0,
  };
  readonly #options: SettledOptions;
  readonly #open: OpenConnection;
  readonly #all = new Set<Connection>();
  readonly #opening = new Set<Connection>();
  /** Connections with a free place that any turn may take. */
  readonly #shared: Connection[] = [];
  readonly #sessions = new Map<string, Connection>();
  /** Connections that carry one turn only (`undefined`) or one session's turns. */
  readonly #own = new Map<Connection, string | undefined>();
  /** Turns whose own connection is opening. */
  readonly #promised = new Map<Connection, Waiting>();
  #waiting: Waiting[] = [];
  readonly #warming: (() => void)[] = [];
  #sweep: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: SettledOptions, open: OpenConnection) {
    this.#options = options;
    this.#open = open;
  }

  readonly handler = (turn: Turn, sink: Sink): Running => {
    this.counts.turns += 1;
    if (this.#closed) return this.#refuse(sink, { kind: 'failed', code: 'connect_failed', message: 'the client is closed' });
    if (this.#ownConnection(turn)) {
      const kept = turn.session === undefined ? undefined : this.#sessions.get(turn.session);
      if (kept && kept.free > 0) return kept.start(turn, sink);
      if (this.#all.size >= this.#options.connectionsMax) return this.#refuseFull(sink);
      const waiting = new Waiting(turn, sink);
      const connection = this.#add();
      this.#promised.set(connection, waiting);
      // A second turn of the session at the same time gets a connection for itself alone.
      const session = this.#options.leg.connection === 'kept' && !kept ? turn.session : undefined;
      this.#own.set(connection, session);
      if (session !== undefined) this.#sessions.set(session, connection);
      return waiting;
    }
    const connection = this.#take();
    if (connection) return connection.start(turn, sink);
    if (this.#waiting.length >= this.#options.waitingMax) {
      this.#waiting = this.#waiting.filter((waiting) => !waiting.over);
      if (this.#waiting.length >= this.#options.waitingMax) return this.#refuseFull(sink);
    }
    const waiting = new Waiting(turn, sink);
    this.#waiting.push(waiting);
    this.#openForWaiting();
    return waiting;
  };

  opened(connection: Connection, error: DialError | undefined): void {
    this.#opening.delete(connection);
    const promised = this.#promised.get(connection);
    this.#promised.delete(connection);
    if (error) {
      this.#all.delete(connection);
      this.#forget(connection);
      const outcome: Outcome = { kind: 'failed', code: error.code, message: error.message };
      if (promised) promised.end(outcome);
      else this.#nextWaiting()?.end(outcome);
    } else {
      this.counts.connections += 1;
      if (promised?.over) connection.close();
      else if (promised) promised.startOn(connection);
      else this.freed(connection);
    }
    if (this.#opening.size === 0) for (const done of this.#warming.splice(0)) done();
  }

  freed(connection: Connection): void {
    if (this.#own.has(connection)) {
      // After the turn's end has been delivered, not in the middle of it.
      if (this.#own.get(connection) === undefined) process.nextTick(() => connection.close());
      return;
    }
    while (connection.free > 0) {
      const next = this.#nextWaiting();
      if (!next) break;
      next.startOn(connection);
    }
    if (connection.free > 0 && !this.#shared.includes(connection)) this.#shared.push(connection);
  }

  closed(connection: Connection): void {
    connection.count(this.counts);
    this.#all.delete(connection);
    this.#forget(connection);
    const index = this.#shared.indexOf(connection);
    if (index !== -1) this.#shared.splice(index, 1);
    this.#openForWaiting();
  }

  connections(): number {
    return this.#all.size;
  }

  warm(connections: number): Promise<void> {
    const { leg, keep, connectionsMax } = this.#options;
    if (leg.connection === 'per-turn' || (leg.connection === 'kept' && keep === 'session')) return Promise.resolve();
    while (this.#all.size < Math.min(connections, connectionsMax)) this.#add();
    if (this.#opening.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#warming.push(resolve));
  }

  release(session: string): void {
    const connection = this.#sessions.get(session);
    this.#sessions.delete(session);
    connection?.close();
  }

  meter(): Meter {
    const total = { ...this.counts };
    for (const connection of this.#all) if (!this.#opening.has(connection)) connection.count(total);
    const { messageBytes, ...counts } = total;
    return {
      ...counts,
      envelopeBytes: messageBytes - total.contentBytes - total.diagnosticsBytes,
      framingBytes: total.readBytes - total.headerBytes - messageBytes,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweep);
    for (const waiting of this.#waiting.splice(0)) waiting.end({ kind: 'cancelled' });
    for (const waiting of this.#promised.values()) waiting.end({ kind: 'cancelled' });
    for (const connection of [...this.#all]) connection.close();
  }

  /** Whether the turn has a connection to itself: it is not shared with other sessions. */
  #ownConnection(turn: Turn): boolean {
    const { leg, keep } = this.#options;
    return leg.connection === 'per-turn' || (leg.connection === 'kept' && keep === 'session' && turn.session !== undefined);
  }

  /** The most recently freed for `kept`; the first with a place for `multiplexed`, so that few are used. */
  #take(): Connection | undefined {
    const multiplexed = this.#options.leg.connection === 'multiplexed';
    while (this.#shared.length > 0) {
      const connection = multiplexed ? this.#shared[0]! : this.#shared.pop()!;
      if (multiplexed && connection.free <= 1) this.#shared.shift();
      if (connection.free > 0) return connection;
    }
    return undefined;
  }

  #add(): Connection {
    const connection = this.#open(this.#options, this);
    this.#all.add(connection);
    this.#opening.add(connection);
    const { replyTimeoutMs } = this.#options;
    if (replyTimeoutMs > 0 && !this.#sweep) {
      this.#sweep = setInterval(() => this.#expire(), Math.max(20, Math.min(1_000, replyTimeoutMs / 5)));
      this.#sweep.unref();
    }
    return connection;
  }

  #expire(): void {
    const sinceNs = nowNs() - this.#options.replyTimeoutMs * 1e6;
    for (const connection of [...this.#all]) connection.expire(sinceNs);
  }

  #openForWaiting(): void {
    if (this.#closed) return;
    const places = this.#options.leg.connection === 'multiplexed' ? this.#options.streamsPerConnection : 1;
    const waiting = this.#waiting.length;
    while ((this.#opening.size - this.#promised.size) * places < waiting && this.#all.size < this.#options.connectionsMax) this.#add();
  }

  #nextWaiting(): Waiting | undefined {
    for (;;) {
      const next = this.#waiting.shift();
      if (!next?.over) return next;
    }
  }

  #forget(connection: Connection): void {
    const session = this.#own.get(connection);
    this.#own.delete(connection);
    if (session !== undefined && this.#sessions.get(session) === connection) this.#sessions.delete(session);
  }

  #refuseFull(sink: Sink): Running {
    return this.#refuse(sink, {
      kind: 'refused',
      status: 429,
      code: 'queue_full',
      message: `all ${this.#options.connectionsMax} connections are busy and ${this.#waiting.length} turns wait`,
      retryAfterS: 1,
    });
  }

  #refuse(sink: Sink, outcome: Outcome): Running {
    sink.push({ type: 'end', outcome }, 0);
    return OVER;
  }
}
