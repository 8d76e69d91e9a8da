/** PromQL read back for tests: which metrics a query names, and what it is with Grafana's variables filled in. */
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { CATALOG, type Metric } from '../catalog.ts';

export interface Asked {
  /** Where it stands: dashboard, panel, target. */
  place: string;
  expr: string;
  /** At one moment, or over time. */
  instant: boolean;
}

/** By any name under which it can be selected. */
const BY_SERIES: ReadonlyMap<string, Metric> = new Map(
  CATALOG.flatMap((metric) =>
    metric.instrument === 'histogram'
      ? ['_bucket', '_sum', '_count'].map((suffix) => [`${metric.prometheus}${suffix}`, metric] as const)
      : [[metric.prometheus, metric] as const],
  ),
);

/** Names before braces: every selector of ours has them, so nothing else in a query looks like one. */
export function selectors(expr: string): { name: string; selector: string }[] {
  return [...expr.matchAll(/([a-zA-Z_:][\w:]*)\{[^}]*\}/g)].map(([selector, name]) => ({ name: name!, selector }));
}

export const seriesOf = (name: string): Metric | undefined => BY_SERIES.get(name);

/** Names in a query that the catalogue has not. */
export function unlisted(expr: string): string[] {
  return selectors(expr)
    .map(({ name }) => name)
    .filter((name) => !BY_SERIES.has(name));
}

interface Target {
  expr: string;
  refId: string;
  instant: boolean;
}

export const targetsOf = (panel: dashboard.Panel): Target[] => (panel.targets ?? []) as unknown as Target[];

export function panelsOf({ panels = [] }: dashboard.Dashboard): dashboard.Panel[] {
  return panels.filter((panel): panel is dashboard.Panel => panel.type !== 'row');
}

export function queriesOf(shown: dashboard.Dashboard): Asked[] {
  const panels = panelsOf(shown).flatMap((panel) =>
    targetsOf(panel).map(({ expr, refId, instant }) => ({ place: `${shown.uid} › ${panel.title} › ${refId}`, expr, instant })),
  );
  const annotations = (shown.annotations.list ?? []).map(({ name, expr = '' }) => ({
    place: `${shown.uid} › annotation ${name}`,
    expr,
    instant: false,
  }));
  return [...panels, ...annotations];
}

/** Of a query variable: `label_values(selector, label)`. */
export function variablesOf(shown: dashboard.Dashboard): { place: string; name: string; selector: string; label: string }[] {
  return (shown.templating.list ?? [])
    .filter(({ type }) => type === 'query')
    .map(({ name, definition = '' }) => {
      const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? [];
      if (selector === undefined || label === undefined) throw new Error(`${name}: ${definition}`);
      return { place: `${shown.uid} › variable ${name}`, name, selector, label };
    });
}

/** As Grafana fills them in; whatever is chosen among values of labels is all of them. */
export function filledIn(expr: string, { rateInterval, range, phase }: { rateInterval: string; range: string; phase: string }): string {
  return expr
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll('$__range', range)
    .replaceAll('"$phase"', `"${phase}"`)
    .replaceAll(/\$[a-z_]+/g, '.*');
}
