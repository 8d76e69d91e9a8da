/** Which phase cost the time: the next look after a p99 that is too high. */

import { partsOf, type Source } from '../../queries.ts';
import type { Row } from '../frame.ts';
import { heat, lines } from '../panels.ts';
import { quantiles } from './red.ts';

const PHASE = 'gatebench.gateway.turn.phase.duration';

/** Time in each phase, shared among all turns, those that never came to it included: stacked, the phases are the mean turn. */
export function meanSplit(gateway: Source) {
  return partsOf(gateway.total(PHASE, { by: ['phase'] }), gateway.count('gatebench.gateway.turn.duration'));
}

export function phases(gateway: Source): Row {
  return {
    title: 'Phases',
    panels: [
      lines({
        title: 'The mean turn, by phase',
        description: 'Phases lie one after the other, so that they stack to the mean turn. The band that grew is the cause.',
        unit: 's',
        width: 12,
        stacked: true,
        lines: [{ query: meanSplit(gateway), legend: '{{phase}}' }],
      }),
      lines({
        title: 'Each phase, p99',
        description: 'The slowest hundredth of each phase by itself; these do not add up to the p99 of turns. Logarithmic.',
        unit: 's',
        width: 12,
        log: true,
        lines: [{ query: gateway.quantile(0.99, PHASE, { by: ['phase'] }), legend: '{{phase}}', exemplar: true }],
      }),
      lines({
        title: 'Phase $phase',
        description: 'The phase chosen above. Dots are single turns: each leads to its trace.',
        unit: 's',
        width: 12,
        lines: quantiles(gateway, PHASE, { phase: '="$phase"' }),
      }),
      heat({
        title: 'Phase $phase, distribution',
        description: 'The phase chosen above: how many turns spent how long in it.',
        unit: 's',
        width: 12,
        query: gateway.buckets(PHASE, { where: { phase: '="$phase"' } }),
      }),
      lines({
        title: 'What the gateway adds',
        description:
          'Admission, queue, dispatch, agent and serialise of a completed turn together: what it would not have cost without the gateway.',
        unit: 's',
        width: 12,
        lines: quantiles(gateway, 'gatebench.gateway.turn.added.duration'),
      }),
      heat({
        title: 'What the gateway adds, distribution',
        description: 'How many completed turns were held up how long by the gateway itself.',
        unit: 's',
        width: 12,
        query: gateway.buckets('gatebench.gateway.turn.added.duration'),
      }),
    ],
  };
}
