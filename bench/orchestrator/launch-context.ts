/** What trials of one launch share, whatever scenario they are of: processes, the run's random numbers, where results go. */
import { type Arm, type Direct, isDirect } from '../arms.ts';
import type { TraceOptions } from '../command/options.ts';
import { isLinked, roundTripsOf } from '../conditions.ts';
import type { LiveRun } from '../live/live-run.ts';
import type { Extent, Scenario } from '../scenario.ts';
import type { Rng } from '../statistics/rng.ts';
import { gatewayKey } from './gateway-config.ts';
import type { Links } from './links.ts';
import type { Observation, SearchAnswer } from './observation.ts';
import type { Gateway, Generator, Processes, Upstream } from './processes.ts';
import type { Progress } from './progress.ts';
import { runTrial, type Stage, type TrialRequest } from './trial-run.ts';
import type { SpecRequest } from './trial-spec.ts';

/** A scenario as it is run: its arms that can run here, and how long. */
export interface Planned {
  scenario: Scenario;
  arms: readonly Arm[];
  extent: Extent;
}

export interface LaunchContext {
  processes: Processes;
  upstream: Upstream;
  /** By the kind of arm that needs another than ours. */
  generators: ReadonlyMap<Direct, Generator>;
  canned: Gateway | undefined;
  /** Where some arm of the run has a client leg over emulated links. */
  links: Links | undefined;
  folder: string;
  coreShared: boolean;
  gatewayCores: number;
  /** The gateway's own, by number; none where it has none to itself. */
  gatewayOwnCores: readonly number[];
  seed: number;
  trace: TraceOptions | undefined;
  signal: AbortSignal;
  /** The run's live page, where somebody asked for one. */
  live?: LiveRun | undefined;
  random: Rng;
  /** Told before each trial. */
  onTrial: (what: string) => void;
  progress: Progress;
  /** What earlier launches found, by scenario and arm: grid indices of a search, streams of a ramp. */
  found: Map<string, number[]>;
}

export interface LaunchData {
  observations: Observation[];
  answers: SearchAnswer[];
}

/** What belongs to one launch. */
export interface Launch extends LaunchContext {
  index: number;
  gateways: ReadonlyMap<string, Gateway>;
  data: LaunchData;
}

/** Once more where it was not valid. */
export async function runTwiceAtMost(
  launch: Launch,
  scenario: Scenario,
  trial: Omit<TrialRequest, 'scenario' | 'launch'>,
): Promise<Observation> {
  const request = { ...trial, scenario: scenario.name, launch: launch.index };
  const stage = stageOf(launch, scenario, trial.arm);
  launch.onTrial(`launch ${launch.index + 1}: ${scenario.name} ${trial.arm.id}`);
  const observation = await runTrial(stage, request);
  if (observation.reasons.length === 0) return observation;
  launch.progress.note(`${scenario.name} ${trial.arm.id}: not valid (${observation.reasons.join('; ')}); once more`);
  return runTrial(stage, request);
}

/** What a trial's plan needs of the processes that it runs in. */
export function surroundingsOf(launch: Launch, scenario: Scenario, arm: Arm): Omit<SpecRequest, 'load' | 'extent' | 'trial'> {
  const { index, seed, processes, links } = launch;
  const { certificate, token, run } = processes;
  const port = portOf(launch, scenario, gatewayOf(launch, scenario, arm));
  const over = isLinked(arm.conditions) ? links?.of(roundTripsOf(arm.conditions)) : undefined;
  return { scenario, arm, launch: index, seed, port, certificate, token, run, ...(over ? { links: over } : {}) };
}

function gatewayOf({ gateways }: Launch, scenario: Scenario, arm: Arm): Gateway | undefined {
  return gateways.get(gatewayKey(arm, scenario.gateway));
}

export function stageOf(launch: Launch, scenario: Scenario, arm: Arm): Stage {
  const { folder, upstream, links, coreShared, gatewayCores, gatewayOwnCores, signal, live, generators } = launch;
  return {
    folder,
    upstream,
    generator: generators.get(isDirect(arm.kind) ? arm.kind : 'direct')!,
    gateway: gatewayOf(launch, scenario, arm),
    links,
    coreShared,
    gatewayCores,
    gatewayOwnCores,
    signal,
    live,
    saturates: scenario.saturates === true,
    hasLedger: scenario.target !== 'canned',
  };
}

function portOf({ upstream, canned }: LaunchContext, scenario: Scenario, gateway: Gateway | undefined): number {
  if (gateway) return gateway.ready.ports.gateway;
  return scenario.target === 'canned' && canned ? canned.ready.ports.gateway : upstream.ready.ports.upstream;
}

/** Of what earlier launches found. */
export function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
