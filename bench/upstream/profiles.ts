/**
 * How fast models answer: the profiles of the mock LLM, from measured quantiles.
 *
 * Times to the first token and times per token (one draw a turn) are close to log-normal, so a profile is a median
 * and a spread. The spread σ is the least-squares fit of the quantiles above the median in the logarithm,
 * σ = Σ z·ln(x/median) ÷ Σ z²; with two of them (p90, p99) each is met within 4 %.
 */

/** A log-normal by its median and the standard deviation of its logarithm. */
export interface Spread {
  medianMs: number;
  sigma: number;
}

export interface Profile {
  ttft: Spread;
  /** Per output token, stalls included: (last − first) ÷ (tokens − 1). */
  tpot: Spread;
  /** Tokens in one chunk, each number as likely. */
  chunk: { min: number; max: number };
  stalls: boolean;
  jitter: boolean;
}

/** Quantiles of the standard normal distribution. */
const Z = { p90: 1.281552, p99: 2.326348 };
/** Where only a median is known. Measured times per token of hosted models scatter by 0.22–0.24. */
const SIGMA_ASSUMED = 0.25;

function spread(medianMs: number, known: { p90?: number; p99?: number } = {}): Spread {
  let sum = 0;
  let squares = 0;
  for (const name of ['p90', 'p99'] as const) {
    const quantileMs = known[name];
    if (quantileMs === undefined) continue;
    sum += Z[name] * Math.log(quantileMs / medianMs);
    squares += Z[name] ** 2;
  }
  return { medianMs, sigma: squares === 0 ? SIGMA_ASSUMED : sum / squares };
}

export const PROFILES = {
  /** For differences that 15 ms a token would hide. */
  fast: { ttft: spread(50), tpot: spread(1), chunk: { min: 1, max: 4 }, stalls: true, jitter: true },
  'haiku-4.5-like': {
    ttft: spread(1_120, { p90: 1_900, p99: 3_070 }),
    tpot: spread(8, { p99: 13.5 }),
    chunk: { min: 5, max: 5 },
    stalls: true,
    jitter: true,
  },
  'opus-4.5-like': {
    ttft: spread(2_430, { p90: 4_330, p99: 6_390 }),
    tpot: spread(17.9, { p99: 31.2 }),
    chunk: { min: 5, max: 5 },
    stalls: true,
    jitter: true,
  },
  /** Its time to the first token was not measured; half a second is an assumption. */
  'gpt-mini-like': { ttft: spread(500), tpot: spread(11), chunk: { min: 1, max: 1 }, stalls: true, jitter: true },
  'vllm-light': { ttft: spread(27, { p99: 98 }), tpot: spread(6.1, { p99: 18.7 }), chunk: { min: 1, max: 1 }, stalls: true, jitter: true },
  'vllm-16': {
    ttft: spread(2_650, { p99: 4_610 }),
    tpot: spread(46.6, { p99: 258 }),
    chunk: { min: 1, max: 1 },
    stalls: true,
    jitter: true,
  },
  /** No chance in it: for tests, and for measuring the instrument. */
  fixed: { ttft: spread(50), tpot: spread(20), chunk: { min: 1, max: 1 }, stalls: false, jitter: false },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;
export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ProfileName[];

export function isProfile(name: string): name is ProfileName {
  return Object.hasOwn(PROFILES, name);
}
