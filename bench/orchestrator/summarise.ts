/** Turns the observations of a scenario into its part of the report: arms, measures with intervals, comparisons. */
import type { Comparison, JsonValue, Measured, Arm as ReportArm, Scenario as ReportScenario, Turns } from '../../reports/report.ts';
import { type Arm, otherConditions } from '../arms.ts';
import type { Scenario } from '../scenario.ts';
import { addCodes, addCounts } from '../statistics/accounting.ts';
import { type Estimate, meanOf, quantileMs } from '../statistics/estimate.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import { type Pair, type RatioEstimate, ratioOfPairs } from '../statistics/ratio.ts';
import { armValidity } from '../statistics/validity.ts';
import { judgeAll, type Question } from '../statistics/verdict.ts';
import { directionOf, QUANTILES, SEARCH_MEASURE, splitMeasure, TIME_MEASURES, VALUE_MEASURES } from './measures.ts';
import type { Observation, SearchAnswer } from './observation.ts';

export interface ScenarioData {
  scenario: Scenario;
  arms: readonly Arm[];
  observations: readonly Observation[];
  answers: readonly SearchAnswer[];
  notRun: readonly { what: string; reason: string }[];
  parameters: Readonly<Record<string, JsonValue>>;
}

/** Summarises all scenarios of a run; their comparisons are one family for Holm's adjustment. */
export function summarise(run: readonly ScenarioData[], seed: number): ReportScenario[] {
  const drafts = run.map((data) => ({ data, byArm: groupByArm(data) }));
  const questions = drafts.flatMap(({ data, byArm }) => questionsOf(data, byArm, seed));
  const judgements = judgeAll(questions.map(({ question }) => question));
  return drafts.map(({ data, byArm }) => {
    const comparisons = questions.flatMap(({ data: owner, pair, measure, question }, index): Comparison[] => {
      if (owner !== data) return [];
      const { verdict, reason, pDifferenceAdjusted } = judgements[index]!;
      const { estimate } = question;
      return [
        {
          baseline: pair[0],
          candidate: pair[1],
          measure,
          condition: '',
          ratio: estimate.ratio,
          interval: estimate.interval,
          verdict,
          launches: estimate.launches,
          margin: question.margin,
          ...(reason === undefined ? {} : { reason }),
          ...(pDifferenceAdjusted === null ? {} : { pAdjusted: pDifferenceAdjusted }),
        },
      ];
    });
    return {
      name: data.scenario.name,
      why: `${data.scenario.asks} ${data.scenario.why}`,
      parameters: data.parameters,
      schedule: scheduleOf(data),
      arms: data.arms.map((arm) => reportArm(arm, byArm.get(arm.id)!, data.scenario.measures)),
      comparisons,
      notRun: data.notRun,
    };
  });
}

/** All that is known of one arm in one scenario. */
interface ArmData {
  all: Observation[];
  /** Valid observations, by launch. */
  launches: Map<number, Observation[]>;
  answers: SearchAnswer[];
}

function groupByArm(data: ScenarioData): Map<string, ArmData> {
  const byArm = new Map<string, ArmData>(data.arms.map((arm) => [arm.id, { all: [], launches: new Map(), answers: [] }]));
  for (const observation of data.observations) {
    const arm = byArm.get(observation.arm)!;
    arm.all.push(observation);
    if (observation.reasons.length > 0) continue;
    const launch = arm.launches.get(observation.launch) ?? [];
    launch.push(observation);
    arm.launches.set(observation.launch, launch);
  }
  for (const answer of data.answers) byArm.get(answer.arm)!.answers.push(answer);
  return byArm;
}

function reportArm(arm: Arm, data: ArmData, asked: readonly string[]): ReportArm {
  const metrics: Record<string, Measured> = {};
  const histograms: Record<string, string> = {};
  const launches = [...data.launches.values()];
  for (const [name, of] of Object.entries(TIME_MEASURES)) {
    const merged = launches.map((trials) => LatencyHistogram.merge(trials.map(of)));
    const all = LatencyHistogram.merge(merged);
    if (all.count === 0) {
      if ((name === 'tpot' || name === 'interChunk') && arm.client.transport === 'http' && launches.length > 0) {
        metrics[name] = { unit: 'ms', estimate: null, interval: null, reason: 'a whole reply has no times between its tokens' };
      }
      continue;
    }
    metrics[name] = measuredTimes(merged, all);
    histograms[name] = all.encode();
  }
  for (const [name, measure] of Object.entries(VALUE_MEASURES)) {
    if (measure.onlyWhenAsked && !asked.includes(name)) continue;
    const values = launches.map((trials) => measure.of(trials)).filter((value) => value !== null);
    if (values.length === 0) continue;
    metrics[name] = measured(measure.unit, meanOf(values, { scale: measure.logScale ? 'log' : 'linear' }), 'mean');
  }
  if (data.answers.length > 0) metrics[SEARCH_MEASURE.name] = measuredSearch(data.answers);
  const validity =
    data.answers.length > 0
      ? { ok: true, excluded: 0, trials: data.all.length, reasons: [] }
      : armValidity(data.all.map(({ reasons }) => reasons));
  const layers = layersOf(launches.flat());
  const turns: Turns = addCounts(data.all.map(({ result }) => result.turns));
  return {
    id: arm.id,
    factors: {
      clientTransport: arm.client.transport,
      clientEnvelope: arm.client.envelope,
      clientConnection: arm.client.connection,
      upstreamTransport: arm.upstream.transport,
      upstreamEnvelope: arm.upstream.envelope,
      upstreamConnection: arm.upstream.connection,
      history: arm.history,
      execution: arm.execution,
    },
    conditions: otherConditions(arm.conditions),
    launches: data.answers.length > 0 ? data.answers.length : launches.length,
    turns,
    codes: addCodes(data.all.map(({ result }) => result.codes)),
    metrics,
    ...(layers ? { layers } : {}),
    histograms,
    details: detailsOf(data),
    validity,
  };
}

function measured(unit: Measured['unit'], estimate: Estimate, statistic: 'mean' | 'p50'): Measured {
  return {
    unit,
    estimate: estimate.estimate,
    interval: estimate.interval,
    statistic,
    ...(estimate.reason === undefined ? {} : { reason: estimate.reason }),
  };
}

function measuredTimes(launches: readonly LatencyHistogram[], all: LatencyHistogram): Measured {
  const quantiles: Record<string, number | null> = {};
  const quantileIntervals: Record<string, Measured['interval']> = {};
  const quantileReasons: Record<string, string> = {};
  for (const [name, q] of Object.entries(QUANTILES)) {
    const estimate = quantileMs(launches, q);
    quantiles[name] = estimate.estimate;
    quantileIntervals[name] = estimate.interval;
    if (estimate.reason !== undefined) quantileReasons[name] = estimate.reason;
  }
  return { ...measured('ms', quantileMs(launches, 0.5), 'p50'), quantiles, quantileIntervals, quantileReasons, samples: all.count };
}

function measuredSearch(answers: readonly SearchAnswer[]): Measured {
  const found = answers.filter((answer) => answer.users !== null);
  const estimate = meanOf(
    found.map((answer) => answer.users!),
    { scale: 'log' },
  );
  const limited = found.filter((answer) => answer.atLeast).length;
  const none = answers.length - found.length;
  return {
    ...measured('streams', estimate, 'mean'),
    ...(limited > 0
      ? { bound: 'atLeast' as const, reason: `in ${limited} of ${answers.length} launches the instrument gave out before the gateway` }
      : {}),
    ...(none > 0 ? { reason: `in ${none} of ${answers.length} launches the service level held at no load that was tried` } : {}),
  };
}

function layersOf(trials: readonly Observation[]): ReportArm['layers'] {
  const tokens = trials.reduce((total, { result }) => total + result.totals.outputTokens, 0);
  if (tokens === 0) return undefined;
  const total = (of: (meter: Observation['result']['totals']['meter']) => number) =>
    trials.reduce((bytes, { result }) => bytes + of(result.totals.meter), 0) / tokens;
  return {
    unit: 'B/token',
    content: total((meter) => meter.contentBytes),
    envelope: total((meter) => meter.envelopeBytes),
    framing: total((meter) => meter.framingBytes),
    headers: total((meter) => meter.headerBytes),
    tls: total((meter) => meter.wireReadBytes - meter.readBytes),
    diagnostics: total((meter) => meter.diagnosticsBytes),
  };
}

/** What an expert asks next: values by launch, the ledger's counts, waiting for the processor, probes of a search. */
function detailsOf(data: ArmData): Record<string, JsonValue> {
  const launches = [...data.launches.entries()];
  const details: Record<string, JsonValue> = {};
  for (const [name, measure] of Object.entries(VALUE_MEASURES)) {
    const values = launches.map(([, trials]) => measure.of(trials));
    if (values.some((value) => value !== null)) details[`${name}ByLaunch`] = values;
  }
  const trials = launches.flatMap(([, list]) => list);
  if (trials.length > 0) {
    const counted = (of: (counts: Observation['ledger']['counts']) => number) =>
      trials.reduce((total, { ledger }) => total + of(ledger.counts), 0);
    details.ledger = {
      tokensJoined: counted((counts) => counts.tokensJoined),
      tokensLost: counted((counts) => counts.tokensLost),
      turnsWithExtra: counted((counts) => counts.turnsWithExtra),
      turnsWithoutLedger: counted((counts) => counts.turnsWithoutLedger),
      callsWithoutTurn: counted((counts) => counts.callsWithoutTurn),
      negativeStamps: counted((counts) => counts.negativeStamps),
    };
    const waits = trials.flatMap(({ cpu }) => (cpu?.waitRatio == null ? [] : [cpu.waitRatio]));
    if (waits.length > 0) details.runQueueWaitRatioMean = waits.reduce((total, wait) => total + wait, 0) / waits.length;
    const rss = trials.flatMap(({ cpu }) => (cpu ? [cpu.rssBytes] : []));
    if (rss.length > 0) details.rssBytesMax = Math.max(...rss);
  }
  if (data.answers.length > 0) {
    details.search = data.answers.map(({ launch, users, atLeast, probes }) => ({
      launch,
      users,
      atLeast,
      probes: probes.map((probe) => ({ ...probe })),
    }));
  }
  return details;
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

interface Asked {
  data: ScenarioData;
  pair: readonly [string, string];
  measure: string;
  question: Question;
}

function questionsOf(data: ScenarioData, byArm: Map<string, ArmData>, seed: number): Asked[] {
  const { scenario, arms } = data;
  const there = new Set(arms.map((arm) => arm.id));
  const [first] = arms;
  const pairs = scenario.pairs ?? arms.slice(1).map((arm) => [first!.id, arm.id] as const);
  return pairs
    .filter((pair) => pair.every((id) => there.has(id)))
    .flatMap((pair) =>
      scenario.measures.map((measure) => {
        const [baseline, candidate] = pair.map((id) => byArm.get(id)!) as [ArmData, ArmData];
        const estimate = ratioOf(measure, baseline, candidate, seed);
        const trials = [...baseline.all, ...candidate.all];
        const excluded = trials.filter(({ reasons }) => reasons.length > 0).length;
        const question: Question = { estimate, direction: directionOf(measure), margin: scenario.margin };
        if (scenario.plan.kind === 'load') question.trials = { excluded, total: trials.length };
        return { data, pair, measure, question };
      }),
    );
}

function ratioOf(name: string, baseline: ArmData, candidate: ArmData, seed: number): RatioEstimate {
  const { measure, quantile } = splitMeasure(name);
  const pairs: Pair[] = [];
  if (measure === SEARCH_MEASURE.name) {
    for (const answer of baseline.answers) {
      const other = candidate.answers.find(({ launch }) => launch === answer.launch);
      if (answer.users === null || other?.users == null) continue;
      if (answer.atLeast || other.atLeast) {
        return unknown(
          `${answer.atLeast ? 'the baseline' : 'the candidate'} is only known to carry at least ${answer.atLeast ? answer.users : other.users} streams`,
        );
      }
      pairs.push({ baseline: answer.users, candidate: other.users });
    }
  } else {
    const measureOf = (trials: readonly Observation[]): number | null => {
      const value = VALUE_MEASURES[measure];
      if (value) return value.of(trials);
      const time = TIME_MEASURES[measure];
      return time ? LatencyHistogram.merge(trials.map(time)).quantileMs(quantile) : null;
    };
    for (const [launch, trials] of baseline.launches) {
      const other = candidate.launches.get(launch);
      const [before, after] = [measureOf(trials), other ? measureOf(other) : null];
      if (before !== null && after !== null) pairs.push({ baseline: before, candidate: after });
    }
  }
  return pairs.length === 0 ? unknown('no launch has a value for both') : ratioOfPairs(pairs, { seed });
}

function unknown(reason: string): RatioEstimate {
  return { ratio: null, interval: null, level: 0.95, launches: 0, meanLog: null, standardErrorLog: null, method: 'none', reason };
}
