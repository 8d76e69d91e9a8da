/** Every query of panels, variables, annotations and rules, in a real Prometheus that reads pages made from the catalogue. */
import { expect, it } from 'vitest';
import { DASHBOARDS, emptyPlaces, questions, RULES } from '../testing/asking.ts';
import { CataloguePages } from '../testing/exposition.ts';
import { filledIn, queriesOf } from '../testing/expressions.ts';
import { missing, Prometheus } from '../testing/prometheus.ts';

const reason = missing('prometheus');

it.skipIf(reason !== undefined)(
  reason ?? 'every query shows something of the catalogue',
  async () => {
    await using gateway = await CataloguePages.start('gateway');
    await using generator = await CataloguePages.start('generator');
    await using upstream = await CataloguePages.start('upstream');
    const run = { run_id: 'run-1' };
    await using prometheus = await Prometheus.start(
      {
        gateway: [{ port: gateway.port, labels: { ...run, arm: 'sse/chat', transport: 'sse' } }],
        generator: [{ port: generator.port, labels: run }],
        upstream: [{ port: upstream.port, labels: run }],
      },
      RULES,
    );
    await prometheus.scraped(8, 30_000);

    const { queries, variables } = questions();
    expect(queries.length).toBeGreaterThan(100);
    expect(variables.length).toBeGreaterThan(8);
    expect(await emptyPlaces(prometheus, { seconds: 15, phase: 'queue' })).toEqual([]);

    // What is asked for is what stands on the pages: 10 more with each of a reading a second.
    const [turns] = queriesOf(DASHBOARDS[0]!);
    const filled = filledIn(turns!.expr, { rateInterval: '5s', range: '15s', phase: 'queue' });
    const [{ value } = {}] = await prometheus.query(filled);
    const series = await prometheus.query('count(gatebench_gateway_turns_total{})');
    expect(Number(value?.[1])).toBeGreaterThan(8 * Number(series[0]?.value?.[1]));
    expect(Number(value?.[1])).toBeLessThan(12 * Number(series[0]?.value?.[1]));

    const [alert] = await prometheus.query('ALERTS{alertname="GatewayDown"}');
    expect(alert).toBeUndefined();
  },
  50_000,
);
