/** What the metrics page and the labels tell of themselves. */
import type { Instruments } from './instruments.ts';
import type { LabelBounds } from './labels.ts';
import type { MetricsPage } from './page.ts';

export interface PageMetricsOptions {
  instruments: Instruments;
  bounds: LabelBounds;
  page: Pick<MetricsPage, 'counts'>;
}

export function observePage({ instruments, bounds, page }: PageMetricsOptions): void {
  instruments.observe(
    ['gatebench.telemetry.label_overflow', 'gatebench.telemetry.scrapes', 'gatebench.telemetry.scrape.duration'],
    (report) => {
      for (const [label, count] of bounds.overflows) report('gatebench.telemetry.label_overflow', count, { label });
      const { scrapes, lastMs } = page.counts();
      report('gatebench.telemetry.scrapes', scrapes.openmetrics, { format: 'openmetrics' });
      report('gatebench.telemetry.scrapes', scrapes.text, { format: 'text' });
      report('gatebench.telemetry.scrape.duration', lastMs === null ? null : lastMs / 1e3);
    },
  );
}
