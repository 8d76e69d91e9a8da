/** Tracing as the configuration and the environment ask for it: which turns, where their spans go, and its admin pages. */
import { otlpTraces, type SpanOrigin, wallOffsetNs } from '../../dashboards/live/otlp-json.ts';
import { ATTRIBUTES as A } from '../../dashboards/live/span-names.ts';
import { nowNs } from '../../transports/clock.ts';
import type { AdminPages } from '../admin.ts';
import type { GatewayConfig } from '../config.ts';
import type { Log } from '../log.ts';
import type { TracesStatus } from '../status.ts';
import { packageVersion } from '../version.ts';
import { Collector } from './collector.ts';
import { type Sampler, sampler } from './sampler.ts';
import { sendsTraces, startSpanExport } from './sdk.ts';
import { TraceFile } from './trace-file.ts';
import type { TurnTrace } from './trace-ring.ts';
import { type SpanSink, Traces } from './traces.ts';

export interface Tracing {
  readonly sample: Sampler;
  readonly traces: Traces;
  readonly pages: AdminPages;
  /** For the status page. */
  status(): TracesStatus;
  close(): Promise<void>;
}

type Settings = GatewayConfig['telemetry'];

const SERVICE_NAME = 'gatebench-gateway';

export function startTracing(settings: Settings, log: Log, env: Readonly<Record<string, string | undefined>> = process.env): Tracing {
  const version = packageVersion();
  const origin: SpanOrigin = {
    resource: { [A.serviceName]: SERVICE_NAME, [A.serviceVersion]: version, [A.processId]: process.pid },
    scope: { name: 'gatebench', version },
    wallOffsetNs: wallOffsetNs(nowNs()),
  };
  const sinks: SpanSink[] = [];
  if (settings.tracesFile !== undefined) {
    sinks.push(
      new TraceFile({
        path: settings.tracesFile,
        fileBytesMax: settings.tracesFileBytesMax,
        filesMax: settings.tracesFilesMax,
        origin,
        onError: (err) => log.error({ err }, 'traces were not written to their file'),
      }),
    );
  }
  if (sendsTraces(env)) {
    const onProblem = (message: string) => log.warn({ message }, 'traces were not sent to the collector');
    sinks.push(new Collector(startSpanExport({ serviceName: SERVICE_NAME, version, env, onProblem }), origin.wallOffsetNs));
  }
  const traces = new Traces(sinks);
  return {
    sample: sampler(settings.traceRatio),
    traces,
    pages: pagesOf(traces, origin),
    status: () => ({ turns: traces.turns, kept: traces.ring.count, keptBytes: traces.ring.bytes, spans: traces.counts() }),
    close: () => traces.close(),
  };
}

function pagesOf(traces: Traces, origin: SpanOrigin): AdminPages {
  return {
    '/traces': {
      GET: () => ({ body: { spans: traces.counts(), traces: traces.ring.all().map((trace) => summary(trace, origin.wallOffsetNs)) } }),
    },
    /** As OTLP JSON, which other tools import. */
    '/traces/*': {
      GET: ({ rest }) => {
        const found = traces.ring.find(rest);
        if (found.length === 0) return { status: 404, body: { error: { message: 'no such trace, or not any more' } } };
        return {
          body: otlpTraces(
            found.flatMap(({ spans }) => spans),
            origin,
          ),
        };
      },
    },
  };
}

function summary({ traceId, agent, outcome, code, durationMs, spans }: TurnTrace, offset: bigint) {
  const startedAtMs = Number((offset + BigInt(Math.round(spans[0]!.startNs))) / 1_000_000n);
  return { traceId, agent, outcome, code: code ?? null, startedAt: new Date(startedAtMs).toISOString(), durationMs, spans: spans.length };
}
