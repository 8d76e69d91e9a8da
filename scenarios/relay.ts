import type { Scenario } from '../bench/scenario.ts';

const SSE = 'sse/chat/kept>sse/chat/kept/full/inline';
const WEBSOCKET = 'websocket/responses/kept>sse/responses/kept/full/inline';
const MULTIPLEXED = 'websocket/responses/multiplexed>websocket/responses/multiplexed/full/inline';
const COMPACT = 'websocket/compact/multiplexed>websocket/compact/multiplexed/full/inline@arrivals=together,streamsPerConnection=64';

/**
 * What does this gateway cost beside a relay that somebody writes by hand in an afternoon?
 *
 * 200 streams of 100 tokens a second. The hand-written relays (`bench/baselines/`) parse and encode each event as the
 * gateway does, with the same envelope and upstream. Multiplexing both legs is where a gateway can win, if tokens
 * arrive together, as an engine step makes them; independent arrivals with flush delays show what it costs to wait.
 */
export const relay: Scenario = {
  name: 'relay',
  asks: 'What does this gateway cost beside a relay written by hand?',
  why: 'Gateway CPU per token at 200 streams × 100 tokens/s, against bare relays on node:http and ws in the same run.',
  arms: [
    'bare/sse',
    SSE,
    'bare/websocket',
    WEBSOCKET,
    'bare/sse/pass-through',
    'bare/websocket/pass-through',
    'bare/websocket@arrivals=together',
    `${MULTIPLEXED}@arrivals=together`,
    COMPACT,
    MULTIPLEXED,
    `${MULTIPLEXED}@flushMs=1`,
    `${MULTIPLEXED}@flushMs=5`,
  ],
  pairs: [
    ['bare/sse', SSE],
    ['bare/websocket', WEBSOCKET],
    ['bare/websocket@arrivals=together', `${MULTIPLEXED}@arrivals=together`],
    ['bare/websocket@arrivals=together', COMPACT],
    ['bare/websocket', MULTIPLEXED],
    ['bare/websocket', `${MULTIPLEXED}@flushMs=1`],
    ['bare/websocket', `${MULTIPLEXED}@flushMs=5`],
    ['bare/sse', 'bare/sse/pass-through'],
    ['bare/websocket', 'bare/websocket/pass-through'],
  ],
  measures: ['cpuPerToken', 'gatewayAdded'],
  model: { profile: 'fixed', ttftMs: 50, tpotMs: 10, jitter: 'off', stalls: 'off' },
  workload: {
    turnsPerSession: 1_000,
    thinkMs: { kind: 'fixed', value: 0 },
    inputTokens: { kind: 'fixed', value: 20 },
    outputTokens: { kind: 'fixed', value: 300 },
    history: 'full',
    phases: false,
  },
  plan: { kind: 'load', load: { kind: 'closed', users: 200, spreadMs: 1_000 } },
  quick: { launches: 6, trialsPerLaunch: 1, warmupMs: 2_500, measureMs: 2_500, drainMs: 3_500 },
  full: { launches: 12, trialsPerLaunch: 2, warmupMs: 1_500, measureMs: 4_000, drainMs: 4_000 },
  margin: 0.05,
};
