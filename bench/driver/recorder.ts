/**
 * Books what came of a trial's turns: outcomes, codes, latencies, arrivals of single tokens.
 *
 * Latencies are those of completed turns that were due in the measured window, counted from the intended start; a
 * turn that failed or ran out of time is in the counts and in no latency, so a percentile is never read without them.
 * The exceptions: `lateness` is of every turn that was started, and `interChunk` takes gaps as they come, of turns
 * that fail later too.
 */
import type { TokenColumns } from '../ledger/columns.ts';
import type { ArrivalRow } from '../ledger/rows.ts';
import { addCounts, checkCounts } from '../statistics/accounting.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import { TRIAL_HISTOGRAMS, type TrialHistogram, type TrialResult, type TurnCounts } from '../trial.ts';
import type { LiveTally } from './live.ts';
import type { Series } from './series.ts';
import type { RunOutcome, TurnRun } from './turn-run.ts';

/** Counted in `codes` though it ends no turn: a `delta` turn was sent in full. */
export const DELTA_FALLBACK = 'delta_fallback';

export interface RecorderOptions {
  windowStartNs: number;
  windowEndNs: number;
  /** Tokens arrive one by one: not so over `http`, where `tpot` and `interChunk` stay empty. */
  streams: boolean;
  arrivals: TokenColumns<ArrivalRow> | undefined;
  /** Takes all turns, those outside the window too. */
  series: Series | undefined;
  /** Takes all turns as well, where somebody watches. */
  live?: LiveTally | undefined;
  /** Stands in the arrivals: the link that these turns come over. */
  link: number;
}

export interface Books extends Pick<TrialResult, 'turns' | 'codes' | 'histograms'> {
  totals: Omit<TrialResult['totals'], 'meter'>;
}

/** What a recorder has booked so far. */
export interface RecorderGlance {
  readonly counts: Readonly<TurnCounts>;
  readonly started: number;
  readonly codes: ReadonlyMap<string, number>;
  readonly tokens: number;
  readonly lateness: LatencyHistogram;
  readonly turn: LatencyHistogram;
  readonly ttft: LatencyHistogram;
}

export interface RecorderResult extends Books, Pick<TrialResult, 'series'> {
  offeredRate: number;
  achievedRate: number;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #histograms: Record<TrialHistogram, LatencyHistogram>;
  #counts: TurnCounts = { offered: 0, completed: 0, failed: 0, cancelled: 0, timedOut: 0, refused: 0, dropped: 0 };
  readonly #codes = new Map<string, number>();
  readonly #totals = { turns: 0, outputTokens: 0, textEvents: 0 };
  #started = 0;
  #lastStartNs = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#histograms = Object.fromEntries(TRIAL_HISTOGRAMS.map((name) => [name, new LatencyHistogram()])) as Record<
      TrialHistogram,
      LatencyHistogram
    >;
  }

  /**
   * What the recorders of one load, one at least, have booked, as if it had been one of them: counts and histograms add
   * up exactly. So a turn over one of several links is booked once, and costs what it costs without any.
   */
  static together(recorders: readonly Recorder[]): Recorder {
    if (recorders.length === 1) return recorders[0]!;
    const all = new Recorder(recorders[0]!.#options);
    for (const recorder of recorders) all.#add(recorder);
    return all;
  }

  #add(other: Recorder): void {
    for (const name of TRIAL_HISTOGRAMS) this.#histograms[name].add(other.#histograms[name]);
    this.#counts = addCounts([this.#counts, other.#counts]);
    for (const [code, count] of other.#codes) this.#count(code, count);
    this.#totals.turns += other.#totals.turns;
    this.#totals.outputTokens += other.#totals.outputTokens;
    this.#totals.textEvents += other.#totals.textEvents;
    this.#started += other.#started;
    this.#lastStartNs = Math.max(this.#lastStartNs, other.#lastStartNs);
  }

  /** As it stands; for reading at once, not for keeping. */
  glance(): RecorderGlance {
    const { lateness, turn, ttft } = this.#histograms;
    return { counts: this.#counts, started: this.#started, codes: this.#codes, tokens: this.#totals.outputTokens, lateness, turn, ttft };
  }

  /** Where the gaps between a measured turn's reads go. */
  get gaps(): LatencyHistogram | undefined {
    return this.#options.streams ? this.#histograms.interChunk : undefined;
  }

  isMeasured(dueNs: number): boolean {
    return dueNs >= this.#options.windowStartNs && dueNs < this.#options.windowEndNs;
  }

  offered(run: TurnRun): void {
    this.#options.series?.offered(run.dueNs);
    this.#options.live?.offered();
    if (run.measured) this.#counts.offered += 1;
  }

  started(run: TurnRun): void {
    if (!run.measured) return;
    this.#started += 1;
    this.#lastStartNs = run.startedNs;
    this.#histograms.lateness.recordNs(run.startedNs - run.dueNs);
  }

  fellBack(run: TurnRun): void {
    if (run.measured) this.#count(DELTA_FALLBACK);
  }

  /** Once for each turn that was offered, when its outcome is known. */
  ended(run: TurnRun, outcome: RunOutcome): void {
    this.#totals.textEvents += run.textEvents;
    if (outcome.kind === 'completed') {
      this.#totals.turns += 1;
      this.#totals.outputTokens += run.outputTokens;
    }
    this.#arrive(run, outcome);
    this.#options.series?.ended(run.dueNs, outcome.kind, run.endedNs, lastContentNs(run) - run.dueNs);
    this.#options.live?.ended(run, outcome);
    if (!run.measured) return;
    this.#counts[outcome.kind] += 1;
    if (outcome.kind === 'failed' || outcome.kind === 'refused') this.#count(outcome.code);
    if (outcome.kind === 'completed') this.#latencies(run);
  }

  #latencies(run: TurnRun): void {
    const { turn, service, ttft, tpot } = this.#histograms;
    const lastNs = lastContentNs(run);
    turn.recordNs(lastNs - run.dueNs);
    service.recordNs(lastNs - run.startedNs);
    if (run.firstNs === 0) return;
    ttft.recordNs(run.firstNs - run.dueNs);
    if (this.#options.streams && run.outputTokens > 1) tpot.recordNs((run.lastNs - run.firstNs) / (run.outputTokens - 1));
  }

  #arrive(run: TurnRun, outcome: RunOutcome): void {
    const { key, traceparent } = run.prepared.turn;
    this.#options.arrivals?.append(
      {
        key,
        intendedNs: run.dueNs,
        startedNs: run.startedNs,
        endedNs: run.endedNs,
        outcome: outcome.kind,
        ...('code' in outcome ? { code: outcome.code } : {}),
        ...(run.firstNs === 0 ? {} : { contentNs: [run.firstNs, run.lastNs] }),
        measured: run.measured,
        link: this.#options.link,
        // Those of a second attempt say nothing of the first, which the turn's time holds too.
        ...(run.phases === undefined || run.attempts > 1 ? {} : { phases: run.phases }),
        ...(traceparent === undefined ? {} : { traceparent }),
      },
      run.lengths,
      run.timesNs,
    );
  }

  #count(code: string, times = 1): void {
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + times);
  }

  result(): RecorderResult {
    return { ...this.books(), series: this.#options.series?.bins() ?? [], ...this.#rates() };
  }

  /** @throws when the outcomes do not add up to what was offered: a defect, and no result. */
  books(): Books {
    const accounts = checkCounts(this.#counts);
    if (!accounts.ok) throw new Error(accounts.message);
    return {
      turns: { ...this.#counts },
      codes: Object.fromEntries(this.#codes),
      histograms: Object.fromEntries(TRIAL_HISTOGRAMS.map((name) => [name, this.#histograms[name].encode()])) as TrialResult['histograms'],
      totals: { ...this.#totals },
    };
  }

  /**
   * Turns a second: due in the window, and of these really started. Starting them may have taken longer than the
   * window, where the generator fell behind; a turn that was due in its last moment does not make it so.
   */
  #rates(): { offeredRate: number; achievedRate: number } {
    const { windowStartNs, windowEndNs } = this.#options;
    const tookNs = Math.max(windowEndNs, this.#lastStartNs) - windowStartNs;
    return {
      offeredRate: (this.#counts.offered * 1e9) / (windowEndNs - windowStartNs),
      achievedRate: (this.#started * 1e9) / tookNs,
    };
  }
}

/** A reply may hold no content at all; then its end is all there is. */
function lastContentNs(run: TurnRun): number {
  return run.lastNs === 0 ? run.endedNs : run.lastNs;
}
