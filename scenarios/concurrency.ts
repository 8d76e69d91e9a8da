import type { Scenario, SearchPlan } from '../bench/scenario.ts';
import { CLAIM_GRID, headline, ladder } from './claims.ts';
import { at, endsAt, pairsOfEnds } from './ends.ts';

const SERVICE_LEVEL: Omit<SearchPlan, 'usersStart'> = {
  kind: 'search',
  usersMin: 25,
  usersMax: 3_200,
  stepRatio: 1.19,
  completionLagP99MsMax: 100,
  gatewayAddedP99MsMax: 100,
  latenessP99MsMax: 20,
};
const CHUNKS = 'tokensPerChunk=5';
const MIXED = `rttMs=${CLAIM_GRID.roundTripsMs.join('+')}`;
const TLS = 'tls=true';
/** What the quick run leaves out: straight, and over links. */
const MORE = ['', CHUNKS, `${TLS},${CHUNKS}`, MIXED, `${MIXED},${CHUNKS}`, `${TLS},${MIXED}`, `${TLS},${MIXED},${CHUNKS}`];

/**
 * How many streams at once does the gateway carry before they feel it?
 *
 * Users in a closed loop, each always in a turn, and more of them until the slowest hundredth of completions lags
 * more than 100 ms behind the model, or (where tokens are streamed) a hundredth of the tokens does, or turns fail.
 * If the generator or the mock LLM gives out first, the answer is "at least".
 *
 * Quick, users join one after the other in one ramp, which goes on beyond what holds: turns that do not complete there are
 * expected. In full it is a search, whose answer must hold once more. Straight to the gateway, since a link would give
 * out before it, and what a link delays is taken off the lag in any case. Replies are longer than the headline's, so that
 * it is streams that are counted and not handshakes, for which a client pays as much as the gateway.
 */
export const concurrency: Scenario = {
  name: 'concurrency',
  asks: 'How many streams at once does the gateway carry before they feel it?',
  why: 'The most users in a closed loop at which completions and tokens lag at most 100 ms (p99) behind the model, without errors; 4 turns a session, 40 tokens a turn at 20 ms each, TLS, no link. A quick run finds it in one ramp, which goes on until turns no longer complete.',
  arms: endsAt(TLS),
  fullArms: MORE.flatMap(endsAt),
  pairs: [TLS, ...MORE].flatMap((conditions) => pairsOfEnds((id) => at(id, conditions))),
  measures: ['concurrency'],
  claims: true,
  model: headline.model,
  workload: ladder.workload,
  plan: { ...SERVICE_LEVEL, usersStart: 250 },
  quick: { launches: 7, trialsPerLaunch: 1, warmupMs: 0, measureMs: 2_600, drainMs: 1_000, ramp: true },
  full: { launches: 6, trialsPerLaunch: 8, warmupMs: 700, measureMs: 1_500, drainMs: 1_500, confirm: true },
  margin: 0.1,
};

/** The same with the fast model: far more turns and tokens a second from as many streams. */
export const concurrencyFast: Scenario = {
  ...concurrency,
  name: 'concurrency-fast',
  asks: 'How many streams of a fast model at once does the gateway carry before they feel it?',
  why: 'As in concurrency, with 40 tokens a turn at 1 ms each.',
  model: ladder.model,
  plan: { ...SERVICE_LEVEL, usersMin: 4, usersStart: 60 },
};
