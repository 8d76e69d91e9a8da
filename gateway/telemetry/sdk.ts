/**
 * The only module of the gateway that loads the OpenTelemetry SDK; all else sees its API. It makes what instruments
 * are made of, and what they are read by: one meter that the metrics page collects from, and where the standard
 * variables name a collector, another whose figures are sent to that.
 *
 * Two, since an SDK takes either readers from its caller or those that the environment asks for. The page's reader is
 * the Prometheus exporter without its server: text and server are our own (`dashboards/metrics`), with exemplars and
 * with units in names.
 *
 * What bites: `metricReaders` is plural, and the singular is passed over in silence; an SDK that is told nothing of
 * traces and logs sends those to a collector too; detectors of resources put the command line into every export; an
 * SDK that shuts down waits for its collector.
 */
import {
  DiagLogLevel,
  diag,
  type Meter,
  type MeterProvider,
  metrics,
  ProxyTracerProvider,
  SamplingDecision,
  trace,
} from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { NodeSDK, type NodeSDKConfiguration } from '@opentelemetry/sdk-node';
import type { CollectedMetric } from '../../dashboards/metrics/exposition.ts';
import { ChosenIds } from './chosen-ids.ts';
import type { ProcessedSpans, SpanExport } from './collector.ts';

export interface Sdk {
  readonly meters: readonly Meter[];
  /** Rejects after the end. */
  collect(): Promise<readonly CollectedMetric[]>;
  /** Whether figures are sent to a collector. */
  readonly exports: boolean;
  close(): Promise<void>;
}

export interface SdkOptions {
  serviceName: string;
  version: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Something was not sent, or not collected. */
  onProblem(message: string): void;
}

/** A collector that does not answer holds up no shutdown for longer. */
const CLOSE_TIMEOUT_MS = 2_000;
const SCOPE = 'gatebench';

export function startSdk({ serviceName, version, env, onProblem }: SdkOptions): Sdk {
  const tellNoMore = tellProblems('metrics', onProblem);
  const reader = new PrometheusExporter({ preventServerStart: true });
  const resource = resourceOf(serviceName, version, env);
  const page = started({ ...resource, metricReaders: [reader] });
  const sender = sendsMetrics(env) ? started(resource) : undefined;
  const sdks = sender ? [page, sender] : [page];
  let closed = false;
  return {
    meters: sdks.map(({ provider }) => provider.getMeter(SCOPE, version)),
    exports: sender !== undefined,
    collect: async () => {
      if (closed) throw new Error('telemetry has ended');
      const { resourceMetrics, errors } = await reader.collect();
      for (const error of errors) onProblem(String(error));
      return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    },
    close: async () => {
      closed = true;
      await within(CLOSE_TIMEOUT_MS, Promise.allSettled(sdks.map(({ sdk }) => sdk.shutdown())));
      tellNoMore();
    },
  };
}

/** Nothing of it stays global: a process may have several gateways, each with figures of its own. */
function started(options: Partial<NodeSDKConfiguration>): { sdk: NodeSDK; provider: MeterProvider } {
  const sdk = new NodeSDK({
    ...options,
    // None is needed, and null says so; the type does not.
    contextManager: null as never,
    textMapPropagator: null,
    spanProcessors: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  metrics.disable();
  sdk.start();
  const provider = metrics.getMeterProvider();
  metrics.disable();
  return { sdk, provider };
}

/**
 * What the process is called. The SDK's own detectors would tell its command line, which may hold secrets, so the one
 * that reads `OTEL_RESOURCE_ATTRIBUTES` is ours: pairs with commas between, percent-encoded.
 */
function resourceOf(
  serviceName: string,
  version: string,
  env: SdkOptions['env'],
): Pick<NodeSDKConfiguration, 'serviceName' | 'resourceDetectors'> {
  const given = (env.OTEL_RESOURCE_ATTRIBUTES ?? '').split(',').flatMap((pair) => {
    const [name = '', value] = pair.split('=').map((part) => part.trim());
    return name === '' || value === undefined ? [] : [[name, decoded(value)] as const];
  });
  const attributes = { 'service.version': version, ...Object.fromEntries(given) };
  return { serviceName: env.OTEL_SERVICE_NAME || serviceName, resourceDetectors: [{ detect: () => ({ attributes }) }] };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whoever wants to know what the SDK says; there is one place for a whole process where it says it. */
const listeners = new Set<(message: string) => void>();

/**
 * The SDK tells of its failures in no other way, and of which signal only in its words.
 * @returns what ends it
 */
function tellProblems(signal: 'metrics' | 'traces', onProblem: SdkOptions['onProblem']): () => void {
  const listener = (message: string) => {
    if (/metric/i.test(message) === (signal === 'metrics')) onProblem(message);
  };
  const tell = (message: string) => {
    for (const each of listeners) each(message);
  };
  listeners.add(listener);
  diag.setLogger(
    { error: tell, warn: tell, info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) diag.disable();
  };
}

/** By OTLP, and only where somebody has named a collector: the SDK's own default is one on this host. */
export function sendsMetrics(env: Readonly<Record<string, string | undefined>>): boolean {
  const named = Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT) || Boolean(env.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT);
  const { OTEL_METRICS_EXPORTER: exporter = '' } = env;
  return named && (exporter === '' || exporter.trim() === 'otlp') && env.OTEL_SDK_DISABLED?.toLowerCase() !== 'true';
}

/** The same of traces. */
export function sendsTraces(env: SdkOptions['env']): boolean {
  const named = Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT) || Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
  const { OTEL_TRACES_EXPORTER: exporter = '' } = env;
  return named && (exporter === '' || exporter.trim() === 'otlp') && env.OTEL_SDK_DISABLED?.toLowerCase() !== 'true';
}

/**
 * Sends spans to the collector that the environment names. How many it has sent, and lost, the SDK tells only in metrics
 * of its own, which it has only if a variable asks for them; and a queue of 2,048, its default, is half a second of 500
 * traced turns.
 */
export function startSpanExport({ serviceName, version, env, onProblem }: SdkOptions): SpanExport {
  const tellNoMore = tellProblems('traces', onProblem);
  const reader = new PrometheusExporter({ preventServerStart: true });
  const ids = new ChosenIds();
  const sdk = new NodeSDK({
    ...resourceOf(serviceName, version, env),
    metricReaders: [reader],
    idGenerator: ids,
    // What comes here has been sampled.
    sampler: { shouldSample: () => ({ decision: SamplingDecision.RECORD_AND_SAMPLED }) },
    contextManager: null as never,
    textMapPropagator: null,
    logRecordProcessors: [],
    instrumentations: [],
  });
  metrics.disable();
  trace.disable();
  withDefaults({ OTEL_NODE_EXPERIMENTAL_SDK_METRICS: 'true', OTEL_BSP_MAX_QUEUE_SIZE: '8192', OTEL_BSP_SCHEDULE_DELAY: '1000' }, () =>
    sdk.start(),
  );
  const proxy = trace.getTracerProvider();
  const provider = proxy instanceof ProxyTracerProvider ? proxy.getDelegate() : proxy;
  metrics.disable();
  trace.disable();
  let last: ProcessedSpans = { sent: 0, queueFull: 0, failed: 0 };
  return {
    tracer: provider.getTracer(SCOPE, version),
    ids,
    processed: async () => {
      const { resourceMetrics } = await reader.collect().catch(() => ({ resourceMetrics: undefined }));
      if (resourceMetrics) last = processedOf(resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics));
      return last;
    },
    flush: () => within(CLOSE_TIMEOUT_MS, Promise.allSettled([hasFlush(provider) ? provider.forceFlush() : undefined])),
    close: () => within(CLOSE_TIMEOUT_MS, Promise.allSettled([sdk.shutdown()])).finally(tellNoMore),
  };
}

function hasFlush(provider: object): provider is { forceFlush(): Promise<void> } {
  return 'forceFlush' in provider && typeof provider.forceFlush === 'function';
}

/** As the SDK counts what its batches have done with: sent, or why not. */
function processedOf(collected: readonly CollectedMetric[]): ProcessedSpans {
  const counts = { sent: 0, queueFull: 0, failed: 0 };
  for (const { descriptor, dataPoints } of collected) {
    if (descriptor.name !== 'otel.sdk.processor.span.processed') continue;
    for (const { attributes, value } of dataPoints) {
      const error = attributes['error.type'];
      const outcome = error === undefined ? 'sent' : error === 'queue_full' ? 'queueFull' : 'failed';
      counts[outcome] += Number(value);
    }
  }
  return counts;
}

/** Variables that nobody has set, for as long as it takes the SDK to read them. */
function withDefaults(defaults: Readonly<Record<string, string>>, read: () => void): void {
  const set = Object.keys(defaults).filter((name) => process.env[name] === undefined);
  for (const name of set) process.env[name] = defaults[name];
  try {
    read();
  } finally {
    for (const name of set) delete process.env[name];
  }
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
