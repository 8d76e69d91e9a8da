/** Looks for the most users at which the service level holds, on all arms of a scenario side by side: a probe each in turn. */
import type { Arm } from '../arms.ts';
import { roundTripsOf } from '../conditions.ts';
import type { Scenario, SearchPlan } from '../scenario.ts';
import { type Launch, middle, type Planned, stageOf, surroundingsOf } from './launch-context.ts';
import type { Observation, SearchProbe } from './observation.ts';
import { type Answer, type Grid, gridTop, gridValue, type ProbeResult, Search } from './search.ts';
import { runTrial } from './trial-run.ts';
import { extentOf, trialSpec, usersOver } from './trial-spec.ts';

/** Probes of a first search at least, which knows nothing yet. */
const FIRST_PROBES = 6;
const FIRST_STEP = 3;

export async function runSearches(launch: Launch, { scenario, arms, extent }: Planned, plan: SearchPlan): Promise<void> {
  const grid: Grid = { min: plan.usersMin, max: plan.usersMax, ratio: plan.stepRatio };
  const confirm = extent.confirm === true;
  const searches = arms.map((arm) => {
    const found = launch.found.get(keyOf(scenario, arm));
    const search = found
      ? new Search(grid, { start: middle(found), step: 1, probesMax: extent.trialsPerLaunch, confirm })
      : new Search(grid, {
          start: indexOf(grid, plan.usersStart),
          step: FIRST_STEP,
          probesMax: Math.max(FIRST_PROBES, extent.trialsPerLaunch),
          confirm,
        });
    return { arm, search, probes: [] as SearchProbe[] };
  });
  for (let round = 0; searches.some(({ search }) => search.next !== undefined); round += 1) {
    for (const { arm, search, probes } of launch.random.shuffle(searches)) {
      const index = search.next;
      if (index === undefined) continue;
      const users = usersAt(grid, index, arm);
      const load = { kind: 'closed', users, spreadMs: extent.warmupMs / 2 } as const;
      const spec = trialSpec({ ...surroundingsOf(launch, scenario, arm), trial: round, load, extent: extentOf(extent, arm) });
      launch.onTrial(`launch ${launch.index + 1}: ${scenario.name} ${arm.id}, ${users} streams`);
      const lateness = plan.latenessP99MsMax === undefined ? {} : { latenessMsMax: plan.latenessP99MsMax };
      const request = { scenario: scenario.name, arm, launch: launch.index, spec, freezeMs: 0, ...lateness };
      const stage = stageOf(launch, scenario, arm);
      let observation = await runTrial(stage, request);
      // A moment's noise must not look like the instrument's limit.
      if (observation.reasons.length > 0) observation = await runTrial(stage, request);
      const { result, why, lagP99Ms } = judgeProbe(observation, plan, arm);
      probes.push({ users, ok: result === 'holds', why, lagP99Ms });
      search.tell(result);
      launch.data.observations.push(observation);
    }
  }
  for (const { arm, search, probes } of searches) {
    const answer: Answer = search.answer;
    launch.data.answers.push({
      scenario: scenario.name,
      arm: arm.id,
      launch: launch.index,
      users: answer.index === null ? null : usersAt(grid, answer.index, arm),
      atLeast: answer.atLeast,
      probes,
    });
    if (answer.index === null) continue;
    launch.found.set(keyOf(scenario, arm), [...(launch.found.get(keyOf(scenario, arm)) ?? []), answer.index]);
  }
}

/** As many over each link, where there are some. */
function usersAt(grid: Grid, index: number, { conditions }: Arm): number {
  return usersOver(roundTripsOf(conditions).length, gridValue(grid, index));
}

function keyOf(scenario: Scenario, arm: Arm): string {
  return `${scenario.name} ${arm.id}`;
}

interface ProbeJudgement {
  result: ProbeResult;
  why: string;
  lagP99Ms: number | null;
}

/** Whether the service level held, and if not, whose fault it was. */
export function judgeProbe(observation: Observation, plan: SearchPlan, arm: Arm): ProbeJudgement {
  const { turns } = observation.result;
  const broken: string[] = [];
  const bad = turns.failed + turns.timedOut + turns.refused + turns.dropped + turns.cancelled;
  if (bad > 0) broken.push(`${bad} of ${turns.offered} turns did not complete`);
  if (turns.completed === 0) broken.push('no turn completed');
  const over = (what: string, p99Ms: number | null, maxMs: number) => {
    if (p99Ms !== null && p99Ms > maxMs) broken.push(`${what} p99 ${p99Ms.toFixed(0)} ms`);
  };
  const { completionLag, gatewayAdded } = observation.ledger;
  // Too few for a quantile: then none may be above the limit.
  const lagP99Ms = completionLag.quantileMs(0.99) ?? completionLag.maxMs();
  over('completionLag', lagP99Ms, plan.completionLagP99MsMax);
  if (arm.client.transport !== 'http') over('gatewayAdded', gatewayAdded.quantileMs(0.99), plan.gatewayAddedP99MsMax);
  // An instrument that falls behind offers less than it says: what holds then holds for a smaller load.
  if (observation.reasons.length > 0)
    return { result: 'limited', why: ['the instrument gave out', ...observation.reasons, ...broken].join('; '), lagP99Ms: null };
  return { result: broken.length === 0 ? 'holds' : 'fails', why: broken.join('; '), lagP99Ms };
}

/** The first grid index with as many users. */
function indexOf(grid: Grid, users: number): number {
  let index = 0;
  while (index < gridTop(grid) && gridValue(grid, index) < users) index += 1;
  return index;
}
