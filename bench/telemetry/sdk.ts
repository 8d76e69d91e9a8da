/**
 * The only module of the instrument that loads the OpenTelemetry SDK; all else sees its API. One meter, read by the
 * metrics page and by nothing else: what the instrument has to say is in its report, and is not sent anywhere.
 *
 * The reader is the Prometheus exporter without its server (`dashboards/metrics` has the text and the page). What bites
 * is told in the gateway's module of this name; neither side can use the other's.
 */
import { type Meter, metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { CollectedMetric } from '../../dashboards/metrics/exposition.ts';

export interface Sdk {
  readonly meter: Meter;
  collect(): Promise<readonly CollectedMetric[]>;
  close(): Promise<void>;
}

export function startSdk(version: string): Sdk {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const sdk = new NodeSDK({
    metricReaders: [reader],
    autoDetectResources: false,
    // None is needed, and null says so; the type does not.
    contextManager: null as never,
    textMapPropagator: null,
    spanProcessors: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  // Nothing of it stays global: tests have several in one process.
  metrics.disable();
  sdk.start();
  const meter = metrics.getMeterProvider().getMeter('gatebench', version);
  metrics.disable();
  return {
    meter,
    collect: async () => (await reader.collect()).resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics),
    close: () => sdk.shutdown(),
  };
}
