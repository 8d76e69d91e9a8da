/**
 * Every metric, once: what it is called, in what it counts, which labels it has and how many values these may take.
 * Instruments, the page that Prometheus reads, dashboards, rules and the table in the documentation are made from this
 * list, and tests hold the three processes to it: nothing emitted that is not listed, nothing listed that none emits.
 *
 * Names follow OpenTelemetry's semantic conventions where these have one (`http.server.*`, `gen_ai.*`, `nodejs.*`,
 * `v8js.*`, `process.*`); all else is `gatebench.*`. Every label is bounded: what is beyond becomes `other`, and is
 * counted. None holds a session, a turn, a connection or anything else that grows with traffic.
 */
import { GATEWAY_METRICS } from './catalog/gateway.ts';
import { GENERATOR_METRICS } from './catalog/generator.ts';
import type { Instrument, Label, Listed, Metric } from './catalog/metric.ts';
import { RUNTIME_METRICS } from './catalog/runtime.ts';
import { TELEMETRY_METRICS } from './catalog/telemetry.ts';
import { UPSTREAM_METRICS } from './catalog/upstream.ts';

export type { GenAiNames, Instrument, Label, Metric, MetricProcess } from './catalog/metric.ts';

const LISTED = [...GATEWAY_METRICS, ...UPSTREAM_METRICS, ...GENERATOR_METRICS, ...RUNTIME_METRICS, ...TELEMETRY_METRICS] as const;

type ListedMetric = (typeof LISTED)[number];

export type MetricName = ListedMetric['name'];

/** Names of one kind of instrument: `MetricNames<'counter'>`. */
export type MetricNames<Kind extends Instrument> = Extract<ListedMetric, { instrument: Kind }>['name'];

/** UCUM units that Prometheus has a word for; annotations in braces count things, and have none. */
const UNIT_WORDS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' };

export const CATALOG: readonly Metric[] = LISTED.map((one: Listed) => ({ ...one, prometheus: prometheusName(one) }));

const BY_NAME: ReadonlyMap<string, Metric> = new Map(CATALOG.map((one) => [one.name, one]));

/** @throws where the catalogue has none of this name */
export function metric(name: string): Metric {
  const found = BY_NAME.get(name);
  if (!found) throw new Error(`no metric ${name} in the catalogue`);
  return found;
}

/** @throws where the metric has no such label */
export function labelOf(metricName: MetricName, name: string): Label {
  const found = metric(metricName).labels.find((label) => label.name === name);
  if (!found) throw new Error(`${metricName} has no label ${name} in the catalogue`);
  return found;
}

/** What is beyond a label's bound. */
export const OTHER = 'other';

/**
 * As OpenTelemetry's specification maps names: unit last, except for `_total`, and neither repeated. The exporter for
 * Prometheus leaves the unit away; the page of ours does not.
 */
export function prometheusName({ name, unit, instrument }: Pick<Metric, 'name' | 'unit' | 'instrument'>): string {
  const word = unit === '1' && instrument === 'gauge' ? 'ratio' : UNIT_WORDS[unit];
  const base = prometheusLabel(name);
  const withUnit = word === undefined || base.endsWith(`_${word}`) ? base : `${base}_${word}`;
  return instrument === 'counter' ? `${withUnit}_total` : withUnit;
}

/** Of a label: what Prometheus does not take becomes `_`. */
export function prometheusLabel(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_:]/g, '_');
}
