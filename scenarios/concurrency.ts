import type { Scenario } from '../bench/scenario.ts';
import { ENDS, ENDS_PAIRS } from './ends.ts';

/**
 * How many streams at once does the gateway carry before they feel it?
 *
 * Users in a closed loop, each always in a turn, and more of them until the slowest hundredth of completions lags
 * more than 100 ms behind the model, or (where tokens are streamed) a hundredth of the tokens does, or turns fail.
 * If the generator or the mock LLM gives out first, the answer is "at least".
 */
export const concurrency: Scenario = {
  name: 'concurrency',
  asks: 'How many streams at once does the gateway carry before they feel it?',
  why: 'The most users in a closed loop at which completions and tokens lag at most 100 ms (p99) behind the model, without errors.',
  arms: ENDS,
  pairs: ENDS_PAIRS,
  measures: ['concurrency'],
  model: { profile: 'fixed', ttftMs: 50, tpotMs: 20, jitter: 'off', stalls: 'off' },
  workload: {
    turnsPerSession: 1_000,
    thinkMs: { kind: 'fixed', value: 0 },
    inputTokens: { kind: 'fixed', value: 20 },
    outputTokens: { kind: 'fixed', value: 20 },
    history: 'full',
    phases: false,
  },
  plan: { kind: 'search', usersMin: 25, usersMax: 3_200, stepRatio: 1.19, completionLagP99MsMax: 100, gatewayAddedP99MsMax: 100 },
  quick: { launches: 6, trialsPerLaunch: 2, warmupMs: 500, measureMs: 700, drainMs: 1_500 },
  full: { launches: 8, trialsPerLaunch: 8, warmupMs: 1_000, measureMs: 3_000, drainMs: 2_000 },
  margin: 0.1,
};
