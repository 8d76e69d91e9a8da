/**
 * A client's HTTP/1.1 connection: one request at a time, the reply handed to an `Exchange` as it arrives.
 * `http` and `sse` differ only in their exchange. Cancelling a turn closes the connection, since HTTP/1.1
 * has no other way to say so.
 */
import { nowNs } from '../clock.ts';
import type { TurnErrorCode } from '../codes.ts';
import type { Connection, ConnectionOwner, Counts, SettledOptions } from '../connection.ts';
import type { EndEvent, Running, Sink, Turn, TurnEvent } from '../contract.ts';
import { type Dialled, dial } from '../dial.ts';
import { type ReplyHead, ReplyParser } from './reply-parser.ts';

/** Reads the reply to one request. Pushes events through `reply`, except the end, which it hands over. */
export interface Exchange {
  body(chunk: Buffer, start: number, end: number): void;
  /** The reply is complete. @returns the turn's end. */
  complete(trailers: ReadonlyMap<string, string>): EndEvent;
}

/** What an exchange works with. */
export interface Reply {
  readonly options: SettledOptions;
  readonly counts: Counts;
  push(event: TurnEvent): void;
  /** The reply cannot be read on: ends the turn and closes the connection. */
  fail(code: TurnErrorCode, message: string): void;
}

export type MakeExchange = (head: ReplyHead, reply: Reply) => Exchange;

const ERROR_BODY_BYTES_MAX = 64 * 1024;

export class Http1Connection implements Connection, Running, Reply {
  readonly options: SettledOptions;
  readonly counts: Counts;
  readonly #owner: ConnectionOwner;
  readonly #stream: boolean;
  readonly #makeExchange: MakeExchange;
  readonly #dialled: Dialled;
  readonly #parser: ReplyParser;
  #state: 'opening' | 'idle' | 'busy' | 'closed' = 'opening';
  #sink: Sink | undefined;
  #exchange: Exchange | undefined;
  #readAtNs = 0;
  #activeAtNs = 0;
  #paused = false;

  constructor(options: SettledOptions, owner: ConnectionOwner, stream: boolean, makeExchange: MakeExchange) {
    this.options = options;
    this.counts = owner.counts;
    this.#owner = owner;
    this.#stream = stream;
    this.#makeExchange = makeExchange;
    this.#parser = new ReplyParser({
      head: (head) => {
        this.#exchange = head.status >= 300 ? errorExchange(head, this) : this.#makeExchange(head, this);
      },
      body: (chunk, start, end) => this.#exchange?.body(chunk, start, end),
      complete: (keepAlive, trailers) => this.#complete(keepAlive, trailers),
    });
    this.#dialled = dial({ ...options, onChunk: this.#read }, (error) => {
      if (this.#state === 'closed') return;
      if (error) this.#state = 'closed';
      else this.#attach();
      owner.opened(this, error);
    });
  }

  get free(): number {
    return this.#state === 'idle' ? 1 : 0;
  }

  start(turn: Turn, sink: Sink): Running {
    const { envelope, path, headers, host, port } = this.options;
    this.#state = 'busy';
    this.#sink = sink;
    this.#exchange = undefined;
    this.#activeAtNs = nowNs();
    const body = envelope.writeRequest(turn, { stream: this.#stream, websocket: false });
    const bodyBytes = Buffer.byteLength(body);
    let head = `POST ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nContent-Type: ${envelope.requestType}\r\nAccept: ${this.#stream ? 'text/event-stream' : envelope.wholeReplyType}\r\nContent-Length: ${bodyBytes}\r\n`;
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
    if (turn.traceparent !== undefined) head += `traceparent: ${turn.traceparent}\r\n`;
    if (this.options.leg.connection === 'per-turn') head += 'Connection: close\r\n';
    this.counts.requestBodyBytes += bodyBytes;
    this.#parser.expect();
    if (typeof body === 'string') this.#dialled.socket.write(`${head}\r\n${body}`);
    else {
      this.#dialled.socket.cork();
      this.#dialled.socket.write(`${head}\r\n`);
      this.#dialled.socket.write(body);
      this.#dialled.socket.uncork();
    }
    const running = new TurnOnConnection(this, sink);
    return running;
  }

  push(event: TurnEvent): void {
    if (this.#sink?.push(event, this.#readAtNs) === false && !this.#paused) {
      this.#paused = true;
      this.#dialled.socket.pause();
    }
  }

  fail(code: TurnErrorCode, message: string): void {
    this.#end({ type: 'end', outcome: { kind: 'failed', code, message } });
    this.close();
  }

  /** From the turn that runs on it: a turn that is over has no say any more. */
  carries(sink: Sink): boolean {
    return this.#sink === sink;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#activeAtNs = nowNs();
    this.#dialled.socket.resume();
  }

  cancel(): void {
    this.#end({ type: 'end', outcome: { kind: 'cancelled' } });
    this.close();
  }

  expire(sinceNs: number): void {
    if (this.#state !== 'busy' || this.#paused || this.#activeAtNs >= sinceNs) return;
    this.#end({ type: 'end', outcome: { kind: 'timedOut', message: `no bytes of the reply for ${this.options.replyTimeoutMs} ms` } });
    this.close();
  }

  count(into: Counts): void {
    const { socket, raw } = this.#dialled;
    into.wireReadBytes += raw.bytesRead;
    into.wireWrittenBytes += raw.bytesWritten;
    into.readBytes += socket.bytesRead;
    into.writtenBytes += socket.bytesWritten;
    into.headerBytes += this.#parser.headerBytes;
  }

  close(): void {
    this.#dialled.socket.destroy();
    this.#dialled.raw.destroy();
  }

  readonly #read = (chunk: Buffer): void => {
    this.#readAtNs = nowNs();
    this.#activeAtNs = this.#readAtNs;
    if (!this.#parser.push(chunk) && !this.#dialled.socket.destroyed) this.fail('bad_reply', this.#parser.problem);
  };

  #attach(): void {
    this.#state = 'idle';
    const { socket } = this.#dialled;
    if (this.options.tls) socket.on('data', this.#read);
    socket.on('end', () => {
      this.#readAtNs = nowNs();
      this.#parser.closed();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#state = 'closed';
      this.#end({
        type: 'end',
        outcome: { kind: 'failed', code: 'connection_lost', message: 'the connection closed before the reply was complete' },
      });
      this.#owner.closed(this);
    });
  }

  #complete(keepAlive: boolean, trailers: ReadonlyMap<string, string>): void {
    const end = this.#exchange?.complete(trailers);
    if (!end || !this.#sink) return;
    // Free before the end is told: who starts the next turn on hearing it finds the place.
    if (keepAlive) this.#state = 'idle';
    this.#end(end, keepAlive);
    if (!keepAlive) this.close();
  }

  #end(end: EndEvent, freed = false): void {
    const sink = this.#sink;
    if (!sink) return;
    this.#sink = undefined;
    this.#exchange = undefined;
    this.resume();
    if (freed) this.#owner.freed(this);
    sink.push(end, this.#readAtNs);
  }
}

/** Ties `resume` and `cancel` to one turn, so that a late call cannot hit the next one on the connection. */
class TurnOnConnection implements Running {
  readonly #connection: Http1Connection;
  readonly #sink: Sink;
  constructor(connection: Http1Connection, sink: Sink) {
    this.#connection = connection;
    this.#sink = sink;
  }
  resume(): void {
    if (this.#connection.carries(this.#sink)) this.#connection.resume();
  }
  cancel(): void {
    if (this.#connection.carries(this.#sink)) this.#connection.cancel();
  }
}

/** Collects the body of a reply that is an error. */
function errorExchange(head: ReplyHead, reply: Reply): Exchange {
  const body = new BodyCollector(ERROR_BODY_BYTES_MAX);
  const retryAfter = Number(head.headers.get('retry-after'));
  return {
    body: (chunk, start, end) => {
      body.add(chunk, start, end);
    },
    complete: () => {
      const data = body.take();
      reply.counts.messageBytes += data.length;
      return reply.options.envelope.readError(
        head.status,
        data.toString('utf8'),
        Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
      );
    },
  };
}

/** A body in memory, up to a bound; what is beyond it is not kept. */
export class BodyCollector {
  #parts: Buffer[] = [];
  #bytes = 0;
  readonly #bytesMax: number;
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }
  /** @returns false once the bound is passed. */
  add(chunk: Buffer, start: number, end: number): boolean {
    const room = this.#bytesMax - this.#bytes;
    const take = Math.min(end, start + Math.max(0, room));
    this.#bytes += end - start;
    if (take > start) this.#parts.push(Buffer.from(chunk.subarray(start, take)));
    return this.#bytes <= this.#bytesMax;
  }
  take(): Buffer {
    return this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
  }
}
