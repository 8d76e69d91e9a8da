/** Every scenario by name, and those that run when none is named. */
import type { Scenario } from '../bench/scenario.ts';
import { concurrency } from './concurrency.ts';
import { cpu } from './cpu.ts';
import { generatorCost, generatorThroughput, secondOpinion } from './instrument.ts';
import { latency } from './latency.ts';
import { relay } from './relay.ts';
import { replay } from './replay.ts';
import { tokenOverhead } from './token-overhead.ts';
import { truth, truthFreeze } from './truth.ts';

export const SCENARIOS: Readonly<Record<string, Scenario>> = Object.fromEntries(
  [latency, tokenOverhead, concurrency, cpu, relay, truth, truthFreeze, generatorCost, secondOpinion, generatorThroughput, replay].map(
    (scenario) => [scenario.name, scenario],
  ),
);

export const DEFAULT_SCENARIOS: readonly string[] = [latency.name, tokenOverhead.name, concurrency.name, cpu.name];
