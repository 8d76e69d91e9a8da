/**
 * A scenario's ladder: what each rung, which changes one factor, makes of each measure, at each round-trip time. Where the
 * same factor was also changed in the other order, both worths of it are compared within launches: 1 where it is worth the
 * same either way.
 */
import type { Arm as ReportArm, Rung } from '../../reports/report.ts';
import type { RungSpec } from '../scenario.ts';
import { type RatioEstimate, ratioOfLogs } from '../statistics/ratio.ts';
import type { ArmData, ScenarioData } from './arm-data.ts';
import { type Alike, alike, type LaunchPair, pairsOf, ratioOf } from './comparisons.ts';
import { splitMeasure } from './measures.ts';

/** Rungs in order for each measure and condition; those of which an arm is not there are left out. */
export function rungsOf(
  data: ScenarioData,
  byArm: ReadonlyMap<string, ArmData>,
  reportArms: readonly Pick<ReportArm, 'id' | 'metrics'>[],
  seed: number,
): Rung[] {
  const { scenario, arms } = data;
  const { ladder } = scenario;
  if (!ladder) return [];
  const metrics = new Map(reportArms.map((arm) => [arm.id, arm.metrics]));
  const between = ({ from, to }: { from: string; to: string }, measure: string): Alike[] => {
    const [before, after] = [from, to].map((id) => arms.find((arm) => arm.id === id));
    return before && after ? alike(before, after, measure) : [];
  };
  return ladder.measures.flatMap((measure) =>
    ladder.rungs.flatMap((rung: RungSpec, index) => {
      const otherWay = rung.otherWay ? between(rung.otherWay, measure) : [];
      return between(rung, measure).map(({ baseline, candidate, condition }): Rung => {
        const [before, after] = [byArm.get(baseline)!, byArm.get(candidate)!];
        const { ratio, interval } = ratioOf(measure, before, after, seed);
        const other = otherWay.find((one) => one.condition === condition);
        const interaction =
          other && interactionOf(measure, [before, after], [byArm.get(other.baseline)!, byArm.get(other.candidate)!], seed);
        return {
          step: index + 1,
          factor: rung.factor,
          from: baseline,
          to: candidate,
          condition,
          measure,
          before: valueIn(metrics.get(baseline), measure),
          ratio,
          interval,
          ...(interaction ? { interaction } : {}),
        };
      });
    }),
  );
}

/** How many times as much the factor is worth in the other order. */
function interactionOf(
  measure: string,
  thisWay: readonly [ArmData, ArmData],
  otherWay: readonly [ArmData, ArmData],
  seed: number,
): Pick<RatioEstimate, 'ratio' | 'interval'> {
  const [these, those] = [pairsOf(measure, ...thisWay), pairsOf(measure, ...otherWay)];
  if ('reason' in these || 'reason' in those) return { ratio: null, interval: null };
  const logs = these.flatMap((one) => {
    const other = those.find(({ launch }) => launch === one.launch);
    const log = other ? logOf(other) - logOf(one) : Number.NaN;
    return Number.isFinite(log) ? [log] : [];
  });
  const { ratio, interval } = ratioOfLogs(logs, { seed });
  return { ratio, interval };
}

function logOf({ baseline, candidate }: LaunchPair): number {
  return Math.log(candidate / baseline);
}

function valueIn(metrics: ReportArm['metrics'] | undefined, reference: string): number | null {
  const { measure, quantile } = splitMeasure(reference);
  const metric = metrics?.[measure];
  return metric?.quantiles?.[quantile] ?? metric?.estimate ?? null;
}
