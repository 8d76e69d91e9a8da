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
  /** Of processes or of the trial as a whole: sessions of several round-trip times share it, and none has its own. */
  shared?: true;
  /** Why the true value of a launch lies beyond what `of` says, where it does. */
  atLeast?: (trials: readonly Observation[]) => string | undefined;
}

const ratio = (over: number, under: number): number | null => (under > 0 ? over / under : null);
const sum = (trials: readonly Observation[], of: (trial: Observation) => number): number =>
  trials.reduce((total, trial) => total + of(trial), 0);
const tokens = (trials: readonly Observation[]): number => sum(trials, (trial) => trial.result.totals.outputTokens);
const gatewayNs = (trials: readonly Observation[]): number | null =>
  trials.every((trial) => trial.cpu) ? sum(trials, (trial) => trial.cpu?.windowNs ?? 0) : null;
const per = (over: number | null, under: number): number | null => (over === null ? null : ratio(over, under));
/** `null` where a trial has none. */
const meanOver = (trials: readonly Observation[], of: (trial: Observation) => number | null | undefined): number | null => {
  const values = trials.map(of).filter((value) => value != null);
  return values.length < trials.length
    ? null
    : ratio(
        values.reduce((total, value) => total + value, 0),
        values.length,
      );
};

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
    shared: true,
    unit: 'us/token',
    direction: 'lower',
    logScale: true,
    of: (trials) => per(gatewayNs(trials), sum(trials, ({ ledger }) => ledger.window.tokens) * 1e3),
  },
  cpuPerTurn: {
    shared: true,
    unit: 'ms/turn',
    direction: 'lower',
    logScale: true,
    of: (trials) => per(gatewayNs(trials), sum(trials, ({ ledger }) => ledger.window.turns) * 1e6),
  },
  cpuShare: {
    shared: true,
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
  elu: {
    shared: true,
    unit: 'fraction',
    direction: 'lower',
    logScale: true,
    of: (trials) => meanOver(trials, ({ window }) => window?.loopUtilisation),
  },
  peak: {
    shared: true,
    unit: '1/s',
    direction: 'higher',
    logScale: true,
    of: (trials) => meanOver(trials, ({ overload }) => overload?.peakPerSecond),
  },
  goodputShare: {
    shared: true,
    unit: 'fraction',
    direction: 'higher',
    logScale: true,
    of: (trials) => meanOver(trials, ({ overload }) => overload?.goodputShare),
  },
  refusedShare: {
    shared: true,
    unit: 'fraction',
    direction: 'lower',
    // An arm that never refuses has 0.
    logScale: false,
    of: (trials) => meanOver(trials, ({ overload }) => overload?.refusedShare),
  },
  recovery: {
    shared: true,
    unit: 'ms',
    direction: 'lower',
    logScale: true,
    of: (trials) => meanOver(trials, ({ overload }) => overload?.recoveryMs),
    atLeast: (trials) =>
      trials.every(({ overload }) => overload?.recovered !== false) ? undefined : 'the trial ended before it had recovered',
  },
  throughput: {
    onlyWhenAsked: true,
    shared: true,
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
    shared: true,
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
  besideTurn: ({ result: { beside } }) => (beside ? LatencyHistogram.decode(beside.histograms.turn) : new LatencyHistogram()),
  admittedTurn: ({ overload }) => overload?.admitted ?? new LatencyHistogram(),
};

/**
 * Measures that the gateway keeps as a distribution and tells by its quantiles: times, in milliseconds, lower is better.
 * Quantiles cannot be merged; of a launch's trials the worst stands, which that of all their values together never exceeds.
 */
export const QUANTILE_MEASURES: Readonly<Record<string, (trial: Observation) => Readonly<Record<string, number>> | null | undefined>> = {
  queueWait: ({ window }) => window?.queueWaitMs,
  dispatch: ({ window }) => window?.dispatchMs,
  loopDelay: ({ window }) => window?.loopDelayMs,
};
const SHARED_TIMES: ReadonlySet<string> = new Set(['besideTurn', 'admittedTurn']);

/** Whether sessions of several round-trip times in one trial share the measure, so that it stands for their mix alone. */
export function isShared(name: string): boolean {
  const { measure } = splitMeasure(name);
  if (measure === SEARCH_MEASURE.name || measure in QUANTILE_MEASURES || SHARED_TIMES.has(measure)) return true;
  return VALUE_MEASURES[measure]?.shared === true;
}

/** What the gateway's clock tells apart, and what a logarithm needs: less counts as so much, as in histograms. */
const QUANTILE_MS_MIN = 0.001;

/** Of the measure's quantiles one, by its name (`p99`); `null` where a trial does not have it. */
export function worstQuantile(measure: string, trials: readonly Observation[], quantile: string): number | null {
  const values = trials.map((trial) => QUANTILE_MEASURES[measure]?.(trial)?.[quantile]).filter((value) => value !== undefined);
  return values.length === 0 || values.length < trials.length ? null : Math.max(QUANTILE_MS_MIN, ...values);
}

/** `concurrency` comes from a search, not from trials. */
export const SEARCH_MEASURE = { name: 'concurrency', unit: 'streams', direction: 'higher' } as const;

export const QUANTILES: Readonly<Record<string, number>> = { p50: 0.5, p90: 0.9, p99: 0.99, 'p99.9': 0.999 };

/** `turn.p99` → the measure and the quantile's name; a time without one means its median. */
export function splitMeasure(name: string): { measure: string; quantile: string } {
  const dot = name.indexOf('.');
  return dot === -1 ? { measure: name, quantile: 'p50' } : { measure: name.slice(0, dot), quantile: name.slice(dot + 1) };
}

export function unitOf(name: string): Unit {
  const { measure } = splitMeasure(name);
  if (measure === SEARCH_MEASURE.name) return SEARCH_MEASURE.unit;
  return VALUE_MEASURES[measure]?.unit ?? 'ms';
}

/** What is compared: one number a launch, for any measure that comes from trials. `null` where this launch has none. */
export function launchValue(name: string, trials: readonly Observation[]): number | null {
  const { measure, quantile } = splitMeasure(name);
  const value = VALUE_MEASURES[measure];
  if (value) return value.of(trials);
  const time = TIME_MEASURES[measure];
  if (time) return LatencyHistogram.merge(trials.map(time)).quantileMs(QUANTILES[quantile] ?? Number.NaN);
  return worstQuantile(measure, trials, quantile);
}

export function directionOf(name: string): Direction {
  const { measure } = splitMeasure(name);
  if (measure === SEARCH_MEASURE.name) return SEARCH_MEASURE.direction;
  return VALUE_MEASURES[measure]?.direction ?? 'lower';
}
