/**
 * How many times the baseline the candidate is, from pairs measured side by side.
 *
 * A machine drifts by a factor of two from minute to minute, and both arms of a launch drift together: so arms are
 * compared within a launch, as the logarithm of candidate ÷ baseline (in which twice and half are equally far), and
 * only these logarithms are averaged. The launch is the unit of replication: pairs inside one launch share its heap
 * layout, its JIT decisions and its luck, and pooling them as if independent gives several times the nominal false
 * alarms. With n launches the interval is mean ± t(n − 1) × s/√n, taken back through the exponential.
 */
import { average, BOOTSTRAP_LAUNCHES_MIN, bootstrapMean } from './bootstrap.ts';
import { rng } from './rng.ts';
import { studentHalfWidth } from './student.ts';

export interface Pair {
  baseline: number;
  candidate: number;
}

export interface RatioEstimate {
  /** Candidate ÷ baseline; the geometric mean over launches. */
  ratio: number | null;
  interval: [number, number] | null;
  level: number;
  launches: number;
  /** Of the log-ratios, for tests: their mean, and its standard error (`null` with fewer than two launches). */
  meanLog: number | null;
  standardErrorLog: number | null;
  /** From 20 launches on the interval is bootstrapped; tests stay Student's. */
  method: 'student' | 'bootstrap' | 'none';
  /** Why there is no ratio, or no interval. */
  reason?: string;
}

/**
 * One launch's log-ratio from its interleaved blocks: their mean, without the `trim` outermost share on each side
 * (0.25 drops the lowest and the highest quarter). `null` where a value is not positive: such a ratio has no logarithm.
 */
export function logRatioOfBlocks(blocks: readonly Pair[], trim = 0): number | null {
  const logs: number[] = [];
  for (const block of blocks) {
    const log = logRatio(block);
    if (log === null) return null;
    logs.push(log);
  }
  if (logs.length === 0) return null;
  logs.sort((a, b) => a - b);
  const cut = Math.min(Math.floor(logs.length * trim), Math.floor((logs.length - 1) / 2));
  return average(logs.slice(cut, logs.length - cut));
}

/** @param pairs one a launch. */
export function ratioOfPairs(pairs: readonly Pair[], options: { level?: number; seed?: number | string } = {}): RatioEstimate {
  const logs: number[] = [];
  for (const pair of pairs) {
    const log = logRatio(pair);
    if (log === null) {
      return none(
        options.level ?? 0.95,
        pairs.length,
        `a value is not positive (${pair.baseline} → ${pair.candidate}), so there is no ratio`,
      );
    }
    logs.push(log);
  }
  return ratioOfLogs(logs, options);
}

/** @param logs one log-ratio a launch. */
export function ratioOfLogs(logs: readonly number[], options: { level?: number; seed?: number | string } = {}): RatioEstimate {
  const level = options.level ?? 0.95;
  const launches = logs.length;
  if (launches === 0) return none(level, 0, 'no launch has both arms');
  const meanLog = average(logs);
  const ratio = Math.exp(meanLog);
  if (launches === 1) return { ...none(level, 1, 'a single launch gives no interval'), ratio, meanLog };

  const standardErrorLog = standardError(logs, meanLog);
  if (launches >= BOOTSTRAP_LAUNCHES_MIN && standardErrorLog > 0) {
    const [low, high] = bootstrapMean(logs, level, rng(options.seed ?? 'ratio'));
    return { ratio, interval: [Math.exp(low), Math.exp(high)], level, launches, meanLog, standardErrorLog, method: 'bootstrap' };
  }
  const half = standardErrorLog === 0 ? 0 : studentHalfWidth(level, launches - 1) * standardErrorLog;
  const interval: [number, number] = [Math.exp(meanLog - half), Math.exp(meanLog + half)];
  return { ratio, interval, level, launches, meanLog, standardErrorLog, method: 'student' };
}

/** Of the mean. Equal values give exactly 0, so that what was counted exactly gets the interval [x, x]. */
export function standardError(values: readonly number[], mean: number): number {
  if (values.every((value) => value === values[0])) return 0;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

function logRatio(pair: Pair): number | null {
  const log = Math.log(pair.candidate / pair.baseline);
  return pair.candidate > 0 && pair.baseline > 0 && Number.isFinite(log) ? log : null;
}

function none(level: number, launches: number, reason: string): RatioEstimate {
  return { ratio: null, interval: null, level, launches, meanLog: null, standardErrorLog: null, method: 'none', reason };
}
