/** Generator and mock LLM: whether the load was the one that was meant, and the LLM on time. */

import { orZero, ratio, type Source } from '../../queries.ts';
import type { Row } from '../frame.ts';
import { heat, lines } from '../panels.ts';
import { quantiles } from './red.ts';

const MEASURED = { role: '="measured"' };

/** What was sent of what was due. */
export function achieved(generator: Source, options: { window?: string } = {}) {
  const started = generator.rate('gatebench.generator.turns.started', { where: MEASURED, ...options });
  return ratio(orZero(started), generator.rate('gatebench.generator.turns.offered', { where: MEASURED, ...options }));
}

export function instrument(generator: Source, upstream: Source): Row {
  return {
    title: 'The instrument: generator and mock LLM',
    panels: [
      lines({
        title: 'Turns due, sent, ended',
        description: 'In measured windows. Sent below due: the generator, or its cap, gave out first.',
        unit: 'count:turns/s',
        width: 8,
        lines: [
          { query: generator.rate('gatebench.generator.turns.offered', { where: MEASURED }), legend: 'due' },
          { query: generator.rate('gatebench.generator.turns.started', { where: MEASURED }), legend: 'sent' },
          { query: generator.rate('gatebench.generator.turns.ended', { where: MEASURED, by: ['outcome'] }), legend: '{{outcome}}' },
        ],
      }),
      lines({
        title: 'Sent ÷ due',
        description: 'Below 99 % a trial is not valid, and an alert fires.',
        unit: 'percentunit',
        width: 8,
        limit: 0.99,
        lines: [{ query: achieved(generator), legend: 'sent ÷ due' }],
      }),
      lines({
        title: 'Turns in flight, replies under way',
        description: 'At the generator and at the mock LLM: the difference is what the gateway holds.',
        unit: 'count:turns',
        width: 8,
        lines: [
          { query: generator.level('sum', 'gatebench.generator.turns.in_flight', { by: ['role'] }), legend: 'generator, {{role}}' },
          { query: upstream.level('sum', 'gatebench.upstream.streams.open'), legend: 'mock LLM' },
        ],
      }),
      lines({
        title: 'Lateness of the generator',
        description: 'From when a turn was due until it was started. Above 5 ms at p99 no trial is valid, and an alert fires.',
        unit: 's',
        width: 12,
        limit: 0.005,
        lines: quantiles(generator, 'gatebench.generator.lateness', MEASURED).map(({ query, legend }) => ({ query, legend })),
      }),
      heat({
        title: 'Lateness of the generator, distribution',
        description: 'How many turns were started how late.',
        unit: 's',
        width: 12,
        query: generator.buckets('gatebench.generator.lateness', { where: MEASURED }),
      }),
      lines({
        title: 'Lateness of the mock LLM',
        description: 'How long after its planned time each token left. Above 5 ms at p99 an alert fires.',
        unit: 's',
        width: 12,
        limit: 0.005,
        lines: quantiles(upstream, 'gatebench.upstream.lateness').map(({ query, legend }) => ({ query, legend })),
      }),
      heat({
        title: 'Lateness of the mock LLM, distribution',
        description: 'How many tokens left how late.',
        unit: 's',
        width: 12,
        query: upstream.buckets('gatebench.upstream.lateness'),
      }),
      lines({
        title: 'CPU of generator and mock LLM',
        description: 'Cores that each uses. A generator above 0.7 of one is no instrument any more.',
        unit: 'none',
        width: 12,
        limit: 0.7,
        lines: [
          { query: generator.rate('process.cpu.time'), legend: 'generator' },
          { query: upstream.rate('process.cpu.time'), legend: 'mock LLM' },
        ],
      }),
      lines({
        title: 'Tokens of the mock LLM, and its replies by outcome',
        description: 'Added when a reply ends; faults that were asked for are in it.',
        unit: 'count:/s',
        width: 12,
        lines: [
          { query: upstream.rate('gatebench.upstream.tokens'), legend: 'tokens' },
          { query: upstream.rate('gatebench.upstream.replies', { by: ['outcome'] }), legend: 'replies, {{outcome}}' },
        ],
      }),
    ],
  };
}
