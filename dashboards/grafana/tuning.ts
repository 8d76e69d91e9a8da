/**
 * *Tuning*: how many threads. Each measure against the number of threads that the gateways had, averaged over the time
 * shown: run the same load with 1, 2, 4 … threads, look at all of it at once, and take the knee.
 *
 * The number of threads is a level, and a chart needs it as a label: `count_values` makes one of it, joined to each
 * gateway's own measure.
 */

import { type Query, ratio, Source } from '../queries.ts';
import type { Frame } from './frame.ts';
import { chart, lines } from './panels.ts';
import { runQueueWait } from './rows/pool.ts';
import { ANY, ANY_RUN, RUN_VARIABLES, runPhases } from './run.ts';

/** Which gateway a series is of. */
const WHOSE = ['instance', 'run_id', 'arm'] as const;

const gateway = new Source('gateway', ANY);
const THREADS = { kind: '="thread"', state: '=~"idle|busy"' };

const threads = gateway.level('sum', 'gatebench.gateway.pool.units', { by: WHOSE, where: THREADS });

/** By the number of threads, while there was load. Quantiles of nothing are no numbers, and dropped by the comparison. */
function byThreads(measure: Query): Query {
  const whose = `(${WHOSE.join(', ')})`;
  const loaded = `((${measure.expr}) >= 0) and on ${whose} ((${turns.expr}) > 0)`;
  const labelled = `(${loaded}) * on ${whose} group_left (threads) count_values by ${whose} ("threads", ${threads.expr})`;
  return {
    expr: `avg by (threads) (avg_over_time((${labelled})[$__range:5s]))`,
    metrics: [...measure.metrics, ...turns.metrics, ...threads.metrics],
  };
}

const turns = gateway.rate('gatebench.gateway.turns', { by: WHOSE });
const cpu = gateway.rate('process.cpu.time', { by: WHOSE });
const runQueue = runQueueWait(gateway, WHOSE);
const switches = gateway.rate('gatebench.gateway.thread.context_switches', {
  by: WHOSE,
  where: { 'process.context_switch.type': '="involuntary"' },
});
const quantile = (at: number, name: 'gatebench.gateway.turn.duration' | 'gatebench.gateway.turn.phase.duration', where = {}) =>
  gateway.quantile(at, name, { by: WHOSE, where });
const QUEUE = { phase: '="queue"' };

const against = { x: 'threads', xTitle: 'threads', width: 12 } as const;

export const TUNING: Frame = {
  name: 'tuning',
  title: 'Tuning',
  description: 'Threads against throughput, latency and the wait for a core. `gatebench tune` searches by itself.',
  variables: RUN_VARIABLES,
  annotations: runPhases(ANY_RUN),
  rows: [
    {
      title: 'Against the number of threads, over the time shown',
      panels: [
        chart({
          ...against,
          title: 'Throughput',
          description: 'Turns each second. More threads than cores do not raise it.',
          unit: 'count:turns/s',
          lines: [{ query: byThreads(turns), legend: 'turns' }],
        }),
        chart({
          ...against,
          title: 'Turn duration',
          description: 'It falls while threads were missing, and rises again once they share cores.',
          unit: 's',
          lines: [
            { query: byThreads(quantile(0.5, 'gatebench.gateway.turn.duration')), legend: 'p50' },
            { query: byThreads(quantile(0.99, 'gatebench.gateway.turn.duration')), legend: 'p99' },
          ],
        }),
        chart({
          ...against,
          title: 'Wait for a core ÷ run time',
          description: 'Near 0 with cores enough; it rises from the number on at which threads share cores. Linux only.',
          unit: 'none',
          lines: [{ query: byThreads(runQueue), legend: 'wait ÷ run' }],
        }),
        chart({
          ...against,
          title: 'Wait for a thread',
          description: 'The phase queue, of the turns that had to wait: what more threads are for.',
          unit: 's',
          lines: [
            { query: byThreads(quantile(0.5, 'gatebench.gateway.turn.phase.duration', QUEUE)), legend: 'p50' },
            { query: byThreads(quantile(0.99, 'gatebench.gateway.turn.phase.duration', QUEUE)), legend: 'p99' },
          ],
        }),
        chart({
          ...against,
          title: 'CPU per turn',
          description: 'What a thread more costs: memory traffic, switches, collections of each heap.',
          unit: 's',
          lines: [{ query: byThreads(ratio(cpu, turns)), legend: 'CPU' }],
        }),
        chart({
          ...against,
          title: 'Involuntary switches',
          description: 'Of all threads. They level off where the wait for a core does not. Linux only.',
          unit: 'count:switches/s',
          lines: [{ query: byThreads(switches), legend: 'switches' }],
        }),
      ],
    },
    {
      title: 'Over time',
      panels: [
        lines({
          title: 'Threads',
          description: 'Idle and busy, of each gateway.',
          unit: 'none',
          width: 8,
          lines: [{ query: threads, legend: '{{instance}} {{arm}}' }],
        }),
        lines({
          title: 'Throughput',
          description: 'Turns each second, of each gateway.',
          unit: 'count:turns/s',
          width: 8,
          lines: [{ query: turns, legend: '{{instance}} {{arm}}' }],
        }),
        lines({
          title: 'Turn duration, p99',
          description: 'Of each gateway.',
          unit: 's',
          width: 8,
          lines: [{ query: quantile(0.99, 'gatebench.gateway.turn.duration'), legend: '{{instance}} {{arm}}', exemplar: true }],
        }),
        lines({
          title: 'Wait for a core ÷ run time',
          description: 'Of each gateway, all threads. Above 0.5 an alert fires. Linux only.',
          unit: 'none',
          width: 8,
          limit: 0.5,
          lines: [{ query: runQueue, legend: '{{instance}} {{arm}}' }],
        }),
        lines({
          title: 'Turns that wait for a thread',
          description: 'Of each gateway.',
          unit: 'count:turns',
          width: 8,
          lines: [
            {
              query: gateway.level('sum', 'gatebench.gateway.pool.waiting', { by: WHOSE, where: { kind: '="thread"' } }),
              legend: '{{instance}} {{arm}}',
            },
          ],
        }),
        lines({
          title: 'CPU',
          description: 'Cores that each gateway uses.',
          unit: 'none',
          width: 8,
          lines: [{ query: cpu, legend: '{{instance}} {{arm}}' }],
        }),
      ],
    },
  ],
};
