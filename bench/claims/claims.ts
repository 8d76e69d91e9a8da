/**
 * The published claims held against a run: readings in every cell that it has, the headline's verdict, what decided it, and
 * where the claim would hold.
 */
import type { Claim, Arm as ReportArm, Scenario as ReportScenario } from '../../reports/report.ts';
import { roundTripWords } from '../conditions.ts';
import { directionOf } from '../orchestrator/measures.ts';
import type { Gathered } from '../orchestrator/summarise.ts';
import { type Cell, cellsOf, conditionWords, replyOf } from './cells.ts';
import { type Climb, climbOf } from './climb.ts';
import { explain } from './explain.ts';
import { PUBLISHED, type PublishedClaim } from './published.ts';
import { type Judged, readingsOf } from './readings.ts';
import { regionOf } from './regions.ts';

/** Those of which the run has a cell; none where it has nothing to do with them. */
export function judgeClaims(run: readonly Gathered[], scenarios: readonly ReportScenario[], seed: number): Claim[] {
  const cells = cellsOf(run);
  const armsOf = new Map(scenarios.map(({ name, arms }) => [name, new Map(arms.map((arm) => [arm.id, arm]))]));
  const armOf = ({ scenario }: Cell, id: string): ReportArm | undefined => armsOf.get(scenario.name)?.get(id);
  return PUBLISHED.flatMap((claim): Claim[] => {
    const judged = readingsOf(claim, cells, (cell, id) => armOf(cell, id)?.metrics ?? {}, seed);
    if (judged.length === 0) return [];
    const condition = conditionWords(claim.headline);
    const headline = judged.find(({ reading }) => reading.measure === claim.measure && reading.condition === condition);
    const region = regionOf(claim, judged, armOf);
    return [
      {
        measure: claim.measure,
        claimed: claim.claimed,
        headline: { measure: claim.measure, condition },
        readings: judged.map(({ reading }) => reading),
        verdict: headline?.reading.verdict ?? 'inconclusive',
        explanation: explanationOf(claim, headline, scenarios, run),
        ...(region ? { region } : {}),
      },
    ];
  });
}

function explanationOf(
  claim: PublishedClaim,
  headline: Judged | undefined,
  scenarios: readonly ReportScenario[],
  run: readonly Gathered[],
): string {
  const reply = headline && replyOf(headline.cell.scenario);
  const text = explain({
    direction: directionOf(claim.measure),
    headline,
    ...(claim.measure === 'turn' ? { modelMs: reply?.ms } : {}),
    ...(claim.measure === 'concurrency' ? { claimedHttp: claim.claimed.http } : {}),
    climb: ladderOf(claim, scenarios, run),
  });
  return claim.measure === 'concurrency' ? `${text} ${NO_REGION}` : text;
}

/** Nothing that could be fitted: it is a speed, of which the run has one. */
const NO_REGION =
  'Under which other conditions it would hold is not modelled: how many streams a gateway carries is the speed of its machine.';

/** The first ladder of the run that has the claim's measure, at the headline's round trip. */
function ladderOf(
  { ladderMeasure, headline }: PublishedClaim,
  scenarios: readonly ReportScenario[],
  run: readonly Gathered[],
): (Climb & { of: string }) | undefined {
  if (ladderMeasure === undefined) return undefined;
  const words = roundTripWords(headline.roundTripsMs);
  for (const [index, scenario] of scenarios.entries()) {
    const climb = climbOf(scenario, ladderMeasure, headline.roundTripsMs.length > 1 ? `${words} mixed` : words);
    const spec = run[index]?.data.scenario;
    if (climb && spec)
      return { ...climb, of: [ladderMeasure, ...(spec.model.tpotMs === undefined ? [] : [`${spec.model.tpotMs} ms a token`])].join(', ') };
  }
  return undefined;
}
