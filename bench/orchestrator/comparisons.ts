/**
 * What a scenario compares: for each pair of arms and each measure one ratio, and where it is asked for one difference.
 * Both come from pairs within launches, since the machine drifts from launch to launch and both arms drift with it. Arms
 * that mix round-trip times are compared at each of them, or as mixes where their sessions share the measure.
 */
import type { Difference } from '../../reports/report.ts';
import { type Arm, partsOf } from '../arms.ts';
import { roundTripsOf, roundTripWords } from '../conditions.ts';
import { meanOf } from '../statistics/estimate.ts';
import { type Pair, type RatioEstimate, ratioOfPairs } from '../statistics/ratio.ts';
import type { Question } from '../statistics/verdict.ts';
import type { ArmData, ScenarioData } from './arm-data.ts';
import { directionOf, isShared, launchValue, SEARCH_MEASURE, splitMeasure, TIME_MEASURES, unitOf, VALUE_MEASURES } from './measures.ts';

export interface Asked {
  data: ScenarioData;
  pair: readonly [string, string];
  condition: string;
  measure: string;
  question: Question;
  difference: Difference | undefined;
}

/** All comparisons of a scenario, in the order in which a report shows them. */
export function questionsOf(data: ScenarioData, byArm: ReadonlyMap<string, ArmData>, seed: number): Asked[] {
  const { scenario, arms } = data;
  const there = new Map(arms.map((arm) => [arm.id, arm]));
  const [first] = arms;
  const pairs = scenario.pairs ?? arms.slice(1).map((arm) => [first!.id, arm.id] as const);
  return pairs.flatMap((ids) => {
    const [before, after] = ids.map((id) => there.get(id));
    if (!before || !after) return [];
    return scenario.measures
      .filter((measure) => bothHave(measure, [before, after]))
      .flatMap((measure) =>
        alike(before, after, measure).map(({ baseline, candidate, condition }): Asked => {
          const pair = [baseline, candidate] as const;
          return { data, pair, condition, measure, ...ask(data, byArm, pair, measure, seed) };
        }),
      );
  });
}

function ask(
  { scenario }: ScenarioData,
  byArm: ReadonlyMap<string, ArmData>,
  [baseline, candidate]: readonly [string, string],
  measure: string,
  seed: number,
): Pick<Asked, 'question' | 'difference'> {
  const [before, after] = [byArm.get(baseline)!, byArm.get(candidate)!];
  const pairs = pairsOf(measure, before, after);
  const question: Question = { estimate: ratioOf(measure, before, after, seed), direction: directionOf(measure), margin: scenario.margin };
  if (scenario.plan.kind !== 'search') question.trials = trialsOf(before, after);
  const asked = scenario.differences?.includes(measure) && !('reason' in pairs);
  return { question, difference: asked ? differenceOf(measure, pairs) : undefined };
}

/** Candidate ÷ baseline, with the reason where there is none. */
export function ratioOf(measure: string, baseline: ArmData, candidate: ArmData, seed: number): RatioEstimate {
  const pairs = pairsOf(measure, baseline, candidate);
  return 'reason' in pairs ? unpaired(measure, baseline, candidate, pairs.reason) : ratioOfPairs(pairs, { seed });
}

export function trialsOf(baseline: ArmData, candidate: ArmData): NonNullable<Question['trials']> {
  const trials = [...baseline.all, ...candidate.all];
  return { excluded: trials.filter(({ reasons }) => reasons.length > 0).length, total: trials.length };
}

export interface Alike {
  baseline: string;
  candidate: string;
  /** In words; empty where the two arms are as they were asked for. */
  condition: string;
}

/** What two arms are compared as: themselves, what they are told apart into, or the mixes that they are. */
export function alike(before: Arm, after: Arm, measure: string): Alike[] {
  const [beforeParts, afterParts] = [partsOf(before), partsOf(after)];
  if (beforeParts.length === 0 && afterParts.length === 0) return [{ baseline: before.id, candidate: after.id, condition: '' }];
  if (isShared(measure)) {
    const same = before.conditions.rttMs === after.conditions.rttMs;
    return same
      ? [{ baseline: before.id, candidate: after.id, condition: `${roundTripWords(roundTripsOf(before.conditions))} mixed` }]
      : [];
  }
  const others = afterParts.length === 0 ? [after] : afterParts;
  return (beforeParts.length === 0 ? [before] : beforeParts).flatMap(({ id, conditions }) => {
    const other = others.find((one) => one.conditions.rttMs === conditions.rttMs);
    return other ? [{ baseline: id, candidate: other.id, condition: roundTripWords(roundTripsOf(conditions)) }] : [];
  });
}

/** What lies beside an arm's turns is no matter of a comparison with an arm that has nothing beside it. */
function bothHave(name: string, arms: readonly Arm[]): boolean {
  return splitMeasure(name).measure !== 'besideTurn' || arms.every(({ conditions }) => conditions.besideUsers > 0);
}

/** One pair a launch that has both, or why there is none that may be compared. */
export function pairsOf(name: string, baseline: ArmData, candidate: ArmData): LaunchPair[] | { reason: string } {
  const { measure } = splitMeasure(name);
  const pairs = measure === SEARCH_MEASURE.name ? searchPairs(baseline, candidate) : trialPairs(name, baseline, candidate);
  return Array.isArray(pairs) && pairs.length === 0 ? { reason: 'no launch has a value for both' } : pairs;
}

export interface LaunchPair extends Pair {
  launch: number;
}

function searchPairs(baseline: ArmData, candidate: ArmData): LaunchPair[] | { reason: string } {
  const pairs: LaunchPair[] = [];
  for (const answer of baseline.answers) {
    const other = candidate.answers.find(({ launch }) => launch === answer.launch);
    if (answer.users === null || other?.users == null) continue;
    if (answer.atLeast || other.atLeast) {
      const [who, users] = answer.atLeast ? ['baseline', answer.users] : ['candidate', other.users];
      return { reason: `the ${who} is only known to carry at least ${users} streams` };
    }
    pairs.push({ launch: answer.launch, baseline: answer.users, candidate: other.users });
  }
  return pairs;
}

function trialPairs(name: string, baseline: ArmData, candidate: ArmData): LaunchPair[] | { reason: string } {
  const pairs: LaunchPair[] = [];
  const atLeast = VALUE_MEASURES[splitMeasure(name).measure]?.atLeast;
  for (const [launch, trials] of baseline.launches) {
    const others = candidate.launches.get(launch);
    const [before, after] = [launchValue(name, trials), others ? launchValue(name, others) : null];
    if (!others || before === null || after === null) continue;
    const bound = atLeast?.(trials) ? 'baseline' : atLeast?.(others) ? 'candidate' : undefined;
    if (bound) return { reason: `of the ${bound} only a lower bound is known` };
    pairs.push({ launch, baseline: before, candidate: after });
  }
  return pairs;
}

/** Where no launch holds enough turns for a quantile, all together may: a ratio, but nothing to tell how sure it is. */
function unpaired(name: string, baseline: ArmData, candidate: ArmData, reason: string): RatioEstimate {
  const { measure, quantile } = splitMeasure(name);
  if (!(measure in TIME_MEASURES)) return unknown(reason);
  const [before, after] = [baseline, candidate].map(({ launches }) => launchValue(name, [...launches.values()].flat()));
  if (before == null || after == null) return unknown(reason);
  const launches = Math.min(baseline.launches.size, candidate.launches.size);
  return { ...unknown(`pooled over launches, since none holds enough turns for ${quantile}`), ratio: after / before, launches };
}

function differenceOf(measure: string, pairs: readonly Pair[]): Difference {
  const { estimate, interval } = meanOf(pairs.map(({ baseline, candidate }) => candidate - baseline));
  return { unit: unitOf(measure), estimate, interval };
}

function unknown(reason: string): RatioEstimate {
  return { ratio: null, interval: null, level: 0.95, launches: 0, meanLog: null, standardErrorLog: null, method: 'none', reason };
}
