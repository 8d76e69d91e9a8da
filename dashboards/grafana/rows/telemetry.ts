/** Whether the figures above can be believed: what telemetry lost, and what it costs. */

import { orZero, type Source, WHOLE_WINDOW } from '../../queries.ts';
import type { Row } from '../frame.ts';
import { figures, lines } from '../panels.ts';

export function telemetry(gateway: Source): Row {
  return {
    title: 'Telemetry itself',
    panels: [
      figures({
        title: 'Spans lost',
        description:
          'In the time shown. More than 0, and the traces of this run are not complete: the trace section of its report is void.',
        unit: 'none',
        width: 6,
        bad: 1,
        overall: true,
        decimals: 0,
        lines: [{ query: orZero(gateway.increase('gatebench.telemetry.spans.lost', { window: WHOLE_WINDOW })), legend: 'spans' }],
      }),
      figures({
        title: 'Label values beyond their bound',
        description: 'In the time shown: values that became `other`. Whatever is shown by that label lacks them.',
        unit: 'none',
        width: 6,
        bad: 1,
        overall: true,
        decimals: 0,
        lines: [{ query: orZero(gateway.increase('gatebench.telemetry.label_overflow', { window: WHOLE_WINDOW })), legend: 'values' }],
      }),
      figures({
        title: 'Exports that failed',
        description: 'In the time shown: by OTLP, to a collector that was down, slow or refused. What was in them is lost; no turn waited.',
        unit: 'none',
        width: 6,
        bad: 1,
        overall: true,
        decimals: 0,
        lines: [{ query: orZero(gateway.increase('gatebench.telemetry.export.failures', { window: WHOLE_WINDOW })), legend: 'exports' }],
      }),
      figures({
        title: 'Defects in observers',
        description: 'In the time shown: what watches turns threw. No turn was harmed, but something was not counted.',
        unit: 'none',
        width: 6,
        bad: 1,
        overall: true,
        decimals: 0,
        lines: [{ query: orZero(gateway.increase('gatebench.telemetry.observer.errors', { window: WHOLE_WINDOW })), legend: 'errors' }],
      }),
      lines({
        title: 'Spans',
        description: 'Made of sampled turns, and those lost of them by reason.',
        unit: 'count:spans/s',
        width: 8,
        lines: [
          { query: gateway.rate('gatebench.telemetry.spans'), legend: 'made' },
          { query: gateway.rate('gatebench.telemetry.spans.lost', { by: ['reason'] }), legend: 'lost: {{reason}}' },
        ],
      }),
      lines({
        title: 'Reading the metrics',
        description: 'What the last reading took of the main thread: whatever it takes, each token waits.',
        unit: 's',
        width: 8,
        lines: [{ query: gateway.level('max', 'gatebench.telemetry.scrape.duration', { by: ['instance'] }), legend: '{{instance}}' }],
      }),
      lines({
        title: 'Readings, and exemplars kept',
        description: 'Readings each second by format (only OpenMetrics carries exemplars), and exemplars that are kept.',
        unit: 'short',
        width: 8,
        lines: [
          { query: gateway.rate('gatebench.telemetry.scrapes', { by: ['format'] }), legend: '{{format}}, per second' },
          { query: gateway.level('sum', 'gatebench.telemetry.exemplars'), legend: 'exemplars' },
        ],
      }),
    ],
  };
}
