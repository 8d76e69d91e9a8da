/** The documentation's page of metrics, from the catalogue. Run as a program, it writes the page. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CATALOG, type Label, type Metric, OTHER, prometheusLabel } from '../catalog.ts';

export const METRICS_PAGE = fileURLToPath(new URL('../../docs/metrics.md', import.meta.url));

const PARTS: readonly { title: string; intro: string; has: (metric: Metric) => boolean }[] = [
  {
    title: 'The gateway',
    intro: 'On `telemetry.metricsPort` (9464), where `telemetry.metrics` is true.',
    has: ({ name, emittedBy }) => emittedBy.length === 1 && emittedBy[0] === 'gateway' && !isTelemetry(name) && !isRuntime(name),
  },
  {
    title: 'The mock LLM',
    intro: 'On `ports.metrics` of its configuration, or `gatebench upstream --metrics-port N`.',
    has: ({ emittedBy }) => emittedBy.length === 1 && emittedBy[0] === 'upstream',
  },
  {
    title: 'The generator',
    intro: 'On the port of its `--metrics-port`. All trials of its process together.',
    has: ({ emittedBy }) => emittedBy.length === 1 && emittedBy[0] === 'generator',
  },
  {
    title: 'Process, Node and V8',
    intro: 'Of all three processes, where it does not say otherwise.',
    has: ({ name }) => isRuntime(name),
  },
  {
    title: 'Telemetry itself',
    intro: 'What was lost, left out, or took time.',
    has: ({ name }) => isTelemetry(name),
  },
];

const isTelemetry = (name: string) => name.startsWith('gatebench.telemetry.');
const isRuntime = (name: string) => /^(process|nodejs|v8js)\.|^gatebench\.(memory|eventloop)\./.test(name);

export function metricsPage(): string {
  const parts = PARTS.map(({ title, intro, has }) => `## ${title}\n\n${intro}\n\n${CATALOG.filter(has).map(entryOf).join('\n')}`);
  return `# Metrics

*Generated from \`dashboards/catalog.ts\` by \`node dashboards/metrics/table.ts\`.*

Each metric stands here by its name in OpenTelemetry, as an OTLP collector receives it, and by the name under which
Prometheus scrapes it. Histograms have \`_bucket\`, \`_sum\` and \`_count\` after that. A label with values beyond its bound
has \`${OTHER}\` for the rest, and \`gatebench_telemetry_label_overflow_total\` counts these. Dots in names of labels are \`_\` in
Prometheus.

${parts.join('\n')}`;
}

function entryOf(metric: Metric): string {
  const { name, prometheus, instrument, unit, description, labels, buckets, emittedBy, genAiNames, exemplars, linuxOnly } = metric;
  const facts = [
    `${instrument}, \`${unit}\``,
    ...(labels.length > 0 ? [`labels ${labels.map(labelText).join('; ')}`] : []),
    ...(buckets ? [`${buckets.length} buckets to ${buckets.at(-1)}`] : []),
    ...(exemplars ? ['with exemplars'] : []),
    ...(genAiNames === undefined ? [] : [`only with \`telemetry.genAiNames: "${genAiNames}"\``]),
    ...(linuxOnly ? ['only on Linux'] : []),
    ...(isRuntime(name) && emittedBy.length === 1 ? [`only of the ${emittedBy[0]}`] : []),
  ];
  return `### \`${name}\`\n\n\`${prometheus}\` (${facts.join('; ')})\n\n${description}\n`;
}

function labelText({ name, values, bound }: Label): string {
  const shown = values ? values.map((value) => `\`${value}\``).join(', ') : `at most ${bound}`;
  return `\`${prometheusLabel(name)}\` (${shown})`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(METRICS_PAGE, metricsPage());
