/**
 * What two searches say of each other where one of them only found a lower bound, since the instrument gave out first: then
 * their ratio is known from one side.
 */
import { type RatioEstimate, ratioOfPairs } from '../statistics/ratio.ts';
import type { ArmData } from './arm-data.ts';

export interface BoundedRatio {
  /** Candidate ÷ baseline is at most that, or at least. */
  side: 'atMost' | 'atLeast';
  estimate: RatioEstimate;
}

/** `undefined` where both are known, or neither. */
export function boundedRatio(baseline: ArmData, candidate: ArmData, seed: number): BoundedRatio | undefined {
  const pairs = baseline.answers.flatMap((answer) => {
    const other = candidate.answers.find(({ launch }) => launch === answer.launch);
    return answer.users === null || other?.users == null ? [] : [{ answer, other, users: other.users, baseline: answer.users }];
  });
  const [below, above] = [pairs.some(({ answer }) => answer.atLeast), pairs.some(({ other }) => other.atLeast)];
  if (below === above) return undefined;
  const estimate = ratioOfPairs(
    pairs.map(({ baseline: before, users }) => ({ baseline: before, candidate: users })),
    { seed },
  );
  return { side: below ? 'atMost' : 'atLeast', estimate };
}
