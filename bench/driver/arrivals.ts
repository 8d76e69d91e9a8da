/**
 * When sessions arrive in an open loop: constant, Poisson or gamma arrivals, under a rate that may change.
 *
 * The arrivals are a renewal process of rate 1 in operational time, carried to real time through the inverse of the
 * cumulative rate (time-rescaling; Daley and Vere-Jones, "An Introduction to the Theory of Point Processes", 7.4).
 * So the gaps keep their distribution, relative to the rate of the moment, on a ramp too: thinning would do that for
 * Poisson only. The rate is linear between the points of a ramp and constant after its last; two points at one time
 * make a step.
 */
import type { Rng } from '../statistics/rng.ts';
import type { Arrivals, Load } from '../trial.ts';

/** More would be a mistake in a rate: 8 MB of start times, and hours of draws. */
export const SESSIONS_MAX = 1_000_000;

interface Segment {
  fromNs: number;
  durationNs: number;
  /** Rates at its two ends, in sessions a nanosecond. */
  fromRate: number;
  toRate: number;
  /** Sessions expected before it. */
  before: number;
}

/** Sessions expected up to a time, and its inverse. */
export class CumulativeRate {
  readonly #segments: Segment[] = [];

  constructor(load: Pick<Extract<Load, { kind: 'open' }>, 'sessionsPerSecond' | 'ramp'>) {
    let fromNs = 0;
    let fromRate = load.sessionsPerSecond / 1e9;
    let before = 0;
    for (const { atMs, sessionsPerSecond } of load.ramp ?? []) {
      const durationNs = atMs * 1e6 - fromNs;
      const toRate = sessionsPerSecond / 1e9;
      // A step has no duration: only the rate changes.
      if (durationNs > 0) this.#segments.push({ fromNs, durationNs, fromRate, toRate, before });
      before += ((fromRate + toRate) / 2) * Math.max(0, durationNs);
      fromNs = atMs * 1e6;
      fromRate = toRate;
    }
    this.#segments.push({ fromNs, durationNs: Number.POSITIVE_INFINITY, fromRate, toRate: fromRate, before });
  }

  expectedBy(atNs: number): number {
    const segment = this.#segments.findLast(({ fromNs }) => fromNs <= atNs) ?? this.#segments[0]!;
    const elapsedNs = Math.max(0, atNs - segment.fromNs);
    return segment.before + segment.fromRate * elapsedNs + (slope(segment) / 2) * elapsedNs ** 2;
  }

  /** @returns Infinity when so many are never reached. */
  timeNsOf(expected: number): number {
    const segment = this.#segments.findLast(({ before }) => before <= expected) ?? this.#segments[0]!;
    const left = expected - segment.before;
    if (left === 0) return segment.fromNs;
    // The root of rate·t + slope/2·t² = left, in the form that stays exact as the slope goes to 0.
    const root = Math.sqrt(Math.max(0, segment.fromRate ** 2 + 2 * slope(segment) * left));
    return segment.fromNs + (2 * left) / (segment.fromRate + root);
  }
}

function slope({ fromRate, toRate, durationNs }: Segment): number {
  return (toRate - fromRate) / durationNs;
}

/**
 * Start times of all sessions before `untilNs`, ascending, in whole nanoseconds.
 * Constant arrivals begin at 0; the others with a first gap.
 * @throws RangeError above `SESSIONS_MAX`: whoever read the load has checked what is to be expected.
 */
export function arrivalTimesNs(load: Extract<Load, { kind: 'open' }>, untilNs: number, random: Rng): Float64Array {
  const rate = new CumulativeRate(load);
  const gap = gapOf(load.arrivals, random);
  const timesNs: number[] = [];
  for (let expected = load.arrivals.process === 'constant' ? 0 : gap(); ; expected += gap()) {
    const atNs = Math.round(rate.timeNsOf(expected));
    if (!(atNs < untilNs)) return Float64Array.from(timesNs);
    if (timesNs.length === SESSIONS_MAX) throw new RangeError(`more than ${SESSIONS_MAX} sessions arrive`);
    timesNs.push(atNs);
  }
}

/** Gaps of mean 1. */
function gapOf(arrivals: Arrivals, random: Rng): () => number {
  switch (arrivals.process) {
    case 'constant':
      return () => 1;
    case 'poisson':
      return () => random.exponential();
    case 'gamma': {
      // A gamma variable of shape k has the coefficient of variation 1/√k.
      const shape = 1 / arrivals.cv ** 2;
      return () => random.gamma(shape) / shape;
    }
  }
}

/**
 * Coefficient of variation of the gaps between the times in [fromNs, toNs): sample standard deviation ÷ mean.
 * `null` with fewer than two gaps.
 */
export function interArrivalCv(timesNs: Float64Array, fromNs: number, toNs: number): number | null {
  const inside = timesNs.filter((atNs) => atNs >= fromNs && atNs < toNs);
  const gaps = inside.length - 1;
  if (gaps < 2) return null;
  const meanNs = (inside.at(-1)! - inside[0]!) / gaps;
  if (meanNs === 0) return null;
  let squares = 0;
  for (let i = 1; i <= gaps; i += 1) squares += (inside[i]! - inside[i - 1]! - meanNs) ** 2;
  return Math.sqrt(squares / (gaps - 1)) / meanNs;
}
