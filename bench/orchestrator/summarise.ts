/** Turns the observations of a run into the scenarios of its report: arms, comparisons, ladders. */
import type { Comparison, Scenario as ReportScenario } from '../../reports/report.ts';
import { type Judgement, judgeAll } from '../statistics/verdict.ts';
import { type ArmData, gather, type ScenarioData } from './arm-data.ts';
import { type Asked, questionsOf } from './comparisons.ts';
import { rungsOf } from './ladder.ts';
import type { Observation } from './observation.ts';
import { reportArm } from './report-arm.ts';

/** A scenario's data by arm, as the report and the claims are made from it. */
export interface Gathered {
  data: ScenarioData;
  byArm: ReadonlyMap<string, ArmData>;
}

export function gatherAll(run: readonly ScenarioData[]): Gathered[] {
  return run.map((data) => ({ data, byArm: gather(data) }));
}

/** All scenarios of a run; their comparisons are one family for Holm's adjustment. */
export function summarise(run: readonly Gathered[], seed: number): ReportScenario[] {
  const questions = run.flatMap(({ data, byArm }) => questionsOf(data, byArm, seed));
  const judgements = judgeAll(questions.map(({ question }) => question));
  return run.map(({ data, byArm }) => {
    const { scenario, parameters, notRun } = data;
    const all = [...byArm.values()];
    const arms = all.map((one) =>
      reportArm(
        one,
        all.filter(({ mix }) => mix?.arm.id === one.arm.id),
        scenario,
      ),
    );
    const ladder = rungsOf(data, byArm, arms, seed);
    return {
      name: scenario.name,
      why: `${scenario.asks} ${scenario.why}`,
      parameters,
      schedule: scheduleOf(data),
      arms,
      comparisons: questions.flatMap((asked, index) => (asked.data === data ? [comparison(asked, judgements[index]!)] : [])),
      ...(ladder.length > 0 ? { ladder } : {}),
      notRun,
    };
  });
}

function comparison({ pair, condition, measure, question, difference }: Asked, judgement: Judgement): Comparison {
  const { estimate, margin } = question;
  const { verdict, reason, pDifferenceAdjusted } = judgement;
  return {
    baseline: pair[0],
    candidate: pair[1],
    measure,
    condition,
    ratio: estimate.ratio,
    interval: estimate.interval,
    ...(difference ? { difference } : {}),
    verdict,
    launches: estimate.launches,
    margin,
    ...(reason === undefined ? {} : { reason }),
    ...(pDifferenceAdjusted === null ? {} : { pAdjusted: pDifferenceAdjusted }),
  };
}

function scheduleOf(data: ScenarioData): ReportScenario['schedule'] {
  if (data.scenario.plan.kind !== 'load') return null;
  const trials = data.observations.filter(({ reasons }) => reasons.length === 0);
  const first = data.observations.find(({ launch }) => launch === 0);
  if (!first) return null;
  const mean = (of: (trial: Observation) => number) => trials.reduce((total, trial) => total + of(trial), 0) / Math.max(1, trials.length);
  const cvs = trials.flatMap(({ result }) => (result.schedule.interArrivalCv === null ? [] : [result.schedule.interArrivalCv]));
  return {
    // Of the first launch: later ones draw anew from the run's seed.
    hash: first.result.schedule.hash,
    offeredRate: mean(({ result }) => result.schedule.offeredRate),
    achievedRate: mean(({ result }) => result.schedule.achievedRate),
    interArrivalCv: cvs.length === 0 ? null : cvs.reduce((total, cv) => total + cv, 0) / cvs.length,
  };
}
