/** A metrics page as its reader has it, for tests: samples, and what of the catalogue they are. */
import { CATALOG, type GenAiNames, type Metric, type MetricProcess, OTHER, prometheusLabel } from '../catalog.ts';

export interface Sample {
  readonly line: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** As it stands behind the sample. */
  readonly exemplar: string | undefined;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)(?: # (.*))?$/;

/** Throws at a line that is neither a comment nor a sample. */
export function samplesOf(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const found = SAMPLE.exec(line);
      if (!found) throw new Error(`no sample: ${line}`);
      const [, name = '', labels = '', value = '', exemplar] = found;
      const pairs = [...labels.matchAll(/([\w:]+)="((?:[^"\\]|\\.)*)"/g)].map(
        ([, label, escaped]) => [label!, unescaped(escaped!)] as const,
      );
      return { line, name, labels: Object.fromEntries(pairs), value: numberOf(value), exemplar };
    });
}

/** Of the first series that has these labels. */
export function figureOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const fits = (sample: Sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
  return samplesOf(text).find((sample) => sample.name === name && fits(sample))?.value;
}

export function metricOf(sample: Pick<Sample, 'name'>): Metric | undefined {
  return CATALOG.find(({ prometheus, instrument }) =>
    instrument === 'histogram' ? new RegExp(`^${prometheus}_(bucket|sum|count)$`).test(sample.name) : prometheus === sample.name,
  );
}

/** What of a page is not as the catalogue has it, in words. */
export function unlisted(text: string): string[] {
  return samplesOf(text).flatMap((sample) => {
    const metric = metricOf(sample);
    if (!metric) return [`not in the catalogue: ${sample.line}`];
    const { le: _, ...own } = sample.labels;
    return Object.entries(own).flatMap(([name, value]) => {
      const label = metric.labels.find((one) => prometheusLabel(one.name) === name);
      if (!label) return [`no label ${name} of it in the catalogue: ${sample.line}`];
      return label.values === undefined || value === OTHER || label.values.includes(value)
        ? []
        : [`${name} cannot be this: ${sample.line}`];
    });
  });
}

/** What a process should show and does not. */
export function notShown(text: string, process: MetricProcess, genAiNames: GenAiNames = 'latest'): string[] {
  const shown = new Set(samplesOf(text).map((sample) => metricOf(sample)?.name));
  return CATALOG.filter(({ emittedBy }) => emittedBy.includes(process))
    .filter((metric) => metric.genAiNames === undefined || metric.genAiNames === genAiNames)
    .filter(({ linuxOnly }) => linuxOnly !== true || globalThis.process.platform === 'linux')
    .filter(({ name }) => !shown.has(name))
    .map(({ name }) => name);
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function numberOf(text: string): number {
  if (/^[+-]Inf$/.test(text)) return text === '+Inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return Number(text);
}
