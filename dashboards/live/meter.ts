/**
 * Gathers the turns of one second for a sample of the live feed. What a turn costs here is two values in a histogram
 * and a few additions; the slowest turns and the failed ones are asked for their traces only when they will be shown.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { type LiveLoad, type LiveOutcome, type LiveQuantiles, type LiveTurn, noOutcomes } from './feed.ts';

/** A turn that has ended. */
export interface MeteredTurn {
  outcome: LiveOutcome;
  durationMs: number;
  /** `null`: none came. */
  firstTokenMs: number | null;
  tokens: number;
  /** In order; absent: it does not tell. */
  phasesMs?: Readonly<Record<string, number>> | undefined;
  /** Called at most once, by the end of the second. */
  trace(): LiveTurn;
}

/** Of each second, so many of the slowest turns and so many that did not complete. */
const KEPT_MAX = 4;

export class SecondMeter {
  /** Microseconds; the histograms take no 0. */
  readonly #turns = createHistogram();
  readonly #firstTokens = createHistogram();
  #ended = noOutcomes();
  #tokens = 0;
  #phasesMs: Record<string, number> = {};
  #phased = 0;
  /** The slowest first. */
  #slowest: MeteredTurn[] = [];
  #failed: MeteredTurn[] = [];

  add(turn: MeteredTurn): void {
    const { outcome, durationMs, firstTokenMs, tokens, phasesMs } = turn;
    this.#ended[outcome] += 1;
    this.#tokens += tokens;
    if (phasesMs) this.#addPhases(phasesMs);
    if (outcome === 'completed') {
      record(this.#turns, durationMs);
      if (firstTokenMs !== null) record(this.#firstTokens, firstTokenMs);
      this.#keepIfSlow(turn);
    } else if (this.#failed.length < KEPT_MAX) this.#failed.push(turn);
  }

  /** What came since the last call. */
  take(inFlight: number): { load: LiveLoad; turns: LiveTurn[] } {
    const load: LiveLoad = {
      ended: this.#ended,
      inFlight,
      tokens: this.#tokens,
      turnMs: quantilesOf(this.#turns),
      firstTokenMs: quantilesOf(this.#firstTokens),
      phasesMs: this.#phased === 0 ? null : means(this.#phasesMs, this.#phased),
    };
    const turns = [...this.#slowest, ...this.#failed].map((turn) => turn.trace());
    this.#turns.reset();
    this.#firstTokens.reset();
    this.#ended = noOutcomes();
    this.#tokens = 0;
    this.#phasesMs = {};
    this.#phased = 0;
    this.#slowest = [];
    this.#failed = [];
    return { load, turns };
  }

  #addPhases(phasesMs: Readonly<Record<string, number>>): void {
    this.#phased += 1;
    for (const name in phasesMs) this.#phasesMs[name] = (this.#phasesMs[name] ?? 0) + phasesMs[name]!;
  }

  #keepIfSlow(turn: MeteredTurn): void {
    const kept = this.#slowest;
    if (kept.length === KEPT_MAX && turn.durationMs <= kept[KEPT_MAX - 1]!.durationMs) return;
    const place = kept.findIndex(({ durationMs }) => durationMs < turn.durationMs);
    kept.splice(place === -1 ? kept.length : place, 0, turn);
    if (kept.length > KEPT_MAX) kept.pop();
  }
}

function record(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.max(1, Math.round(ms * 1e3)));
}

function quantilesOf(histogram: RecordableHistogram): LiveQuantiles | null {
  if (histogram.count === 0) return null;
  const ms = (micros: number) => micros / 1e3;
  return {
    p50: ms(histogram.percentile(50)),
    p90: ms(histogram.percentile(90)),
    p99: ms(histogram.percentile(99)),
    max: ms(histogram.max),
  };
}

function means(sums: Readonly<Record<string, number>>, count: number): Record<string, number> {
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, Math.round((sum / count) * 1e3) / 1e3]));
}
