/** Every scenario by name, and those that run when none is named. */
import type { Scenario } from '../bench/scenario.ts';
import { headline, ladder } from './claims.ts';
import { concurrency, concurrencyFast } from './concurrency.ts';
import { generatorCost, generatorThroughput, secondOpinion } from './instrument.ts';
import { latency } from './latency.ts';
import { overload } from './overload.ts';
import { relay } from './relay.ts';
import { replay } from './replay.ts';
import { security } from './security.ts';
import { telemetry, telemetryTurns } from './telemetry.ts';
import { threadBound } from './thread-bound.ts';
import { threadRelay } from './thread-relay.ts';
import { truth, truthFreeze } from './truth.ts';

export const SCENARIOS: Readonly<Record<string, Scenario>> = Object.fromEntries(
  [
    headline,
    ladder,
    concurrency,
    concurrencyFast,
    latency,
    relay,
    threadBound,
    threadRelay,
    security,
    overload,
    telemetry,
    telemetryTurns,
    truth,
    truthFreeze,
    generatorCost,
    secondOpinion,
    generatorThroughput,
    replay,
  ].map((scenario) => [scenario.name, scenario]),
);

/**
 * Together they put the published claims to the test. In this order: the ladder leaves all gateways warm for the headline,
 * and the search for the limit, which leaves them in whatever state, comes last.
 */
export const DEFAULT_SCENARIOS: Readonly<Record<'quick' | 'full', readonly string[]>> = {
  quick: [ladder.name, headline.name, concurrency.name],
  full: [ladder.name, headline.name, concurrency.name, concurrencyFast.name],
};
