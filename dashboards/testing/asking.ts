/** Every query of every dashboard and rule, put to a real Prometheus: which of them show nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { ALERTS } from '../prometheus/alerts.ts';
import { RECORDING_RULES } from '../prometheus/rules.ts';
import { filledIn, queriesOf, selectors, variablesOf } from './expressions.ts';
import type { Prometheus, Series } from './prometheus.ts';

const GRAFANA = join(import.meta.dirname, '../grafana');

export const RULES = ['recording', 'alerts'].map((name) => join(import.meta.dirname, `../prometheus/rules/${name}.yml`));

export const DASHBOARDS = ['gateway', 'compare', 'tuning'].map(
  (name) => JSON.parse(readFileSync(join(GRAFANA, `${name}.json`), 'utf8')) as dashboard.Dashboard,
);

/** How many queries there are to ask. */
export function questions() {
  const queries = DASHBOARDS.flatMap(queriesOf);
  const variables = DASHBOARDS.flatMap(variablesOf);
  return { queries, variables, records: RECORDING_RULES, alerts: ALERTS };
}

/** A value that is a number, at any time. */
function shows(series: readonly Series[]): boolean {
  return series.some(({ value, values = [] }) => [...(value ? [value] : []), ...values].some(([, number]) => number !== 'NaN'));
}

/**
 * Places that show nothing. Of alerts, which are silent when all is well, it is each selector in them that must have
 * data; comparisons are left to promtool.
 */
export async function emptyPlaces(prometheus: Prometheus, over: { seconds: number; phase: string }): Promise<string[]> {
  const { queries, variables, records, alerts } = questions();
  // A window for four scrapes, as Grafana chooses it.
  const fill = (expr: string) => filledIn(expr, { rateInterval: '5s', range: `${over.seconds}s`, phase: over.phase });
  const empty: string[] = [];
  for (const { place, expr, instant } of queries) {
    const answer = instant ? await prometheus.query(fill(expr)) : await prometheus.queryRange(fill(expr), over.seconds);
    if (!shows(answer)) empty.push(place);
  }
  for (const { place, selector, label } of variables) {
    if ((await prometheus.labelValues(label, fill(selector))).length === 0) empty.push(place);
  }
  for (const { record } of records) {
    if (!shows(await prometheus.queryRange(record, over.seconds))) empty.push(record);
  }
  for (const { name, expr } of alerts) {
    for (const { selector } of selectors(expr)) {
      if (!shows(await prometheus.queryRange(selector, over.seconds))) empty.push(`${name}: ${selector}`);
    }
  }
  return [...new Set(empty)];
}
