/** The dashboards as files: current, complete, laid out, and about nothing that the catalogue has not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { describe, expect, it } from 'vitest';
import { metric } from '../catalog.ts';
import { Source } from '../queries.ts';
import { panelsOf, queriesOf, seriesOf, targetsOf, unlisted, variablesOf } from '../testing/expressions.ts';
import { FRAMES, generatedFiles } from './files.ts';
import { lines } from './panels.ts';

const FOLDER = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(FOLDER, path), 'utf8');

const DASHBOARDS = FRAMES.map(({ name }) => JSON.parse(read(`grafana/${name}.json`)) as dashboard.Dashboard);

describe('what is generated', () => {
  it.each(Object.entries(generatedFiles()))('%s is what `make dashboards` would write', (path, text) => {
    expect(read(path)).toBe(text);
  });

  it('has every metric that is shown in the catalogue', () => {
    const shown = DASHBOARDS.flatMap(queriesOf).flatMap(({ place, expr }) => unlisted(expr).map((name) => `${place}: ${name}`));
    expect(shown).toEqual([]);
    const asked = DASHBOARDS.flatMap(variablesOf).flatMap(({ place, selector }) => unlisted(selector).map((name) => `${place}: ${name}`));
    expect(asked).toEqual([]);
  });

  it('finds one that the catalogue has not', () => {
    expect(unlisted('sum (rate(gatebench_gateway_turns_total{}[1m])) / sum (rate(gatebench_gateway_wishes_total{a="}"}[1m]))')).toEqual([
      'gatebench_gateway_wishes_total',
    ]);
  });
});

describe('a query', () => {
  const gateway = new Source('gateway', { run_id: '=~"$run"' });

  it('is refused with a metric, a label or a process that the catalogue does not have for it', () => {
    const unknown = 'gatebench.gateway.wishes' as 'gatebench.gateway.turns';
    expect(() => gateway.rate(unknown)).toThrow('no metric gatebench.gateway.wishes');
    expect(() => gateway.rate('gatebench.gateway.turns', { by: ['thread'] })).toThrow('gatebench.gateway.turns has no label thread');
    expect(() => gateway.rate('gatebench.gateway.turns', { where: { session: '="1"' } })).toThrow('has no label session');
    expect(() => gateway.rate('gatebench.upstream.tokens')).toThrow('gatebench.upstream.tokens is not of the gateway');
  });

  it('says which process it means where several have the metric', () => {
    expect(gateway.rate('process.cpu.time', { by: ['cpu.mode'] }).expr).toBe(
      'sum by (cpu_mode) (rate(process_cpu_time_seconds_total{job="gateway",run_id=~"$run"}[$__rate_interval]))',
    );
    expect(gateway.level('sum', 'gatebench.gateway.connections').expr).toBe('sum(gatebench_gateway_connections{run_id=~"$run"})');
  });

  it('becomes a panel that names its metrics', () => {
    const line = { query: gateway.rate('gatebench.gateway.turns'), legend: 'turns' };
    const panel = lines({ title: 'Turns', description: 'Each second.', unit: 'none', width: 8, lines: [line] });
    const built = panel.build(3, { x: 0, y: 1, w: 8, h: 8 });
    expect(built.description).toBe('Each second.\n\nMetric: `gatebench_gateway_turns_total`');
    expect(built.id).toBe(3);
  });
});

describe.each(DASHBOARDS.map((shown) => [shown.title, shown] as const))('%s', (_title, shown) => {
  const panels = panelsOf(shown);
  const everything = shown.panels ?? [];

  it('is a classic dashboard of version 42, and says what it is', () => {
    expect(shown.schemaVersion).toBe(42);
    expect(shown.uid).toMatch(/^gatebench-[a-z]+$/);
    expect(shown.description).not.toBe('');
    expect(shown).not.toHaveProperty('id');
    expect(panels.length).toBeGreaterThan(10);
  });

  it('has a title, a unit, a description and the names of its metrics on each panel', () => {
    const lacking = panels.filter(({ title, description = '', fieldConfig, options, type, targets = [] }) => {
      const { unit } = type === 'heatmap' ? (options as { yAxis: { unit?: string } }).yAxis : (fieldConfig?.defaults ?? {});
      return !title || !unit || !/\S\n\nMetrics?: `/.test(description) || targets.length === 0;
    });
    expect(lacking.map(({ title }) => title)).toEqual([]);
    for (const panel of panels) {
      for (const { expr } of targetsOf(panel)) {
        for (const { 0: name } of expr.matchAll(/[a-z_]\w*(?=\{)/g))
          expect(panel.description).toContain(`\`${seriesOf(name)?.prometheus}\``);
      }
    }
  });

  it('numbers its panels, each once', () => {
    const ids = everything.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => typeof id === 'number' && id > 0)).toBe(true);
  });

  it('lays nothing over anything else, and nothing beside the grid', () => {
    const cells = new Map<string, string | undefined>();
    for (const { title, gridPos } of everything) {
      const { x, y, w, h } = gridPos!;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column += 1) {
        for (let line = y; line < y + h; line += 1) {
          const cell = `${column},${line}`;
          expect(cells.get(cell), `${title} lies over ${cells.get(cell)}`).toBeUndefined();
          cells.set(cell, title);
        }
      }
    }
  });

  it('reads whatever data source is chosen, over windows that fit what is shown', () => {
    expect(shown.templating.list?.[0]).toMatchObject({ type: 'datasource', name: 'datasource', query: 'prometheus' });
    for (const panel of panels) {
      expect(panel.datasource).toEqual({ type: 'prometheus', uid: '$datasource' });
      for (const { expr } of targetsOf(panel)) {
        for (const [, window] of expr.matchAll(/\[([^\]]+)\]/g)) expect(['$__rate_interval', '$__range', '$__range:5s']).toContain(window);
      }
    }
  });

  it('uses each of its variables, and no other', () => {
    const defined = (shown.templating.list ?? []).map(({ name }) => name);
    const text = JSON.stringify([
      shown.panels,
      shown.annotations,
      shown.templating.list?.map(({ definition, datasource }) => [definition, datasource]),
    ]);
    const used = [...new Set([...text.matchAll(/\$([a-z]\w*)/g)].map(([, name]) => name))];
    expect(used.toSorted()).toEqual(defined.toSorted());
  });

  it('shows the phases of a run as annotations', () => {
    expect(shown.annotations.list?.map(({ name }) => name)).toEqual(['Load under way', 'Measured', 'Gateway drains']);
  });
});

it('stands a heatmap beside the quantiles of each histogram in the row of a gateway', () => {
  const [gateway] = DASHBOARDS;
  const heatmaps = panelsOf(gateway!).filter(({ type }) => type === 'heatmap');
  expect(heatmaps.length).toBeGreaterThanOrEqual(8);
  for (const { gridPos, title, targets } of heatmaps) {
    const beside = panelsOf(gateway!).find((panel) => panel.gridPos!.y === gridPos!.y && panel.gridPos!.x === gridPos!.x - 12);
    expect(beside && targetsOf(beside).map(({ expr }) => expr.slice(0, 18)), title).toContain('histogram_quantile');
    expect(targets?.[0]).toMatchObject({ format: 'heatmap', exemplar: true });
  }
});

it('leads from single turns to their traces: exemplars are asked for on histograms that have them', () => {
  const asking = DASHBOARDS.flatMap(panelsOf)
    .flatMap((panel) => panel.targets as unknown as { exemplar: boolean; expr: string }[])
    .filter(({ exemplar, expr }) => exemplar && expr.startsWith('histogram_quantile'));
  expect(asking.length).toBeGreaterThan(4);
  for (const { expr } of asking) {
    const [name] = /[a-z_]\w*(?=\{)/.exec(expr) ?? [''];
    expect(seriesOf(name)?.exemplars, expr).toBe(true);
  }
  expect(metric('gatebench.gateway.turn.duration').exemplars).toBe(true);
  const provisioned = read('grafana/provisioning/datasources/gatebench.yaml');
  const [, uid] = /exemplarTraceIdDestinations:\n\s+- name: trace_id\n\s+datasourceUid: (\S+)/.exec(provisioned) ?? [];
  expect(provisioned).toContain(`uid: ${uid}\n    type: jaeger`);
});
