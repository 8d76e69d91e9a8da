/** The page before a real Prometheus: it takes the text, keeps what labels held, and gives an exemplar back. */
import { afterEach, expect, it } from 'vitest';
import { missing, Prometheus } from '../testing/prometheus.ts';
import { Exemplars } from './exemplars.ts';
import type { CollectedMetric } from './exposition.ts';
import { type MetricsPage, serveMetrics } from './page.ts';

const TRACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const BOUNDARIES = [0.1, 1];
const HOSTILE = 'a"b\\c\nd{}é\t,le="7"';

let page: MetricsPage | undefined;
afterEach(async () => {
  await page?.close();
});

const reason = missing('prometheus');

it.skipIf(reason !== undefined)(
  reason ?? 'is read as it was meant',
  async () => {
    const exemplars = new Exemplars();
    exemplars.offer('check.wait', { via: 'sse' }, BOUNDARIES, { ...TRACE, value: 0.5 });
    const wait = { buckets: { boundaries: BOUNDARIES, counts: [3, 2, 1] }, sum: 4.25, count: 6 };
    const metrics: CollectedMetric[] = [
      {
        descriptor: { name: 'check.turns', description: 'Some "turns".', unit: '{turn}' },
        isMonotonic: true,
        dataPoints: [{ attributes: { 'gen_ai.request.model': HOSTILE }, value: 41 }],
      },
      { descriptor: { name: 'check.wait', description: 'A wait.', unit: 's' }, dataPoints: [{ attributes: { via: 'sse' }, value: wait }] },
      {
        descriptor: { name: 'check.level', description: 'A level.', unit: '1' },
        dataPoints: [{ attributes: {}, value: Number.POSITIVE_INFINITY }],
      },
    ];
    page = await serveMetrics({ port: 0, collect: async () => metrics, exemplars });
    await using prometheus = await Prometheus.start({ check: [{ port: page.port, labels: { run_id: 'r1' } }] }, []);
    await prometheus.scraped(2, 20_000);
    // A first one that came before the page was up counts for Prometheus, and not here.
    expect(page.counts().scrapes.openmetrics).toBeGreaterThanOrEqual(1);

    const [turns] = await prometheus.query('check_turns_total');
    expect(turns).toMatchObject({ metric: { gen_ai_request_model: HOSTILE, run_id: 'r1' } });
    expect(turns?.value?.[1]).toBe('41');
    const [level] = await prometheus.query('check_level_ratio');
    expect(level?.value?.[1]).toBe('+Inf');
    const buckets = await prometheus.query('check_wait_seconds_bucket');
    expect(buckets.map(({ metric, value }) => [metric.le, value?.[1]])).toEqual([
      ['+Inf', '6'],
      ['0.1', '3'],
      ['1.0', '5'],
    ]);

    const [found] = await prometheus.exemplars('check_wait_seconds_bucket');
    expect(found?.seriesLabels).toMatchObject({ __name__: 'check_wait_seconds_bucket', le: '1.0', via: 'sse' });
    expect(found?.exemplars).toHaveLength(1);
    expect(found?.exemplars[0]).toMatchObject({ labels: { trace_id: TRACE.traceId, span_id: TRACE.spanId }, value: '0.5' });
  },
  60_000,
);
