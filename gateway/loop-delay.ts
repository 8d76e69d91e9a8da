/**
 * How long an event that arrives at a random moment waits until the main thread takes it: the delay of its event loop,
 * weighted by time. A timer asks the loop every 5 ms; where it was late, the moments that it slept through count too,
 * each with what was left to wait then, so that one stall of 300 ms among many short ones weighs as much as it lasted.
 * (Node's own `monitorEventLoopDelay` counts such a stall once, as one interval among many: its p99 hardly sees it.)
 *
 * The price is 200 wake-ups a second: 0.7 % of a core as measured where the loop is idle otherwise, as much as a bare
 * timer costs. Timers are due on whole milliseconds, so an idle loop shows up to 1 ms.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

export const LOOP_DELAY_INTERVAL_MS = 5;

export interface LoopDelayFigures {
  p50: number;
  p90: number;
  p99: number;
  /** The longest stall. */
  max: number;
}

/** What a stall of this length adds: one moment an interval, the first of which waited longest. */
export function momentsOf(latenessMs: number, intervalMs: number): number[] {
  const moments: number[] = [];
  for (let waitMs = latenessMs; waitMs >= 0; waitMs -= intervalMs) moments.push(waitMs);
  return moments;
}

export class LoopDelay {
  readonly #clockMs: () => number;
  /** Told of each moment's wait, in milliseconds. */
  onWait: ((waitMs: number) => void) | undefined;
  /** In microseconds. */
  readonly #window = createHistogram();
  readonly #total = createHistogram();
  readonly #lap = createHistogram();
  #timer: NodeJS.Timeout | undefined;
  #dueMs = 0;

  constructor(clockMs: () => number = () => performance.now()) {
    this.#clockMs = clockMs;
  }

  start(): void {
    this.#dueMs = this.#clockMs() + LOOP_DELAY_INTERVAL_MS;
    this.#timer = setTimeout(() => this.#tick(), LOOP_DELAY_INTERVAL_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  beginWindow(): void {
    this.#catchUp();
    this.#window.reset();
  }

  window(): LoopDelayFigures {
    this.#catchUp();
    return loopDelayFigures(this.#window);
  }

  sinceStart(): LoopDelayFigures {
    this.#catchUp();
    return loopDelayFigures(this.#total);
  }

  /** Since the last call, for one who asks again and again; the window belongs to whoever measures. */
  lap(): LoopDelayFigures {
    this.#catchUp();
    const figures = loopDelayFigures(this.#lap);
    this.#lap.reset();
    return figures;
  }

  /** Whoever asks right after a stall, before the timer had its turn, must see it. */
  #catchUp(): void {
    if (this.#timer && this.#clockMs() > this.#dueMs) this.#tick();
  }

  #tick(): void {
    const nowMs = this.#clockMs();
    for (const waitMs of momentsOf(Math.max(0, nowMs - this.#dueMs), LOOP_DELAY_INTERVAL_MS)) {
      // The histogram takes no 0.
      const micros = Math.max(1, Math.round(waitMs * 1_000));
      this.#window.record(micros);
      this.#total.record(micros);
      this.#lap.record(micros);
      this.onWait?.(waitMs);
    }
    this.#dueMs = nowMs + LOOP_DELAY_INTERVAL_MS;
    this.#timer?.refresh();
  }
}

/** In milliseconds, of a histogram in microseconds. */
export function loopDelayFigures(histogram: RecordableHistogram): LoopDelayFigures {
  const ms = (micros: number) => (histogram.count === 0 ? 0 : micros / 1_000);
  return {
    p50: ms(histogram.percentile(50)),
    p90: ms(histogram.percentile(90)),
    p99: ms(histogram.percentile(99)),
    max: ms(histogram.max),
  };
}
