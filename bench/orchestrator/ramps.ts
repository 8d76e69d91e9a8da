/** Looks for the most users at which the service level holds by one ramp an arm: rougher than a search, and as long every time. */
import { roundTripsOf } from '../conditions.ts';
import type { SearchPlan } from '../scenario.ts';
import { VALIDITY_LIMITS } from '../statistics/validity.ts';
import { type Launch, middle, type Planned, stageOf, surroundingsOf } from './launch-context.ts';
import { judgeRamp } from './ramp.ts';
import { runTrial } from './trial-run.ts';
import { extentOf, trialSpec, usersOver } from './trial-spec.ts';

/** A first ramp knows nothing yet. */
const FIRST_TOP = 4;
/** Later ones end well beyond what launches before found, so that they break, and at a like slope for their arm. */
const TOP = 1.6;

export async function runRamps(launch: Launch, { scenario, arms, extent }: Planned, plan: SearchPlan): Promise<void> {
  for (const arm of launch.random.shuffle(arms)) {
    const key = `${scenario.name} ${arm.id}`;
    const found = launch.found.get(key) ?? [];
    const top = found.length === 0 ? plan.usersStart * FIRST_TOP : middle(found) * TOP;
    const users = usersOver(roundTripsOf(arm.conditions).length, Math.round(Math.max(plan.usersMin, Math.min(plan.usersMax, top))));
    const length = extentOf(extent, arm);
    const load = { kind: 'closed', users, spreadMs: length.warmupMs + length.measureMs - 1 } as const;
    launch.onTrial(`launch ${launch.index + 1}: ${scenario.name} ${arm.id}, up to ${users} streams`);
    const spec = trialSpec({ ...surroundingsOf(launch, scenario, arm), trial: 0, load, extent: length });
    const stage = stageOf(launch, scenario, arm);
    const observation = await runTrial(stage, { scenario: scenario.name, arm, launch: launch.index, spec, freezeMs: 0, ramp: true });
    const { latenessMs, latenessCoreSharedMs } = VALIDITY_LIMITS;
    const latenessMsMax = plan.latenessP99MsMax ?? (stage.coreShared ? latenessCoreSharedMs : latenessMs);
    const linkLate = (observation.links?.lateness.quantileMs(0.99) ?? 0) > latenessMsMax;
    const judged = judgeRamp(observation.ramp ?? [], plan, latenessMsMax, arm.client.transport !== 'http');
    // How late the links were is not known by bins.
    const atLeast = judged.atLeast || linkLate;
    launch.data.answers.push({ scenario: scenario.name, arm: arm.id, launch: launch.index, ...judged, atLeast });
    // That the instrument gives out is what a ramp looks for as well, and no fault of it.
    launch.data.observations.push({ ...observation, reasons: [] });
    const ended = judged.probes.every(({ ok }) => ok);
    launch.found.set(key, [...found, ended ? users : (judged.users ?? plan.usersMin)]);
  }
}
