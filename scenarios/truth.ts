import type { Scenario } from '../bench/scenario.ts';

/**
 * Does the instrument tell the truth about itself?
 *
 * The client goes straight at the mock LLM, so that what it "adds" is the instrument's own error: the client's read
 * of each token minus the mock LLM's record of sending it, on one clock. At 1 and at 200 streams × 50 tokens/s. Beside
 * our client stands an independent recorder on raw sockets, which shares no code with it: both must find the ledger
 * equally right.
 */
export const truth: Scenario = {
  name: 'truth',
  asks: 'How far off is each token’s stamp when there is no gateway at all?',
  why: 'The client’s read minus the mock LLM’s send, token by token, on one clock; nothing but the loopback lies between.',
  arms: [
    'direct/sse/chat/kept@users=1',
    'direct/sse/chat/kept@users=200',
    'direct/websocket/responses/kept@users=200',
    'recorder/sse/chat/kept@users=1',
    'recorder/sse/chat/kept@users=200',
  ],
  pairs: [
    ['recorder/sse/chat/kept@users=1', 'direct/sse/chat/kept@users=1'],
    ['recorder/sse/chat/kept@users=200', 'direct/sse/chat/kept@users=200'],
  ],
  measures: ['gatewayAdded', 'gatewayAdded.p99'],
  model: { profile: 'fixed', ttftMs: 50, tpotMs: 20, jitter: 'off', stalls: 'off' },
  workload: {
    turnsPerSession: 1_000,
    thinkMs: { kind: 'fixed', value: 0 },
    inputTokens: { kind: 'fixed', value: 20 },
    outputTokens: { kind: 'fixed', value: 25 },
    history: 'full',
    phases: false,
  },
  plan: { kind: 'load', load: { kind: 'closed', users: 200, spreadMs: 1_000 } },
  quick: { launches: 6, trialsPerLaunch: 1, warmupMs: 1_000, measureMs: 4_000, drainMs: 1_500 },
  full: { launches: 12, trialsPerLaunch: 2, warmupMs: 1_000, measureMs: 6_000, drainMs: 3_000 },
  margin: 0.05,
};

/**
 * Would a stall of the target be seen?
 *
 * The target stops for a second in the middle of the window. Under an open loop the turns that fell due meanwhile all
 * waited, and the p99 shows it in full; a single user who waits for each reply before asking again (closed loop) sees
 * one slow turn among hundreds, and its p99 shows nothing: what is known as coordinated omission.
 */
export const truthFreeze: Scenario = {
  name: 'truth-freeze',
  asks: 'Does a stall of the target show in full, as it must?',
  why: 'The mock LLM is stopped for 1 s in the middle of the window; an open loop must show it in its p99, a closed loop hides it.',
  arms: ['direct/sse/chat/kept', 'direct/sse/chat/kept@users=1'],
  pairs: [['direct/sse/chat/kept@users=1', 'direct/sse/chat/kept']],
  measures: ['turn.p99', 'service.p99'],
  model: { profile: 'fixed', ttftMs: 5, tpotMs: 1, jitter: 'off', stalls: 'off' },
  workload: {
    turnsPerSession: 1,
    thinkMs: { kind: 'fixed', value: 0 },
    inputTokens: { kind: 'fixed', value: 10 },
    outputTokens: { kind: 'fixed', value: 5 },
    history: 'full',
    phases: false,
  },
  plan: { kind: 'load', load: { kind: 'open', sessionsPerSecond: 200, arrivals: { process: 'constant' } } },
  quick: { launches: 6, trialsPerLaunch: 1, warmupMs: 500, measureMs: 8_000, drainMs: 1_500 },
  full: { launches: 6, trialsPerLaunch: 1, warmupMs: 500, measureMs: 8_000, drainMs: 1_500 },
  margin: 0.05,
  freezeMs: 1_000,
};
