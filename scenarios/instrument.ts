import type { Scenario } from '../bench/scenario.ts';

/**
 * What does it cost the generator to know what it sees?
 *
 * Beside it a client that only counts bytes over the same library: `node:net` for event streams, `ws` for WebSockets.
 * What ours costs more is the price of finding tokens, stamping them and recording them, and room that a machine does
 * not have for load.
 */
export const generatorCost: Scenario = {
  name: 'generator-cost',
  asks: 'What does it cost the generator to know what it sees?',
  why: 'Generator CPU per token against a client on the same library that only counts bytes, 200 streams × 100 tokens/s.',
  arms: ['counting/sse/chat/kept', 'direct/sse/chat/kept', 'counting/websocket/responses/kept', 'direct/websocket/responses/kept'],
  pairs: [
    ['counting/sse/chat/kept', 'direct/sse/chat/kept'],
    ['counting/websocket/responses/kept', 'direct/websocket/responses/kept'],
  ],
  measures: ['generatorCpuPerToken'],
  model: { profile: 'fixed', ttftMs: 50, tpotMs: 10, jitter: 'off', stalls: 'off' },
  workload: {
    turnsPerSession: 1_000,
    thinkMs: { kind: 'fixed', value: 0 },
    inputTokens: { kind: 'fixed', value: 20 },
    outputTokens: { kind: 'fixed', value: 200 },
    history: 'full',
    phases: false,
  },
  plan: { kind: 'load', load: { kind: 'closed', users: 200, spreadMs: 1_000 } },
  quick: { launches: 6, trialsPerLaunch: 1, warmupMs: 1_000, measureMs: 2_500, drainMs: 3_000 },
  full: { launches: 12, trialsPerLaunch: 2, warmupMs: 1_000, measureMs: 5_000, drainMs: 3_000 },
  margin: 0.05,
  saturates: true,
};

/**
 * Does another load generator say the same?
 *
 * autocannon on whole replies in a closed loop, which is what it is good at: against the mock LLM the times must agree.
 */
export const secondOpinion: Scenario = {
  name: 'second-opinion',
  asks: 'Does another load generator say the same?',
  why: 'autocannon and our generator on the same whole replies, closed loop with 20 users: their times must agree.',
  arms: ['autocannon/http/chat/kept', 'direct/http/chat/kept'],
  measures: ['turn', 'turn.p99', 'throughput'],
  model: { profile: 'fixed', ttftMs: 5, tpotMs: 2, jitter: 'off', stalls: 'off' },
  workload: {
    turnsPerSession: 1,
    thinkMs: { kind: 'fixed', value: 0 },
    inputTokens: { kind: 'fixed', value: 20 },
    outputTokens: { kind: 'fixed', value: 10 },
    history: 'full',
    phases: false,
  },
  plan: { kind: 'load', load: { kind: 'closed', users: 20, spreadMs: 0 } },
  quick: { launches: 6, trialsPerLaunch: 1, warmupMs: 0, measureMs: 3_000, drainMs: 1_000 },
  full: { launches: 12, trialsPerLaunch: 2, warmupMs: 0, measureMs: 5_000, drainMs: 1_000 },
  margin: 0.05,
  keep: 'pool',
};

/**
 * How many requests a second can one generator make?
 *
 * Against a server that answers at once and always the same, both generators at their limit on the same core.
 */
export const generatorThroughput: Scenario = {
  name: 'generator-throughput',
  asks: 'How many requests a second can one generator make?',
  why: 'Closed loop against a server that answers at once, ours and autocannon at their limit on the same core.',
  arms: ['autocannon/http/chat/kept', 'direct/http/chat/kept'],
  measures: ['throughput'],
  model: { profile: 'fixed' },
  workload: {
    turnsPerSession: 1,
    thinkMs: { kind: 'fixed', value: 0 },
    inputTokens: { kind: 'fixed', value: 1 },
    outputTokens: { kind: 'fixed', value: 1 },
    history: 'full',
    phases: false,
  },
  plan: { kind: 'load', load: { kind: 'closed', users: 50, spreadMs: 0 } },
  quick: { launches: 6, trialsPerLaunch: 1, warmupMs: 500, measureMs: 2_500, drainMs: 1_000 },
  full: { launches: 12, trialsPerLaunch: 2, warmupMs: 500, measureMs: 5_000, drainMs: 1_000 },
  margin: 0.05,
  keep: 'pool',
  target: 'canned',
  saturates: true,
};
