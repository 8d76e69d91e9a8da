/**
 * Deliberate damage: a gateway that is worse by a known amount, to test whether the instrument finds it. Built only
 * where the configuration has `faults`, which the command line must allow.
 */

import { nowNs } from '../transports/clock.ts';
import type { Handler, Running, Sink, Turn, TurnEvent } from '../transports/contract.ts';
import { endOf } from './outcome.ts';

export interface Faults {
  delayMs?: { admission?: number | undefined } | undefined;
  cpuMicrosPerToken?: number | undefined;
}

export function faulty({ delayMs, cpuMicrosPerToken = 0 }: Faults, inner: Handler): Handler {
  const burning: Handler = cpuMicrosPerToken > 0 ? (turn, sink) => inner(turn, new Burning(sink, cpuMicrosPerToken * 1_000)) : inner;
  const waitMs = delayMs?.admission ?? 0;
  return waitMs > 0 ? (turn, sink) => new Delayed(burning, turn, sink, waitMs) : burning;
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
      this.#running = inner(turn, sink);
    }, waitMs);
  }

  resume(): void {
    this.#running?.resume();
  }

  cancel(): void {
    if (this.#running) this.#running.cancel();
    else if (!this.#over) {
      this.#over = true;
      clearTimeout(this.#timer);
      this.#sink.push(endOf({ kind: 'cancelled' }), 0);
    }
  }
}
