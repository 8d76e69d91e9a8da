import type { Scenario } from '../bench/scenario.ts';
import { ENDS, ENDS_PAIRS } from './ends.ts';

/**
 * What does a token cost the gateway's processor over each transport?
 *
 * The same offered load for all arms, fixed and well below what any of them carries; the gateway's user and system
 * time (all its threads) is divided by the tokens that it relayed in the same stretch.
 */
export const cpu: Scenario = {
  name: 'cpu',
  asks: 'What does a token cost the gateway’s processor over each transport?',
  why: 'Processor time of the whole gateway process over the tokens that it relayed, at one fixed load for all arms.',
  arms: ENDS,
  pairs: ENDS_PAIRS,
  measures: ['cpuPerToken', 'cpuPerTurn', 'cpuShare'],
  model: { profile: 'fixed', ttftMs: 50, tpotMs: 10, jitter: 'off', stalls: 'off' },
  workload: {
    turnsPerSession: 3,
    thinkMs: { kind: 'fixed', value: 0 },
    inputTokens: { kind: 'fixed', value: 60 },
    outputTokens: { kind: 'fixed', value: 30 },
    history: 'full',
    phases: false,
  },
  plan: { kind: 'load', load: { kind: 'open', sessionsPerSecond: 80, arrivals: { process: 'constant' } } },
  quick: { launches: 6, trialsPerLaunch: 1, warmupMs: 1_100, measureMs: 1_500, drainMs: 2_500 },
  full: { launches: 12, trialsPerLaunch: 2, warmupMs: 2_000, measureMs: 6_000, drainMs: 3_000 },
  margin: 0.05,
};
