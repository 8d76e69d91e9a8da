/** What the gateway tells of itself: metrics for Prometheus or a collector, traces of some turns. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import { flag, integer, oneOf, section, size, text } from './fields.ts';

/** @param folder relative file names count from there */
export function telemetry({ folder }: { folder: string }) {
  const D = DEFAULTS.telemetry;
  return section({
    metrics: flag()
      .describe(
        'Counts and times turns, and serves the figures to Prometheus; also sends them to a collector where OTEL_EXPORTER_OTLP_ENDPOINT names one.',
      )
      .default(D.metrics),
    metricsPort: integer(0, 65_535).describe('Port of the metrics page, always on loopback; 0 takes a free one.').default(D.metricsPort),
    genAiNames: oneOf(['latest', 'previous'])
      .describe('Which names of the GenAI conventions, renamed in 2026, the metrics of inferences have.')
      .default(D.genAiNames),
    traceRatio: z
      .number({ error: 'a number from 0 to 1' })
      .min(0, { error: 'a number from 0 to 1' })
      .max(1, { error: 'a number from 0 to 1' })
      .describe('The share of turns without a trace of their own that is traced; of others, the flag of their traceparent decides.')
      .default(D.traceRatio),
    tracesFile: text('the name of a file for traces', /./)
      .transform((name) => resolve(folder, name))
      .describe('Traces go there as lines of OTLP JSON. Default: they are only remembered, for the admin pages.')
      .optional(),
    tracesFileBytesMax: size(1024, 1024 ** 3)
      .describe('A larger file of traces is put aside and a new one begun.')
      .prefault(D.tracesFileBytesMax),
    tracesFilesMax: integer(1, 1_000).describe('Files of traces kept, the current one included.').default(D.tracesFilesMax),
  });
}
