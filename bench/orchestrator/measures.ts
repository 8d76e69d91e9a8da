/**
 * From observations to measures: one value, or one histogram, a launch for each measure of an arm.
 * The definitions are those of the documentation's table; each formula stands here once.
 */
import type { Unit } from '../../reports/report.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { Direction } from '../statistics/verdict.ts';
import type { Observation } from './observation.ts';

export interface ValueMeasure {
  unit: Unit;
  direction: Direction;
  /** Over all valid trials of one launch; `null` where the arm has no such measure. */
  of: (trials: readonly Observation[]) => number | null;
  /** Values spread by factors, not by differences: averaged as logarithms. */
  logScale: boolean;
  /** It means nothing unless the scenario asks for it. */
  onlyWhenAsked?: true;
}

const ratio = (over: number, under: number): number | null => (under > 0 ? over / under : null);
const sum = (trials: readonly Observation[], of: (trial: Observation) => number): number =>
  trials.reduce((total, trial) => total + of(trial), 0);
const tokens = (trials: readonly Observation[]): number => sum(trials, (trial) => trial.result.totals.outputTokens);
const gatewayNs = (trials: readonly Observation[]): number | null =>
  trials.every((trial) => trial.cpu) ? sum(trials, (trial) => trial.cpu?.windowNs ?? 0) : null;
const per = (over: number | null, under: number): number | null => (over === null ? null : ratio(over, under));

/** Measures that are one number a launch. */
export const VALUE_MEASURES: Readonly<Record<string, ValueMeasure>> = {
  tokenOverhead: {
    unit: 'fraction',
    direction: 'lower',
    logScale: false,
    of: (trials) => {
      const wire = sum(trials, ({ result }) => result.totals.meter.wireReadBytes);
      return ratio(wire - sum(trials, ({ result }) => result.totals.meter.contentBytes), wire);
    },
  },
  tokenOverheadOfContent: {
    unit: 'fraction',
    direction: 'lower',
    logScale: true,
    of: (trials) => {
      const content = sum(trials, ({ result }) => result.totals.meter.contentBytes);
      return ratio(sum(trials, ({ result }) => result.totals.meter.wireReadBytes) - content, content);
    },
  },
  bytesPerToken: {
    unit: 'B/token',
    direction: 'lower',
    logScale: true,
    of: (trials) =>
      ratio(
        sum(trials, ({ result }) => result.totals.meter.wireReadBytes),
        tokens(trials),
      ),
  },
  wireBytes: {
    unit: 'B/turn',
    direction: 'lower',
    logScale: true,
    of: (trials) => {
      const bytes = sum(trials, ({ result: { totals } }) => totals.meter.wireReadBytes + totals.meter.wireWrittenBytes);
      return ratio(
        bytes,
        sum(trials, ({ result }) => result.totals.turns),
      );
    },
  },
  cpuPerToken: {
    unit: 'us/token',
    direction: 'lower',
    logScale: true,
    of: (trials) => per(gatewayNs(trials), sum(trials, ({ ledger }) => ledger.window.tokens) * 1e3),
  },
  cpuPerTurn: {
    unit: 'ms/turn',
    direction: 'lower',
    logScale: true,
    of: (trials) => per(gatewayNs(trials), sum(trials, ({ ledger }) => ledger.window.turns) * 1e6),
  },
  cpuShare: {
    unit: 'fraction',
    direction: 'lower',
    logScale: true,
    of: (trials) => {
      if (!trials.every((trial) => trial.cpu)) return null;
      return ratio(
        sum(trials, ({ cpu }) => cpu?.windowNs ?? 0),
        sum(trials, ({ cpu }) => (cpu?.windowWallNs ?? 0) * (cpu?.cores ?? 1)),
      );
    },
  },
  throughput: {
    onlyWhenAsked: true,
    unit: '1/s',
    direction: 'higher',
    logScale: true,
    // Completed turns over the whole trial: a closed loop is busy from its first moment to its last.
    of: (trials) =>
      ratio(
        sum(trials, ({ result }) => result.totals.turns) * 1e9,
        sum(trials, ({ result }) => result.generator.wallNs),
      ),
  },
  generatorCpuPerToken: {
    unit: 'us/token',
    direction: 'lower',
    logScale: true,
    of: (trials) =>
      ratio(
        sum(trials, ({ result }) => result.generator.cpuNs),
        tokens(trials) * 1e3,
      ),
  },
};

/** Measures that are a distribution: times, in milliseconds, lower is better. */
export const TIME_MEASURES: Readonly<Record<string, (trial: Observation) => LatencyHistogram>> = {
  ttft: ({ result }) => LatencyHistogram.decode(result.histograms.ttft),
  turn: ({ result }) => LatencyHistogram.decode(result.histograms.turn),
  tpot: ({ result }) => LatencyHistogram.decode(result.histograms.tpot),
  interChunk: ({ result }) => LatencyHistogram.decode(result.histograms.interChunk),
  service: ({ result }) => LatencyHistogram.decode(result.histograms.service),
  lateness: ({ result }) => LatencyHistogram.decode(result.histograms.lateness),
  gatewayAdded: ({ ledger }) => ledger.gatewayAdded,
  completionLag: ({ ledger }) => ledger.completionLag,
};

/** `concurrency` comes from a search, not from trials. */
export const SEARCH_MEASURE = { name: 'concurrency', unit: 'streams', direction: 'higher' } as const;

export const QUANTILES: Readonly<Record<string, number>> = { p50: 0.5, p90: 0.9, p99: 0.99, 'p99.9': 0.999 };

/** `turn.p99` → the measure and the quantile; a time without one means its median. */
export function splitMeasure(name: string): { measure: string; quantile: number } {
  const dot = name.indexOf('.');
  if (dot === -1) return { measure: name, quantile: 0.5 };
  return { measure: name.slice(0, dot), quantile: QUANTILES[name.slice(dot + 1)] ?? Number.NaN };
}

export function directionOf(name: string): Direction {
  const { measure } = splitMeasure(name);
  if (measure === SEARCH_MEASURE.name) return SEARCH_MEASURE.direction;
  return VALUE_MEASURES[measure]?.direction ?? 'lower';
}
