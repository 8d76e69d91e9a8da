/**
 * One launch: a fresh gateway for every arm, and short trials of all of them in random order while the idle ones wait.
 * The launch is the unit of replication: what trials of one launch share (heap layout, compiled code, luck) they share.
 */
import { type Arm, type Direct, isDirect } from '../arms.ts';
import type { TraceOptions } from '../command/options.ts';
import type { Extent, Scenario } from '../scenario.ts';
import type { Rng } from '../statistics/rng.ts';
import type { Observation, SearchAnswer } from './observation.ts';
import { type Gateway, type Generator, gatewayKey, type Processes, type Upstream } from './processes.ts';
import type { Progress } from './progress.ts';
import { type Answer, type Grid, gridTop, gridValue, type ProbeResult, Search } from './search.ts';
import { runTrial, type Stage } from './trial-run.ts';
import { loadOf, trialSpec, warmUpSpec } from './trial-spec.ts';

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
  folder: string;
  coreShared: boolean;
  gatewayCores: number;
  seed: number;
  trace: TraceOptions | undefined;
  signal: AbortSignal;
  random: Rng;
  /** Told before each trial. */
  onTrial: (what: string) => void;
  progress: Progress;
  /** Where earlier launches found an answer, by scenario and arm: grid indices. */
  found: Map<string, number[]>;
}

export interface LaunchData {
  observations: Observation[];
  answers: SearchAnswer[];
}

/** Probes of a first search, which knows nothing yet. */
const FIRST_PROBES = 6;
const FIRST_START_USERS = 250;

/** Appends to `data` as it goes, so that what was measured survives an interruption. @throws ChildError */
export async function runLaunch(context: LaunchContext, launch: number, planned: readonly Planned[], data: LaunchData): Promise<void> {
  const gateways = new Map<string, Gateway>();
  try {
    for (const { scenario, arms } of planned) {
      for (const arm of context.random.shuffle(arms)) {
        if (isDirect(arm.kind) || gateways.has(gatewayKey(arm))) continue;
        const gateway = await context.processes.startGateway(arm, context.upstream.ready.ports.upstream);
        gateways.set(gatewayKey(arm), gateway);
        context.onTrial(`launch ${launch + 1}: warming up ${arm.id}`);
        const spec = warmUpSpec({
          scenario,
          arm,
          launch,
          seed: context.seed,
          port: gateway.ready.ports.gateway,
          certificate: context.processes.certificate,
        });
        await runTrial(stageOf(context, scenario, arm, gateway), { scenario: 'warm-up', arm, launch, spec, freezeMs: 0 });
      }
    }
    for (const one of context.random.shuffle(planned)) {
      if (one.scenario.plan.kind === 'search') await runSearches(context, launch, one, gateways, data);
      else await runTrials(context, launch, one, gateways, data);
    }
  } finally {
    await Promise.all([...gateways.values()].map((gateway) => gateway.stop()));
  }
}

async function runTrials(
  context: LaunchContext,
  launch: number,
  planned: Planned,
  gateways: Map<string, Gateway>,
  data: LaunchData,
): Promise<void> {
  const { scenario, arms, extent } = planned;
  for (let trial = 0; trial < extent.trialsPerLaunch; trial += 1) {
    for (const arm of context.random.shuffle(arms)) {
      const gateway = gateways.get(gatewayKey(arm));
      const load = loadOf(scenario, arm, context.trace);
      const spec = trialSpec({
        scenario,
        arm,
        launch,
        trial,
        seed: context.seed,
        port: portOf(context, scenario, gateway),
        certificate: context.processes.certificate,
        load,
        extent,
      });
      const request = { scenario: scenario.name, arm, launch, spec, freezeMs: scenario.freezeMs ?? 0 };
      context.onTrial(`launch ${launch + 1}: ${scenario.name} ${arm.id}`);
      let observation = await runTrial(stageOf(context, scenario, arm, gateway), request);
      if (observation.reasons.length > 0) {
        context.progress.note(`${scenario.name} ${arm.id}: not valid (${observation.reasons.join('; ')}); once more`);
        observation = await runTrial(stageOf(context, scenario, arm, gateway), request);
      }
      data.observations.push(observation);
    }
  }
}

/** All arms' searches side by side, a probe each in turn, in random order. */
async function runSearches(
  context: LaunchContext,
  launch: number,
  planned: Planned,
  gateways: Map<string, Gateway>,
  data: LaunchData,
): Promise<void> {
  const { scenario, arms, extent } = planned;
  const { plan } = scenario;
  if (plan.kind !== 'search') return;
  const grid: Grid = { min: plan.usersMin, max: plan.usersMax, ratio: plan.stepRatio };
  const searches = arms.map((arm) => {
    const found = context.found.get(`${scenario.name} ${arm.id}`);
    const search = found ? new Search(grid, middle(found), 1, extent.trialsPerLaunch) : new Search(grid, startOf(grid), 3, FIRST_PROBES);
    return { arm, search, probes: [] as { users: number; ok: boolean; why: string }[] };
  });
  for (let round = 0; searches.some(({ search }) => search.next !== undefined); round += 1) {
    for (const { arm, search, probes } of context.random.shuffle(searches)) {
      const index = search.next;
      if (index === undefined) continue;
      const users = gridValue(grid, index);
      const gateway = gateways.get(gatewayKey(arm));
      const spec = trialSpec({
        scenario,
        arm,
        launch,
        trial: round,
        seed: context.seed,
        port: portOf(context, scenario, gateway),
        certificate: context.processes.certificate,
        load: { kind: 'closed', users, spreadMs: extent.warmupMs / 2 },
        extent,
      });
      context.onTrial(`launch ${launch + 1}: ${scenario.name} ${arm.id}, ${users} streams`);
      const request = { scenario: scenario.name, arm, launch, spec, freezeMs: 0 };
      let observation = await runTrial(stageOf(context, scenario, arm, gateway), request);
      // A moment's noise must not look like the instrument's limit.
      if (observation.reasons.length > 0) observation = await runTrial(stageOf(context, scenario, arm, gateway), request);
      const { result, why } = judgeProbe(observation, scenario, arm);
      probes.push({ users, ok: result === 'holds', why });
      search.tell(result);
      data.observations.push(observation);
    }
  }
  for (const { arm, search, probes } of searches) {
    const answer: Answer = search.answer;
    data.answers.push({
      scenario: scenario.name,
      arm: arm.id,
      launch,
      users: answer.index === null ? null : gridValue(grid, answer.index),
      atLeast: answer.atLeast,
      probes,
    });
    if (answer.index === null) continue;
    const key = `${scenario.name} ${arm.id}`;
    context.found.set(key, [...(context.found.get(key) ?? []), answer.index]);
  }
}

/** Whether the service level held, and if not, whose fault it was. */
export function judgeProbe(observation: Observation, scenario: Scenario, arm: Arm): { result: ProbeResult; why: string } {
  const { plan } = scenario;
  if (plan.kind !== 'search') throw new Error(`scenario ${scenario.name} is no search`);
  const { turns } = observation.result;
  const broken: string[] = [];
  const bad = turns.failed + turns.timedOut + turns.refused + turns.dropped + turns.cancelled;
  if (bad > 0) broken.push(`${bad} of ${turns.offered} turns did not complete`);
  if (turns.completed === 0) broken.push('no turn completed');
  const over = (what: string, p99Ms: number | null, maxMs: number) => {
    if (p99Ms !== null && p99Ms > maxMs) broken.push(`${what} p99 ${p99Ms.toFixed(0)} ms`);
  };
  const { completionLag, gatewayAdded } = observation.ledger;
  over('completionLag', completionLag.quantileMs(0.99) ?? completionLag.maxMs(), plan.completionLagP99MsMax);
  if (arm.client.transport !== 'http') over('gatewayAdded', gatewayAdded.quantileMs(0.99), plan.gatewayAddedP99MsMax);
  // An instrument that falls behind offers less than it says: what holds then holds for a smaller load.
  if (observation.reasons.length > 0)
    return { result: 'limited', why: ['the instrument gave out', ...observation.reasons, ...broken].join('; ') };
  return broken.length === 0 ? { result: 'holds', why: '' } : { result: 'fails', why: broken.join('; ') };
}

function stageOf(context: LaunchContext, scenario: Scenario, arm: Arm, gateway: Gateway | undefined): Stage {
  const { folder, upstream, coreShared, gatewayCores, signal, generators } = context;
  const generator = generators.get(isDirect(arm.kind) ? arm.kind : 'direct')!;
  return {
    folder,
    upstream,
    generator,
    gateway,
    coreShared,
    gatewayCores,
    signal,
    saturates: scenario.saturates === true,
    hasLedger: scenario.target !== 'canned',
  };
}

function portOf(context: LaunchContext, scenario: Scenario, gateway: Gateway | undefined): number {
  if (gateway) return gateway.ready.ports.gateway;
  return scenario.target === 'canned' && context.canned ? context.canned.ready.ports.gateway : context.upstream.ready.ports.upstream;
}

function startOf(grid: Grid): number {
  let index = 0;
  while (index < gridTop(grid) && gridValue(grid, index) < FIRST_START_USERS) index += 1;
  return index;
}

function middle(indices: readonly number[]): number {
  const sorted = [...indices].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
