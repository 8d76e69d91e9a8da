import type { Scenario } from '../bench/scenario.ts';
import { ENDS, ENDS_PAIRS } from './ends.ts';

/**
 * How long does a turn take over each transport, when nothing is overloaded?
 *
 * Sessions arrive at random (Poisson) at a rate that the machine carries with ease, so that what is measured is the
 * path and not a queue. The model is fast (2 ms a token): at 20 ms a token the model hides every transport. Latencies
 * count from the intended start, so that a gateway that stalls cannot slow the load down to flatter itself.
 */
export const latency: Scenario = {
  name: 'latency',
  asks: 'How long does a turn take over each transport when nothing is overloaded?',
  why: 'Open loop at an easy load; what the gateway adds is taken from the mock LLM’s own record of when it sent each token.',
  arms: ENDS,
  pairs: ENDS_PAIRS,
  measures: ['turn', 'turn.p90', 'ttft', 'completionLag', 'gatewayAdded'],
  model: { profile: 'fixed', ttftMs: 30, tpotMs: 2, jitter: 'off', stalls: 'off' },
  workload: {
    turnsPerSession: 4,
    thinkMs: { kind: 'fixed', value: 20 },
    inputTokens: { kind: 'fixed', value: 100 },
    outputTokens: { kind: 'fixed', value: 60 },
    history: 'full',
    // A latency that nobody can explain is worth little. The bytes that this costs are counted apart, as diagnostics.
    phases: true,
  },
  plan: { kind: 'load', load: { kind: 'open', sessionsPerSecond: 14, arrivals: { process: 'poisson' } } },
  quick: { launches: 6, trialsPerLaunch: 1, warmupMs: 700, measureMs: 2_000, drainMs: 1_500 },
  full: { launches: 12, trialsPerLaunch: 3, warmupMs: 1_000, measureMs: 5_000, drainMs: 2_000 },
  margin: 0.05,
};
