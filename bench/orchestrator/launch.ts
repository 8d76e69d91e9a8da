/**
 * One launch: a fresh gateway for every arm, and short trials of all of them in random order while the idle ones wait.
 * The launch is the unit of replication: what trials of one launch share (heap layout, compiled code, luck) they share.
 */
import { type Arm, isDirect } from '../arms.ts';
import type { Extent, OverloadPlan, Scenario } from '../scenario.ts';
import { gatewayKey } from './gateway-config.ts';
import {
  type Launch,
  type LaunchContext,
  type LaunchData,
  type Planned,
  runTwiceAtMost,
  stageOf,
  surroundingsOf,
} from './launch-context.ts';
import { overloadLoad, stretchesOf } from './overload.ts';
import type { Gateway } from './processes.ts';
import { runRamps } from './ramps.ts';
import { runSearches } from './searches.ts';
import { runTrial, WARM_UP } from './trial-run.ts';
import { extentOf, loadOf, trialSpec, warmUpSpec } from './trial-spec.ts';

/** Appends to `data` as it goes, so that what was measured survives an interruption. @throws ChildError */
export async function runLaunch(context: LaunchContext, index: number, planned: readonly Planned[], data: LaunchData): Promise<void> {
  const gateways = new Map<string, Gateway>();
  const launch: Launch = { ...context, index, gateways, data };
  try {
    for (const { scenario, arms } of planned) {
      for (const arm of context.random.shuffle(arms)) {
        const key = gatewayKey(arm, scenario.gateway);
        if (isDirect(arm.kind) || gateways.has(key)) continue;
        gateways.set(key, await context.processes.startGateway(arm, scenario.gateway, context.upstream.ready.ports.upstream));
        context.onTrial(`launch ${index + 1}: warming up ${arm.id}`);
        const spec = warmUpSpec(surroundingsOf(launch, scenario, arm));
        await runTrial(stageOf(launch, scenario, arm), { scenario: WARM_UP, arm, launch: index, spec, freezeMs: 0 });
      }
    }
    // In the same order in every launch: a gateway is compiled further with each trial, and its costs fall.
    for (const one of planned) await runPlan(launch, one);
  } finally {
    await Promise.all([...gateways.values()].map((gateway) => gateway.stop()));
  }
}

async function runPlan(launch: Launch, planned: Planned): Promise<void> {
  const { scenario, arms } = planned;
  const { plan } = scenario;
  if (plan.kind === 'search') return planned.extent.ramp ? runRamps(launch, planned, plan) : runSearches(launch, planned, plan);
  for (let trial = 0; trial < planned.extent.trialsPerLaunch; trial += 1) {
    for (const arm of launch.random.shuffle(arms)) {
      const extent = extentOf(planned.extent, arm);
      if (plan.kind === 'overload') await runOverload(launch, scenario, arm, plan, extent, trial);
      else {
        const spec = trialSpec({ ...surroundingsOf(launch, scenario, arm), trial, load: loadOf(scenario, arm, launch.trace), extent });
        launch.data.observations.push(await runTwiceAtMost(launch, scenario, { arm, spec, freezeMs: scenario.freezeMs ?? 0 }));
      }
    }
  }
}

/** The peak first, then a load made from it; what the peak's trial lacks in validity the other lacks too. */
async function runOverload(launch: Launch, scenario: Scenario, arm: Arm, plan: OverloadPlan, extent: Extent, trial: number): Promise<void> {
  const stretches = stretchesOf(plan, extent);
  const surroundings = surroundingsOf(launch, scenario, arm);
  const peakMs = stretches.overloadToMs - stretches.overloadFromMs;
  const peakSpec = trialSpec({
    ...surroundings,
    trial: trial * 2,
    load: { kind: 'closed', users: plan.usersAtPeak, spreadMs: extent.warmupMs / 2 },
    extent: { ...extent, measureMs: peakMs },
  });
  const peak = await runTwiceAtMost(launch, scenario, { arm, spec: peakSpec, freezeMs: 0 });
  const { completed, offered } = peak.result.turns;
  const lost = completed < offered ? [`${offered - completed} of ${offered} turns did not complete`] : [];
  const reasons = [...peak.reasons, ...lost].map((reason) => `at the peak: ${reason}`);
  if (completed === 0) {
    // Nothing to make a load from.
    launch.data.observations.push({ ...peak, reasons });
    return;
  }
  const peakPerSecond = (completed * 1e3) / peakMs;
  const spec = trialSpec({ ...surroundings, trial: trial * 2 + 1, load: overloadLoad(plan, stretches, peakPerSecond), extent });
  const observation = await runTwiceAtMost(launch, scenario, { arm, spec, freezeMs: 0, overload: { stretches, peakPerSecond } });
  launch.data.observations.push({ ...observation, reasons: [...observation.reasons, ...reasons] });
}
