/**
 * Computes for a while: the work of an agent between inferences, in a form that a benchmark can dose. The work is real
 * (numbers drawn, sorted and hashed in JavaScript), so that it touches memory and the compiler as work does, and is
 * counted in processor time of its thread: on a crowded machine it takes longer, and does not become less.
 *
 * It is done synchronously in pieces; between two of them whatever else the thread has to do is done.
 */
import { integer } from './parameters.ts';
import { tool } from './tool.ts';

const MS_MAX = 600_000;
/** About 0.2 ms of work: how exactly the time is kept. */
const NUMBERS = 2_048;

export const compute = tool(
  'compute',
  'Computes for about as much processor time as is asked for, and returns a digest of the result.',
  {
    required: { ms: integer('Milliseconds of processor time.', 0, MS_MAX) },
    optional: { blockMs: integer('At most this long without a break. Default: all of it.', 1, MS_MAX) },
  },
  async ({ ms, blockMs = Number.POSITIVE_INFINITY }, { signal }) => {
    let digest = FNV_BASIS;
    let usedMs = 0;
    while (usedMs < ms) {
      const piece = computePiece(digest, ms - usedMs, blockMs);
      digest = piece.digest;
      usedMs += piece.usedMs;
      if (usedMs < ms) await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
    return JSON.stringify({ digest: digest.toString(16), ms: Math.round(usedMs) });
  },
);

/** Ends after so much processor time, or so much time by the clock: what waits for the thread waits by the clock. */
function computePiece(seed: number, cpuMsMax: number, clockMsMax: number): { digest: number; usedMs: number } {
  const startCpuMs = cpuMs();
  const startMs = performance.now();
  let digest = seed;
  let usedMs = 0;
  do {
    digest = sortAndHash(digest);
    usedMs = cpuMs() - startCpuMs;
  } while (usedMs < cpuMsMax && performance.now() - startMs < clockMsMax);
  return { digest, usedMs };
}

/** Of this thread. The system may count no finer than its timer ticks: 4 ms, or 1. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

const FNV_BASIS = 0x811c9dc5;
const numbers = new Int32Array(NUMBERS);

/** Numbers by xorshift (Marsaglia 2003), sorted, and folded by FNV-1a. */
function sortAndHash(seed: number): number {
  let state = seed | 1;
  for (let index = 0; index < NUMBERS; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    numbers[index] = state;
  }
  numbers.sort();
  let hash = FNV_BASIS;
  for (const number of numbers) hash = Math.imul(hash ^ number, 0x01000193);
  return hash >>> 0;
}
