/** What every turn is judged by, first: how many, how many fail, how long they take. */
import type { MetricNames } from '../../catalog.ts';
import { orZero, ratio, type Source } from '../../queries.ts';
import type { Row } from '../frame.ts';
import { figures, heat, type Line, lines } from '../panels.ts';

/** Ended as nobody wanted. */
const BAD = { outcome: '=~"failed|timedOut|refused"' };

export const quantiles = (source: Source, name: MetricNames<'histogram'>, where: Record<string, string> = {}): Line[] =>
  ([0.5, 0.9, 0.99] as const).map((quantile) => ({
    query: source.quantile(quantile, name, { where }),
    legend: `p${quantile * 100}`,
    exemplar: quantile === 0.99,
  }));

export function badShare(source: Source, options: { window?: string } = {}) {
  return ratio(orZero(source.rate('gatebench.gateway.turns', { where: BAD, ...options })), source.rate('gatebench.gateway.turns', options));
}

export function red(gateway: Source): Row {
  return {
    title: 'Rate, errors, duration',
    panels: [
      figures({
        title: 'Turns',
        description: 'Turns that ended, each second.',
        unit: 'count:turns/s',
        width: 4,
        lines: [{ query: gateway.rate('gatebench.gateway.turns'), legend: 'turns' }],
      }),
      figures({
        title: 'Failed, timed out, refused',
        description: 'Their share of all turns that ended. Above 1 % it is red, and an alert fires.',
        unit: 'percentunit',
        width: 4,
        bad: 0.01,
        lines: [{ query: badShare(gateway), legend: 'share' }],
      }),
      figures({
        title: 'Turn, p50',
        description: 'Half of all turns took at most this long, from the read of the request to the end of the reply.',
        unit: 's',
        width: 4,
        lines: [{ query: gateway.quantile(0.5, 'gatebench.gateway.turn.duration'), legend: 'p50' }],
      }),
      figures({
        title: 'Turn, p99',
        description: 'One turn in a hundred took longer. The row Phases says where.',
        unit: 's',
        width: 4,
        lines: [{ query: gateway.quantile(0.99, 'gatebench.gateway.turn.duration'), legend: 'p99' }],
      }),
      figures({
        title: 'First token, p99',
        description: "Until the LLM's first content was read, one turn in a hundred waited longer.",
        unit: 's',
        width: 4,
        lines: [{ query: gateway.quantile(0.99, 'gatebench.gateway.turn.time_to_first_token'), legend: 'p99' }],
      }),
      figures({
        title: 'In flight',
        description: 'Turns that came and have not ended, those waiting included.',
        unit: 'count:turns',
        width: 4,
        lines: [{ query: gateway.level('sum', 'gatebench.gateway.turns.in_flight'), legend: 'in flight' }],
      }),
      lines({
        title: 'Turns by outcome',
        description: 'Each turn ends in exactly one outcome; together they are all that came.',
        unit: 'count:turns/s',
        width: 8,
        stacked: true,
        lines: [{ query: gateway.rate('gatebench.gateway.turns', { by: ['outcome'] }), legend: '{{outcome}}' }],
      }),
      lines({
        title: 'Errors by code',
        description: 'Failed and refused turns, and what was refused before it became one. The documentation lists the codes.',
        unit: 'count:errors/s',
        width: 8,
        lines: [{ query: gateway.rate('gatebench.gateway.errors', { by: ['code'] }), legend: '{{code}}' }],
      }),
      lines({
        title: 'Tokens',
        description: 'As the LLM counted them, added when a turn ends: long turns make steps.',
        unit: 'count:tokens/s',
        width: 8,
        lines: [{ query: gateway.rate('gatebench.gateway.tokens', { by: ['direction'] }), legend: '{{direction}}' }],
      }),
      lines({
        title: 'Turn duration',
        description:
          'From the read that completed the request until the end of the reply was encoded. Dots are single turns: each leads to its trace.',
        unit: 's',
        width: 12,
        lines: quantiles(gateway, 'gatebench.gateway.turn.duration'),
      }),
      heat({
        title: 'Turn duration, distribution',
        description: 'How many turns took how long. Two bands are two kinds of turns, which no quantile shows.',
        unit: 's',
        width: 12,
        query: gateway.buckets('gatebench.gateway.turn.duration'),
      }),
      lines({
        title: 'Time to first token',
        description: "From the read that completed the request until the LLM's first content was read.",
        unit: 's',
        width: 12,
        lines: quantiles(gateway, 'gatebench.gateway.turn.time_to_first_token'),
      }),
      heat({
        title: 'Time to first token, distribution',
        description: "How many turns waited how long for the LLM's first content.",
        unit: 's',
        width: 12,
        query: gateway.buckets('gatebench.gateway.turn.time_to_first_token'),
      }),
      lines({
        title: 'Turns by transport and execution',
        description: 'By which transport clients came, and where the agent ran.',
        unit: 'count:turns/s',
        width: 12,
        lines: [{ query: gateway.rate('gatebench.gateway.turns', { by: ['via', 'execution'] }), legend: '{{via}}, {{execution}}' }],
      }),
      lines({
        title: 'Turn duration, p99, by transport and execution',
        description: 'The slowest hundredth, apart.',
        unit: 's',
        width: 12,
        lines: [
          {
            query: gateway.quantile(0.99, 'gatebench.gateway.turn.duration', { by: ['via', 'execution'] }),
            legend: '{{via}}, {{execution}}',
          },
        ],
      }),
    ],
  };
}
