/**
 * The text that Prometheus reads, in both of its forms: OpenMetrics 1.0, which carries exemplars, and the older text
 * format 0.0.4. Written from what the SDK has collected, since its own exporter writes only the older one, without
 * exemplars, without units in names, and with the scope on every sample. One writer for both forms, so that a series has
 * the same name and the same labels whichever form a scraper asked for.
 *
 * Sources: the OpenMetrics specification (github.com/prometheus/OpenMetrics, 1.0) and Prometheus' page on exposition
 * formats. What differs: counters are named without `_total` in OpenMetrics' comments and with it in the older form;
 * only OpenMetrics has `# UNIT`, exemplars, `# EOF`, and escaped quotes in help texts.
 */
import { prometheusLabel, prometheusName } from '../catalog.ts';
import type { Exemplar, ExemplarSource } from './exemplars.ts';

export type Format = 'openmetrics' | 'text';

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  text: 'text/plain; version=0.0.4; charset=utf-8',
};

/** What a reader of the SDK collects, as far as it is written here. */
export interface CollectedMetric {
  readonly descriptor: { readonly name: string; readonly description: string; readonly unit: string };
  /** Of sums. */
  readonly isMonotonic?: boolean;
  readonly dataPoints: readonly CollectedPoint[];
}

export interface CollectedPoint {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** A number, or a histogram with buckets; nothing else can be written, nor is it. */
  readonly value: number | object;
}

export interface CollectedHistogram {
  readonly buckets: { readonly boundaries: readonly number[]; readonly counts: readonly number[] };
  readonly sum?: number | undefined;
  readonly count: number;
}

/** Label names and values of an exemplar together, in characters. */
export const EXEMPLAR_CHARACTERS_MAX = 128;

/** Metrics in the order of their names, series in that of their labels. */
export function writeExposition(metrics: readonly CollectedMetric[], format: Format, exemplars?: ExemplarSource): string {
  const families = metrics
    .filter(({ dataPoints }) => dataPoints.length > 0 && dataPoints.every(({ value }) => typeof value === 'number' || isHistogram(value)))
    .map((metric) => familyOf(metric, format, exemplars))
    .sort((a, b) => (a.sample < b.sample ? -1 : 1));
  const text = families.map(({ lines }) => lines.join('\n')).join('\n');
  const end = format === 'openmetrics' ? '# EOF\n' : '';
  return text === '' ? end : `${text}\n${end}`;
}

function familyOf(metric: CollectedMetric, format: Format, exemplars: ExemplarSource | undefined): { sample: string; lines: string[] } {
  const { descriptor, dataPoints } = metric;
  const type = typeOf(metric);
  const sample = prometheusName({ name: descriptor.name, unit: descriptor.unit, instrument: type });
  const name = format === 'openmetrics' && type === 'counter' ? sample.slice(0, -'_total'.length) : sample;
  const lines = [`# TYPE ${name} ${type}`];
  const unit = /_(seconds|bytes|ratio)$/.exec(name)?.[1];
  if (format === 'openmetrics' && unit !== undefined) lines.push(`# UNIT ${name} ${unit}`);
  lines.push(`# HELP ${name} ${helpOf(descriptor.description, format)}`);
  const series = dataPoints.map((point) => ({ point, labels: labelsOf(point.attributes) })).sort((a, b) => (a.labels < b.labels ? -1 : 1));
  for (const { point, labels } of series) {
    const { value } = point;
    if (typeof value === 'number') lines.push(`${sample}${braced(labels)} ${numberText(value)}`);
    else if (isHistogram(value))
      lines.push(...histogramLines(name, labels, value, format === 'text' ? undefined : exemplars?.of(descriptor.name, point.attributes)));
  }
  return { sample, lines };
}

function typeOf({ isMonotonic, dataPoints }: CollectedMetric): 'counter' | 'gauge' | 'histogram' {
  if (typeof dataPoints[0]?.value === 'object') return 'histogram';
  return isMonotonic === true ? 'counter' : 'gauge';
}

function isHistogram(value: number | object): value is CollectedHistogram {
  return typeof value === 'object' && 'buckets' in value;
}

/** @param exemplars by the index of their bucket */
function histogramLines(
  name: string,
  labels: string,
  { buckets, sum, count }: CollectedHistogram,
  exemplars: readonly (Exemplar | undefined)[] | undefined,
): string[] {
  const before = labels === '' ? '' : `${labels},`;
  let below = 0;
  const lines = [...buckets.boundaries, Number.POSITIVE_INFINITY].map((boundary, index) => {
    below += buckets.counts[index] ?? 0;
    return `${name}_bucket{${before}le="${leText(boundary)}"} ${below}${exemplarText(exemplars?.[index])}`;
  });
  return [...lines, `${name}_sum${braced(labels)} ${numberText(sum ?? 0)}`, `${name}_count${braced(labels)} ${count}`];
}

/** With a fraction also where there is none, as OpenMetrics wants it; in both forms, so that the series are the same. */
function leText(boundary: number): string {
  return Number.isInteger(boundary) ? `${boundary}.0` : numberText(boundary);
}

export function exemplarText(exemplar: Exemplar | undefined): string {
  if (!exemplar) return '';
  const { traceId, spanId, value, atMs } = exemplar;
  const labels = { trace_id: traceId, ...(spanId === undefined ? {} : { span_id: spanId }) };
  const characters = Object.entries(labels).reduce((sum, [label, text]) => sum + [...label].length + [...text].length, 0);
  // One that is too long makes the whole page invalid.
  if (characters > EXEMPLAR_CHARACTERS_MAX) return '';
  return ` # {${labelsOf(labels)}} ${numberText(value)} ${(atMs / 1_000).toFixed(3)}`;
}

function labelsOf(attributes: Readonly<Record<string, unknown>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${prometheusLabel(name)}="${escaped(String(value))}"`)
    .sort()
    .join(',');
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

/** Of a label's value. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function helpOf(text: string, format: Format): string {
  return format === 'openmetrics' ? escaped(text) : text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

/**
 * What a scraper takes rather. OpenMetrics where it asks for that by name, in a version that is written here, and not
 * less than for plain text.
 */
export function formatFor(accept: string | undefined): Format {
  const weights = { openmetrics: 0, text: 0 };
  for (const range of (accept ?? '').slice(0, ACCEPT_CHARACTERS_MAX).split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const parameter = (name: string) => parameters.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
    const given = Number(parameter('q') ?? 1);
    const weight = Number.isFinite(given) ? given : 0;
    const version = parameter('version');
    if (type === 'application/openmetrics-text' && (version === undefined || OPENMETRICS_VERSIONS.includes(version)))
      weights.openmetrics = Math.max(weights.openmetrics, weight);
    else if (type === 'text/plain') weights.text = Math.max(weights.text, weight);
  }
  return weights.openmetrics > 0 && weights.openmetrics >= weights.text ? 'openmetrics' : 'text';
}

const ACCEPT_CHARACTERS_MAX = 1_024;
/** The draft differs from 1.0.0 in nothing that is written here. */
const OPENMETRICS_VERSIONS = ['1.0.0', '0.0.1'];
