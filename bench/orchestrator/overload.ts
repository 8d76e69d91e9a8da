/**
 * What an overload does to a gateway: how much it still gets through, what it refuses, what the turns that it lets in
 * have to wait, and how soon it is itself again. All of it follows from the series of one trial, whose load is easy,
 * then more than the gateway can do, then easy again; the peak that it is measured by comes from a trial before it.
 */
import type { TokenColumns } from '../ledger/columns.ts';
import type { ArrivalRow } from '../ledger/rows.ts';
import type { Extent, OverloadPlan } from '../scenario.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { Load, SeriesBin, TrialResult } from '../trial.ts';
import type { OverloadFacts } from './observation.ts';
import { SERIES_BIN_MS } from './trial-spec.ts';

/** Latencies are normal again when the median of a bin is within this factor of what it was before the overload … */
export const NORMAL_FACTOR = 1.5;
/** … and stays so. */
export const STAYS_MS = 500;

/** Milliseconds from the trial's start. */
export interface Stretches {
  beforeFromMs: number;
  overloadFromMs: number;
  overloadToMs: number;
  endMs: number;
}

/** Edges lie between bins of the series. */
export function stretchesOf({ before, during }: OverloadPlan, { warmupMs, measureMs }: Extent): Stretches {
  const edge = (share: number) => Math.round((warmupMs + measureMs * share) / SERIES_BIN_MS) * SERIES_BIN_MS;
  return { beforeFromMs: edge(0), overloadFromMs: edge(before), overloadToMs: edge(before + during), endMs: warmupMs + measureMs };
}

/** Evenly spaced arrivals: a bin holds few turns, and by chance some bins would have twice as many as others. */
export function overloadLoad({ easy, heavy }: OverloadPlan, { overloadFromMs, overloadToMs }: Stretches, peakPerSecond: number): Load {
  const at = (atMs: number, factor: number) => ({ atMs, sessionsPerSecond: factor * peakPerSecond });
  return {
    kind: 'open',
    sessionsPerSecond: easy * peakPerSecond,
    arrivals: { process: 'constant' },
    ramp: [at(overloadFromMs, easy), at(overloadFromMs, heavy), at(overloadToMs, heavy), at(overloadToMs, easy)],
  };
}

export function overloadFacts(
  { series, windowStartNs }: Pick<TrialResult, 'series' | 'windowStartNs'>,
  arrivals: TokenColumns<ArrivalRow>,
  stretches: Stretches,
  warmupMs: number,
  peakPerSecond: number,
): OverloadFacts {
  const { beforeFromMs, overloadFromMs, overloadToMs, endMs } = stretches;
  const between = (fromMs: number, toMs: number) => series.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const during = between(overloadFromMs, overloadToMs);
  const sum = (of: (bin: SeriesBin) => number) => during.reduce((total, bin) => total + of(bin), 0);
  const due = sum((bin) => bin.due);
  const normalMs = typicalMs(between(beforeFromMs, overloadFromMs));
  const after = between(overloadToMs, endMs);
  const recovery = normalMs === null ? undefined : recoveryMs(after, normalMs * NORMAL_FACTOR);
  const atNs = (ms: number) => windowStartNs + (ms - warmupMs) * 1e6;
  return {
    peakPerSecond,
    goodputShare: (sum((bin) => bin.completions) * 1e3) / (overloadToMs - overloadFromMs) / peakPerSecond,
    refusedShare: due === 0 ? 0 : sum((bin) => bin.refused) / due,
    admitted: turnsDueBetween(arrivals, atNs(overloadFromMs), atNs(overloadToMs)),
    recoveryMs: recovery ?? endMs - overloadToMs,
    recovered: recovery !== undefined,
    normalMs,
  };
}

/** The median of the bins' medians; `null` without any. */
function typicalMs(bins: readonly SeriesBin[]): number | null {
  const medians = bins.flatMap(({ turnMs }) => (turnMs === null ? [] : [turnMs.p50])).sort((a, b) => a - b);
  return medians[(medians.length - 1) >> 1] ?? null;
}

/**
 * From the first bin's beginning to the end of the first one that is normal and begins a stretch that is; `undefined`
 * where none does. A bin in which nothing was due says nothing against it.
 */
function recoveryMs(bins: readonly SeriesBin[], limitMs: number): number | undefined {
  const needed = STAYS_MS / SERIES_BIN_MS;
  let run = 0;
  for (const [index, bin] of bins.entries()) {
    run = isNormal(bin, limitMs) ? run + 1 : 0;
    if (run === needed) return (index - needed + 2) * SERIES_BIN_MS;
  }
  return undefined;
}

function isNormal({ due, refused, lost, turnMs }: SeriesBin, limitMs: number): boolean {
  return due === 0 || (refused === 0 && lost === 0 && turnMs !== null && turnMs.p50 <= limitMs);
}

/** Of turns that completed, from when they were due to the read of their last content. */
export function turnsDueBetween(arrivals: TokenColumns<ArrivalRow>, fromNs: number, toNs: number): LatencyHistogram {
  const turns = new LatencyHistogram();
  for (const row of arrivals.rows) {
    if (row.outcome !== 'completed' || row.intendedNs < fromNs || row.intendedNs >= toNs) continue;
    turns.recordNs((arrivals.timesNsOf(row).at(-1) ?? row.endedNs) - row.intendedNs);
  }
  return turns;
}
