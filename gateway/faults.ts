/**
 * Deliberate damage: a gateway that is worse by a known amount, to test whether the instrument finds it. Built only
 * where the configuration has `faults`, which the command line must allow.
 *
 * Each delay lengthens one phase of a turn: `admission` and `serialise` here, around everything, `dispatch` before the
 * execution, `agent` and `upstream` where the agent runs (`delayed`). Extra bytes are the envelopes' to write.
 */
import { nowNs } from '../transports/clock.ts';
import type { Handler, Running, Sink, Turn, TurnEvent } from '../transports/contract.ts';
import { endOf } from './outcome.ts';

export interface Faults {
  delayMs?: { admission?: number | undefined; serialise?: number | undefined } | undefined;
  cpuMicrosPerToken?: number | undefined;
}

export function faulty({ delayMs, cpuMicrosPerToken = 0 }: Faults, inner: Handler): Handler {
  const burning: Handler = cpuMicrosPerToken > 0 ? (turn, sink) => inner(turn, new Burning(sink, cpuMicrosPerToken * 1_000)) : inner;
  return delayed(delayMs?.admission ?? 0, firstEventDelayed(delayMs?.serialise ?? 0, burning));
}

/** Starts each turn that much later. */
export function delayed(waitMs: number, inner: Handler): Handler {
  return waitMs > 0 ? (turn, sink) => new Delayed(inner, turn, sink, waitMs) : inner;
}

/** Hands on the first event, and what comes meanwhile, that much later. */
export function firstEventDelayed(waitMs: number, inner: Handler): Handler {
  if (waitMs <= 0) return inner;
  return (turn, sink) => {
    const held = new Held(sink, waitMs);
    held.running = inner(turn, held);
    return held;
  };
}

/** Spends CPU on each text event, which is one token where the upstream sends one a chunk. */
class Burning implements Sink {
  readonly #sink: Sink;
  readonly #ns: number;

  constructor(sink: Sink, ns: number) {
    this.#sink = sink;
    this.#ns = ns;
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (event.type === 'text') {
      const until = nowNs() + this.#ns;
      while (nowNs() < until);
    }
    return this.#sink.push(event, readAtNs);
  }
}

class Delayed implements Running {
  readonly #sink: Sink;
  readonly #timer: NodeJS.Timeout;
  #running: Running | undefined;
  #over = false;

  constructor(inner: Handler, turn: Turn, sink: Sink, waitMs: number) {
    this.#sink = sink;
    this.#timer = setTimeout(() => {
      try {
        this.#running = inner(turn, sink);
      } catch (error) {
        // Nobody else catches what is thrown from a timer.
        this.#end({ kind: 'failed', code: 'internal_error', message: error instanceof Error ? error.message : String(error) });
      }
    }, waitMs);
  }

  resume(): void {
    this.#running?.resume();
  }

  cancel(): void {
    if (this.#running) this.#running.cancel();
    else this.#end({ kind: 'cancelled' });
  }

  written(atNs: number): void {
    this.#running?.written?.(atNs);
  }

  #end(outcome: Parameters<typeof endOf>[0]): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#sink.push(endOf(outcome), 0);
  }
}

/** Asks the producer to pause while it holds; what a producer has decoded already is at most a few reads. */
class Held implements Sink, Running {
  running: Running | undefined;
  readonly #sink: Sink;
  readonly #waitMs: number;
  #state: 'waiting' | 'holding' | 'through' = 'waiting';
  #timer: NodeJS.Timeout | undefined;
  readonly #events: { event: TurnEvent; readAtNs: number }[] = [];

  constructor(sink: Sink, waitMs: number) {
    this.#sink = sink;
    this.#waitMs = waitMs;
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (this.#state === 'through') return this.#sink.push(event, readAtNs);
    this.#events.push({ event, readAtNs });
    if (this.#state === 'waiting') {
      this.#state = 'holding';
      this.#timer = setTimeout(() => this.#release(), this.#waitMs);
    }
    return false;
  }

  resume(): void {
    this.running?.resume();
  }

  cancel(): void {
    this.running?.cancel();
    this.#release();
  }

  written(atNs: number): void {
    this.running?.written?.(atNs);
  }

  #release(): void {
    if (this.#state === 'through') return;
    this.#state = 'through';
    clearTimeout(this.#timer);
    let takes = true;
    for (const { event, readAtNs } of this.#events.splice(0)) takes = this.#sink.push(event, readAtNs);
    if (takes) this.running?.resume();
  }
}
