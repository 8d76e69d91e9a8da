/**
 * One arm's measure with its interval: each launch gives one value, the values give a mean and a Student interval.
 *
 * Quantiles: all histograms of a launch are merged first and the launch's quantile is read from the sum; what is
 * then averaged over launches is that quantile as an estimator, by its logarithm, since latencies are positive and
 * skewed (the estimate is the geometric mean). Percentiles of parts of a launch are never averaged.
 */
import { average } from './bootstrap.ts';
import { LatencyHistogram, SAMPLES_BEYOND_MIN, samplesBeyond, samplesNeeded } from './histogram.ts';
import { standardError } from './ratio.ts';
import { studentHalfWidth } from './student.ts';

export interface Estimate {
  estimate: number | null;
  interval: [number, number] | null;
  /** Launches that it rests on. */
  launches: number;
  /** Why there is no estimate, or no interval. */
  reason?: string;
}

/** What was counted, not sampled. */
export function exactly(value: number, launches = 1): Estimate {
  return { estimate: value, interval: [value, value], launches };
}

/**
 * @param values one a launch.
 * @param scale `log` for positive, skewed quantities (latencies, CPU a token): geometric mean, interval above 0.
 */
export function meanOf(values: readonly number[], options: { level?: number; scale?: 'linear' | 'log' } = {}): Estimate {
  const { level = 0.95, scale = 'linear' } = options;
  const launches = values.length;
  if (launches === 0) return { estimate: null, interval: null, launches, reason: 'no valid launch' };
  if (!values.every(Number.isFinite)) return { estimate: null, interval: null, launches, reason: 'a launch has no value' };
  // Exact counts stay exact: exp(log x) would not give x back.
  if (launches > 1 && values.every((value) => value === values[0])) return exactly(values[0] as number, launches);
  if (scale === 'log' && !values.every((value) => value > 0)) {
    return { estimate: null, interval: null, launches, reason: 'a value is not positive, so it has no logarithm' };
  }

  const back = scale === 'log' ? Math.exp : (x: number) => x;
  const scaled = scale === 'log' ? values.map(Math.log) : values;
  const mean = average(scaled);
  if (launches === 1) {
    return { estimate: values[0] as number, interval: null, launches, reason: 'a single launch gives no interval' };
  }
  const half = studentHalfWidth(level, launches - 1) * standardError(scaled, mean);
  return { estimate: back(mean), interval: [back(mean - half), back(mean + half)], launches };
}

/**
 * The q-quantile in milliseconds.
 * Where single launches hold too few samples for it but all together hold enough, the quantile of the sum is given
 * without an interval, and the reason says so.
 * @param histograms one a launch, each merged over the launch's trials.
 */
export function quantileMs(histograms: readonly LatencyHistogram[], q: number, level = 0.95): Estimate {
  const filled = histograms.filter((histogram) => histogram.count > 0);
  const values = filled.map((histogram) => histogram.quantileMs(q));
  const known = values.filter((value) => value !== null);
  if (known.length > 0 && known.length === values.length) return meanOf(known, { level, scale: 'log' });

  const name = `p${Number((q * 100).toFixed(4))}`;
  const all = LatencyHistogram.merge(filled);
  const launches = filled.length;
  if (samplesBeyond(all.count, q) < SAMPLES_BEYOND_MIN) {
    return { estimate: null, interval: null, launches, reason: `${all.count} samples; ${name} takes ${samplesNeeded(q)}` };
  }
  const fewest = Math.min(...filled.map((histogram) => histogram.count));
  return {
    estimate: all.quantileMs(q),
    interval: null,
    launches,
    reason: `pooled over launches: the smallest holds ${fewest} samples, ${name} takes ${samplesNeeded(q)} in each`,
  };
}
