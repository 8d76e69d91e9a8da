/**
 * One turn from its intended start to its end, as the generator sees it: takes its events and notes their times.
 *
 * The hot path of the generator. All its state is made before the turn is due; an event costs a few assignments, and
 * what follows from them (latencies, rows) is worked out when the turn is over.
 */
import { type EndEvent, type Outcome, OVER, type Phases, type Running, type Sink, type TurnEvent } from '../../transports/contract.ts';
import type { LatencyHistogram } from '../statistics/histogram.ts';
import type { Due } from './pacer.ts';
import type { PreparedTurn, Session } from './session.ts';

/** The driver, as its turns see it. */
export interface TurnOwner {
  nowNs(): number;
  /** The turn is due. */
  issue(run: TurnRun): void;
  /** The reader takes nothing more of the turn for so long. */
  pause(run: TurnRun, ms: number): void;
  /** The turn's `end` has come. */
  ended(run: TurnRun, end: EndEvent, atNs: number): void;
}

export type RunOutcome = Outcome | { kind: 'dropped' };

export interface TurnRunOptions {
  dueNs: number;
  /** Due in the measured window. */
  measured: boolean;
  /** Its session starts by the clock. */
  isArrival: boolean;
  /** Takes the gaps between content-bearing reads; absent where none are measured. */
  gaps: LatencyHistogram | undefined;
  /** Note when each text event came. */
  arrivals: boolean;
  /** Of a slow reader; 0: it takes what comes. */
  readPauseMs: number;
}

export class TurnRun implements Sink, Due {
  /** The intended start. */
  readonly dueNs: number;
  readonly measured: boolean;
  readonly isArrival: boolean;
  readonly session: Session;
  readonly prepared: PreparedTurn;
  running: Running = OVER;
  attempts = 0;
  /** Once it is known, nothing that is still pushed counts. */
  outcome: RunOutcome | undefined;
  fellBack: boolean;
  startedNs = 0;
  /** Reads of the first and the last content token; 0: none yet. */
  firstNs = 0;
  lastNs = 0;
  endedNs = 0;
  textEvents = 0;
  outputTokens = 0;
  responseId: string | undefined;
  phases: Phases | undefined;
  /** The text received, where the conversation goes on. */
  reply = '';
  /** UTF-16 units of text after each text event, and when it was read. */
  readonly lengths: number[] = [];
  readonly timesNs: number[] = [];
  readonly #owner: TurnOwner;
  readonly #gaps: LatencyHistogram | undefined;
  readonly #arrivals: boolean;
  readonly #keepsReply: boolean;
  readonly #readPauseMs: number;
  #takes = true;
  #units = 0;

  constructor(owner: TurnOwner, session: Session, prepared: PreparedTurn, options: TurnRunOptions) {
    this.#owner = owner;
    this.session = session;
    this.prepared = prepared;
    this.fellBack = prepared.fallback;
    this.dueNs = options.dueNs;
    this.measured = options.measured;
    this.isArrival = options.isArrival;
    this.#gaps = options.gaps;
    this.#arrivals = options.arrivals;
    this.#keepsReply = session.hasNext;
    this.#readPauseMs = options.readPauseMs;
  }

  fire(): void {
    this.#owner.issue(this);
  }

  /** The pause of a slow reader is over. */
  goOn(): void {
    this.#takes = true;
    this.running.resume();
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (this.outcome !== undefined) return true;
    // Without a socket nothing is stamped, and now is when it came.
    const atNs = readAtNs === 0 ? this.#owner.nowNs() : readAtNs;
    switch (event.type) {
      case 'text':
        // An empty delta carries no token: chat's first chunk, which only names the role, decodes to one.
        if (event.text === '') return true;
        this.#content(atNs);
        this.textEvents += 1;
        this.#units += event.text.length;
        if (this.#keepsReply) this.reply += event.text;
        if (this.#arrivals) {
          this.lengths.push(this.#units);
          this.timesNs.push(atNs);
        }
        return this.#takes;
      case 'toolCall':
        this.#content(atNs);
        return this.#takes;
      case 'started':
        this.responseId = event.responseId;
        return this.#takes;
      case 'end':
        this.#owner.ended(this, event, atNs);
        return true;
    }
  }

  #content(atNs: number): void {
    if (this.firstNs === 0) {
      this.firstNs = atNs;
      if (this.#readPauseMs > 0) {
        this.#takes = false;
        this.#owner.pause(this, this.#readPauseMs);
      }
    } else if (atNs !== this.lastNs) this.#gaps?.recordNs(atNs - this.lastNs);
    this.lastNs = atNs;
  }
}
