/**
 * A client's WebSocket connection: one turn at a time (`kept`, `per-turn`) or many, told apart by `stream_id`.
 *
 * Nothing in WebSocket holds back a single stream. A turn whose consumer pauses therefore pauses the socket only
 * when all turns on it are paused; before that its own events pass through to the consumer up to a bound, and then
 * that turn alone fails with `slow_consumer`, so that neighbours are never blocked and memory stays bounded.
 *
 * With a session (`session/protocol.ts`) the connection is open once the server has sent its first message; what is
 * written from then on is signed. A socket that is paused answers no heartbeat: consumers that pause for longer than
 * two intervals of the server lose the connection.
 */
import { WebSocket } from 'ws';
import { nowNs } from '../clock.ts';
import type { TurnErrorCode } from '../codes.ts';
import type { Connection, ConnectionOwner, Counts, SettledOptions } from '../connection.ts';
import type { Outcome, Running, Sink, Turn, TurnEvent } from '../contract.ts';
import { DialError, type Dialled, dial } from '../dial.ts';
import type { Data, ParsedMessage, ReplyReader } from '../envelope.ts';
import { ClientSession } from '../session/client.ts';
import { isHeartbeat, SESSION_SUBPROTOCOL } from '../session/protocol.ts';

/** Text that a paused consumer may be handed all the same. */
const OVERRUN_CHARACTERS_MAX = 1024 * 1024;
/** A cancelled stream's place stays taken until the server has confirmed, for this long. */
const CANCEL_GRACE_MS = 5_000;
/** Of Node's timers: one that is longer fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

class Stream implements Running {
  readonly sink: Sink;
  readonly reader: ReplyReader;
  readonly id: string | undefined;
  readonly #connection: WebSocketConnection;
  activeAtNs = nowNs();
  paused = false;
  /** The consumer has its end. */
  over = false;
  #overrun = 0;

  constructor(connection: WebSocketConnection, id: string | undefined, sink: Sink, reader: ReplyReader) {
    this.#connection = connection;
    this.id = id;
    this.sink = sink;
    this.reader = reader;
  }

  readonly push = (event: TurnEvent): void => {
    if (event.type === 'end') {
      this.#connection.finished(this, event);
      return;
    }
    if (this.over) return;
    const takes = this.sink.push(event, this.#connection.readAtNs);
    if (!takes) this.#connection.pause(this);
    if (this.paused && event.type === 'text') {
      this.#overrun += event.text.length;
      if (this.#overrun > OVERRUN_CHARACTERS_MAX) {
        this.#connection.abandon(this, {
          kind: 'failed',
          code: 'slow_consumer',
          message: `the consumer left more than ${OVERRUN_CHARACTERS_MAX} characters untaken`,
        });
      }
    }
  };

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#overrun = 0;
    this.activeAtNs = nowNs();
    this.#connection.unpause();
  }

  cancel(): void {
    if (!this.over) this.#connection.abandon(this, { kind: 'cancelled' });
  }
}

export class WebSocketConnection implements Connection {
  readAtNs = 0;
  readonly #options: SettledOptions;
  readonly #owner: ConnectionOwner;
  readonly #multiplexed: boolean;
  readonly #dialled: Dialled;
  #socket: WebSocket | undefined;
  #state: 'opening' | 'open' | 'closed' = 'opening';
  readonly #streams = new Map<string | undefined, Stream>();
  readonly #freeIds: string[] = [];
  #pausedStreams = 0;
  #socketPaused = false;
  #handshakeBytes = 0;
  #handshake: NodeJS.Timeout | undefined;
  #session: ClientSession | undefined;
  #sessionEnd: NodeJS.Timeout | undefined;
  /** Its session is over: no new turns. */
  #retired = false;

  constructor(options: SettledOptions, owner: ConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#multiplexed = options.leg.connection === 'multiplexed';
    if (this.#multiplexed) for (let id = options.streamsPerConnection; id >= 1; id -= 1) this.#freeIds.push(String(id));
    const started = nowNs();
    this.#dialled = dial({ ...options, alpn: ['http/1.1'] }, (error) => {
      if (this.#state === 'closed') return;
      if (error) this.#failedToOpen(error);
      else this.#upgrade(options.connectTimeoutMs - (nowNs() - started) / 1e6);
    });
  }

  get free(): number {
    if (this.#state !== 'open' || this.#retired) return 0;
    return this.#multiplexed ? this.#freeIds.length : 1 - this.#streams.size;
  }

  start(turn: Turn, sink: Sink): Running {
    const { envelope } = this.#options;
    const id = this.#multiplexed ? this.#freeIds.pop() : undefined;
    const stream = new Stream(this, id, sink, envelope.replyReader());
    this.#streams.set(id, stream);
    const data = envelope.writeRequest(turn, { stream: true, websocket: true, ...(id === undefined ? {} : { streamId: id }) });
    this.#owner.counts.requestBodyBytes += this.#send(data);
    return stream;
  }

  /** The server has ended the stream: its place is free again. */
  finished(stream: Stream, end: TurnEvent): void {
    this.#remove(stream);
    if (this.#state === 'open') {
      if (!this.#retired) this.#owner.freed(this);
      else if (this.#streams.size === 0) process.nextTick(() => this.close());
    }
    if (stream.over) return;
    stream.over = true;
    stream.sink.push(end, this.readAtNs);
  }

  /** The consumer gets its end now; the server is told, and the place stays taken until it confirms. */
  abandon(stream: Stream, outcome: Outcome): void {
    stream.over = true;
    stream.resume();
    stream.sink.push({ type: 'end', outcome }, this.readAtNs);
    if (this.#state !== 'open') return;
    this.#send(this.#options.envelope.writeCancel(stream.id));
    setTimeout(() => {
      if (this.#streams.get(stream.id) === stream) this.close();
    }, CANCEL_GRACE_MS).unref();
  }

  pause(stream: Stream): void {
    if (stream.paused || stream.over) return;
    stream.paused = true;
    this.#pausedStreams += 1;
    this.#throttle();
  }

  unpause(): void {
    this.#pausedStreams -= 1;
    this.#throttle();
  }

  expire(sinceNs: number): void {
    if (this.#socketPaused) return;
    for (const stream of this.#streams.values()) {
      if (stream.over || stream.paused || stream.activeAtNs >= sinceNs) continue;
      this.abandon(stream, { kind: 'timedOut', message: `no message of the reply for ${this.#options.replyTimeoutMs} ms` });
    }
  }

  count(into: Counts): void {
    const { socket, raw } = this.#dialled;
    into.wireReadBytes += raw.bytesRead;
    into.wireWrittenBytes += raw.bytesWritten;
    into.readBytes += socket.bytesRead;
    into.writtenBytes += socket.bytesWritten;
    into.headerBytes += this.#handshakeBytes;
  }

  close(): void {
    if (this.#state === 'open') this.#socket?.terminate();
    else {
      clearTimeout(this.#handshake);
      this.#socket?.on('error', () => {});
      this.#dialled.socket.destroy();
      this.#dialled.raw.destroy();
    }
  }

  /** @returns the bytes of the message. */
  #send(data: Data): number {
    const message = this.#session ? this.#session.sign(data.toString()) : data;
    this.#socket?.send(message, { binary: this.#options.envelope.binaryFrames });
    return Buffer.byteLength(message);
  }

  #upgrade(timeoutMs: number): void {
    const options = this.#options;
    const { envelope, headers, host, port, path } = options;
    const protocols = [
      ...(options.session ? [SESSION_SUBPROTOCOL] : []),
      ...(envelope.subprotocol === undefined ? [] : [envelope.subprotocol]),
    ];
    const socket = new WebSocket(`ws://${host}:${port}${path}`, protocols, {
      createConnection: () => this.#dialled.socket,
      headers: { ...headers },
      maxPayload: options.messageBytesMax,
      perMessageDeflate: options.compression,
      skipUTF8Validation: false,
    });
    this.#socket = socket;
    // ws's own timeout does not fire on a socket that it was handed.
    this.#handshake = setTimeout(
      () => this.#failedToOpen(new DialError('connect_timeout', `connecting to ${host}:${port}${path}: no upgrade within the time`)),
      Math.max(1, timeoutMs),
    );
    socket.once('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0;
      response.resume();
      this.#failedToOpen(new DialError('connect_failed', `connecting to ${host}:${port}${path}: status ${status} instead of an upgrade`));
    });
    socket.once('error', (error) => {
      if (this.#state !== 'opening') return;
      this.#failedToOpen(new DialError('connect_failed', `connecting to ${host}:${port}${path}: ${error.message}`));
    });
    socket.once('open', () => this.#upgraded(socket));
  }

  #upgraded(socket: WebSocket): void {
    const { envelope, session, host, port, path } = this.#options;
    if (session && socket.protocol !== SESSION_SUBPROTOCOL) {
      this.#failedToOpen(new DialError('connect_failed', `connecting to ${host}:${port}${path}: the server does not take signed messages`));
      return;
    }
    // What came with the upgrade's reply has been put back and waits to be read.
    this.#handshakeBytes = this.#dialled.socket.bytesRead - this.#dialled.socket.readableLength;
    // Before ws's own listener, so that the stamp is the read's and not that of the parsing.
    this.#dialled.socket.prependListener('data', () => {
      this.readAtNs = nowNs();
    });
    socket.on('message', (data: Buffer, isBinary) => this.#message(data, isBinary));
    let problem: { code: TurnErrorCode; message: string } | undefined;
    socket.on('error', (error) => {
      const tooLarge = (error as Error & { code?: string }).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
      problem = tooLarge
        ? { code: 'reply_too_large', message: `a message is larger than ${this.#options.messageBytesMax} bytes` }
        : { code: 'bad_reply', message: `the ${envelope.name} stream broke the WebSocket protocol: ${error.message}` };
    });
    socket.on('close', (code) => {
      clearTimeout(this.#sessionEnd);
      if (this.#state === 'opening') {
        this.#failedToOpen(
          new DialError('connect_failed', `connecting to ${host}:${port}${path}: closed (${code}) before the session began`),
        );
        return;
      }
      this.#state = 'closed';
      const lost = problem ?? {
        code: 'connection_lost' as const,
        message: `the connection closed (${code}) before the reply was complete`,
      };
      for (const stream of [...this.#streams.values()]) this.finished(stream, { type: 'end', outcome: { kind: 'failed', ...lost } });
      this.#owner.closed(this);
    });
    if (!session) this.#opened();
  }

  #opened(): void {
    this.#state = 'open';
    clearTimeout(this.#handshake);
    this.#owner.opened(this, undefined);
  }

  /** The server's first message, answered by the client's. Belongs to the handshake, also in the count of bytes. */
  #beginSession(data: Buffer): void {
    const { host, port, path, session } = this.#options;
    this.#handshakeBytes += data.length;
    this.#session = ClientSession.begin(data.toString('utf8'));
    if (!this.#session) {
      this.#failedToOpen(
        new DialError('connect_failed', `connecting to ${host}:${port}${path}: the server's first message begins no session`),
      );
      return;
    }
    this.#socket?.send(this.#session.hello(session?.env));
    this.#sessionEnd = setTimeout(() => this.#retire(), Math.min(this.#session.lifetimeMs, TIMER_MS_MAX));
    this.#sessionEnd.unref();
    this.#opened();
  }

  #retire(): void {
    this.#retired = true;
    if (this.#streams.size === 0) this.close();
  }

  #answer(challenge: Buffer): void {
    this.#owner.counts.messageBytes += challenge.length;
    const answer = this.#session?.answer(challenge.toString('utf8'));
    if (answer === undefined) this.#broken();
    else this.#socket?.send(answer);
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (this.readAtNs === 0) this.readAtNs = nowNs();
    if (this.#options.session) {
      if (this.#state === 'opening') return this.#beginSession(data);
      if (isHeartbeat(data)) return this.#answer(data);
    }
    const { envelope } = this.#options;
    const { counts } = this.#owner;
    counts.messageBytes += data.length;
    const message = isBinary === envelope.binaryFrames ? envelope.parseMessage(isBinary ? data : data.toString('utf8')) : undefined;
    if (!message) {
      this.#broken();
      return;
    }
    const stream = this.#streams.get(message.streamId);
    if (!stream) {
      if (message.streamId === undefined) this.#unrouted(message);
      return;
    }
    const { reader } = stream;
    const content = reader.contentBytes;
    const diagnostics = reader.diagnosticsBytes;
    stream.activeAtNs = this.readAtNs;
    const understood = reader.message(message, stream.push);
    counts.contentBytes += reader.contentBytes - content;
    counts.diagnosticsBytes += reader.diagnosticsBytes - diagnostics;
    if (!understood) this.#broken();
  }

  /** An error that names no stream (the connection's lifetime, a request that could not be read) concerns all of them. */
  #unrouted(message: ParsedMessage): void {
    const understood = this.#options.envelope.replyReader().message(message, (event) => {
      if (event.type !== 'end' || event.outcome.kind === 'completed') return;
      this.#state = 'closed';
      for (const stream of [...this.#streams.values()]) this.finished(stream, event);
      this.#socket?.terminate();
    });
    if (!understood) this.#broken();
  }

  /** A peer that sends what is no reply is not listened to any longer. */
  #broken(): void {
    const outcome: Outcome = {
      kind: 'failed',
      code: 'bad_reply',
      message: `a message is no part of a ${this.#options.envelope.name} reply`,
    };
    this.#state = 'closed';
    for (const stream of [...this.#streams.values()]) this.finished(stream, { type: 'end', outcome });
    this.#socket?.terminate();
  }

  #failedToOpen(error: DialError): void {
    if (this.#state !== 'opening') return;
    this.#state = 'closed';
    clearTimeout(this.#handshake);
    this.#socket?.on('error', () => {});
    this.#dialled.socket.destroy();
    this.#dialled.raw.destroy();
    this.#owner.opened(this, error);
  }

  #remove(stream: Stream): void {
    if (!this.#streams.delete(stream.id)) return;
    if (stream.id !== undefined) this.#freeIds.push(stream.id);
    if (stream.paused) stream.resume();
  }

  #throttle(): void {
    const pause = this.#pausedStreams > 0 && this.#pausedStreams === this.#streams.size;
    if (pause === this.#socketPaused || this.#state !== 'open') return;
    this.#socketPaused = pause;
    if (pause) this.#socket?.pause();
    else this.#socket?.resume();
  }
}
