/** What the page knows: folds the feed's events into the last ten minutes, and says which of them are shown. */
import { LIVE_SAMPLES_MAX, type LiveArm, type LiveEvent, type LiveHello, type LiveSample } from '../feed.ts';
import { WorstTurns } from '../worst.ts';

export type ShownQuantile = 'p50' | 'p90' | 'p99';

/** What the reader has chosen. */
export interface View {
  seconds: number;
  /** One arm alone; `null`: all. */
  arm: string | null;
  /** Where arms are side by side, of which each has one line. */
  quantile: ShownQuantile;
}

/** A moment of the charts; without a sample it parts lines, where the feed was interrupted. */
export interface Moment {
  atMs: number;
  sample: LiveSample | null;
}

/** Samples further apart than this many of their own lengths have something missing between them. */
const GAP_SPANS = 2.5;

export class Store {
  about: Omit<LiveHello, 'samples' | 'turns' | 'arms'> | undefined;
  samples: LiveSample[] = [];
  worst = new WorstTurns();
  arms: readonly LiveArm[] = [];
  /** Every arm that was met, in order: its place is its letter and its colour. */
  armNames: string[] = [];
  ended: Extract<LiveEvent, { type: 'ended' }> | undefined;

  apply(event: LiveEvent): void {
    switch (event.type) {
      case 'hello': {
        const { samples, turns, arms, ...about } = event.hello;
        const { startedAtMs } = this.about ?? about;
        // Another process may have taken the port meanwhile, whose arms are others.
        if (startedAtMs !== about.startedAtMs) this.armNames = [];
        this.about = about;
        this.samples = [...samples];
        this.worst = new WorstTurns();
        this.worst.add(turns);
        this.#meet(arms);
        for (const { trial } of samples) this.#meetArm(trial?.arm);
        break;
      }
      case 'sample':
        this.samples.push(event.sample);
        if (this.samples.length > LIVE_SAMPLES_MAX) this.samples.shift();
        this.worst.expire(event.sample.atMs);
        this.worst.add(event.turns);
        this.#meetArm(event.sample.trial?.arm);
        break;
      case 'arms':
        this.#meet(event.arms);
        break;
      case 'ended':
        this.ended = event;
        break;
    }
  }

  get last(): LiveSample | undefined {
    return this.samples.at(-1);
  }

  /** What the view shows of the past. Other arms' samples stay: what they say of no arm is shown for all of time. */
  moments(seconds: number): Moment[] {
    const untilMs = this.last?.atMs ?? 0;
    const moments: Moment[] = [];
    let beforeMs = Number.NaN;
    for (const sample of this.samples) {
      const { atMs, spanMs } = sample;
      if (atMs <= untilMs - seconds * 1e3) continue;
      if (atMs - beforeMs > spanMs * GAP_SPANS) moments.push({ atMs: beforeMs + spanMs, sample: null });
      moments.push({ atMs, sample });
      beforeMs = atMs;
    }
    return moments;
  }

  /** The last that has turns in it. */
  get lastLoaded(): LiveSample | undefined {
    return this.samples.findLast(({ load }) => load !== null);
  }

  #meet(arms: readonly LiveArm[]): void {
    this.arms = arms;
    for (const { arm } of arms) this.#meetArm(arm);
  }

  #meetArm(arm: string | undefined): void {
    if (arm !== undefined && !this.armNames.includes(arm)) this.armNames.push(arm);
  }
}
