/**
 * Instruments, made from the catalogue: nothing is counted under a name, a unit or buckets that it does not have.
 * Several meters are served alike (a page that is scraped, a collector that is sent to), each of which collects in its
 * own time.
 */
import type { Attributes, Meter, Observable } from '@opentelemetry/api';
import { type GenAiNames, type Metric, type MetricName, type MetricNames, type MetricProcess, metric } from '../catalog.ts';

export type Labels = Readonly<Record<string, string>>;

export interface CounterInstrument {
  add(value: number, labels?: Labels): void;
}

export interface HistogramInstrument {
  readonly metric: Metric;
  record(value: number, labels?: Labels): void;
}

/** Tells a figure at the moment of collection; `null`: there is none. */
export type Report<Name extends MetricName> = (name: Name, value: number | null, labels?: Labels) => void;

type ObservableName = MetricNames<'counter' | 'updowncounter' | 'gauge'>;

export class Instruments {
  readonly #meters: readonly Meter[];
  readonly #process: MetricProcess;
  readonly #genAiNames: GenAiNames;

  constructor(meters: readonly Meter[], process: MetricProcess, genAiNames: GenAiNames = 'latest') {
    this.#meters = meters;
    this.#process = process;
    this.#genAiNames = genAiNames;
  }

  counter(name: MetricNames<'counter'>): CounterInstrument {
    const { description, unit } = this.#own(name);
    const counters = this.#meters.map((meter) => meter.createCounter(name, { description, unit }));
    return {
      add: (value, labels) => {
        for (const counter of counters) counter.add(value, labels);
      },
    };
  }

  histogram(name: MetricNames<'histogram'>): HistogramInstrument {
    const own = this.#own(name);
    const { description, unit, buckets = [] } = own;
    const advice = { explicitBucketBoundaries: [...buckets] };
    const histograms = this.#meters.map((meter) => meter.createHistogram(name, { description, unit, advice }));
    return {
      metric: own,
      record: (value, labels) => {
        for (const histogram of histograms) histogram.record(value, labels);
      },
    };
  }

  /** Figures that `read` finds whenever they are collected: what is costly to find is found once for all of them. */
  observe<const Name extends ObservableName>(names: readonly Name[], read: (report: Report<Name>) => void): void {
    const metrics = names.map((name) => this.#own(name));
    for (const meter of this.#meters) {
      const observables = new Map<string, Observable<Attributes>>(metrics.map((one) => [one.name, observableOf(meter, one)]));
      meter.addBatchObservableCallback(
        (result) =>
          read((name, value, labels) => {
            const observable = observables.get(name);
            if (observable && value !== null) result.observe(observable, value, labels);
          }),
        [...observables.values()],
      );
    }
  }

  /** @throws what this process does not emit by the catalogue */
  #own(name: MetricName): Metric {
    const found = metric(name);
    if (!found.emittedBy.includes(this.#process)) throw new Error(`${name} is not the ${this.#process}'s by the catalogue`);
    if (found.genAiNames !== undefined && found.genAiNames !== this.#genAiNames)
      throw new Error(`${name} is a name of the ${found.genAiNames} GenAI conventions, and those in use are the ${this.#genAiNames}`);
    return found;
  }
}

function observableOf(meter: Meter, { name, instrument, description, unit }: Metric): Observable<Attributes> {
  const options = { description, unit };
  if (instrument === 'counter') return meter.createObservableCounter(name, options);
  if (instrument === 'gauge') return meter.createObservableGauge(name, options);
  return meter.createObservableUpDownCounter(name, options);
}
