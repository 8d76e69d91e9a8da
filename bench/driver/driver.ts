/**
 * The load engine: runs one trial from its first turn to its last, with one load or with a second one beside it.
 *
 * What a load offers, and how its turns end, is its lane's (`lane.ts`); here is what all lanes share: one pacer that
 * does everything of the trial in order of its time, the measured window, and the end. Nothing is due from the end of
 * the window on. Then turns in flight have the drain to end; what is left is cancelled and counted as timed out, as is
 * a turn whose own time is up.
 */
import type { TokenColumns } from '../ledger/columns.ts';
import type { ArrivalRow } from '../ledger/rows.ts';
import type { ClientTraces } from '../telemetry/client-traces.ts';
import type { TrialSpec } from '../trial.ts';
import { Lane, type LaneLoad, type Trial, type WatchedLane } from './lane.ts';
import type { LiveTally } from './live.ts';
import { type Due, Pacer } from './pacer.ts';
import type { Books, RecorderResult } from './recorder.ts';
import { Series } from './series.ts';
import type { RunOutcome } from './turn-run.ts';
import type { Waiting } from './waiting.ts';

/** From the call to the trial's time 0: the first requests are written meanwhile. */
export const LEAD_NS = 5_000_000;

export interface DriverOptions extends Omit<LaneLoad, 'workload'> {
  spec: TrialSpec;
  /** What is offered beside the measured load, with targets of its own. */
  beside?: LaneLoad;
  waiting: Waiting;
  arrivals?: TokenColumns<ArrivalRow>;
  /** Takes the turns that are traced, where the spec has a share of them traced. */
  traces?: ClientTraces;
  /** Takes the turns of the measured load, where somebody watches. */
  live?: LiveTally | undefined;
  /** Handed the loads before they begin, to look at whenever it likes. */
  onLanes?: (lanes: readonly WatchedLane[]) => void;
  /** Told when the measured window begins and ends. */
  onWindow?: (edge: 'start' | 'end', atNs: number) => void;
  /** Cancels all turns, which count as cancelled, and ends the trial at once. */
  signal?: AbortSignal;
}

export interface DriverResult extends RecorderResult {
  windowStartNs: number;
  windowEndNs: number;
  /** Of the measured load. */
  inFlightPeak: number;
  /** Of the measured load, one a link of the spec; the rest of the result is of all together. */
  links?: readonly Books[];
  beside?: RecorderResult;
}

/** Runs one trial. @throws what a defect throws, and when the outcomes do not add up. */
export function drive(options: DriverOptions): Promise<DriverResult> {
  return new Driver(options).run();
}

class Driver implements Trial {
  readonly spec: TrialSpec;
  readonly startNs: number;
  readonly windowEndNs: number;
  readonly traces: ClientTraces | undefined;
  readonly #options: DriverOptions;
  readonly #pacer: Pacer;
  readonly #windowStartNs: number;
  readonly #measured: Lane;
  readonly #beside: Lane | undefined;
  readonly #lanes: readonly Lane[];
  readonly #result = Promise.withResolvers<DriverResult>();
  #state: Trial['state'] = 'offering';

  constructor(options: DriverOptions) {
    const { spec, schedule, targets, prompts, beside, waiting, arrivals } = options;
    this.#options = options;
    this.spec = spec;
    this.traces = options.traces;
    this.#pacer = new Pacer(waiting, (fault) => this.#fail(fault));
    this.startNs = waiting.nowNs() + LEAD_NS;
    this.#windowStartNs = this.startNs + spec.warmupMs * 1e6;
    this.windowEndNs = this.startNs + schedule.endNs;
    const { startNs, windowEndNs } = this;
    const window = { windowStartNs: this.#windowStartNs, windowEndNs, streams: spec.client.leg.transport !== 'http' };
    const series =
      spec.seriesBinMs === 0
        ? undefined
        : new Series({ startNs, windowEndNs, endNs: windowEndNs + spec.drainMs * 1e6, binNs: spec.seriesBinMs * 1e6 });
    this.#measured = new Lane(this, {
      role: 'measured',
      workload: spec.workload,
      schedule,
      targets,
      prompts,
      recording: { ...window, arrivals, series, live: options.live },
    });
    this.#beside =
      beside && new Lane(this, { ...beside, role: 'beside', recording: { ...window, arrivals: undefined, series: undefined } });
    this.#lanes = this.#beside ? [this.#measured, this.#beside] : [this.#measured];
  }

  get state(): Trial['state'] {
    return this.#state;
  }

  nowNs(): number {
    return this.#options.waiting.nowNs();
  }

  add(due: Due): void {
    this.#pacer.add(due);
  }

  run(): Promise<DriverResult> {
    const { signal } = this.#options;
    if (signal?.aborted) this.#abort();
    signal?.addEventListener('abort', this.#abort, { once: true });
    this.#at(this.#windowStartNs, () => this.#options.onWindow?.('start', this.nowNs()));
    this.#at(this.windowEndNs, () => this.#endWindow());
    this.#options.onLanes?.(this.#lanes);
    for (const lane of this.#lanes) lane.start();
    return this.#result.promise.finally(() => signal?.removeEventListener('abort', this.#abort));
  }

  settled(): void {
    if (this.#state !== 'offering') this.#finishWhenIdle();
  }

  readonly #abort = (): void => {
    if (this.#state === 'over') return;
    this.#state = 'stopping';
    this.#giveUpAll({ kind: 'cancelled' });
  };

  #endWindow(): void {
    if (this.#state !== 'offering') return;
    this.#state = 'draining';
    this.#options.onWindow?.('end', this.nowNs());
    const { drainMs } = this.spec;
    this.#at(this.windowEndNs + drainMs * 1e6, () =>
      this.#giveUpAll({ kind: 'timedOut', message: `not complete when the drain of ${drainMs} ms was over` }),
    );
    this.#finishWhenIdle();
  }

  #giveUpAll(outcome: RunOutcome): void {
    for (const lane of this.#lanes) lane.giveUpAll(outcome);
    this.#finishWhenIdle();
  }

  #finishWhenIdle(): void {
    if (this.#isIdle()) this.#at(this.nowNs(), () => this.#finish());
  }

  #finish(): void {
    // A turn that was due before may have been started meanwhile.
    if (!this.#isIdle()) return;
    this.#state = 'over';
    this.#pacer.stop();
    for (const lane of this.#lanes) lane.releaseAll();
    this.#result.resolve({
      ...this.#measured.result(),
      windowStartNs: this.#windowStartNs,
      windowEndNs: this.windowEndNs,
      inFlightPeak: this.#measured.inFlightPeak,
      ...(this.spec.links ? { links: this.#measured.books() } : {}),
      ...(this.#beside ? { beside: this.#beside.result() } : {}),
    });
  }

  #isIdle(): boolean {
    return this.#lanes.every((lane) => lane.inFlight === 0);
  }

  #fail(fault: unknown): void {
    this.#state = 'over';
    for (const lane of this.#lanes) lane.abandon();
    this.#result.reject(fault);
  }

  #at(dueNs: number, fire: () => void): void {
    this.add({ dueNs, fire });
  }
}
