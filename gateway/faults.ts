/**
 * Deliberate damage: a gateway that is worse by a known amount, to test whether the instrument finds it. Built only
 * where the configuration has `faults`, which the command line must allow.
 *
 * Each delay lengthens one phase of a turn: `admission` and `serialise` around everything, `dispatch` and `queue` before
 * the execution, `agent`, `upstream` and `upstreamStreaming` where the agent runs. Back-pressure comes from a client
 * that reads slowly. Extra bytes are the envelopes' to write.
 */
import { nowNs } from '../transports/clock.ts';
import type { Handler, Running, Sink, Turn, TurnEvent } from '../transports/contract.ts';
import { endOf } from './outcome.ts';
import { marksOf } from './turn-marks.ts';

export interface Faults {
  delayMs?: { admission?: number | undefined; serialise?: number | undefined } | undefined;
  cpuMicrosPerToken?: number | undefined;
}

export function faulty({ delayMs, cpuMicrosPerToken = 0 }: Faults, inner: Handler): Handler {
  const burning: Handler = cpuMicrosPerToken > 0 ? (turn, sink) => inner(turn, new Burning(sink, cpuMicrosPerToken * 1_000)) : inner;
  return delayed(delayMs?.admission ?? 0, late(delayMs?.serialise ?? 0, burning));
}

/** Starts each turn that much later. */
export function delayed(waitMs: number, inner: Handler): Handler {
  return waitMs > 0 ? (turn, sink) => new Delayed(inner, turn, sink, waitMs) : inner;
}

/** Hands on all events of a turn that much later: the reply is as fast as it was, and as long again. */
export function late(waitMs: number, inner: Handler): Handler {
  return waitMs > 0 ? (turn, sink) => Line.start(inner, turn, new Line(sink, waitMs, 0)) : inner;
}

/** What follows the first content is read that much later. */
export function lateFromSecondContent(waitMs: number, inner: Handler): Handler {
  return waitMs > 0 ? (turn, sink) => Line.start(inner, turn, new Line(sink, waitMs, 1)) : inner;
}

/** As if all threads and processes had been taken so long. */
export function queued(waitMs: number, inner: Handler): Handler {
  if (waitMs <= 0) return inner;
  const waiting = delayed(waitMs, inner);
  return (turn, sink) => {
    marksOf(turn).queuedNs = nowNs();
    return waiting(turn, sink);
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

/** Events that a line holds before it asks their producer to pause. */
const LINE_EVENTS_MAX = 4_096;

/** A delay line: each event leaves a fixed time after it came, if its consumer takes it then. */
class Line implements Sink, Running {
  readonly #sink: Sink;
  readonly #waitMs: number;
  /** Content that passes at once, and all before it. */
  #atOnce: number;
  readonly #restamps: boolean;
  readonly #events: { event: TurnEvent; readAtNs: number; dueMs: number }[] = [];
  #running: Running | undefined;
  #timer: NodeJS.Timeout | undefined;
  #takes = true;
  #asked = false;
  #cancelled = false;

  static start(inner: Handler, turn: Turn, line: Line): Running {
    line.#running = inner(turn, line);
    return line;
  }

  /** @param atOnce content that is not delayed; what comes after some is restamped, as if it had been read so late */
  constructor(sink: Sink, waitMs: number, atOnce: number) {
    this.#sink = sink;
    this.#waitMs = waitMs;
    this.#atOnce = atOnce;
    this.#restamps = atOnce > 0;
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (this.#cancelled || this.#passes(event)) {
      this.#takes = this.#sink.push(event, readAtNs);
      this.#asked = !this.#takes;
    } else {
      this.#events.push({ event, readAtNs, dueMs: performance.now() + this.#waitMs });
      this.#schedule();
      this.#asked ||= this.#events.length >= LINE_EVENTS_MAX;
    }
    return !this.#asked;
  }

  resume(): void {
    this.#takes = true;
    this.#release();
  }

  cancel(): void {
    this.#cancelled = true;
    clearTimeout(this.#timer);
    for (const { event, readAtNs } of this.#events.splice(0)) this.#sink.push(event, readAtNs);
    this.#running?.cancel();
  }

  written(atNs: number): void {
    this.#running?.written?.(atNs);
  }

  #passes(event: TurnEvent): boolean {
    if (this.#atOnce === 0) return false;
    if (event.type === 'text' || event.type === 'toolCall') this.#atOnce -= 1;
    return event.type !== 'end';
  }

  #schedule(): void {
    const [first] = this.#events;
    if (!first || !this.#takes || this.#timer) return;
    this.#timer = setTimeout(() => this.#release(), Math.max(0, first.dueMs - performance.now()));
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const nowMs = performance.now();
    while (this.#takes && this.#events[0] && this.#events[0].dueMs <= nowMs) {
      const { event, readAtNs } = this.#events.shift()!;
      this.#takes = this.#sink.push(event, this.#restamps ? nowNs() : readAtNs);
    }
    this.#schedule();
    if (!this.#asked || !this.#takes || this.#events.length >= LINE_EVENTS_MAX) return;
    this.#asked = false;
    this.#running?.resume();
  }
}
