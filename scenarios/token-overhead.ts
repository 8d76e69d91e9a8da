import type { Scenario } from '../bench/scenario.ts';
import { BEST_HTTP, ENDS, ENDS_PAIRS, HTTP_MODE, WEBSOCKET_MODE } from './ends.ts';

const atFive = (id: string) => `${id}@tokensPerChunk=5`;

/**
 * How many of the bytes on the wire are not the text that was asked for?
 *
 * Counted on the raw socket, both ways, and split by layer: content, envelope, framing, headers. One token a chunk is
 * what most models stream; five a chunk shows how much of the overhead is the envelope's, paid once a chunk.
 */
export const tokenOverhead: Scenario = {
  name: 'token-overhead',
  asks: 'How many of the bytes on the wire are not the text that was asked for?',
  why: 'Bytes are counted on the client’s raw socket and split by layer, at one and at five tokens a chunk.',
  arms: [...ENDS, ...ENDS.map(atFive)],
  pairs: [...ENDS_PAIRS, [atFive(HTTP_MODE), atFive(WEBSOCKET_MODE)], [atFive(BEST_HTTP), atFive(WEBSOCKET_MODE)]],
  measures: ['tokenOverhead', 'bytesPerToken'],
  model: { profile: 'fixed', ttftMs: 20, tpotMs: 3, jitter: 'off', stalls: 'off' },
  workload: {
    turnsPerSession: 4,
    thinkMs: { kind: 'fixed', value: 0 },
    inputTokens: { kind: 'fixed', value: 100 },
    outputTokens: { kind: 'fixed', value: 100 },
    history: 'full',
    phases: false,
  },
  plan: { kind: 'load', load: { kind: 'closed', users: 12, spreadMs: 20 } },
  quick: { launches: 6, trialsPerLaunch: 1, warmupMs: 0, measureMs: 500, drainMs: 1_500 },
  full: { launches: 6, trialsPerLaunch: 1, warmupMs: 0, measureMs: 2_000, drainMs: 2_000 },
  margin: 0.01,
};
