/** The mock LLM's metrics: what was asked of it, and how punctually it answered. */
import { LATENESS_SECONDS, type Listed, OUTCOME } from './metric.ts';

const emittedBy = ['upstream'] as const;

export const UPSTREAM_METRICS = [
  {
    name: 'gatebench.upstream.requests',
    instrument: 'counter',
    unit: '{request}',
    labels: [],
    description: 'Requests that the mock LLM received.',
    emittedBy,
  },
  {
    name: 'gatebench.upstream.replies',
    instrument: 'counter',
    unit: '{reply}',
    labels: [OUTCOME],
    description: 'Replies that ended, by how; faults that were asked for are in it.',
    emittedBy,
  },
  {
    name: 'gatebench.upstream.tokens',
    instrument: 'counter',
    unit: '{token}',
    labels: [],
    description: 'Tokens sent, added when a reply ends.',
    emittedBy,
  },
  {
    name: 'gatebench.upstream.streams.open',
    instrument: 'updowncounter',
    unit: '{stream}',
    labels: [],
    description: 'Replies under way.',
    emittedBy,
  },
  {
    name: 'gatebench.upstream.connections',
    instrument: 'updowncounter',
    unit: '{connection}',
    labels: [],
    description: 'Connections to the mock LLM that are open.',
    emittedBy,
  },
  {
    name: 'gatebench.upstream.lateness',
    instrument: 'histogram',
    unit: 's',
    buckets: LATENESS_SECONDS,
    labels: [],
    description: 'How long after its planned time each token left. Begins anew whenever the ledger is cleared.',
    emittedBy,
  },
] as const satisfies readonly Listed[];
