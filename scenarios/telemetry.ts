import type { Scenario } from '../bench/scenario.ts';

const RELAY = 'sse/chat/kept>sse/chat/kept/full/inline';
const LEVELS = ['@telemetry=metrics', '@telemetry=traces1', '@telemetry=all'] as const;

/**
 * What does it cost a gateway to tell what it does?
 *
 * 200 streams of 100 tokens a second, replies of 100 tokens: some 190 turns a second. Nothing of telemetry happens per
 * token, so a long reply hides what a turn costs; these are short. The metrics page is read once a second, fifteen times
 * as often as a Prometheus usually asks, and traces are written into a file. A trial in which a reading fails does not
 * count, and lost spans stand with their arm. Inline, so that all of it happens on the thread that relays the tokens.
 */
export const telemetry: Scenario = {
  name: 'telemetry',
  asks: 'What does it cost a gateway to tell what it does?',
  why: 'Gateway CPU per token and latency at 200 streams × 100 tokens/s, some 190 turns a second: without telemetry, with metrics, with traces of 1 % of the turns, with traces of all.',
  arms: [RELAY, ...LEVELS.map((level) => `${RELAY}${level}`)],
  measures: ['cpuPerToken', 'gatewayAdded', 'gatewayAdded.p99', 'turn'],
  differences: ['cpuPerToken'],
  model: { profile: 'fixed', ttftMs: 50, tpotMs: 10, jitter: 'off', stalls: 'off' },
  workload: {
    turnsPerSession: 1_000,
    thinkMs: { kind: 'fixed', value: 0 },
    inputTokens: { kind: 'fixed', value: 20 },
    outputTokens: { kind: 'fixed', value: 100 },
    history: 'full',
    phases: false,
  },
  plan: { kind: 'load', load: { kind: 'closed', users: 200, spreadMs: 800 } },
  // The machine's speed changes within seconds: many short trials side by side say more than few long ones.
  quick: { launches: 6, trialsPerLaunch: 3, warmupMs: 900, measureMs: 1_200, drainMs: 1_200 },
  full: { launches: 12, trialsPerLaunch: 2, warmupMs: 1_500, measureMs: 5_000, drainMs: 1_500 },
  margin: 0.05,
};

/**
 * What does it cost where turns are many and short?
 *
 * 500 turns a second of 10 tokens, in an open loop: here the cost of a turn is nearly all there is, and spans come as fast
 * as they are promised to be kept.
 */
export const telemetryTurns: Scenario = {
  ...telemetry,
  name: 'telemetry-turns',
  asks: 'What does it cost a gateway to tell what it does, where turns are many and short?',
  why: '500 turns a second of 10 tokens, without telemetry and with every turn traced: CPU per turn, and not one span may be lost.',
  arms: [RELAY, `${RELAY}@telemetry=all`],
  measures: ['cpuPerTurn', 'turn', 'turn.p99'],
  differences: ['cpuPerTurn'],
  model: { profile: 'fixed', ttftMs: 20, tpotMs: 2, jitter: 'off', stalls: 'off' },
  workload: { ...telemetry.workload, outputTokens: { kind: 'fixed', value: 10 }, turnsPerSession: 1 },
  plan: { kind: 'load', load: { kind: 'open', sessionsPerSecond: 500, arrivals: { process: 'constant' } } },
  quick: { launches: 6, trialsPerLaunch: 1, warmupMs: 800, measureMs: 2_500, drainMs: 1_000 },
  full: { launches: 12, trialsPerLaunch: 2, warmupMs: 1_000, measureMs: 5_000, drainMs: 1_000 },
  keep: 'pool',
};
