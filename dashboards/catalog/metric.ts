/** What the catalogue says of a metric, and the values and buckets that several metrics share. */

export type Instrument = 'counter' | 'updowncounter' | 'gauge' | 'histogram';

export type MetricProcess = 'gateway' | 'upstream' | 'generator';

/** The GenAI conventions were renamed in 2026; a process emits the names of one side. */
export type GenAiNames = 'latest' | 'previous';

export interface Label {
  /** As OpenTelemetry has it; Prometheus has `_` for each dot. */
  name: string;
  /** All that it can be, `other` apart. */
  values?: readonly string[];
  /** The most values that it takes in one process, `other` apart. */
  bound: number;
}

/** An entry as it is written down. */
export interface Listed {
  /** OpenTelemetry's name, with dots. */
  name: string;
  instrument: Instrument;
  /** UCUM: `s`, `By`, `1`, or a thing that is counted, `{turn}`. */
  unit: string;
  /** Upper bounds, of a histogram; in `unit`. */
  buckets?: readonly number[];
  labels: readonly Label[];
  description: string;
  emittedBy: readonly MetricProcess[];
  /** Only under these names of the GenAI conventions. */
  genAiNames?: GenAiNames;
  /** Its buckets carry the ids of traces, where the reader asks for OpenMetrics. */
  exemplars?: true;
  /** Only where the operating system tells: Linux. */
  linuxOnly?: true;
}

export interface Metric extends Listed {
  /** As it is scraped, unit and `_total` included; a histogram has `_bucket`, `_sum` and `_count` after it. */
  prometheus: string;
}

/** A label with these values only. */
export function oneOf(name: string, values: readonly string[]): Label {
  return { name, values, bound: values.length };
}

/** A label whose values are not known beforehand. */
export function atMost(bound: number, name: string): Label {
  return { name, bound };
}

/** Of what happens within the gateway: 10 µs to 10 s, close together where budgets are. */
export const STEP_SECONDS = [
  1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 7.5e-2, 0.1, 0.25, 0.5, 1, 2.5, 10,
] as const;

/** Of whole turns and of the wait for a first token, as models take them: 1 ms to 5 minutes. */
export const TURN_SECONDS = [
  1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 7.5e-2, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60, 120, 300,
] as const;

/** How late something happened that was due: 50 µs to 1 s. */
export const LATENESS_SECONDS = [5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1] as const;

export const OUTCOME = oneOf('outcome', ['completed', 'failed', 'cancelled', 'timedOut', 'refused']);
/** The transport by which a turn came. Not `transport`: that label is the arm's, and comes from whoever scrapes. */
export const VIA = oneOf('via', ['http', 'sse', 'sse-h2', 'websocket', 'memory']);
export const EXECUTION = oneOf('execution', ['inline', 'thread', 'process']);
/** `none`: it was not admitted, or names none. */
export const AGENT = oneOf('agent', ['codex', 'subagent', 'none']);
/** A place in the pool: `agent-3` or `process-1`, numbered as the first threads are; one that ends leaves its place to the next. */
export const THREAD = atMost(64, 'thread');
/** Error codes of the project, as in the documentation. */
export const CODE = atMost(64, 'code');
/** Of threads and processes that agents run in. */
export const KIND = oneOf('kind', ['thread', 'process']);
