/**
 * The generator's metrics: the books of the trial under way and those of all trials before it, by load. Nothing is
 * counted for them: the recorders' own counts are looked at when somebody scrapes.
 */
import { labelOf } from '../../dashboards/catalog.ts';
import type { CollectedMetric } from '../../dashboards/metrics/exposition.ts';
import type { Instruments } from '../../dashboards/metrics/instruments.ts';
import { type LabelBounds, summed } from '../../dashboards/metrics/labels.ts';
import type { WatchedLane } from '../driver/lane.ts';
import type { RecorderGlance } from '../driver/recorder.ts';
import type { LoadRole } from '../ledger/rows.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import { collectedHistogram, type MetricsSource } from './metrics.ts';

const OUTCOMES = ['completed', 'failed', 'cancelled', 'timedOut', 'refused', 'dropped'] as const;
const LATENCIES = {
  lateness: 'gatebench.generator.lateness',
  turn: 'gatebench.generator.turn.duration',
  ttft: 'gatebench.generator.turn.time_to_first_token',
} as const;
type Latency = keyof typeof LATENCIES;

const LATENCY_NAMES = Object.keys(LATENCIES) as Latency[];

/** What one load has counted, over trials. */
class Counts {
  offered = 0;
  started = 0;
  tokens = 0;
  readonly ended: Record<(typeof OUTCOMES)[number], number> = {
    completed: 0,
    failed: 0,
    cancelled: 0,
    timedOut: 0,
    refused: 0,
    dropped: 0,
  };
  readonly codes = new Map<string, number>();

  add({ counts, started, tokens, codes }: RecorderGlance): void {
    this.offered += counts.offered;
    this.started += started;
    this.tokens += tokens;
    for (const outcome of OUTCOMES) this.ended[outcome] += counts[outcome];
    for (const [code, count] of codes) this.codes.set(code, (this.codes.get(code) ?? 0) + count);
  }
}

/** All trials of one load that are over. */
class Before {
  readonly counts = new Counts();
  readonly latencies: Readonly<Record<Latency, LatencyHistogram>> = {
    lateness: new LatencyHistogram(),
    turn: new LatencyHistogram(),
    ttft: new LatencyHistogram(),
  };

  add(glance: RecorderGlance): void {
    this.counts.add(glance);
    for (const name of LATENCY_NAMES) this.latencies[name].add(glance[name]);
  }
}

export class GeneratorMetrics implements MetricsSource {
  /** The load that is measured is there from the start, so that its rates are. */
  readonly #before = new Map<LoadRole, Before>([['measured', new Before()]]);
  #lanes: readonly WatchedLane[] = [];

  /** A trial begins; its loads are looked at until it ends. */
  begin(lanes: readonly WatchedLane[]): void {
    this.end();
    this.#lanes = lanes;
    for (const { role } of lanes) if (!this.#before.has(role)) this.#before.set(role, new Before());
  }

  end(): void {
    for (const lane of this.#lanes) for (const glance of lane.glances()) this.#before.get(lane.role)!.add(glance);
    this.#lanes = [];
  }

  observe(instruments: Instruments, bounds: LabelBounds): void {
    const codeOf = bounds.bound(labelOf('gatebench.generator.errors', 'code'));
    instruments.observe(
      [
        'gatebench.generator.turns.offered',
        'gatebench.generator.turns.started',
        'gatebench.generator.turns.ended',
        'gatebench.generator.turns.in_flight',
        'gatebench.generator.tokens',
        'gatebench.generator.errors',
      ],
      (report) => {
        for (const role of this.#before.keys()) {
          const { offered, started, ended, tokens, codes } = this.#countsOf(role);
          report('gatebench.generator.turns.offered', offered, { role });
          report('gatebench.generator.turns.started', started, { role });
          report('gatebench.generator.turns.in_flight', this.#inFlightOf(role), { role });
          report('gatebench.generator.tokens', tokens, { role });
          for (const outcome of OUTCOMES) report('gatebench.generator.turns.ended', ended[outcome], { role, outcome });
          for (const [code, count] of summed(codes, codeOf)) report('gatebench.generator.errors', count, { role, code });
        }
      },
    );
  }

  histograms(): readonly CollectedMetric[] {
    return LATENCY_NAMES.map((name) =>
      collectedHistogram(
        LATENCIES[name],
        [...this.#before].map(([role, { latencies }]) => {
          const now = this.#glancesOf(role).map((glance) => glance[name]);
          return { labels: { role }, histogram: LatencyHistogram.merge([latencies[name], ...now]) };
        }),
      ),
    );
  }

  #countsOf(role: LoadRole): Counts {
    const counts = new Counts();
    const { offered, started, tokens, ended, codes } = this.#before.get(role)!.counts;
    Object.assign(counts, { offered, started, tokens });
    Object.assign(counts.ended, ended);
    for (const [code, count] of codes) counts.codes.set(code, count);
    for (const glance of this.#glancesOf(role)) counts.add(glance);
    return counts;
  }

  #glancesOf(role: LoadRole): RecorderGlance[] {
    return this.#lanes.filter((lane) => lane.role === role).flatMap((lane) => [...lane.glances()]);
  }

  #inFlightOf(role: LoadRole): number {
    return this.#lanes.filter((lane) => lane.role === role).reduce((sum, { inFlight }) => sum + inFlight, 0);
  }
}
