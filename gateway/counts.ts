/** Counts turns by how they ended: every turn that reaches the handler is in exactly one place. */
import type { Handler, Outcome, Sink, Turn, TurnEvent } from '../transports/contract.ts';

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

/** @param onEnd told of every turn's end, for the log. */
export function counted(counts: TurnCounts, onEnd: (turn: Turn, outcome: Outcome, ms: number) => void, inner: Handler): Handler {
  return (turn, sink) => {
    counts.inFlight += 1;
    return inner(turn, new Counted(counts, onEnd, turn, sink));
  };
}

class Counted implements Sink {
  readonly #counts: TurnCounts;
  readonly #onEnd: (turn: Turn, outcome: Outcome, ms: number) => void;
  readonly #turn: Turn;
  readonly #sink: Sink;
  readonly #startedMs = performance.now();

  constructor(counts: TurnCounts, onEnd: (turn: Turn, outcome: Outcome, ms: number) => void, turn: Turn, sink: Sink) {
    this.#counts = counts;
    this.#onEnd = onEnd;
    this.#turn = turn;
    this.#sink = sink;
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (event.type === 'end') {
      const { outcome } = event;
      this.#counts.inFlight -= 1;
      this.#counts.ended[outcome.kind] += 1;
      if (outcome.kind === 'failed' || outcome.kind === 'refused') this.#counts.code(outcome.code);
      this.#onEnd(this.#turn, outcome, performance.now() - this.#startedMs);
    }
    return this.#sink.push(event, readAtNs);
  }
}
