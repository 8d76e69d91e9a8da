/**
 * What all dashboards share: the variables above, the links between them, the phases of a run as annotations, and the
 * grid that rows of panels are laid out in.
 */
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Query } from '../queries.ts';
import { DATASOURCE, type Panel, WIDTH } from './panels.ts';

export interface Variable {
  name: string;
  label: string;
  description: string;
  /** Values of this label among the series of this selector. */
  values: { of: string; label: string };
  /** Several at once, and all unless chosen. */
  multi: boolean;
}

export interface Row {
  title: string;
  panels: readonly Panel[];
}

export interface Frame {
  /** File name and address. */
  name: string;
  title: string;
  description: string;
  variables: readonly Variable[];
  /** Series that are there while something goes on; shown as regions, by their labels. */
  annotations: readonly { name: string; query: Query; title: string; text: string; color: string }[];
  rows: readonly Row[];
}

export const TAG = 'gatebench';

export function assemble({ name, title, description, variables, annotations, rows }: Frame): dashboard.Dashboard {
  const builder = new DashboardBuilder(`gatebench: ${title}`)
    .uid(`${TAG}-${name}`)
    .description(description)
    .tags([TAG])
    .time({ from: 'now-15m', to: 'now' })
    .refresh('5s')
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('gatebench')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .keepTime(true)
        .includeVars(true)
        .tooltip('The other dashboards, at the same time'),
    )
    .withVariable(
      new DatasourceVariableBuilder('datasource')
        .label('Data source')
        .description('The Prometheus that scrapes the run')
        .type('prometheus'),
    );
  for (const variable of variables) builder.withVariable(queryVariable(variable));
  for (const { name: called, query, title: titleFormat, text: textFormat, color } of annotations) {
    builder.annotation(
      new AnnotationQueryBuilder()
        .name(called)
        .datasource(DATASOURCE)
        .enable(true)
        .iconColor(color)
        .expr(query.expr)
        .target(new DataqueryBuilder().refId('Anno').datasource(DATASOURCE).expr(query.expr).range())
        .step('5s')
        .titleFormat(titleFormat)
        .textFormat(textFormat),
    );
  }
  const built = builder.build();
  built.panels = laidOut(rows);
  return built;
}

function queryVariable({ name, label, description, values, multi }: Variable): QueryVariableBuilder {
  const query = `label_values(${values.of}, ${values.label})`;
  const builder = new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(DATASOURCE)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(multi)
    .includeAll(multi);
  // A series without the label is one of all, too.
  return multi ? builder.allValue('.*').current({ text: ['All'], value: ['$__all'] }) : builder;
}

/** Left to right, and a new line where the next panel does not fit. */
function laidOut(rows: readonly Row[]): (dashboard.Panel | dashboard.RowPanel)[] {
  const placed: (dashboard.Panel | dashboard.RowPanel)[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    placed.push(
      new RowBuilder(title)
        .id(placed.length + 1)
        .gridPos({ x: 0, y, w: WIDTH, h: 1 })
        .build(),
    );
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of panels) {
      if (x + panel.width > WIDTH) {
        x = 0;
        y += height;
        height = 0;
      }
      placed.push(panel.build(placed.length + 1, { x, y, w: panel.width, h: panel.height }));
      x += panel.width;
      height = Math.max(height, panel.height);
    }
    y += height;
  }
  return placed;
}
