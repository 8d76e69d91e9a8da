/**
 * How panels look here, once: lines, heatmaps, single figures and charts against a label. Each has a title, a unit and
 * a description, to which the names of its metrics are added, so that whoever reads a panel can find them in the
 * catalogue and in Prometheus.
 */
import * as common from '@grafana/grafana-foundation-sdk/common';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { FieldColorBuilder, FieldColorModeId, ThresholdsConfigBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import * as xychart from '@grafana/grafana-foundation-sdk/xychart';
import type { Query } from '../queries.ts';

/** Whatever the variable `datasource` says. */
export const DATASOURCE: common.DataSourceRef = { type: 'prometheus', uid: '$datasource' };

/** Columns of Grafana's grid. */
export const WIDTH = 24;

export interface Panel {
  build(id: number, gridPos: dashboard.GridPos): dashboard.Panel;
  readonly width: number;
  readonly height: number;
}

interface Shown {
  title: string;
  /** What is seen, and what it means when it moves. */
  description: string;
  /** Of Grafana: `s`, `bytes`, `percentunit`, or with `suffix:` and `si:` one of ours. */
  unit: string;
  width: number;
  height?: number;
}

export interface Line {
  query: Query;
  /** With `{{label}}`; fixed text where the query gives one series. */
  legend: string;
  /** Exemplars of the histogram, as dots that lead to traces. */
  exemplar?: boolean;
  color?: string;
}

export interface Lines extends Shown {
  lines: readonly Line[];
  stacked?: boolean;
  min?: number;
  max?: number;
  /** A line drawn across, at a limit that stands in the description. */
  limit?: number;
  log?: boolean;
}

const HEIGHT = 8;

export function lines({ lines: shown, stacked = false, min = 0, max, limit, log = false, ...rest }: Lines): Panel {
  return panel(rest, shown, () => {
    const builder = new timeseries.PanelBuilder()
      .unit(rest.unit)
      .min(min)
      .lineWidth(1)
      .fillOpacity(stacked ? 30 : 8)
      .showPoints(common.VisibilityMode.Never)
      .spanNulls(false)
      .stacking(new common.StackingConfigBuilder().mode(stacked ? common.StackingMode.Normal : common.StackingMode.None))
      .legend(
        new common.VizLegendOptionsBuilder()
          .displayMode(common.LegendDisplayMode.Table)
          .placement(common.LegendPlacement.Bottom)
          .showLegend(true)
          .calcs(['mean', 'max', 'lastNotNull']),
      )
      .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending))
      .targets(shown.map((line, index) => target(line, index)));
    if (max !== undefined) builder.max(max);
    if (log) builder.scaleDistribution(new common.ScaleDistributionConfigBuilder().type(common.ScaleDistribution.Log).log(10));
    if (limit !== undefined) {
      builder
        .thresholds(thresholds(limit))
        .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed));
    }
    colored(builder, shown);
    return builder;
  });
}

export interface Heat extends Shown {
  query: Query;
}

/** The whole distribution over time; the darker, the more observations. */
export function heat({ query, ...rest }: Heat): Panel {
  const line = { query, legend: '{{le}}' };
  return panel(rest, [line], () =>
    new heatmap.PanelBuilder()
      .calculate(false)
      .unit('short')
      .color(
        new heatmap.HeatmapColorOptionsBuilder()
          .mode(heatmap.HeatmapColorMode.Scheme)
          .scheme('Oranges')
          .scale(heatmap.HeatmapColorScale.Exponential)
          .fill('dark-orange')
          .exponent(0.5)
          .steps(64)
          .reverse(false),
      )
      .yAxis(new heatmap.YAxisConfigBuilder().unit(rest.unit).axisPlacement(common.AxisPlacement.Left))
      .showLegend()
      .tooltip(new heatmap.HeatmapTooltipBuilder().mode(common.TooltipDisplayMode.Single).yHistogram(true).showColorScale(true))
      .withTarget(target(line, 0).exemplar(true).format(PromQueryFormat.Heatmap)),
  );
}

export interface Figures extends Shown {
  lines: readonly Line[];
  /** From here on red; below it, where less is worse. */
  bad?: number;
  lessIsBad?: boolean;
  decimals?: number;
  /** Over the whole time shown, not as of now. */
  overall?: boolean;
}

/** Single numbers. */
export function figures({ lines: shown, bad, lessIsBad = false, decimals, overall = false, ...rest }: Figures): Panel {
  return panel({ height: 4, ...rest }, shown, () => {
    const builder = new stat.PanelBuilder()
      .unit(rest.unit)
      .noValue('–')
      .graphMode(overall ? common.BigValueGraphMode.None : common.BigValueGraphMode.Area)
      .colorMode(common.BigValueColorMode.Value)
      .textMode(shown.length > 1 ? common.BigValueTextMode.ValueAndName : common.BigValueTextMode.Value)
      .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''))
      .targets(shown.map((line, index) => (overall ? target(line, index).instant() : target(line, index))));
    if (decimals !== undefined) builder.decimals(decimals);
    if (bad !== undefined) builder.thresholds(thresholds(bad, lessIsBad));
    else builder.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor('text'));
    colored(builder, shown);
    return builder;
  });
}

export interface Chart extends Shown {
  /** Each gives one value for each value of the label `x`. */
  lines: readonly Line[];
  x: string;
  xTitle: string;
}

/** Values against a number that a label holds, each over the whole time shown. */
export function chart({ lines: shown, x, xTitle, ...rest }: Chart): Panel {
  const series = (line: Line, index: number) =>
    new xychart.XYSeriesConfigBuilder()
      .name({ fixed: line.legend })
      .frame({ matcher: { id: 'byIndex', options: index } })
      .x({ matcher: { id: 'byName', options: x } })
      .y({ matcher: { id: 'byRegexp', options: '/^Value/' } });
  return panel(rest, shown, () =>
    new xychart.PanelBuilder()
      .unit(rest.unit)
      .min(0)
      .mapping(xychart.SeriesMapping.Manual)
      .series(shown.map(series))
      .show(xychart.XYShowMode.PointsAndLines)
      .pointSize({ fixed: 8 })
      .lineWidth(1)
      .legend(
        new common.VizLegendOptionsBuilder()
          .displayMode(common.LegendDisplayMode.List)
          .placement(common.LegendPlacement.Bottom)
          .showLegend(true)
          .calcs([]),
      )
      .overrideByName(x, [
        { id: 'unit', value: 'none' },
        { id: 'custom.axisLabel', value: xTitle },
      ])
      // A label is text, and its order that of text.
      .withTransformation({ id: 'convertFieldType', options: { conversions: [{ targetField: x, destinationType: 'number' }], fields: {} } })
      .withTransformation({ id: 'sortBy', options: { fields: {}, sort: [{ field: x }] } })
      .targets(shown.map((line, index) => target(line, index).instant().format(PromQueryFormat.Table))),
  );
}

function colored(
  builder: { overrideByName(name: string, properties: dashboard.DynamicConfigValue[]): unknown },
  shown: readonly Line[],
): void {
  for (const { legend, color } of shown) {
    if (color === undefined) continue;
    builder.overrideByName(legend, [{ id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: color } }]);
  }
}

interface Builder {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: common.DataSourceRef): this;
  gridPos(gridPos: dashboard.GridPos): this;
  build(): dashboard.Panel;
}

function panel({ title, description, width, height = HEIGHT }: Shown, shown: readonly Line[], builder: () => Builder): Panel {
  const metrics = [...new Set(shown.flatMap(({ query }) => query.metrics.map(({ prometheus }) => prometheus)))];
  const names = `${metrics.length === 1 ? 'Metric' : 'Metrics'}: ${metrics.map((name) => `\`${name}\``).join(', ')}`;
  return {
    width,
    height,
    build: (id, gridPos) =>
      builder().id(id).title(title).description(`${description}\n\n${names}`).datasource(DATASOURCE).gridPos(gridPos).build(),
  };
}

function target({ query, legend, exemplar = false }: Line, index: number): DataqueryBuilder {
  const refId = String.fromCharCode('A'.charCodeAt(0) + index);
  return new DataqueryBuilder().datasource(DATASOURCE).refId(refId).expr(query.expr).legendFormat(legend).exemplar(exemplar).range();
}

function thresholds(bad: number, lessIsBad = false): ThresholdsConfigBuilder {
  const [first, then] = lessIsBad ? (['red', 'green'] as const) : (['green', 'red'] as const);
  return new ThresholdsConfigBuilder().steps([
    { value: null, color: first },
    { value: bad, color: then },
  ]);
}
