/**
 * Ends turns that take too long. It is the last line of defence against an agent that hangs, so it ends the turn for
 * the client at once and does not wait for what is behind it to confirm.
 */
import type { Handler, Running, Sink, TurnEvent } from '../transports/contract.ts';
import { endOf } from './outcome.ts';

export function deadline(timeoutMs: number, inner: Handler): Handler {
  return (turn, sink) => {
    const watched = new Watched(sink, timeoutMs);
    watched.running = inner(turn, watched);
    return watched.running;
  };
}

class Watched implements Sink {
  running: Running | undefined;
  readonly #sink: Sink;
  readonly #timer: NodeJS.Timeout;
  #over = false;

  constructor(sink: Sink, timeoutMs: number) {
    this.#sink = sink;
    this.#timer = setTimeout(() => this.#expire(timeoutMs), timeoutMs);
    this.#timer.unref();
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (this.#over) return true;
    if (event.type === 'end') {
      this.#over = true;
      clearTimeout(this.#timer);
    }
    return this.#sink.push(event, readAtNs);
  }

  #expire(timeoutMs: number): void {
    this.#over = true;
    this.#sink.push(endOf({ kind: 'timedOut', message: `the turn took longer than ${timeoutMs} ms` }), 0);
    this.running?.cancel();
  }
}
