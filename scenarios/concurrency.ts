import type { Scenario, SearchPlan } from '../bench/scenario.ts';
import { CLAIM_GRID, headline, ladder } from './claims.ts';
import { at, ENDS, endsAt, pairsOfEnds } from './ends.ts';

/** More would be another regime; a mix of round trips is of all that the claims are read at. */
const SERVICE_LEVEL: Omit<SearchPlan, 'usersStart'> = {
  kind: 'search',
  usersMin: 25,
  usersMax: 3_200,
  stepRatio: 1.19,
  completionLagP99MsMax: 100,
  gatewayAddedP99MsMax: 100,
  latenessP99MsMax: 20,
};
const MIXED = `rttMs=${CLAIM_GRID.roundTripsMs.join('+')}`;
const CELLS = ['', 'tls=true', 'tokensPerChunk=5', 'tls=true,tokensPerChunk=5'];
const MIXED_CELLS = [MIXED, `tls=true,${MIXED}`, `${MIXED},tokensPerChunk=5`, `tls=true,${MIXED},tokensPerChunk=5`];

/**
 * How many streams at once does the gateway carry before they feel it?
 *
 * Users in a closed loop, each always in a turn, and more of them until the slowest hundredth of completions lags
 * more than 100 ms behind the model, or (where tokens are streamed) a hundredth of the tokens does, or turns fail.
 * If the generator or the mock LLM gives out first, the answer is "at least".
 *
 * Straight to the gateway and without TLS, where the instrument carries more than anywhere else: what a link delays is
 * taken off the lag in any case, and a client pays for a TLS handshake as much as the gateway does.
 */
export const concurrency: Scenario = {
  name: 'concurrency',
  asks: 'How many streams at once does the gateway carry before they feel it?',
  why: 'The most users in a closed loop at which completions and tokens lag at most 100 ms (p99) behind the model, without errors; 4 turns a session, 13 tokens a turn at 20 ms each. No TLS and no link, so that the gateway gives out before the instrument does, where it can.',
  arms: [...ENDS],
  fullArms: [...CELLS.slice(1), ...MIXED_CELLS].flatMap(endsAt),
  pairs: CELLS.concat(MIXED_CELLS).flatMap((conditions) => pairsOfEnds((id) => at(id, conditions))),
  measures: ['concurrency'],
  claims: true,
  model: headline.model,
  workload: headline.workload,
  plan: { ...SERVICE_LEVEL, usersStart: 250 },
  quick: { launches: 6, trialsPerLaunch: 1, warmupMs: 0, measureMs: 3_000, drainMs: 700, ramp: true },
  full: { launches: 6, trialsPerLaunch: 6, warmupMs: 700, measureMs: 1_800, drainMs: 1_500, confirm: true },
  margin: 0.1,
};

/** The same with the fast model: far more turns and tokens a second from as many streams. */
export const concurrencyFast: Scenario = {
  ...concurrency,
  name: 'concurrency-fast',
  asks: 'How many streams of a fast model at once does the gateway carry before they feel it?',
  why: 'As in concurrency, with 40 tokens a turn at 1 ms each.',
  fullArms: [...CELLS.slice(1), ...MIXED_CELLS].flatMap(endsAt),
  model: ladder.model,
  workload: ladder.workload,
  plan: { ...SERVICE_LEVEL, usersMin: 4, usersStart: 60 },
};
