/**
 * The published claims' conditions, as data: the grid of cells in which they are read, and the scenarios that fill it.
 * `headline` and `concurrency` decide them, under conditions that were declared before anything was measured; `ladder`
 * says which factor makes the difference.
 *
 * The blog post gives no method. So that the claims get the benefit of the doubt, a reply is as long as WebSocket mode's
 * published 320 ms leave room for over a round trip of 20 ms: 300 ms of the model, 13 tokens at 20 ms. What HTTP mode then
 * takes, and what longer replies and other models make of it, is measured. The fast model's replies are longer in
 * tokens, so that what a token costs can be told from what a turn costs.
 */
import type { ClaimGrid, ModelSpec, Scenario } from '../bench/scenario.ts';
import { at, BEST_HTTP, ENDS, endsAt, HTTP_MODE, pairsOfEnds, WEBSOCKET_MODE } from './ends.ts';

export const CLAIM_GRID: ClaimGrid = {
  roundTripsMs: [0, 20, 80],
  tls: [true, false],
  tpotMs: [20, 1],
  tokensPerChunk: [1, 5],
};

const SLOW: ModelSpec = { profile: 'fixed', ttftMs: 60, tpotMs: 20, jitter: 'off', stalls: 'off' };
const FAST: ModelSpec = { profile: 'fixed', ttftMs: 20, tpotMs: 1, jitter: 'off', stalls: 'off' };
const SLOW_TOKENS = 13;
const FAST_TOKENS = 40;

const TLS = 'tls=true';
const FIVE = 'tokensPerChunk=5';
const TLS_FIVE = `${TLS},${FIVE}`;

function workload(outputTokens: number): Scenario['workload'] {
  return {
    turnsPerSession: 4,
    thinkMs: { kind: 'fixed', value: 0 },
    inputTokens: { kind: 'fixed', value: 60 },
    outputTokens: { kind: 'fixed', value: outputTokens },
    history: 'full',
    phases: false,
  };
}

/** Sessions a second, a third of them over each round-trip time; each is offered the same turns on every arm. */
const LOAD = { kind: 'load', load: { kind: 'open', sessionsPerSecond: 20, arrivals: { process: 'constant' } } } as const;

export const headline: Scenario = {
  name: 'headline',
  asks: 'What are the published claims worth, at the condition that was declared to decide them?',
  why: 'One fixed load on both published ends and the best HTTP: 4 turns a session, 13 tokens a turn at 20 ms each, TLS; round trips of 0, 20 and 80 ms mixed by session. A reply is as long as the published 320 ms leave room for.',
  arms: endsAt(TLS),
  fullArms: [...endsAt(TLS_FIVE), ...ENDS, ...endsAt(FIVE)],
  roundTripsMs: CLAIM_GRID.roundTripsMs,
  pairs: pairsOfEnds((id) => at(id, TLS)),
  measures: ['turn', 'ttft', 'tokenOverhead', 'cpuShare', 'cpuPerToken'],
  claims: true,
  model: SLOW,
  workload: workload(SLOW_TOKENS),
  plan: LOAD,
  quick: { launches: 7, trialsPerLaunch: 1, warmupMs: 700, measureMs: 1_300, drainMs: 700 },
  full: { launches: 8, trialsPerLaunch: 1, warmupMs: 2_200, measureMs: 4_000, drainMs: 1_500 },
  margin: 0.05,
};

/* The rungs, from HTTP mode to WebSocket mode, and one beyond. */
const STREAMED = 'sse/chat/per-turn>sse/chat/kept/full/inline';
const ENVELOPED = 'sse/responses/kept>sse/chat/kept/full/inline';
const SOCKET = 'websocket/responses/kept>sse/chat/kept/full/inline';
const BOTH_LEGS = 'websocket/responses/kept>websocket/responses/kept/full/thread';
/* The same factors in the other order. Transport comes last: there is no WebSocket that does not stream. */
const THREADED = 'http/chat/per-turn>sse/chat/kept/full/thread';
const THREADED_ENVELOPED = 'http/responses/per-turn>sse/chat/kept/full/thread';
const THREADED_KEPT = 'http/responses/kept>sse/chat/kept/full/thread';
const THREADED_STREAMED = 'sse/responses/kept>sse/chat/kept/full/thread';
const HTTP_UPSTREAM_FIRST = 'http/chat/per-turn>websocket/responses/kept/full/inline';

function rung(factor: string, from: string, to: string, otherFrom: string, otherTo: string) {
  return { factor, from: at(from, TLS), to: at(to, TLS), otherWay: { from: at(otherFrom, TLS), to: at(otherTo, TLS) } };
}

export const ladder: Scenario = {
  name: 'ladder',
  asks: 'Which factor makes the difference between HTTP mode and WebSocket mode?',
  why: 'From one published end to the other, one factor changed a rung, on a fast model (40 tokens at 1 ms each) that hides no transport; the leg to the model on a rung of its own beyond the published end. TLS; round trips of 0, 20 and 80 ms mixed by session.',
  arms: [
    ...[HTTP_MODE, STREAMED, BEST_HTTP, ENVELOPED, SOCKET, WEBSOCKET_MODE, BOTH_LEGS].map((id) => at(id, TLS)),
    ...[HTTP_MODE, WEBSOCKET_MODE].map((id) => at(id, TLS_FIVE)),
  ],
  fullArms: [
    at(BEST_HTTP, TLS_FIVE),
    ...[THREADED, THREADED_ENVELOPED, THREADED_KEPT, THREADED_STREAMED, HTTP_UPSTREAM_FIRST].map((id) => at(id, TLS)),
    ...ENDS,
    ...endsAt(FIVE),
  ],
  roundTripsMs: CLAIM_GRID.roundTripsMs,
  pairs: [
    [at(BEST_HTTP, TLS), at(WEBSOCKET_MODE, TLS)],
    [at(BEST_HTTP, TLS_FIVE), at(WEBSOCKET_MODE, TLS_FIVE)],
  ],
  measures: ['turn', 'ttft', 'completionLag', 'bytesPerToken', 'cpuPerToken'],
  ladder: {
    measures: ['turn', 'ttft', 'completionLag', 'gatewayAdded', 'bytesPerToken', 'cpuPerToken'],
    rungs: [
      rung('streaming', HTTP_MODE, STREAMED, THREADED_KEPT, THREADED_STREAMED),
      rung('connection reuse', STREAMED, BEST_HTTP, THREADED_ENVELOPED, THREADED_KEPT),
      rung('envelope', BEST_HTTP, ENVELOPED, THREADED, THREADED_ENVELOPED),
      rung('transport', ENVELOPED, SOCKET, THREADED_STREAMED, WEBSOCKET_MODE),
      rung('threads', SOCKET, WEBSOCKET_MODE, HTTP_MODE, THREADED),
      rung('upstream leg', WEBSOCKET_MODE, BOTH_LEGS, HTTP_MODE, HTTP_UPSTREAM_FIRST),
    ],
  },
  claims: true,
  model: FAST,
  workload: workload(FAST_TOKENS),
  plan: LOAD,
  quick: { launches: 7, trialsPerLaunch: 1, warmupMs: 400, measureMs: 800, drainMs: 500 },
  full: { launches: 8, trialsPerLaunch: 1, warmupMs: 1_500, measureMs: 4_000, drainMs: 1_500 },
  margin: 0.05,
};
