/** Tells how a trial goes while it goes on, for the live page; there only where somebody has asked for that. */
import type { LiveLoad, LiveTurn } from '../../dashboards/live/feed.ts';
import { SecondMeter } from '../../dashboards/live/meter.ts';
import { meteredTurn } from './live-turn.ts';
import type { RunOutcome, TurnRun } from './turn-run.ts';

export interface LiveSecond {
  /** What it covers: about a second, and less at the end of a trial. */
  spanMs: number;
  load: LiveLoad;
  /** Without their arm, which the generator does not know. */
  turns: readonly LiveTurn[];
}

export class LiveTally {
  readonly #meter = new SecondMeter();
  readonly #clockMs: () => number;
  #takenAtMs: number;
  #inFlight = 0;

  constructor(clockMs: () => number = () => performance.now()) {
    this.#clockMs = clockMs;
    this.#takenAtMs = clockMs();
  }

  offered(): void {
    this.#inFlight += 1;
  }

  ended(run: TurnRun, outcome: RunOutcome): void {
    this.#inFlight -= 1;
    this.#meter.add(meteredTurn(run, outcome));
  }

  /** Since the last call. */
  take(): LiveSecond {
    const atMs = this.#clockMs();
    const spanMs = Math.round(atMs - this.#takenAtMs);
    this.#takenAtMs = atMs;
    return { spanMs, ...this.#meter.take(this.#inFlight) };
  }
}
