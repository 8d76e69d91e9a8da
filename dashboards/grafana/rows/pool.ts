/** Threads and processes that agents run in: whether there are enough, and whether there are too many. */

import { ratio, type Source } from '../../queries.ts';
import type { Row } from '../frame.ts';
import { heat, lines } from '../panels.ts';
import { quantiles } from './red.ts';

const PHASE = 'gatebench.gateway.turn.phase.duration';
const QUEUE = { phase: '="queue"' };

/** Over all threads, main thread included: time without a core ÷ time on one. */
export function runQueueWait(gateway: Source, by: readonly string[]) {
  return ratio(
    gateway.rate('gatebench.gateway.thread.run_queue.wait.time', { by }),
    gateway.rate('gatebench.gateway.thread.cpu.time', { by }),
  );
}

export function pool(gateway: Source): Row {
  return {
    title: 'Pool',
    panels: [
      lines({
        title: 'Threads and processes by state',
        description: 'What each is doing. All busy while turns wait: there are too few, or too few cores.',
        unit: 'none',
        width: 8,
        stacked: true,
        lines: [{ query: gateway.level('sum', 'gatebench.gateway.pool.units', { by: ['kind', 'state'] }), legend: '{{kind}}, {{state}}' }],
      }),
      lines({
        title: 'Turns that wait',
        description: 'For a thread or process.',
        unit: 'count:turns',
        width: 8,
        lines: [{ query: gateway.level('sum', 'gatebench.gateway.pool.waiting', { by: ['kind'] }), legend: '{{kind}}' }],
      }),
      lines({
        title: 'Started, ended, died, killed',
        description: 'Threads or processes. One that died or was killed took its turns with it, and an alert fires.',
        unit: 'count:events/s',
        width: 8,
        lines: [{ query: gateway.rate('gatebench.gateway.pool.unit.events', { by: ['kind', 'event'] }), legend: '{{kind}}, {{event}}' }],
      }),
      lines({
        title: 'Wait for a thread or process',
        description:
          'The phase queue, of the turns that had to wait. Once more than 1 % of all turns wait longer than 0.1 s an alert fires.',
        unit: 's',
        width: 12,
        limit: 0.1,
        lines: quantiles(gateway, PHASE, QUEUE),
      }),
      heat({
        title: 'Wait for a thread or process, distribution',
        description: 'The phase queue: how many turns waited how long, of those that had to.',
        unit: 's',
        width: 12,
        query: gateway.buckets(PHASE, { where: QUEUE }),
      }),
      lines({
        title: 'CPU of each thread',
        description: 'Share of a core. One at 100 % while others idle: turns are spread unevenly, or one computes.',
        unit: 'percentunit',
        width: 12,
        lines: [{ query: gateway.rate('gatebench.gateway.thread.cpu.time', { by: ['thread'] }), legend: '{{thread}}' }],
      }),
      lines({
        title: 'Wait for a core ÷ run time',
        description:
          'Near 0 with cores enough, 1 where two threads share one: the plainest sign of too many threads. Above 0.5 an alert fires. Linux only.',
        unit: 'none',
        width: 12,
        limit: 0.5,
        lines: [{ query: runQueueWait(gateway, ['thread']), legend: '{{thread}}' }],
      }),
      lines({
        title: 'Turns in each thread',
        description: 'Under way in each thread or process.',
        unit: 'count:turns',
        width: 8,
        lines: [{ query: gateway.level('sum', 'gatebench.gateway.thread.turns', { by: ['thread'] }), legend: '{{thread}}' }],
      }),
      lines({
        title: 'Involuntary switches of each thread',
        description: 'Its time was up and another ran. Linux only.',
        unit: 'count:switches/s',
        width: 8,
        lines: [
          {
            query: gateway.rate('gatebench.gateway.thread.context_switches', {
              by: ['thread'],
              where: { 'process.context_switch.type': '="involuntary"' },
            }),
            legend: '{{thread}}',
          },
        ],
      }),
      lines({
        title: 'Heap of each thread',
        description: 'What V8 uses in each thread or process, as it last answered.',
        unit: 'bytes',
        width: 8,
        lines: [{ query: gateway.level('sum', 'gatebench.gateway.thread.heap.used', { by: ['thread'] }), legend: '{{thread}}' }],
      }),
    ],
  };
}
