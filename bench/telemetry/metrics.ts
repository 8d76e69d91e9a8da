/**
 * The metrics page of the instrument's processes: off unless a port is asked for. What they count is counted anyway, and
 * read when it is scraped; latencies come from the histograms that the results are made of, put into the catalogue's
 * buckets, so that a turn costs nothing more.
 */
import { readFileSync } from 'node:fs';
import { type MetricNames, type MetricProcess, metric } from '../../dashboards/catalog.ts';
import type { CollectedMetric, CollectedPoint } from '../../dashboards/metrics/exposition.ts';
import { Instruments, type Labels } from '../../dashboards/metrics/instruments.ts';
import { LabelBounds } from '../../dashboards/metrics/labels.ts';
import { type MetricsPage, serveMetrics } from '../../dashboards/metrics/page.ts';
import { observePage } from '../../dashboards/metrics/page-metrics.ts';
import { observeRuntime } from '../../dashboards/metrics/runtime.ts';
import { packageVersion } from '../host/package.ts';
import type { LatencyHistogram } from '../statistics/histogram.ts';
import { startSdk } from './sdk.ts';

export interface Metrics {
  readonly port: number;
  close(): Promise<void>;
}

/** What a process has to tell, besides what every one has. */
export interface MetricsSource {
  observe(instruments: Instruments, bounds: LabelBounds): void;
  /** Read at each collection. */
  histograms(): readonly CollectedMetric[];
}

/** Rejects when the port cannot be taken; nothing is left running then. */
export async function startMetrics(process: MetricProcess, port: number, source: MetricsSource): Promise<Metrics> {
  const sdk = startSdk(packageVersion());
  let page: MetricsPage;
  try {
    page = await serveMetrics({ port, collect: async () => [...(await sdk.collect()), ...source.histograms()] });
  } catch (error) {
    await sdk.close();
    throw error;
  }
  const bounds = new LabelBounds();
  const instruments = new Instruments([sdk.meter], process);
  source.observe(instruments, bounds);
  observePage({ instruments, bounds, page });
  const endRuntime = observeRuntime({ instruments, bounds, threadCount });
  return {
    port: page.port,
    close: async () => {
      await page.close();
      endRuntime();
      await sdk.close();
    },
  };
}

/** A histogram of the catalogue from ones that were recorded otherwise. */
export function collectedHistogram(
  name: MetricNames<'histogram'>,
  series: readonly { labels: Labels; histogram: LatencyHistogram }[],
): CollectedMetric {
  const { description, unit, buckets = [] } = metric(name);
  const boundaries = [...buckets];
  return {
    descriptor: { name, description, unit },
    dataPoints: series.map(({ labels, histogram }): CollectedPoint => {
      const counts = histogram.within(boundaries.map((seconds) => seconds * 1e6));
      const sum = ((histogram.meanMs() ?? 0) * histogram.count) / 1e3;
      return { attributes: labels, value: { buckets: { boundaries, counts }, sum, count: histogram.count } };
    }),
  };
}

/** Only Linux tells. */
function threadCount(): number | null {
  try {
    const found = /^Threads:\s+(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return found === undefined ? null : Number(found);
  } catch {
    return null;
  }
}
