/**
 * The gateway's metrics, composed: instruments from the catalogue, what they are fed from, and the page that is scraped.
 * Begun before the gateway listens and ended after its drain, so that whoever scrapes in the middle of either is
 * answered. What the gateway tells of itself is asked for at each collection; until then it costs nothing.
 */
import { Exemplars } from '../../dashboards/metrics/exemplars.ts';
import { Instruments } from '../../dashboards/metrics/instruments.ts';
import { LabelBounds } from '../../dashboards/metrics/labels.ts';
import { type MetricsPage, serveMetrics } from '../../dashboards/metrics/page.ts';
import { observePage } from '../../dashboards/metrics/page-metrics.ts';
import { observeRuntime } from '../../dashboards/metrics/runtime.ts';
import type { GatewayConfig } from '../config.ts';
import type { Log } from '../log.ts';
import type { LoopDelay } from '../loop-delay.ts';
import { OS, type OsSource, type StatusSources } from '../status.ts';
import type { TurnObserver } from '../turn-record.ts';
import { packageVersion } from '../version.ts';
import { observeLoopDelay } from './loop-delay-metrics.ts';
import { startSdk } from './sdk.ts';
import { observeState } from './state-metrics.ts';
import type { SpanCounts } from './traces.ts';
import { turnMetrics } from './turn-metrics.ts';

export interface Telemetry {
  /** Of the metrics page. */
  readonly port: number;
  readonly observe: TurnObserver;
  /** An observer of turns threw. */
  observerFailed(): void;
  /** What it tells of, once that is there. */
  watch(parts: TelemetryParts): void;
  close(): Promise<void>;
}

export interface TelemetryParts {
  sources: StatusSources;
  loopDelay: LoopDelay;
  spans: () => SpanCounts;
}

export interface TelemetryOptions {
  settings: GatewayConfig['telemetry'];
  log: Log;
  env?: Readonly<Record<string, string | undefined>>;
  os?: OsSource;
}

/** A collector that is down fails again and again; each time counts, and at most one in this long is logged. */
const PROBLEM_LOG_INTERVAL_MS = 60_000;

/** Rejects when the port cannot be taken; nothing is left running then. */
export async function startTelemetry({ settings, log, env = process.env, os = OS }: TelemetryOptions): Promise<Telemetry> {
  let failures = 0;
  let observerErrors = 0;
  const tell = atMostEvery(PROBLEM_LOG_INTERVAL_MS, (message) => log.warn({ message }, 'metrics were not sent or not collected'));
  const sdk = startSdk({
    serviceName: 'gatebench-gateway',
    version: packageVersion(),
    env,
    onProblem: (message) => {
      failures += 1;
      tell(message);
    },
  });
  const exemplars = new Exemplars();
  let page: MetricsPage;
  try {
    page = await serveMetrics({ port: settings.metricsPort, collect: sdk.collect, exemplars });
  } catch (error) {
    await sdk.close();
    throw new Error(`the metrics page: ${error instanceof Error ? error.message : String(error)}`);
  }
  const bounds = new LabelBounds();
  const { genAiNames } = settings;
  const instruments = new Instruments(sdk.meters, 'gateway', genAiNames);
  const endRuntime = observeRuntime({ instruments, bounds, threadCount: os.threadCount });
  observePage({ instruments, bounds, page });
  let watched: LoopDelay | undefined;
  return {
    port: page.port,
    observe: turnMetrics({ instruments, bounds, exemplars, genAiNames }),
    observerFailed: () => {
      observerErrors += 1;
    },
    watch: ({ sources, loopDelay, spans }) => {
      watched = loopDelay;
      observeState({ instruments, bounds, sources, os });
      observeLoopDelay(instruments, loopDelay);
      observeTelling(instruments, { exemplars, failures: () => failures, observerErrors: () => observerErrors, spans });
    },
    close: async () => {
      await page.close();
      endRuntime();
      if (watched) watched.onWait = undefined;
      await sdk.close();
    },
  };
}

interface Telling {
  exemplars: Exemplars;
  /** Exports that failed. */
  failures: () => number;
  observerErrors: () => number;
  spans: () => SpanCounts;
}

/** What telemetry tells of itself, beside its page. */
function observeTelling(instruments: Instruments, { exemplars, failures, observerErrors, spans }: Telling): void {
  instruments.observe(
    [
      'gatebench.telemetry.exemplars',
      'gatebench.telemetry.export.failures',
      'gatebench.telemetry.observer.errors',
      'gatebench.telemetry.spans',
      'gatebench.telemetry.spans.lost',
    ],
    (report) => {
      report('gatebench.telemetry.exemplars', exemplars.count);
      report('gatebench.telemetry.export.failures', failures(), { signal: 'metrics' });
      report('gatebench.telemetry.observer.errors', observerErrors());
      const { made, lost } = spans();
      report('gatebench.telemetry.spans', made);
      for (const [reason, count] of Object.entries(lost)) report('gatebench.telemetry.spans.lost', count, { reason });
    },
  );
}

/** The first at once; those that come too soon after one are passed over. */
function atMostEvery(intervalMs: number, tell: (message: string) => void): (message: string) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (message) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < intervalMs) return;
    lastMs = nowMs;
    tell(message);
  };
}
