/** One arm of a report: its measures with intervals, its bytes by layer, its turns, whether its trials may be believed. */
import type { Measured, Arm as ReportArm, Validity } from '../../reports/report.ts';
import { otherConditions, roundTripsOf, roundTripWords } from '../conditions.ts';
import type { Scenario } from '../scenario.ts';
import { addCodes, addCounts } from '../statistics/accounting.ts';
import { type Estimate, meanOf, quantileMs } from '../statistics/estimate.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import { armValidity } from '../statistics/validity.ts';
import { type ArmData, owns } from './arm-data.ts';
import { curveOf } from './curve.ts';
import { detailsOf } from './details.ts';
import {
  QUANTILE_MEASURES,
  QUANTILES,
  SEARCH_MEASURE,
  TIME_MEASURES,
  VALUE_MEASURES,
  type ValueMeasure,
  worstQuantile,
} from './measures.ts';
import type { Observation, SearchAnswer } from './observation.ts';
import { phasesOfArm } from './phase-splits.ts';
import { pathTrialsOf, reportSlowTurn, slowTurnsOf } from './slow-turns.ts';
import { timelineOf } from './timeline.ts';
import { traceNotes, tracesOf } from './traced.ts';

type Launches = readonly (readonly Observation[])[];

export function reportArm(
  data: ArmData,
  parts: readonly ArmData[],
  { measures: asked, plan }: Pick<Scenario, 'measures' | 'plan'>,
): ReportArm {
  const { arm, role, answers } = data;
  // Trials of a search have loads of all sizes: together they mean nothing but its answer.
  const launches = plan.kind === 'search' ? [] : [...data.launches.values()];
  const { times, histograms } = timesOf(data, launches);
  const layers = role === 'mix' ? undefined : layersOf(launches.flat());
  const timeline = timelineOf(launches.flat());
  const withPhases = pathTrialsOf(data);
  const { splits, notes } = phasesOfArm(withPhases);
  const slowest = slowTurnsOf(withPhases).map((path) => reportSlowTurn(arm.id, path));
  // Trials of a part of a mix are those of the mix, and so are their traces.
  const traces = role === 'part' ? undefined : tracesOf(data.all);
  const allNotes = [...notes, ...traceNotes(traces)];
  const curve = plan.kind === 'search' ? curveOf(answers, plan) : undefined;
  // Turns of a mix are those of its parts: they stand there, so that each stands once in a report.
  const own = role === 'mix' ? [] : data.all.map(({ result }) => result);
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
    ...(role === 'mix' ? { mixOf: parts.map(({ arm: { id } }) => id) } : {}),
    launches: answers.length > 0 ? answers.length : launches.length,
    turns: addCounts(own.map(({ turns }) => turns)),
    codes: addCodes(own.map(({ codes }) => codes)),
    metrics: {
      ...times,
      ...valuesOf(data, launches, asked),
      ...quantilesOf(data, launches),
      ...(answers.length > 0 ? { [SEARCH_MEASURE.name]: measuredSearch(answers) } : {}),
    },
    ...(layers ? { layers } : {}),
    histograms,
    ...(splits.length > 0 ? { phases: splits } : {}),
    ...(slowest.length > 0 ? { slowest } : {}),
    ...(timeline ? { timeline } : {}),
    ...(curve ? { curve } : {}),
    details: detailsOf(data),
    validity: validityOf(data),
    ...(traces ? { traces } : {}),
    ...(allNotes.length > 0 ? { notes: allNotes } : {}),
  };
}

function timesOf(data: ArmData, launches: Launches): { times: ReportArm['metrics']; histograms: Record<string, string> } {
  const times: Record<string, Measured> = {};
  const histograms: Record<string, string> = {};
  for (const [name, of] of Object.entries(TIME_MEASURES)) {
    if (!owns(data, name)) continue;
    const merged = launches.map((trials) => LatencyHistogram.merge(trials.map(of)));
    const all = LatencyHistogram.merge(merged);
    if (all.count === 0) {
      if ((name === 'tpot' || name === 'interChunk') && data.arm.client.transport === 'http' && launches.length > 0) {
        times[name] = { unit: 'ms', estimate: null, interval: null, reason: 'a whole reply has no times between its tokens' };
      }
      continue;
    }
    times[name] = measuredTimes(merged, all);
    histograms[name] = all.encode();
  }
  return { times, histograms };
}

function valuesOf(data: ArmData, launches: Launches, asked: readonly string[]): ReportArm['metrics'] {
  const metrics: Record<string, Measured> = {};
  for (const [name, measure] of Object.entries(VALUE_MEASURES)) {
    if (!owns(data, name) || (measure.onlyWhenAsked && !asked.includes(name))) continue;
    const values = launches.map((trials) => measure.of(trials)).filter((value) => value !== null);
    if (values.length === 0) continue;
    metrics[name] = {
      ...measured(measure.unit, meanOf(values, { scale: measure.logScale ? 'log' : 'linear' }), 'mean'),
      ...boundOf(measure, launches),
    };
  }
  return metrics;
}

function quantilesOf(data: ArmData, launches: Launches): ReportArm['metrics'] {
  const own = Object.keys(QUANTILE_MEASURES).filter((name) => owns(data, name));
  const told = own.map((name) => [name, measuredQuantiles(name, launches)] as const);
  return Object.fromEntries(told.flatMap(([name, times]) => (times ? [[name, times]] : [])));
}

/** Trials are those of the mix, and are counted there. */
function validityOf({ role, mix, all, answers, arm }: ArmData): Validity {
  if (answers.length > 0) return { ok: true, excluded: 0, trials: all.length, reasons: [] };
  if (role !== 'part' || !mix) return armValidity(all.map(({ reasons }) => reasons));
  const { ok } = armValidity(mix.all.map(({ reasons }) => reasons));
  const reason = `too many trials of ${mix.arm.id}, of which it is the part with ${roundTripWords(roundTripsOf(arm.conditions))}, were not valid`;
  return { ok, excluded: 0, reasons: ok ? [] : [reason] };
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

/** Over launches, the mean of what each told. */
function measuredQuantiles(name: string, launches: Launches): Measured | undefined {
  const quantiles: Record<string, number | null> = {};
  const quantileIntervals: Record<string, Measured['interval']> = {};
  for (const quantile of Object.keys(QUANTILES)) {
    const values = launches.map((trials) => worstQuantile(name, trials, quantile)).filter((value) => value !== null);
    if (values.length === 0) continue;
    const { estimate, interval } = meanOf(values, { scale: 'log' });
    quantiles[quantile] = estimate;
    quantileIntervals[quantile] = interval;
  }
  const { p50: estimate } = quantiles;
  if (estimate === undefined) return undefined;
  return { unit: 'ms', estimate, interval: quantileIntervals.p50 ?? null, statistic: 'p50', quantiles, quantileIntervals };
}

/** Where a launch knows only a bound, so does the mean. */
function boundOf({ atLeast }: ValueMeasure, launches: Launches): Pick<Measured, 'bound' | 'reason'> {
  const reasons = launches.flatMap((trials) => atLeast?.(trials) ?? []);
  const [reason] = reasons;
  return reason === undefined ? {} : { bound: 'atLeast', reason: `in ${reasons.length} of ${launches.length} launches ${reason}` };
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
