/** One chart from ECharts to SVG, on the server and without a browser. */
import { CustomChart, type CustomSeriesOption, LineChart, type LineSeriesOption } from 'echarts/charts';
import { GridComponent, type GridComponentOption } from 'echarts/components';
import { type ComposeOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { FONT_SIZE } from './ink.ts';
import { cleaned } from './markup.ts';

export type ChartOption = ComposeOption<LineSeriesOption | CustomSeriesOption | GridComponentOption>;
export type { CustomSeriesOption, LineSeriesOption };

export interface Size {
  width: number;
  height: number;
}

/** What an `<svg>` of the size holds; what its style must say is told in `markup.ts`. */
export interface Drawing extends Size {
  markup: string;
}

use([LineChart, CustomChart, GridComponent, SVGRenderer]);

export function draw(option: ChartOption, size: Size): Drawing {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption({ animation: false, textStyle: { fontSize: FONT_SIZE }, ...option });
    return { ...size, markup: cleaned(chart.renderToSVGString()) };
  } finally {
    // Else its timers keep the process alive.
    chart.dispose();
  }
}
