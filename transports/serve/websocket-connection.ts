/**
 * A server's WebSocket connection: lanes of turns, and one buffer of frames a pass for all of them.
 *
 * A lane is a `stream_id` (or none: the default lane). Turns of one lane run in order, lanes run side by side, up to
 * a number in flight; the rest waits, bounded. (OpenAI's Responses WebSocket mode; its guide "WebSocket mode".)
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { nowNs } from '../clock.ts';
import type { Refusal, Running, Sink, Turn, TurnEvent } from '../contract.ts';
import type { Data, Envelope, ParsedRequest, ReplyWriter } from '../envelope.ts';
import type { Flushable } from '../flush.ts';
import { framesOf } from '../websocket/frames.ts';
import { cutsConnection, errorOf, runTurn, type Service, turnBegins, turnEnds } from './turns.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

interface Lane {
  readonly streamId: string | undefined;
  running: LaneTurn | undefined;
  readonly queue: LaneTurn[];
}

/** One turn on a lane, from its request to its end. */
class LaneTurn implements Sink {
  readonly turn: Turn;
  readonly lane: Lane;
  readonly writer: ReplyWriter;
  readonly #connection: ServerConnection;
  running: Running | undefined;
  started = false;
  over = false;
  dirty = false;

  constructor(connection: ServerConnection, lane: Lane, turn: Turn, writer: ReplyWriter) {
    this.#connection = connection;
    this.lane = lane;
    this.turn = turn;
    this.writer = writer;
  }

  push(event: TurnEvent): boolean {
    if (this.over) return true;
    if (event.type === 'end') {
      this.over = true;
      this.#connection.ended(this, event);
      return true;
    }
    this.started = true;
    this.writer.event(event);
    return this.#connection.wrote(this);
  }
}

export class ServerConnection implements Flushable {
  readonly #service: Service;
  readonly #websocket: WebSocket;
  readonly #socket: Socket;
  readonly #envelope: Envelope;
  readonly #headers: Headers;
  readonly #lanes = new Map<string | undefined, Lane>();
  readonly #named = new Set<string>();
  /** Lanes whose first turn waits for a place in flight, in order. */
  readonly #ready: Lane[] = [];
  readonly #dirty: LaneTurn[] = [];
  #out: Data[] = [];
  readonly #number: number;
  #inFlight = 0;
  #waiting = 0;
  #scheduled = false;
  #blocked = false;
  #expired = false;
  #lifetime: NodeJS.Timeout;
  /** Pings without an answer. */
  missedPongs = 0;

  constructor(service: Service, websocket: WebSocket, socket: Socket, envelope: Envelope, headers: Headers) {
    this.#service = service;
    this.#websocket = websocket;
    this.#socket = socket;
    this.#envelope = envelope;
    this.#headers = headers;
    this.#number = service.connectionOf(socket);
    this.#lifetime = setTimeout(() => this.#expire(), service.limits.connectionLifetimeMs);
    this.#lifetime.unref();
    websocket.on('message', (data: Buffer, isBinary) => this.#message(data, isBinary));
    websocket.on('pong', () => {
      this.missedPongs = 0;
    });
    // ws has answered with the close code that fits (1002, 1007, 1009) by the time it says so.
    websocket.on('error', (error: Error & { code?: string }) => service.peerError(error.code ?? 'websocket_error', error.message));
    websocket.on('close', () => this.#closed());
    socket.on('drain', () => this.#drained());
  }

  get idle(): boolean {
    return this.#inFlight === 0 && this.#waiting === 0;
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

  /** From a turn: it has something to write. @returns whether the peer takes more. */
  wrote(turn: LaneTurn): boolean {
    if (!turn.dirty) {
      turn.dirty = true;
      this.#dirty.push(turn);
      this.#schedule();
    }
    return !this.#blocked;
  }

  ended(turn: LaneTurn, end: TurnEvent & { type: 'end' }): void {
    const error = errorOf(end);
    if (cutsConnection(end)) this.cut();
    else if (error && !turn.started) this.#error(error, turn.lane.streamId);
    else {
      turn.writer.event(end);
      this.#schedule();
    }
    this.#leave(turn);
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
    if (this.#blocked) return;
    this.#blocked = true;
    this.#service.stalled.set(this, { sinceMs: performance.now(), cut: () => this.cut() });
  }

  #drained(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#service.stalled.delete(this);
    for (const lane of this.#lanes.values()) lane.running?.running?.resume();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#inFlight > 1) this.#service.flush.shared(this);
    else this.#service.flush.single(this);
  }

  #message(data: Buffer, isBinary: boolean): void {
    const envelope = this.#envelope;
    if (isBinary !== envelope.binaryFrames) {
      const due = envelope.binaryFrames ? 'binary' : 'text';
      return this.#refuse({ status: 400, code: 'unexpected_binary', message: `a ${due} message was due` }, undefined);
    }
    const request = envelope.readRequest(isBinary ? data : data.toString('utf8'), { websocket: true, headers: this.#headers });
    switch (request.kind) {
      case 'refused':
        return this.#refuse(request.refusal, request.streamId);
      case 'cancel':
        return this.#cancel(request.streamId);
      case 'turn':
        return this.#turn(request, data.length);
    }
  }

  #turn(request: ParsedRequest & { kind: 'turn' }, requestBytes: number): void {
    const { streamId } = request;
    const arrival = { transport: 'websocket' as const, envelope: this.#envelope.name, connection: this.#number, requestBytes };
    const turn = { ...request.turn, arrival };
    const { limits } = this.#service;
    if (this.#service.draining)
      return this.#refuse({ status: 503, code: 'shutting_down', message: 'the server is shutting down', retryAfterS: 1 }, streamId);
    if (this.#expired) return this.#refuse(this.#lifetimeRefusal(), streamId);
    if (streamId !== undefined && !this.#named.has(streamId)) {
      if (this.#named.size >= limits.namedStreamsMax) {
        return this.#refuse(
          {
            status: 400,
            code: 'websocket_stream_limit_reached',
            message: `the connection has used its ${limits.namedStreamsMax} distinct stream ids; reuse one or connect anew`,
            param: 'stream_id',
          },
          streamId,
        );
      }
      this.#named.add(streamId);
    }
    if (this.#waiting >= limits.streamsWaitingMax) {
      return this.#refuse(
        { status: 429, code: 'queue_full', message: `${this.#waiting} turns wait on this connection already`, retryAfterS: 1 },
        streamId,
      );
    }
    let lane = this.#lanes.get(streamId);
    if (!lane) {
      lane = { streamId, running: undefined, queue: [] };
      this.#lanes.set(streamId, lane);
    }
    const context = {
      model: turn.model,
      createdS: Math.floor(Date.now() / 1000),
      includeUsage: request.includeUsage,
      websocket: true,
      ...(streamId === undefined ? {} : { streamId }),
    };
    lane.queue.push(
      new LaneTurn(
        this,
        lane,
        turn,
        this.#envelope.replyWriter(context, (data) => this.#out.push(data)),
      ),
    );
    this.#waiting += 1;
    turnBegins(this.#service);
    if (!lane.running && lane.queue.length === 1) {
      this.#ready.push(lane);
      this.#startReady();
    }
  }

  #startReady(): void {
    while (this.#inFlight < this.#service.limits.streamsInFlightMax) {
      const lane = this.#ready.shift();
      if (!lane) return;
      const next = lane.queue.shift();
      if (!next) continue;
      lane.running = next;
      this.#waiting -= 1;
      this.#inFlight += 1;
      const running = runTurn(this.#service, next.turn, next);
      next.running = running;
      if (this.#blocked) running.resume();
    }
  }

  #leave(turn: LaneTurn): void {
    const { lane } = turn;
    turnEnds(this.#service);
    if (lane.running !== turn) return;
    lane.running = undefined;
    this.#inFlight -= 1;
    if (lane.queue.length > 0) this.#ready.push(lane);
    else this.#lanes.delete(lane.streamId);
    this.#startReady();
    if (this.idle && this.#expired) this.close(1000, 'the connection has reached its lifetime');
    else if (this.idle && this.#service.draining) this.close(1001, 'the server is shutting down');
  }

  #cancel(streamId: string | undefined): void {
    const lane = this.#lanes.get(streamId);
    if (lane?.running) lane.running.running?.cancel();
    else {
      const turn = lane?.queue.shift();
      if (!turn) return;
      this.#waiting -= 1;
      turn.push({ type: 'end', outcome: { kind: 'cancelled' } });
    }
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

  #error(
    error: { status: number; code: string; message: string; param?: string; retryAfterS?: number },
    streamId: string | undefined,
  ): void {
    this.#out.push(this.#envelope.writeError(error, { websocket: true, ...(streamId === undefined ? {} : { streamId }) }));
    this.#schedule();
  }

  #closed(): void {
    clearTimeout(this.#lifetime);
    this.#service.stalled.delete(this);
    for (const lane of this.#lanes.values()) {
      for (const waiting of lane.queue.splice(0)) {
        waiting.over = true;
        this.#waiting -= 1;
        turnEnds(this.#service);
      }
      const { running } = lane;
      if (!running) continue;
      running.over = true;
      turnEnds(this.#service);
      running.running?.cancel();
    }
    this.#lanes.clear();
    this.#ready.length = 0;
  }
}
