/**
 * The turns of one WebSocket connection. A lane is a `stream_id` (or none: the default lane). Turns of one lane run in
 * order, lanes run side by side, up to a number in flight; the rest waits, bounded. (OpenAI's Responses WebSocket mode;
 * its guide "WebSocket mode".)
 */
import type { EndEvent, Refusal, Running, Sink, Turn, TurnEvent } from '../contract.ts';
import type { ReplyWriter } from '../envelope.ts';
import { runTurn, type Service, turnBegins, turnEnds } from './turns.ts';

interface Lane {
  readonly streamId: string | undefined;
  running: LaneTurn | undefined;
  readonly queue: LaneTurn[];
}

/** The connection, as its turns see it. */
export interface LaneOwner {
  readonly blocked: boolean;
  /** The turn has something to write. @returns whether the peer takes more. */
  wrote(turn: LaneTurn): boolean;
  /** The turn is over; it leaves its lane (`Lanes.left`) when that is written. */
  ended(turn: LaneTurn, end: EndEvent): void;
}

/** One turn on a lane, from its request to its end. */
export class LaneTurn implements Sink {
  readonly turn: Turn;
  readonly lane: Lane;
  readonly writer: ReplyWriter;
  readonly #owner: LaneOwner;
  running: Running | undefined;
  started = false;
  over = false;
  dirty = false;

  constructor(owner: LaneOwner, lane: Lane, turn: Turn, writer: ReplyWriter) {
    this.#owner = owner;
    this.lane = lane;
    this.turn = turn;
    this.writer = writer;
  }

  push(event: TurnEvent): boolean {
    if (this.over) return true;
    if (event.type === 'end') {
      this.over = true;
      this.#owner.ended(this, event);
      return true;
    }
    this.started = true;
    this.writer.event(event);
    return this.#owner.wrote(this);
  }
}

export class Lanes {
  readonly #service: Service;
  readonly #owner: LaneOwner;
  readonly #lanes = new Map<string | undefined, Lane>();
  readonly #named = new Set<string>();
  /** Lanes whose first turn waits for a place in flight, in order. */
  readonly #ready: Lane[] = [];
  #waiting = 0;
  inFlight = 0;

  constructor(service: Service, owner: LaneOwner) {
    this.#service = service;
    this.#owner = owner;
  }

  get idle(): boolean {
    return this.inFlight === 0 && this.#waiting === 0;
  }

  /** @returns why the turn is not taken, if it is not. */
  add(turn: Turn, streamId: string | undefined, writer: ReplyWriter): Refusal | undefined {
    const { limits } = this.#service;
    if (streamId !== undefined && !this.#named.has(streamId)) {
      if (this.#named.size >= limits.namedStreamsMax) {
        return {
          status: 400,
          code: 'websocket_stream_limit_reached',
          message: `the connection has used its ${limits.namedStreamsMax} distinct stream ids; reuse one or connect anew`,
          param: 'stream_id',
        };
      }
      this.#named.add(streamId);
    }
    if (this.#waiting >= limits.streamsWaitingMax)
      return { status: 429, code: 'queue_full', message: `${this.#waiting} turns wait on this connection already`, retryAfterS: 1 };
    let lane = this.#lanes.get(streamId);
    if (!lane) {
      lane = { streamId, running: undefined, queue: [] };
      this.#lanes.set(streamId, lane);
    }
    lane.queue.push(new LaneTurn(this.#owner, lane, turn, writer));
    this.#waiting += 1;
    turnBegins(this.#service);
    if (!lane.running && lane.queue.length === 1) {
      this.#ready.push(lane);
      this.#startReady();
    }
    return undefined;
  }

  left(turn: LaneTurn): void {
    const { lane } = turn;
    turnEnds(this.#service);
    if (lane.running !== turn) return;
    lane.running = undefined;
    this.inFlight -= 1;
    if (lane.queue.length > 0) this.#ready.push(lane);
    else this.#lanes.delete(lane.streamId);
    this.#startReady();
  }

  cancel(streamId: string | undefined): void {
    const lane = this.#lanes.get(streamId);
    if (!lane) return;
    if (lane.running) {
      lane.running.running?.cancel();
      return;
    }
    const turn = lane.queue.shift();
    if (!turn) return;
    this.#waiting -= 1;
    if (lane.queue.length === 0) {
      // It waits for nothing any more; a place left to it would let two of its later turns run at once.
      this.#ready.splice(this.#ready.indexOf(lane), 1);
      this.#lanes.delete(streamId);
    }
    turn.push({ type: 'end', outcome: { kind: 'cancelled' } });
  }

  /** The peer takes bytes again. */
  resume(): void {
    for (const lane of this.#lanes.values()) lane.running?.running?.resume();
  }

  /** Ends all turns without a word: nobody is there to hear it. */
  clear(): void {
    this.#ready.length = 0;
    for (const lane of [...this.#lanes.values()]) {
      for (const waiting of lane.queue.splice(0)) {
        waiting.over = true;
        this.#waiting -= 1;
        turnEnds(this.#service);
      }
      const { running } = lane;
      if (!running) continue;
      lane.running = undefined;
      this.inFlight -= 1;
      running.over = true;
      turnEnds(this.#service);
      running.running?.cancel();
    }
    this.#lanes.clear();
  }

  #startReady(): void {
    while (this.inFlight < this.#service.limits.streamsInFlightMax) {
      const lane = this.#ready.shift();
      if (!lane) return;
      const next = lane.queue.shift();
      if (!next) continue;
      lane.running = next;
      this.#waiting -= 1;
      this.inFlight += 1;
      const running = runTurn(this.#service, next.turn, next);
      next.running = running;
      if (this.#owner.blocked) running.resume();
    }
  }
}
