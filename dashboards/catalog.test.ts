/** The catalogue, as a list that others rely on. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CATALOG, labelOf, metric, prometheusLabel, prometheusName } from './catalog.ts';
import { METRICS_PAGE, metricsPage } from './metrics/table.ts';

describe('the catalogue', () => {
  it('has each name once, in OpenTelemetry and in Prometheus, with what Prometheus adds to it', () => {
    const names = CATALOG.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const scraped = CATALOG.flatMap(({ prometheus, instrument }) =>
      instrument === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => prometheus + suffix) : [prometheus],
    );
    expect(new Set(scraped).size).toBe(scraped.length);
    // Two metrics of one family would be one to OpenMetrics.
    const families = CATALOG.map(({ prometheus }) => prometheus.replace(/_total$/, ''));
    expect(new Set(families).size).toBe(families.length);
  });

  it.each(CATALOG.map((one) => [one.name, one] as const))('%s is well formed', (name, one) => {
    expect(name).toMatch(/^[a-z0-9]+([._][a-z0-9]+)*$/);
    expect(one.description).toMatch(/^[A-Z1`].*\.$/s);
    expect(one.emittedBy.length).toBeGreaterThan(0);
    const labels = one.labels.map((label) => prometheusLabel(label.name));
    expect(new Set(labels).size).toBe(labels.length);
    // Attached by whoever scrapes, or by Prometheus.
    for (const label of labels) expect(['job', 'instance', 'run_id', 'arm', 'transport', 'le', 'quantile']).not.toContain(label);
    for (const { values, bound } of one.labels) if (values) expect(values.length).toBe(bound);
    const { buckets } = one;
    expect(buckets === undefined).toBe(one.instrument !== 'histogram');
    if (buckets) expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
    expect(one.exemplars === undefined || one.instrument === 'histogram').toBe(true);
  });

  it.each([
    [{ name: 'a.wait', unit: 's', instrument: 'histogram' }, 'a_wait_seconds'],
    [{ name: 'a.cpu', unit: 's', instrument: 'counter' }, 'a_cpu_seconds_total'],
    [{ name: 'a.wait_ratio', unit: '1', instrument: 'gauge' }, 'a_wait_ratio'],
    [{ name: 'a.used', unit: '1', instrument: 'gauge' }, 'a_used_ratio'],
    [{ name: 'a.size', unit: 'By', instrument: 'updowncounter' }, 'a_size_bytes'],
    [{ name: 'a.turns', unit: '{turn}', instrument: 'counter' }, 'a_turns_total'],
  ] as const)('%j is scraped as %s', (one, name) => {
    expect(prometheusName(one)).toBe(name);
  });

  it('knows what it has not', () => {
    expect(() => metric('gatebench.nothing')).toThrow('no metric gatebench.nothing in the catalogue');
    expect(() => labelOf('gatebench.gateway.turns', 'session')).toThrow('has no label session');
  });

  it('stands in the documentation as it is', () => {
    expect(readFileSync(METRICS_PAGE, 'utf8'), 'node dashboards/metrics/table.ts writes it').toBe(metricsPage());
  });
});
