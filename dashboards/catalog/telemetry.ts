/** What telemetry tells of itself: a figure that was lost is worse than one that is missing. */
import { atMost, type Listed, oneOf } from './metric.ts';

const all = ['gateway', 'upstream', 'generator'] as const;

export const TELEMETRY_METRICS = [
  {
    name: 'gatebench.telemetry.label_overflow',
    instrument: 'counter',
    unit: '{value}',
    labels: [atMost(16, 'label')],
    description: "Values that were beyond a label's bound and became `other`, by label; each time counts.",
    emittedBy: all,
  },
  {
    name: 'gatebench.telemetry.scrapes',
    instrument: 'counter',
    unit: '{scrape}',
    labels: [oneOf('format', ['openmetrics', 'text'])],
    description: 'Readings of the metrics page before this one.',
    emittedBy: all,
  },
  {
    name: 'gatebench.telemetry.scrape.duration',
    instrument: 'gauge',
    unit: 's',
    labels: [],
    description: 'What the reading before this one took, on the main thread.',
    emittedBy: all,
  },
  {
    name: 'gatebench.telemetry.exemplars',
    instrument: 'updowncounter',
    unit: '{exemplar}',
    labels: [],
    description: 'Exemplars that are kept.',
    emittedBy: ['gateway'],
  },
  {
    name: 'gatebench.telemetry.export.failures',
    instrument: 'counter',
    unit: '{export}',
    labels: [oneOf('signal', ['metrics'])],
    description:
      'Times that figures were not sent to the collector, or were not taken by it. Nothing waits for it; the next time has the same counts and later ones.',
    emittedBy: ['gateway'],
  },
  {
    name: 'gatebench.telemetry.observer.errors',
    instrument: 'counter',
    unit: '{error}',
    labels: [],
    description: 'Defects in what watches turns; no turn is harmed by one.',
    emittedBy: ['gateway'],
  },
  {
    name: 'gatebench.telemetry.spans',
    instrument: 'counter',
    unit: '{span}',
    labels: [],
    description: 'Spans that were made of sampled turns.',
    emittedBy: ['gateway'],
  },
  {
    name: 'gatebench.telemetry.spans.lost',
    instrument: 'counter',
    unit: '{span}',
    labels: [oneOf('reason', ['queue_full', 'export_failed', 'file_failed'])],
    description: 'Spans that did not get where they should: more than 0 voids the trace section of a report.',
    emittedBy: ['gateway'],
  },
] as const satisfies readonly Listed[];
