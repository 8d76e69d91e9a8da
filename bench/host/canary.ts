/**
 * The canary: a fixed piece of work that only the machine can make slower.
 *
 * It is timed before and after a run. How much its times scatter says how much of any difference the machine itself
 * could have made; a shift between before and after says that the machine changed meanwhile (a neighbour woke up, a
 * governor stepped in). It runs where the orchestrator runs, and measures no gateway.
 */
import { nowNs } from '../../transports/clock.ts';

/** ~3 ms on a machine of 2024: long against the clock and a timer tick, short against the run. */
const ROUNDS = 2_000_000;
const TIMINGS = 12;
/** Until the compiler has settled on the loop. */
const WARM_UPS = 3;

/** One timing a repetition, in nanoseconds. Blocks for about 50 ms. */
export function timeCanary(clock: () => number = nowNs, work: () => void = spin): number[] {
  for (let index = 0; index < WARM_UPS; index += 1) work();
  return Array.from({ length: TIMINGS }, () => {
    const startNs = clock();
    work();
    return clock() - startNs;
  });
}

export interface CanaryReading {
  /** Standard deviation ÷ mean of all timings. */
  cv: number;
  /** Median after ÷ median before. */
  shift: number;
}

export function readCanary(beforeNs: readonly number[], afterNs: readonly number[]): CanaryReading {
  return { cv: coefficientOfVariation([...beforeNs, ...afterNs]), shift: median(afterNs) / median(beforeNs) };
}

/** With the sample's standard deviation (n − 1). */
export function coefficientOfVariation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1)) / mean;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Written to by the work, so that no compiler can leave it out. */
let residue = 1;

/** Xorshift (Marsaglia 2003): each step needs the one before it, so neither width nor memory of the machine matters. */
function spin(): void {
  let state = residue | 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  residue = state;
}
