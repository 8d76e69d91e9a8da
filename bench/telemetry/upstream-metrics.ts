/** The mock LLM's metrics: its own counts and its ledger's lateness, looked at when somebody scrapes. */
import type { CollectedMetric } from '../../dashboards/metrics/exposition.ts';
import type { Instruments } from '../../dashboards/metrics/instruments.ts';
import type { Upstream } from '../upstream/handler.ts';
import { collectedHistogram, type MetricsSource } from './metrics.ts';

export interface WatchedUpstream {
  upstream: Pick<Upstream, 'counts' | 'ledger'>;
  connections: () => number;
}

export function upstreamMetrics({ upstream, connections }: WatchedUpstream): MetricsSource {
  return {
    observe: (instruments: Instruments) =>
      instruments.observe(
        [
          'gatebench.upstream.requests',
          'gatebench.upstream.replies',
          'gatebench.upstream.tokens',
          'gatebench.upstream.streams.open',
          'gatebench.upstream.connections',
        ],
        (report) => {
          const { turns, inFlight, tokens, ended } = upstream.counts();
          report('gatebench.upstream.requests', turns);
          report('gatebench.upstream.streams.open', inFlight);
          report('gatebench.upstream.tokens', tokens);
          report('gatebench.upstream.connections', connections());
          for (const [outcome, count] of Object.entries(ended)) report('gatebench.upstream.replies', count, { outcome });
        },
      ),
    histograms: (): readonly CollectedMetric[] => [
      collectedHistogram('gatebench.upstream.lateness', [{ labels: {}, histogram: upstream.ledger.lateness }]),
    ],
  };
}
