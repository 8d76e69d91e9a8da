/**
 * PromQL from the catalogue. A query names metrics and labels as the catalogue does, and comes out in the names that
 * Prometheus has scraped; what the catalogue does not have is an error when the dashboards are built, not an empty
 * panel afterwards. Every selector is written with braces, so that tests can read the names back out of the text.
 */
import { type Metric, type MetricNames, type MetricProcess, metric, prometheusLabel } from './catalog.ts';

/** What Prometheus itself attaches to each series of a target, by prometheus.yml and by the files of a run. */
export const TARGET_LABELS: readonly string[] = ['job', 'instance', 'run_id', 'arm', 'transport'];

/** Grafana's: wide enough for four scrapes, whatever is zoomed to. */
export const RATE_WINDOW = '$__rate_interval';

/** Grafana's: all that is shown. */
export const WHOLE_WINDOW = '$__range';

/** Label → operator and value, as in `{ run_id: '=~"$run"' }`. */
export type Matchers = Readonly<Record<string, string>>;

export interface Query {
  readonly expr: string;
  /** Those shown, for the panel's description. */
  readonly metrics: readonly Metric[];
}

interface Level {
  /** Labels that stay apart. */
  by?: readonly string[];
  /** Only these series, besides the source's own matchers. */
  where?: Matchers;
}

interface Windowed extends Level {
  /** `RATE_WINDOW` unless given. */
  window?: string;
}

type Gauge = MetricNames<'gauge'> | MetricNames<'updowncounter'>;

/** One process of a run (or `any`), of which only the series with these labels are asked for. */
export class Source {
  readonly #process: MetricProcess | 'any';
  readonly #matchers: Matchers;
  readonly #window: string;

  constructor(process: MetricProcess | 'any', matchers: Matchers, window: string = RATE_WINDOW) {
    this.#process = process;
    this.#matchers = matchers;
    this.#window = window;
  }

  /** Of a counter, each second. */
  rate(name: MetricNames<'counter'>, { by, where, window }: Windowed = {}): Query {
    const shown = metric(name);
    return { expr: aggregate('sum', by, shown, this.#over('rate', shown, '', where, window)), metrics: [shown] };
  }

  /** Of a counter, within the window. */
  increase(name: MetricNames<'counter'>, { by, where, window }: Windowed = {}): Query {
    const shown = metric(name);
    return { expr: aggregate('sum', by, shown, this.#over('increase', shown, '', where, window)), metrics: [shown] };
  }

  /** Its series themselves. */
  select(name: MetricNames<'counter'> | Gauge, where?: Matchers): { selector: string } {
    return { selector: this.#select(metric(name), '', where) };
  }

  /** Observations of a histogram, each second. */
  count(name: MetricNames<'histogram'>, { by, where, window }: Windowed = {}): Query {
    const shown = metric(name);
    return { expr: aggregate('sum', by, shown, this.#over('rate', shown, '_count', where, window)), metrics: [shown] };
  }

  /** What a histogram's observations add up to, each second. */
  total(name: MetricNames<'histogram'>, { by, where, window }: Windowed = {}): Query {
    const shown = metric(name);
    return { expr: aggregate('sum', by, shown, this.#over('rate', shown, '_sum', where, window)), metrics: [shown] };
  }

  quantile(quantile: number, name: MetricNames<'histogram'>, { by = [], where, window }: Windowed = {}): Query {
    const shown = metric(name);
    const buckets = aggregate('sum', ['le', ...by], shown, this.#over('rate', shown, '_bucket', where, window));
    return { expr: `histogram_quantile(${quantile}, ${buckets})`, metrics: [shown] };
  }

  /** Observations of a histogram at or below a bound that is one of its buckets', each second. */
  atMost(bound: number, name: MetricNames<'histogram'>, { by, where, window }: Windowed = {}): Query {
    const shown = metric(name);
    // OpenMetrics writes 1.0 where the older format has 1.
    if (!shown.buckets?.includes(bound) || Number.isInteger(bound)) throw new Error(`${name} has no bucket to select at ${bound}`);
    const below = this.#over('rate', shown, '_bucket', { ...where, le: `="${bound}"` }, window);
    return { expr: aggregate('sum', by, shown, below), metrics: [shown] };
  }

  mean(name: MetricNames<'histogram'>, options: Windowed = {}): Query {
    return ratio(this.total(name, options), this.count(name, options));
  }

  /** For a heatmap: observations in each bucket. */
  buckets(name: MetricNames<'histogram'>, { where, window }: Windowed = {}): Query {
    const shown = metric(name);
    return { expr: aggregate('sum', ['le'], shown, this.#over('increase', shown, '_bucket', where, window)), metrics: [shown] };
  }

  /** Of a gauge or an up-down counter, as of now. */
  level(how: 'sum' | 'max' | 'avg', name: Gauge, { by, where }: Level = {}): Query {
    const shown = metric(name);
    return { expr: aggregate(how, by, shown, this.#select(shown, '', where)), metrics: [shown] };
  }

  #over(how: 'rate' | 'increase', shown: Metric, suffix: string, where: Matchers | undefined, window = this.#window): string {
    return `${how}(${this.#select(shown, suffix, where)}[${window}])`;
  }

  #select(shown: Metric, suffix: string, where: Matchers = {}): string {
    const matchers = Object.entries({ ...this.#job(shown), ...this.#matchers, ...where });
    return `${shown.prometheus}${suffix}{${matchers.map(([label, match]) => `${labelOf(shown, label)}${match}`).join(',')}}`;
  }

  /** Of a metric that several processes have, which one is meant; the names of the others are theirs alone. */
  #job(shown: Metric): Matchers {
    if (this.#process === 'any') return {};
    if (!shown.emittedBy.includes(this.#process)) throw new Error(`${shown.name} is not of the ${this.#process}`);
    return shown.emittedBy.length > 1 ? { job: `="${this.#process}"` } : {};
  }
}

/** `a / b` where `b` is not 0; elsewhere there is nothing to say. */
export function ratio(a: Query, b: Query): Query {
  return { expr: `(${a.expr}) / ((${b.expr}) > 0)`, metrics: [...a.metrics, ...b.metrics] };
}

/** The same where `a` keeps a label that `b` has not: parts of one whole. */
export function partsOf(a: Query, b: Query): Query {
  return { expr: `(${a.expr}) / ignoring (phase) group_left () ((${b.expr}) > 0)`, metrics: [...a.metrics, ...b.metrics] };
}

/** The one that is there; a metric has one name or another. */
export function either(a: Query, b: Query): Query {
  return { expr: `(${a.expr}) or (${b.expr})`, metrics: [...a.metrics, ...b.metrics] };
}

/** What has never been counted is 0: failures before the first one. */
export function orZero({ expr, metrics }: Query): Query {
  return { expr: `(${expr}) or vector(0)`, metrics };
}

/** By its name in the catalogue; in Prometheus' spelling. */
function labelOf(shown: Metric, label: string): string {
  if (label === 'le' && shown.instrument === 'histogram') return label;
  const known = [...TARGET_LABELS, ...shown.labels.map(({ name }) => name)];
  if (!known.includes(label)) throw new Error(`${shown.name} has no label ${label}; it has ${known.join(', ')}`);
  return prometheusLabel(label);
}

function aggregate(how: string, by: readonly string[] = [], shown: Metric, of: string): string {
  const labels = by.length === 0 ? '' : ` by (${by.map((label) => labelOf(shown, label)).join(', ')}) `;
  return `${how}${labels}(${of})`;
}
