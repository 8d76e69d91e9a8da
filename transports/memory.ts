/**
 * Transport `memory`: a client and a server of one process, joined without a wire.
 *
 * Requests and replies still pass through their envelope, so what is left when it is subtracted from another
 * transport is the wire: framing, system calls, the network stack. Servers are found by their port, as on a wire.
 */
import { nowNs } from './clock.ts';
import type { Connection, ConnectionOwner, Counts, OpenConnection, SettledOptions } from './connection.ts';
import type { EndEvent, Running, Sink, Turn, TurnEvent } from './contract.ts';
import { DialError } from './dial.ts';
import type { Data, ReplyReader, ReplyWriter } from './envelope.ts';
import { errorOf, runTurn, type Service, turnBegins, turnEnds } from './serve/turns.ts';
import type { Transport } from './transport.ts';

const servers = new Map<number, Service>();
/** In place of an address. */
const MEMORY = 'memory';

/** @returns how to take it back. */
export function registerMemoryServer(port: number, service: Service): () => void {
  servers.set(port, service);
  return () => {
    if (servers.get(port) === service) servers.delete(port);
  };
}

class MemoryTurn implements Sink, Running {
  readonly #connection: MemoryConnection;
  readonly #service: Service;
  readonly #sink: Sink;
  readonly #writer: ReplyWriter;
  readonly #reader: ReplyReader;
  readonly #streamId: string | undefined;
  #running: Running | undefined;
  #takes = true;
  #started = false;
  #over = false;
  /** No longer counted by the server. */
  #left = false;

  constructor(connection: MemoryConnection, service: Service, turn: Turn, sink: Sink, streamId: string | undefined) {
    const { envelope } = connection.options;
    this.#connection = connection;
    this.#service = service;
    this.#sink = sink;
    this.#streamId = streamId;
    this.#reader = envelope.replyReader();
    const context = {
      model: turn.model,
      createdS: Math.floor(Date.now() / 1000),
      includeUsage: true,
      websocket: true,
      ...(streamId === undefined ? {} : { streamId }),
    };
    this.#writer = envelope.replyWriter(context, (data) => this.#carry(data));
  }

  run(request: Data): void {
    const readAtNs = nowNs();
    const { envelope } = this.#connection.options;
    const parsed = envelope.readRequest(request, { websocket: true });
    turnBegins(this.#service);
    if (parsed.kind === 'turn') {
      const arrival = {
        transport: 'memory' as const,
        envelope: envelope.name,
        connection: this.#service.connectionOf(this.#connection),
        requestBytes: Buffer.byteLength(request),
        readAtNs,
        client: this.#connection.client,
      };
      this.#running = runTurn(this.#service, { ...parsed.turn, arrival }, this);
    } else if (parsed.kind === 'refused') this.push({ type: 'end', outcome: { kind: 'refused', ...parsed.refusal } });
    if (this.#over) this.#running = undefined;
  }

  push(event: TurnEvent): boolean {
    if (this.#over) return true;
    const { envelope } = this.#connection.options;
    if (event.type === 'end') {
      const error = errorOf(event);
      this.#leaveService();
      if (error && !this.#started)
        this.#carry(envelope.writeError(error, { websocket: true, ...(this.#streamId === undefined ? {} : { streamId: this.#streamId }) }));
      else this.#writer.event(event);
      return true;
    }
    this.#started = true;
    this.#running?.written?.(nowNs());
    this.#writer.event(event);
    this.#writer.flush();
    return this.#takes;
  }

  resume(): void {
    this.#takes = true;
    this.#running?.resume();
  }

  cancel(): void {
    this.#abort({ type: 'end', outcome: { kind: 'cancelled' } });
  }

  lost(): void {
    this.#abort({
      type: 'end',
      outcome: { kind: 'failed', code: 'connection_lost', message: 'the connection closed before the reply was complete' },
    });
  }

  #abort(end: EndEvent): void {
    if (this.#over) return;
    this.#end(end);
    this.#running?.cancel();
    this.#leaveService();
  }

  #leaveService(): void {
    if (this.#left) return;
    this.#left = true;
    turnEnds(this.#service);
  }

  #carry(data: Data): void {
    const { counts } = this.#connection;
    const bytes = Buffer.byteLength(data);
    counts.messageBytes += bytes;
    this.#connection.readBytes += bytes;
    const content = this.#reader.contentBytes;
    const diagnostics = this.#reader.diagnosticsBytes;
    const message = this.#connection.options.envelope.parseMessage(data);
    const understood = message !== undefined && this.#reader.message(message, this.#deliver);
    counts.contentBytes += this.#reader.contentBytes - content;
    counts.diagnosticsBytes += this.#reader.diagnosticsBytes - diagnostics;
    if (!understood)
      this.#abort({ type: 'end', outcome: { kind: 'failed', code: 'bad_reply', message: 'a message is no part of a reply' } });
  }

  readonly #deliver = (event: TurnEvent): void => {
    if (event.type === 'end') this.#end(event);
    else if (!this.#over) this.#takes = this.#sink.push(event, 0) && this.#takes;
  };

  #end(end: EndEvent): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection.left(this, this.#streamId);
    this.#sink.push(end, 0);
  }
}

class MemoryConnection implements Connection {
  readonly options: SettledOptions;
  readonly counts: Counts;
  readonly #owner: ConnectionOwner;
  readonly #turns = new Set<MemoryTurn>();
  readonly #freeIds: string[] = [];
  readonly #places: number;
  readonly #multiplexed: boolean;
  #service: Service | undefined;
  #closed = false;
  client = '';
  readBytes = 0;
  #writtenBytes = 0;

  constructor(options: SettledOptions, owner: ConnectionOwner) {
    this.options = options;
    this.counts = owner.counts;
    this.#owner = owner;
    this.#multiplexed = options.leg.connection === 'multiplexed';
    this.#places = this.#multiplexed ? options.streamsPerConnection : 1;
    for (let id = this.#places; id >= 1; id -= 1) this.#freeIds.push(String(id));
    process.nextTick(() => {
      if (!this.#closed) owner.opened(this, this.#open());
    });
  }

  #open(): DialError | undefined {
    const { port, envelope, headers } = this.options;
    const service = servers.get(port);
    if (!service) return new DialError('connect_failed', `no server of this process listens on port ${port}`);
    const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const { path } = envelope;
    const admitted = service.admissions.identify({ kind: 'request', path, headers: named, remoteAddress: MEMORY, subprotocols: [] });
    if (!admitted.ok) return new DialError('connect_failed', `refused: ${admitted.refusal.message}`);
    this.#service = service;
    this.client = admitted.client;
    return undefined;
  }

  get free(): number {
    return this.#service && !this.#closed ? this.#places - this.#turns.size : 0;
  }

  start(turn: Turn, sink: Sink): Running {
    const id = this.#multiplexed ? this.#freeIds.pop() : undefined;
    const running = new MemoryTurn(this, this.#service!, turn, sink, id);
    this.#turns.add(running);
    const request = this.options.envelope.writeRequest(turn, {
      stream: true,
      websocket: true,
      ...(id === undefined ? {} : { streamId: id }),
    });
    this.counts.requestBodyBytes += Buffer.byteLength(request);
    this.#writtenBytes += Buffer.byteLength(request);
    running.run(request);
    return running;
  }

  left(turn: MemoryTurn, id: string | undefined): void {
    this.#turns.delete(turn);
    if (id !== undefined) this.#freeIds.push(id);
    if (!this.#closed) this.#owner.freed(this);
  }

  /** Nothing is ever lost or late here but what the handler itself holds back; its own deadlines serve. */
  expire(): void {}

  count(into: Counts): void {
    into.wireReadBytes += this.readBytes;
    into.wireWrittenBytes += this.#writtenBytes;
    into.readBytes += this.readBytes;
    into.writtenBytes += this.#writtenBytes;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const turn of [...this.#turns]) turn.lost();
    if (this.#service) this.#owner.closed(this);
  }
}

const open: OpenConnection = (options, owner) => new MemoryConnection(options, owner);

export const memory: Transport = {
  name: 'memory',
  connections: ['per-turn', 'kept', 'multiplexed'],
  envelopes: ['chat', 'responses', 'compact', 'binary'],
  streams: true,
  open,
};
