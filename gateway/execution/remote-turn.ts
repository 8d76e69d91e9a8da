/**
 * A turn that runs elsewhere, as its consumer has it and as its pool tracks it. For the consumer it is over at once
 * when it cancels, or when a quota is exceeded; the pool goes on tracking it until its unit has ended it too.
 */
import { nowNs } from '../../transports/clock.ts';
import type { EndEvent, Running, Sink, Turn, TurnEvent } from '../../transports/contract.ts';
import type { SessionData } from '../agents/agent.ts';
import { endOf } from '../outcome.ts';
import { marksOf, type TurnMarks } from '../turn-marks.ts';
import type { Lane } from './lane.ts';

/** Where it waits, or runs. */
export interface TurnKeeper {
  /** Its consumer wants no more. */
  cancelled(turn: RemoteTurn): void;
  pause(turn: RemoteTurn): void;
  resume(turn: RemoteTurn): void;
}

export class RemoteTurn implements Running {
  readonly id: number;
  readonly turn: Turn;
  readonly lane: Lane;
  readonly marks: TurnMarks;
  readonly arrivedAtNs = nowNs();
  session: SessionData;
  keeper: TurnKeeper;
  /** The consumer has its end. */
  over = false;
  readonly #sink: Sink;
  #paused = false;

  constructor(id: number, turn: Turn, sink: Sink, session: SessionData, keeper: TurnKeeper, lane: Lane) {
    this.id = id;
    this.turn = turn;
    this.marks = marksOf(turn);
    this.session = session;
    this.keeper = keeper;
    this.lane = lane;
    this.#sink = sink;
  }

  take(event: TurnEvent, readAtNs: number): void {
    if (this.over) return;
    this.over = event.type === 'end';
    if (this.#sink.push(event, readAtNs) || this.over || this.#paused) return;
    this.#paused = true;
    this.keeper.pause(this);
  }

  end(outcome: EndEvent['outcome']): void {
    this.take(endOf(outcome), 0);
  }

  resume(): void {
    if (!this.#paused || this.over) return;
    this.#paused = false;
    this.keeper.resume(this);
  }

  cancel(): void {
    if (this.over) return;
    this.keeper.cancelled(this);
    this.end({ kind: 'cancelled' });
  }
}
