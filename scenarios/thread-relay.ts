import type { Scenario } from '../bench/scenario.ts';

const INLINE = 'sse/chat/kept>sse/chat/kept/full/inline@arrivals=together';
const THREAD = 'sse/chat/kept>sse/chat/kept/full/thread@arrivals=together';

/**
 * What does a token cost more on its way through an agent's thread?
 *
 * 200 streams of 100 tokens a second that arrive together, as an engine step makes them: the thread reads 200 tokens in
 * one pass of its event loop and hands them to the main thread in few and large messages. What is left is the price of
 * crossing the thread's border, which the difference tells in microseconds a token, of both threads together.
 */
export const threadRelay: Scenario = {
  name: 'thread-relay',
  asks: 'What does a token cost more on its way through an agent’s thread?',
  why: 'Gateway CPU per token, all threads, at 200 streams × 100 tokens/s that arrive together, with agents inline and in a thread.',
  arms: [INLINE, THREAD],
  measures: ['cpuPerToken', 'gatewayAdded'],
  differences: ['cpuPerToken'],
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
  quick: { launches: 7, trialsPerLaunch: 1, warmupMs: 3_000, measureMs: 2_500, drainMs: 3_500 },
  full: { launches: 12, trialsPerLaunch: 2, warmupMs: 2_500, measureMs: 5_000, drainMs: 4_000 },
  margin: 0.05,
};
