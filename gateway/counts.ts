/** Counts turns by how they ended: every turn that reaches the handler is in exactly one place. */
import { type Handler, type Outcome, OVER, type Sink, type Turn, type TurnEvent } from '../transports/contract.ts';
import { endOf } from './outcome.ts';

export type OutcomeCounts = Record<Outcome['kind'], number>;

export class TurnCounts {
  inFlight = 0;
  readonly ended: OutcomeCounts = { completed: 0, failed: 0, cancelled: 0, timedOut: 0, refused: 0 };
  /** Of failed and refused turns, and of what the server refused before the handler saw it. */
  readonly codes = new Map<string, number>();

  code(code: string): void {
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
  }
}

/** Told of what the counts leave out, for the log. */
export interface TurnWatcher {
  ended(turn: Turn, outcome: Outcome, ms: number): void;
  /** Something threw where nothing should. */
  defect(turn: Turn, error: unknown): void;
}

/** The outermost handler: whatever goes wrong behind it, each turn is counted in and out once. */
export function counted(counts: TurnCounts, watcher: TurnWatcher, inner: Handler): Handler {
  return (turn, sink) => {
    const counting = new Counted(counts, watcher, turn, sink);
    try {
      return inner(turn, counting);
    } catch (error) {
      watcher.defect(turn, error);
      counting.push(endOf({ kind: 'failed', code: 'internal_error', message: 'a defect in the gateway; its log says more' }), 0);
      return OVER;
    }
  };
}

class Counted implements Sink {
  readonly #counts: TurnCounts;
  readonly #watcher: TurnWatcher;
  readonly #turn: Turn;
  readonly #sink: Sink;
  readonly #startedMs = performance.now();
  #over = false;

  constructor(counts: TurnCounts, watcher: TurnWatcher, turn: Turn, sink: Sink) {
    this.#counts = counts;
    this.#watcher = watcher;
    this.#turn = turn;
    this.#sink = sink;
    counts.inFlight += 1;
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (this.#over) return true;
    if (event.type === 'end') this.#end(event.outcome);
    return this.#sink.push(event, readAtNs);
  }

  #end(outcome: Outcome): void {
    this.#over = true;
    this.#counts.inFlight -= 1;
    this.#counts.ended[outcome.kind] += 1;
    if (outcome.kind === 'failed' || outcome.kind === 'refused') this.#counts.code(outcome.code);
    this.#watcher.ended(this.#turn, outcome, performance.now() - this.#startedMs);
  }
}
