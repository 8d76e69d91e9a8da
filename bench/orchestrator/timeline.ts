/** How an arm's trials went over time, laid on top of each other: means of rates, and the median of medians. */
import type { Timeline } from '../../reports/report.ts';
import type { SeriesBin } from '../trial.ts';
import type { Observation } from './observation.ts';

/** `undefined` where the trials kept no series. What came in the drain is not shown: nothing was due there. */
export function timelineOf(trials: readonly Observation[]): Timeline | undefined {
  const series = trials.map(({ result }) => result.series).filter((bins) => bins.length > 1);
  const [first] = series;
  if (!first) return undefined;
  const binMs = first[1]!.atMs - first[0]!.atMs;
  const length = Math.min(...series.map((bins) => bins.findLastIndex(({ due }) => due > 0) + 1));
  const perSecond = (of: (bin: SeriesBin) => number) =>
    Array.from({ length }, (_, bin) => {
      const sum = series.reduce((total, bins) => total + of(bins[bin]!), 0);
      return Number(((sum * 1e3) / binMs / series.length).toFixed(2));
    });
  return {
    binMs,
    offeredPerSecond: perSecond(({ due }) => due),
    completedPerSecond: perSecond(({ completions }) => completions),
    refusedPerSecond: perSecond(({ refused }) => refused),
    turnMs: Array.from({ length }, (_, bin) => median(series.flatMap((bins) => bins[bin]!.turnMs?.p50 ?? []))),
  };
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? null;
}
