import type { Scenario } from '../bench/scenario.ts';

const KEPT = 'websocket/compact/kept>websocket/compact/multiplexed/full/inline';
const PER_TURN = 'websocket/compact/per-turn>websocket/compact/multiplexed/full/inline';
const BEARER = `${KEPT}@auth=bearer`;
const MESSAGE = `${KEPT}@auth=message`;
const HEARTBEATS = `${KEPT}@auth=bearer,heartbeatMs=400`;
/** Connections are dear: as many as the generator makes in time. */
const anew = (auth: string) => `${PER_TURN}@users=60${auth}`;

/**
 * What do a token at the handshake, a JWT on each message and heartbeats cost, each by itself?
 *
 * 400 users, each on a WebSocket connection of its own, make 1,000 turns of one token a second, and 1,000 client messages:
 * the cheapest turns that there are, so that what security adds stands out. What a turn costs more with `auth=message` is
 * what a JWT costs on one client message. Heartbeats come as often, one a turn: what a turn costs more with them is what a
 * heartbeat costs, the challenge, its answer and the check of it. On kept connections the handshake itself is too rare to
 * be seen; the last arms make one for every turn, so what a turn costs more there is what the handshake costs more.
 */
export const security: Scenario = {
  name: 'security',
  asks: 'What do a token at the handshake, a JWT on each message and heartbeats cost, each by itself?',
  why: '400 connections, 1,000 turns of one token a second, each with one client message and (where there are heartbeats) one heartbeat: differences in CPU per turn are the cost of one. The last arms connect anew for every turn, for the handshake’s.',
  arms: [KEPT, BEARER, MESSAGE, HEARTBEATS, anew(''), anew(',auth=bearer'), anew(',auth=message')],
  pairs: [
    [KEPT, BEARER],
    [BEARER, MESSAGE],
    [BEARER, HEARTBEATS],
    [anew(''), anew(',auth=bearer')],
    [anew(',auth=bearer'), anew(',auth=message')],
  ],
  measures: ['cpuPerTurn', 'turn'],
  differences: ['cpuPerTurn', 'turn'],
  model: { profile: 'fixed', ttftMs: 5, tpotMs: 1, jitter: 'off', stalls: 'off' },
  workload: {
    turnsPerSession: 10_000,
    // With what a turn takes, 400 ms.
    thinkMs: { kind: 'fixed', value: 394 },
    inputTokens: { kind: 'fixed', value: 20 },
    outputTokens: { kind: 'fixed', value: 1 },
    history: 'full',
    phases: false,
  },
  plan: { kind: 'load', load: { kind: 'closed', users: 400, spreadMs: 1_000 } },
  // The warm-up outlasts the spread: connections are made before the window.
  quick: { launches: 7, trialsPerLaunch: 1, warmupMs: 1_800, measureMs: 1_800, drainMs: 300 },
  full: { launches: 12, trialsPerLaunch: 3, warmupMs: 2_000, measureMs: 3_000, drainMs: 500 },
  margin: 0.05,
};
