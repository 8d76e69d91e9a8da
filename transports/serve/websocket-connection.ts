/**
 * A server's WebSocket connection: what may come in (signed, where it has a session), the turns that this makes, one
 * buffer of frames a pass for all of them, and whether the peer is still there.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { nowNs } from '../clock.ts';
import type { CloseCode } from '../codes.ts';
import type { Arrival, EndEvent, Refusal } from '../contract.ts';
import type { Data, Envelope, ParsedRequest } from '../envelope.ts';
import type { Flushable } from '../flush.ts';
import { ServerSession, type SessionHost } from '../session/server.ts';
import { framesOf } from '../websocket/frames.ts';
import { Heartbeats } from './heartbeats.ts';
import { type LaneOwner, Lanes, type LaneTurn } from './lanes.ts';
import { cutsConnection, type EndError, errorOf, type Service } from './turns.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What the upgrade has settled. */
export interface ConnectionTerms {
  envelope: Envelope;
  headers: Headers;
  client: string;
  /** Messages are signed. */
  session: boolean;
}

/** For a peer that is told to close: after this it is cut. */
const CLOSE_GRACE_MS = 1_000;

export class ServerConnection implements Flushable, LaneOwner, SessionHost {
  readonly #service: Service;
  readonly #websocket: WebSocket;
  readonly #socket: Socket;
  readonly #terms: ConnectionTerms;
  readonly #envelope: Envelope;
  readonly #arrival: Omit<Arrival, 'requestBytes' | 'readAtNs'>;
  readonly #lanes: Lanes;
  readonly #dirty: LaneTurn[] = [];
  readonly #session: ServerSession | undefined;
  readonly #heartbeats = new Heartbeats();
  readonly #lifetime: NodeJS.Timeout;
  readonly #heartbeat: NodeJS.Timeout | undefined;
  #cutting: NodeJS.Timeout | undefined;
  #out: Data[] = [];
  #scheduled = false;
  /** Of the read whose messages are being handed on. */
  #readAtNs = nowNs();
  /** Errors written since the peer takes nothing. */
  #untaken = 0;
  #expired = false;
  /** It is being closed, whatever the peer still sends. */
  #closing = false;
  /** The peer does not take what was written. */
  blocked = false;
  /** Pings without an answer. */
  missedPongs = 0;

  constructor(service: Service, websocket: WebSocket, socket: Socket, terms: ConnectionTerms) {
    this.#service = service;
    this.#websocket = websocket;
    this.#socket = socket;
    this.#terms = terms;
    this.#envelope = terms.envelope;
    const { client } = terms;
    this.#arrival = { transport: 'websocket', envelope: terms.envelope.name, connection: service.connectionOf(socket), client };
    this.#lanes = new Lanes(service, this);
    this.#lifetime = setTimeout(() => this.#expire(), service.limits.connectionLifetimeMs);
    this.#lifetime.unref();
    const { heartbeatIntervalMs = 0, sessions } = service.options;
    if (terms.session && sessions) {
      this.#session = new ServerSession({
        issuer: sessions,
        client,
        host: this,
        heartbeatIntervalMs,
        helloTimeoutMs: service.limits.handshakeTimeoutMs,
        waitingMax: service.limits.streamsWaitingMax,
        nowMs: service.clock.wallMs,
      });
    }
    // One timer each, so that a thousand connections do not have their hashes made in the same moment.
    if (heartbeatIntervalMs > 0) this.#heartbeat = setInterval(() => this.#challenge(), heartbeatIntervalMs).unref();
    websocket.on('message', (data: Buffer, isBinary) => this.#message(data, isBinary));
    websocket.on('pong', (data) => {
      this.missedPongs = 0;
      if (heartbeatIntervalMs > 0) this.#heartbeats.answered(data.toString('latin1'));
    });
    // ws has answered with the close code that fits (1002, 1007, 1009) by the time it says so.
    websocket.on('error', (error: Error & { code?: string }) => service.peerError(error.code ?? 'websocket_error', error.message));
    websocket.on('close', () => this.#closed());
    socket.on('drain', () => this.#drained());
    // Before ws, which parses as soon as it is told.
    socket.prependListener('data', () => {
      this.#readAtNs = nowNs();
    });
  }

  get idle(): boolean {
    return this.#lanes.idle;
  }

  ping(): void {
    this.missedPongs += 1;
    this.#websocket.ping();
  }

  close(code: number, reason: string): void {
    this.flush();
    this.#websocket.close(code, reason);
  }

  cut(): void {
    this.#websocket.terminate();
  }

  wrote(turn: LaneTurn): boolean {
    if (!turn.dirty) {
      turn.dirty = true;
      this.#dirty.push(turn);
      this.#schedule();
    }
    return !this.blocked;
  }

  ended(turn: LaneTurn, end: EndEvent): void {
    const error = errorOf(end);
    if (cutsConnection(end)) this.cut();
    else if (error && !turn.started) this.#error(error, turn.lane.streamId);
    else {
      turn.writer.event(end);
      this.#schedule();
    }
    this.#lanes.left(turn);
    if (!this.idle) return;
    if (this.#expired) this.close(1000, 'the connection has reached its lifetime');
    else if (this.#service.draining) this.close(1001, 'the server is shutting down');
  }

  flush(): void {
    this.#scheduled = false;
    for (const turn of this.#dirty) {
      turn.dirty = false;
      turn.writer.flush();
    }
    if (this.#out.length > 0 && this.#websocket.readyState === this.#websocket.OPEN) this.#write();
    this.#out = [];
    this.#dirty.length = 0;
  }

  /** Of the session. */
  send(message: string): void {
    this.#out.push(message);
    this.#schedule();
  }

  /** A message of the envelope: the client's own, or the body that it has signed. */
  deliver(data: Data, messageBytes: number): void {
    const request = this.#envelope.readRequest(data, { websocket: true, headers: this.#terms.headers });
    if (request.kind === 'cancel') {
      this.#lanes.cancel(request.streamId);
      return;
    }
    const rate = this.#service.admissions.turn(this.#terms.client);
    if (rate === 'over') this.#refuse(this.#service.admissions.turnRefusal, request.streamId);
    else if (rate === 'flood') {
      this.#service.peerError('rate_limited', 'a peer went on after its turns were refused, and was disconnected');
      this.#end(4429, 'too many turns');
    } else if (request.kind === 'refused') this.#refuse(request.refusal, request.streamId);
    else this.#turn(request, messageBytes);
  }

  /** To the session: whether a challenge was open. */
  answered(nonce: string): boolean {
    return this.#heartbeats.answered(nonce);
  }

  /** Of the session: nothing of this peer counts any more. */
  refuse(refusal: Refusal): void {
    this.#refuse(refusal, undefined);
    this.#end(4401, refusal.code);
  }

  failed(error: unknown): void {
    this.#service.peerError('internal_error', error instanceof Error ? (error.stack ?? error.message) : String(error));
    this.#end(1011, 'a defect in the server');
  }

  pause(): void {
    this.#websocket.pause();
  }

  resume(): void {
    this.#websocket.resume();
  }

  #write(): void {
    const atNs = nowNs();
    for (const turn of this.#dirty) turn.running?.written?.(atNs);
    if (this.#websocket.extensions !== '') {
      // Compressed: the frames are ws's to make.
      this.#socket.cork();
      for (const data of this.#out) this.#websocket.send(data, { binary: this.#envelope.binaryFrames });
      this.#socket.uncork();
      if (!this.#socket.writableNeedDrain) return;
    } else if (this.#socket.write(framesOf(this.#out))) return;
    if (this.blocked) return;
    this.blocked = true;
    this.#service.stalled.set(this, { sinceMs: performance.now(), cut: () => this.cut() });
  }

  #drained(): void {
    if (!this.blocked) return;
    this.blocked = false;
    this.#untaken = 0;
    this.#service.stalled.delete(this);
    this.#lanes.resume();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#lanes.inFlight > 1) this.#service.flush.shared(this);
    else this.#service.flush.single(this);
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (this.#closing) return;
    const { binaryFrames } = this.#envelope;
    if (isBinary !== binaryFrames) {
      const due = binaryFrames ? 'binary' : 'text';
      this.#refuse({ status: 400, code: 'unexpected_binary', message: `a ${due} message was due` }, undefined);
      if (this.#session) this.#end(4401, 'unexpected_binary');
      return;
    }
    if (!this.#session) return this.deliver(isBinary ? data : data.toString('utf8'), data.length);
    const body = this.#session.open(data.toString('utf8'), data.length);
    if (body !== undefined) this.deliver(body, data.length);
  }

  #turn(request: ParsedRequest & { kind: 'turn' }, requestBytes: number): void {
    const { streamId } = request;
    if (this.#service.draining)
      return this.#refuse({ status: 503, code: 'shutting_down', message: 'the server is shutting down', retryAfterS: 1 }, streamId);
    if (this.#expired) return this.#refuse(this.#lifetimeRefusal(), streamId);
    const turn = { ...request.turn, arrival: { ...this.#arrival, requestBytes, readAtNs: this.#readAtNs } };
    const env = this.#session?.env;
    if (env !== undefined) turn.env = env;
    const context = {
      model: turn.model,
      createdS: Math.floor(Date.now() / 1000),
      includeUsage: request.includeUsage,
      extraBytesPerToken: this.#service.options.extraBytesPerToken,
      websocket: true,
      ...(streamId === undefined ? {} : { streamId }),
    };
    const writer = this.#envelope.replyWriter(context, (data) => this.#out.push(data));
    const refusal = this.#lanes.add(turn, streamId, writer);
    if (refusal) this.#refuse(refusal, streamId);
  }

  /** What is written but not taken holds a challenge back too: then the stall time judges. */
  #challenge(): void {
    if (this.blocked || this.#closing) return;
    const nonce = this.#heartbeats.next();
    if (nonce === undefined) {
      this.#service.peerError('heartbeat_missed', 'a peer did not answer two heartbeats and was disconnected');
      this.#end(4408, 'two heartbeats were not answered');
    } else if (!this.#session) this.#websocket.ping(nonce);
    else {
      const message = this.#session.challenge(nonce);
      // Not yet: the peer has no key.
      if (message === undefined) this.#heartbeats.answered(nonce);
      else this.send(message);
    }
  }

  /** Closes for a reason of its own: its turns are over now, and the peer has a moment to take leave. */
  #end(code: CloseCode | 1011, reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    // Its close frame is to be read.
    this.resume();
    this.close(code, reason);
    this.#lanes.clear();
    this.#cutting = setTimeout(() => this.cut(), CLOSE_GRACE_MS);
    this.#cutting.unref();
  }

  #expire(): void {
    this.#expired = true;
    if (this.idle) {
      this.#refuse(this.#lifetimeRefusal(), undefined);
      this.close(1000, 'the connection has reached its lifetime');
    }
  }

  #lifetimeRefusal(): Refusal {
    return {
      status: 400,
      code: 'websocket_connection_limit_reached',
      message: `the connection has reached its lifetime of ${Math.round(this.#service.limits.connectionLifetimeMs / 60_000)} minutes; connect anew`,
    };
  }

  #refuse(refusal: Refusal, streamId: string | undefined): void {
    this.#service.peerError(refusal.code, refusal.message);
    this.#error(refusal, streamId);
  }

  #error(error: EndError, streamId: string | undefined): void {
    if (this.blocked) this.#untaken += 1;
    // It asks on and on, and takes no answers.
    if (this.#untaken > this.#service.limits.streamsWaitingMax) return this.cut();
    this.#out.push(this.#envelope.writeError(error, { websocket: true, ...(streamId === undefined ? {} : { streamId }) }));
    this.#schedule();
  }

  #closed(): void {
    this.#closing = true;
    clearTimeout(this.#lifetime);
    clearInterval(this.#heartbeat);
    clearTimeout(this.#cutting);
    this.#session?.close();
    this.#service.stalled.delete(this);
    this.#lanes.clear();
  }
}
