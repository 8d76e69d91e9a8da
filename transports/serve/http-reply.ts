/**
 * Replies over HTTP, one exchange each: an event stream, or a whole reply when all of it is there. The same over
 * HTTP/1.1 and HTTP/2 (Node's compatible API). Headers are sent with the first event, so that a turn that is
 * refused before it started still has a status of its own.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import { nowNs } from '../clock.ts';
import type { EndEvent, Running, Sink, Turn, TurnEvent } from '../contract.ts';
import type { Envelope, ReplyContext, ReplyWriter } from '../envelope.ts';
import type { Flushable } from '../flush.ts';
import { sentLater } from '../phases.ts';
import { writeServerTiming } from '../server-timing.ts';
import { cutsConnection, type EndError, errorOf, runTurn, type Service, turnBegins, turnEnds } from './turns.ts';

export type Request = IncomingMessage | Http2ServerRequest;
export type Response = ServerResponse | Http2ServerResponse;

/** Sends a refusal or failure as a complete reply. */
export function sendError(response: Response, envelope: Envelope | undefined, error: EndError): void {
  if (response.headersSent || response.destroyed) return;
  const { retryAfterS, ...shown } = error;
  const body = envelope
    ? envelope.writeError(shown, { websocket: false })
    : JSON.stringify({ error: { message: error.message, type: 'invalid_request_error', code: error.code, param: error.param ?? null } });
  response.statusCode = error.status;
  response.setHeader('content-type', typeof body === 'string' ? 'application/json' : 'application/octet-stream');
  response.setHeader('content-length', Buffer.byteLength(body));
  if (retryAfterS !== undefined) response.setHeader('retry-after', String(retryAfterS));
  if (error.status === 401) response.setHeader('www-authenticate', 'Bearer');
  (response as ServerResponse).end(body);
}

/** Writes and ends are the same on both of Node's response classes, whose types do not overlap. */
interface Writable {
  write(data: string | Buffer): boolean;
  end(data?: string | Buffer): unknown;
}

abstract class HttpReply implements Sink {
  protected readonly service: Service;
  protected readonly response: Response;
  protected readonly out: Writable;
  protected readonly envelope: Envelope;
  protected running: Running | undefined;
  protected over = false;
  /** An event has become part of the reply: from here on a failure is the stream's, not the request's. */
  protected started = false;

  constructor(service: Service, response: Response, envelope: Envelope) {
    this.service = service;
    this.response = response;
    this.out = response as ServerResponse;
    this.envelope = envelope;
  }

  abstract push(event: TurnEvent): boolean;

  run(turn: Turn): void {
    turnBegins(this.service);
    this.response.on('close', () => {
      // The peer went away in mid-stream: the turn is not wanted any more.
      if (!this.over) this.running?.cancel();
      this.finish();
    });
    this.running = runTurn(this.service, turn, this);
    // A peer that was gone before the handler had returned.
    if (this.response.destroyed && !this.over) this.running.cancel();
  }

  protected finish(): void {
    if (this.over) return;
    this.over = true;
    this.service.stalled.delete(this);
    turnEnds(this.service);
  }

  /** @returns whether the end needs no ordinary reply, since it was an early error or cuts the connection. */
  protected endedEarly(end: EndEvent): boolean {
    if (cutsConnection(end)) {
      this.response.socket?.destroy();
      return true;
    }
    const error = errorOf(end);
    if (!error || this.started) return false;
    sendError(this.response, this.envelope, error);
    return true;
  }
}

/** A streamed reply. */
export class StreamReply extends HttpReply implements Flushable {
  readonly #writer: ReplyWriter;
  #pending = '';
  #scheduled = false;
  #blocked = false;
  /** HTTP/1.1 with chunks: the socket, once the head is out and this reply's turn on it has come. */
  #socket: Socket | undefined;

  constructor(service: Service, response: Response, envelope: Envelope, context: ReplyContext) {
    super(service, response, envelope);
    this.#writer = envelope.replyWriter(context, (data, name) => {
      this.#pending += name === undefined ? `data: ${data}\n\n` : `event: ${name}\ndata: ${data}\n\n`;
    });
  }

  override push(event: TurnEvent): boolean {
    if (this.over) return true;
    if (event.type === 'end') {
      if (this.endedEarly(event)) {
        this.finish();
        return true;
      }
      this.#head();
      this.#writer.event(event);
      this.flush();
      this.out.end();
      this.finish();
      return true;
    }
    this.#head();
    this.#writer.event(event);
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.service.flush.single(this);
    }
    return !this.#blocked;
  }

  flush(): void {
    this.#scheduled = false;
    if (this.over) return;
    this.#writer.flush();
    if (this.#pending === '') return;
    const data = this.#pending;
    this.#pending = '';
    if (this.running?.written) this.running.written(nowNs());
    if (this.#write(data) || this.#blocked) return;
    this.#blocked = true;
    this.service.stalled.set(this, { sinceMs: performance.now(), cut: () => this.response.socket?.destroy() });
    const waitFor: NodeJS.EventEmitter = this.#socket ?? this.response;
    waitFor.once('drain', () => {
      this.#blocked = false;
      this.service.stalled.delete(this);
      if (!this.over) this.running?.resume();
    });
  }

  /**
   * Node writes a chunk in four pieces; a token is worth making it one. What the response object has written before,
   * and the end that it will write, keep their order, since all of it passes through the same socket.
   */
  #write(data: string): boolean {
    if (!this.#socket) {
      const more = this.out.write(data);
      if ('chunkedEncoding' in this.response && this.response.chunkedEncoding && this.response.socket && more)
        this.#socket = this.response.socket;
      return more;
    }
    const bytes = Buffer.byteLength(data);
    const chunk = `${bytes.toString(16)}\r\n${data}\r\n`;
    return this.#socket.write(chunk, bytes === data.length ? 'latin1' : 'utf8');
  }

  #head(): void {
    if (this.started) return;
    this.started = true;
    this.response.statusCode = 200;
    this.response.setHeader('content-type', 'text/event-stream');
    this.response.setHeader('cache-control', 'no-store');
  }
}

/** A reply that is sent when it is complete. */
export class WholeReply extends HttpReply {
  readonly #context: ReplyContext;
  readonly #events: TurnEvent[] = [];
  #characters = 0;

  constructor(service: Service, response: Response, envelope: Envelope, context: ReplyContext) {
    super(service, response, envelope);
    this.#context = context;
  }

  override push(event: TurnEvent): boolean {
    if (this.over) return true;
    this.#events.push(event);
    if (event.type === 'end') {
      if (!this.endedEarly(event)) this.#send(event);
      this.finish();
    } else if (event.type === 'text') {
      this.#characters += event.text.length;
      const { messageBytesMax } = this.service.limits;
      if (this.#characters > messageBytesMax) {
        sendError(this.response, this.envelope, {
          status: 502,
          code: 'reply_too_large',
          message: `the reply is larger than ${messageBytesMax} characters`,
        });
        const { running } = this;
        this.finish();
        running?.cancel();
      }
    }
    return true;
  }

  #send(end: EndEvent): void {
    const body = this.envelope.writeWhole(this.#events, this.#context);
    this.response.statusCode = 200;
    this.response.setHeader('content-type', this.envelope.wholeReplyType);
    this.running?.written?.(nowNs());
    if (end.phases === undefined) {
      this.response.setHeader('content-length', Buffer.byteLength(body));
      this.out.end(body);
      return;
    }
    this.response.setHeader('trailer', 'Server-Timing');
    this.out.write(body);
    this.response.addTrailers({ 'server-timing': writeServerTiming(sentLater(end.phases, nowNs())) });
    this.out.end();
  }
}
