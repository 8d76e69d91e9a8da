/** The gateway's process: its event loop, its memory, what it holds open. */

import { either, type Source } from '../../queries.ts';
import type { Row } from '../frame.ts';
import { heat, lines } from '../panels.ts';
import { quantiles } from './red.ts';

export function runtime(gateway: Source): Row {
  return {
    title: 'Runtime',
    panels: [
      lines({
        title: 'CPU of the process',
        description: 'Cores that it uses, all threads together.',
        unit: 'none',
        width: 8,
        stacked: true,
        lines: [{ query: gateway.rate('process.cpu.time', { by: ['cpu.mode'] }), legend: '{{cpu_mode}}' }],
      }),
      lines({
        title: 'Event loop at work',
        description:
          'Share of the time that the main thread was not waiting. Near 100 % each token waits for others; above 95 % an alert fires.',
        unit: 'percentunit',
        width: 8,
        max: 1,
        limit: 0.95,
        lines: [
          {
            query: gateway.rate('nodejs.eventloop.time', { by: ['instance'], where: { 'nodejs.eventloop.state': '="active"' } }),
            legend: '{{instance}}',
          },
        ],
      }),
      lines({
        title: 'Garbage collection',
        description: 'Share of the time that the main thread stood still for it, by kind.',
        unit: 'percentunit',
        width: 8,
        stacked: true,
        lines: [{ query: gateway.total('v8js.gc.duration', { by: ['v8js.gc.type'] }), legend: '{{v8js_gc_type}}' }],
      }),
      lines({
        title: 'Event loop delay',
        description: 'How long an event that arrives at a random moment waits for the main thread. Above 50 ms at p99 an alert fires.',
        unit: 's',
        width: 12,
        limit: 0.05,
        lines: quantiles(gateway, 'gatebench.eventloop.delay').map(({ query, legend }) => ({ query, legend })),
      }),
      heat({
        title: 'Event loop delay, distribution',
        description: 'Samples by how long they waited for the main thread.',
        unit: 's',
        width: 12,
        query: gateway.buckets('gatebench.eventloop.delay'),
      }),
      lines({
        title: 'Longest event loop delay',
        description: 'Of the last complete 10 s, by the names of the Node.js conventions.',
        unit: 's',
        width: 8,
        lines: [
          { query: gateway.level('max', 'nodejs.eventloop.delay.max'), legend: 'max' },
          { query: gateway.level('max', 'nodejs.eventloop.delay.p99'), legend: 'p99' },
        ],
      }),
      lines({
        title: 'Memory',
        description: 'Resident memory of the process, and buffers outside the heap.',
        unit: 'bytes',
        width: 8,
        lines: [
          { query: gateway.level('sum', 'process.memory.usage'), legend: 'resident' },
          { query: gateway.level('sum', 'gatebench.memory.external'), legend: 'outside the heap' },
        ],
      }),
      lines({
        title: 'Heap of the main thread, by space',
        description: 'What is used. New space goes up and down with each collection; old space that only grows is a leak.',
        unit: 'bytes',
        width: 8,
        stacked: true,
        lines: [
          { query: gateway.level('sum', 'v8js.memory.heap.used', { by: ['v8js.heap.space.name'] }), legend: '{{v8js_heap_space_name}}' },
        ],
      }),
      lines({
        title: 'Held open',
        description: 'Connections of clients, sessions of agents, programs that agents started.',
        unit: 'short',
        width: 8,
        lines: [
          { query: gateway.level('sum', 'gatebench.gateway.connections'), legend: 'connections' },
          { query: gateway.level('sum', 'gatebench.gateway.sessions'), legend: 'sessions' },
          { query: gateway.level('sum', 'gatebench.gateway.commands.running'), legend: 'commands' },
        ],
      }),
      lines({
        title: 'Stored responses',
        description: 'Kept for `previous_response_id`; the least recently used go first once they are too many or too big.',
        unit: 'bytes',
        width: 8,
        lines: [{ query: gateway.level('sum', 'gatebench.gateway.responses.size'), legend: 'size' }],
      }),
      lines({
        title: 'Quotas',
        description: 'Turns that came close to a quota of CPU or memory, and turns that were stopped for one.',
        unit: 'count:turns/s',
        width: 8,
        lines: [{ query: gateway.rate('gatebench.gateway.quota.events', { by: ['event'] }), legend: '{{event}}' }],
      }),
      lines({
        title: 'HTTP requests, p99, by route and status',
        description:
          'By the HTTP conventions: turns that came as HTTP requests. A reply that streams has the status 200 whatever becomes of it.',
        unit: 's',
        width: 12,
        lines: [
          {
            query: gateway.quantile(0.99, 'http.server.request.duration', { by: ['http.route', 'http.response.status_code'] }),
            legend: '{{http_route}} {{http_response_status_code}}',
          },
        ],
      }),
      lines({
        title: 'At the LLM, p99, by model',
        description: 'By the GenAI conventions, under whichever names the gateway is told to use.',
        unit: 's',
        width: 12,
        lines: [
          {
            query: either(
              gateway.quantile(0.99, 'gen_ai.client.inference.duration', { by: ['gen_ai.request.model'] }),
              gateway.quantile(0.99, 'gen_ai.client.operation.duration', { by: ['gen_ai.request.model'] }),
            ),
            legend: '{{gen_ai_request_model}}, reply',
          },
          {
            query: either(
              gateway.quantile(0.99, 'gen_ai.client.inference.time_to_first_chunk', { by: ['gen_ai.request.model'] }),
              gateway.quantile(0.99, 'gen_ai.server.time_to_first_token', { by: ['gen_ai.request.model'] }),
            ),
            legend: '{{gen_ai_request_model}}, first content',
          },
        ],
      }),
    ],
  };
}
