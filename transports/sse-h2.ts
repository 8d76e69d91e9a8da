/**
 * Transport `sse-h2`: event streams over HTTP/2, one request a stream, many on a connection where it is multiplexed.
 * HTTP/2 holds back single streams by itself, so a paused consumer never disturbs its neighbours.
 *
 * Byte layers: HTTP/2's header blocks and frame headers cannot be told apart from outside Node's session, so all
 * that is not body counts as framing here.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectH2, constants } from 'node:http2';
import { nowNs } from './clock.ts';
import type { TurnErrorCode } from './codes.ts';
import type { Connection, ConnectionOwner, Counts, SettledOptions } from './connection.ts';
import type { EndEvent, Running, Sink, Turn, TurnEvent } from './contract.ts';
import { type DialError, type Dialled, dial } from './dial.ts';
import { BodyCollector } from './http1/connection.ts';
import { StreamExchange, type StreamTarget } from './stream-exchange.ts';
import type { Transport } from './transport.ts';

const ERROR_BODY_BYTES_MAX = 64 * 1024;

class H2Connection implements Connection {
  readonly options: SettledOptions;
  readonly owner: ConnectionOwner;
  readonly #dialled: Dialled;
  readonly #places: number;
  readonly #turns = new Set<H2Turn>();
  #session: ClientHttp2Session | undefined;
  #state: 'opening' | 'open' | 'closed' = 'opening';

  constructor(options: SettledOptions, owner: ConnectionOwner) {
    this.options = options;
    this.owner = owner;
    this.#places = options.leg.connection === 'multiplexed' ? options.streamsPerConnection : 1;
    this.#dialled = dial({ ...options, alpn: ['h2'] }, (error) => {
      if (this.#state === 'closed') return;
      if (error) this.#failedToOpen(error);
      else this.#openSession();
    });
  }

  get free(): number {
    return this.#state === 'open' ? this.#places - this.#turns.size : 0;
  }

  start(turn: Turn, sink: Sink): Running {
    const { envelope, path, headers } = this.options;
    const body = envelope.writeRequest(turn, { stream: true, websocket: false });
    this.owner.counts.requestBodyBytes += Buffer.byteLength(body);
    const fields: Record<string, string> = {
      ':method': 'POST',
      ':path': path,
      'content-type': envelope.requestType,
      accept: 'text/event-stream',
    };
    for (const name in headers) fields[name.toLowerCase()] = headers[name]!;
    if (turn.traceparent !== undefined) fields.traceparent = turn.traceparent;
    const stream = this.#session!.request(fields);
    stream.end(body);
    const running = new H2Turn(this, stream, sink);
    this.#turns.add(running);
    return running;
  }

  left(turn: H2Turn): void {
    if (this.#turns.delete(turn) && this.#state === 'open') this.owner.freed(this);
  }

  expire(sinceNs: number): void {
    for (const turn of [...this.#turns]) turn.expire(sinceNs);
  }

  count(into: Counts): void {
    const { socket, raw } = this.#dialled;
    into.wireReadBytes += raw.bytesRead;
    into.wireWrittenBytes += raw.bytesWritten;
    into.readBytes += socket.bytesRead;
    into.writtenBytes += socket.bytesWritten;
  }

  close(): void {
    if (this.#session) this.#session.destroy();
    this.#dialled.socket.destroy();
    this.#dialled.raw.destroy();
  }

  #openSession(): void {
    const { host, port, tls, streamWindowBytes } = this.options;
    const session = connectH2(`${tls ? 'https' : 'http'}://${host}:${port}`, {
      createConnection: () => this.#dialled.socket,
      settings: { enablePush: false, initialWindowSize: streamWindowBytes },
    });
    this.#session = session;
    session.on('error', () => {});
    session.once('goaway', () => {
      if (this.#state === 'open') this.#state = 'closed';
    });
    session.once('close', () => {
      const opening = this.#state === 'opening';
      this.#state = 'closed';
      for (const turn of [...this.#turns]) turn.fail('connection_lost', 'the connection closed before the reply was complete');
      if (!opening) this.owner.closed(this);
    });
    this.#state = 'open';
    this.owner.opened(this, undefined);
  }

  #failedToOpen(error: DialError): void {
    this.#state = 'closed';
    this.owner.opened(this, error);
  }
}

class H2Turn implements Running, StreamTarget {
  readonly options: SettledOptions;
  readonly counts: Counts;
  readonly #connection: H2Connection;
  readonly #stream: ClientHttp2Stream;
  #sink: Sink | undefined;
  #exchange: StreamExchange | undefined;
  #errorBody: BodyCollector | undefined;
  #status = 0;
  #retryAfterS: number | undefined;
  #readAtNs = 0;
  #activeAtNs = nowNs();
  #paused = false;

  constructor(connection: H2Connection, stream: ClientHttp2Stream, sink: Sink) {
    this.options = connection.options;
    this.counts = connection.owner.counts;
    this.#connection = connection;
    this.#stream = stream;
    this.#sink = sink;
    stream.on('response', (headers) => {
      this.#status = Number(headers[':status']);
      const retryAfter = Number(headers['retry-after']);
      this.#retryAfterS = Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined;
      const type = String(headers['content-type'] ?? '');
      if (this.#status >= 300) this.#errorBody = new BodyCollector(ERROR_BODY_BYTES_MAX);
      else if (type.startsWith('text/event-stream')) this.#exchange = new StreamExchange(this);
      else this.fail('bad_reply', `an event stream was due, ${JSON.stringify(type.slice(0, 60))} came`);
    });
    stream.on('data', (chunk: Buffer) => {
      this.#readAtNs = nowNs();
      this.#activeAtNs = this.#readAtNs;
      this.#exchange?.body(chunk, 0, chunk.length);
      this.#errorBody?.add(chunk, 0, chunk.length);
    });
    stream.on('end', () => this.#ended());
    stream.on('error', () => {});
    stream.on('close', () =>
      this.#end({
        type: 'end',
        outcome: { kind: 'failed', code: 'connection_lost', message: 'the stream closed before the reply was complete' },
      }),
    );
  }

  push(event: TurnEvent): void {
    if (this.#sink?.push(event, this.#readAtNs) === false && !this.#paused) {
      this.#paused = true;
      this.#stream.pause();
    }
  }

  fail(code: TurnErrorCode, message: string): void {
    this.#end({ type: 'end', outcome: { kind: 'failed', code, message } });
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#activeAtNs = nowNs();
    this.#stream.resume();
  }

  cancel(): void {
    if (!this.#sink) return;
    this.#end({ type: 'end', outcome: { kind: 'cancelled' } });
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  expire(sinceNs: number): void {
    if (!this.#sink || this.#paused || this.#activeAtNs >= sinceNs) return;
    this.#end({ type: 'end', outcome: { kind: 'timedOut', message: `no bytes of the reply for ${this.options.replyTimeoutMs} ms` } });
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #ended(): void {
    if (this.#errorBody) {
      const data = this.#errorBody.take();
      this.counts.messageBytes += data.length;
      this.#end(this.options.envelope.readError(this.#status, data.toString('utf8'), this.#retryAfterS));
    } else if (this.#exchange) this.#end(this.#exchange.complete());
  }

  #end(end: EndEvent): void {
    const sink = this.#sink;
    if (!sink) return;
    this.#sink = undefined;
    this.resume();
    this.#connection.left(this);
    sink.push(end, this.#readAtNs);
  }
}

export const sseH2: Transport = {
  name: 'sse-h2',
  connections: ['per-turn', 'kept', 'multiplexed'],
  envelopes: ['chat', 'responses', 'compact'],
  streams: true,
  open: (options, owner) => new H2Connection(options, owner),
};
