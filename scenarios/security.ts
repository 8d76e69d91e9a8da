import type { Scenario } from '../bench/scenario.ts';

const KEPT = 'websocket/responses/kept>sse/chat/kept/full/inline';
const PER_TURN = 'websocket/responses/per-turn>sse/chat/kept/full/inline';

/**
 * What do a token at the handshake, a JWT on each message and heartbeats cost, each by itself?
 *
 * 400 users, each on a WebSocket connection of its own, make a short turn every second: 400 turns and 400 client messages
 * a second, the same for all arms. So what a turn costs more with `auth=message` is what a JWT costs on one client
 * message. Heartbeats come once a second too, one a turn: what a turn costs more with them is what a heartbeat costs, the
 * challenge, its answer and the check of it. On kept connections the handshake itself is too rare to be seen; the last
 * arms make one for every turn, so what a turn costs more there is what the handshake costs more.
 */
export const security: Scenario = {
  name: 'security',
  asks: 'What do a token at the handshake, a JWT on each message and heartbeats cost, each by itself?',
  why: '400 connections with one short turn, one client message and (where there are heartbeats) one heartbeat a second each: differences in CPU per turn are the cost of one. The last arms connect anew for every turn, for the handshake’s.',
  arms: [
    KEPT,
    `${KEPT}@auth=bearer`,
    `${KEPT}@auth=message`,
    `${KEPT}@auth=bearer,heartbeatMs=1000`,
    `${KEPT}@auth=message,heartbeatMs=1000`,
    PER_TURN,
    `${PER_TURN}@auth=bearer`,
    `${PER_TURN}@auth=message`,
  ],
  pairs: [
    [KEPT, `${KEPT}@auth=bearer`],
    [`${KEPT}@auth=bearer`, `${KEPT}@auth=message`],
    [`${KEPT}@auth=bearer`, `${KEPT}@auth=bearer,heartbeatMs=1000`],
    [`${KEPT}@auth=message`, `${KEPT}@auth=message,heartbeatMs=1000`],
    [PER_TURN, `${PER_TURN}@auth=bearer`],
    [PER_TURN, `${PER_TURN}@auth=message`],
  ],
  measures: ['cpuPerTurn', 'turn', 'ttft'],
  differences: ['cpuPerTurn', 'turn', 'ttft'],
  model: { profile: 'fixed', ttftMs: 5, tpotMs: 1, jitter: 'off', stalls: 'off' },
  workload: {
    turnsPerSession: 1_000,
    // With the 10 ms that a turn takes, one a second.
    thinkMs: { kind: 'fixed', value: 990 },
    inputTokens: { kind: 'fixed', value: 20 },
    outputTokens: { kind: 'fixed', value: 6 },
    history: 'full',
    phases: false,
  },
  plan: { kind: 'load', load: { kind: 'closed', users: 400, spreadMs: 1_000 } },
  quick: { launches: 6, trialsPerLaunch: 1, warmupMs: 1_200, measureMs: 2_000, drainMs: 1_000 },
  full: { launches: 12, trialsPerLaunch: 2, warmupMs: 1_500, measureMs: 5_000, drainMs: 1_000 },
  margin: 0.05,
};
