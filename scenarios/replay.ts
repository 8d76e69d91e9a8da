import type { Scenario } from '../bench/scenario.ts';
import { BEST_HTTP } from './ends.ts';

/**
 * How does a recorded day's traffic fare?
 *
 * Turns come at the times of a recorded trace (Azure's CSV or Mooncake's JSON lines), sped up where asked, with its
 * input and output lengths. The file is the user's: `--trace FILE [--speedup N] [--limit N]`.
 */
export const replay: Scenario = {
  name: 'replay',
  asks: 'How does recorded traffic fare?',
  why: 'Turns at the times and lengths of a recording; offered against achieved rate and the clustering of arrivals are part of the answer.',
  arms: [BEST_HTTP],
  pairs: [],
  measures: ['turn', 'ttft'],
  model: { profile: 'fast' },
  workload: {
    turnsPerSession: 1,
    thinkMs: { kind: 'fixed', value: 0 },
    inputTokens: { kind: 'fixed', value: 100 },
    outputTokens: { kind: 'fixed', value: 100 },
    history: 'full',
    phases: false,
  },
  // The trace's path and pace come from the command line; an hour is the most that one trial replays.
  plan: { kind: 'load', load: { kind: 'replay', path: '', format: 'azure', speedup: 1, limit: 0, outputTokensMax: 4_000 } },
  quick: { launches: 1, trialsPerLaunch: 1, warmupMs: 0, measureMs: 3_600_000, drainMs: 10_000 },
  full: { launches: 1, trialsPerLaunch: 1, warmupMs: 0, measureMs: 3_600_000, drainMs: 10_000 },
  margin: 0.05,
};
