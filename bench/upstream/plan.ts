/**
 * What a reply's timing will be: drawn when the turn begins, from the turn's key alone (less its trial's name).
 *
 * Nothing depends on when or in which order turns arrive, so all arms of a comparison face the same draws. Each
 * quantity has a random stream of its own: a turn keeps its time to the first token when only the chunks change.
 */
import { type Rng, rng } from '../statistics/rng.ts';
import type { Model } from './model.ts';
import type { Spread } from './profiles.ts';

/** One entry a chunk: when it is due after the request's arrival, and how many tokens it holds. */
export interface Plan {
  /** Of the first chunk; also for a reply without any. */
  ttftNs: number;
  offsetsNs: Float64Array;
  tokens: Uint16Array;
}

/** A chunk in 67 comes late: its gap is 3 to 6 times as long, each factor as likely. */
export const STALLS = { share: 0.015, min: 3, max: 6 } as const;
/** Part of every seed; another number would be another, equally good, set of draws. */
const SEED = 0;

/** @param ordinal how many calls of this key and round came before; a retry has draws of its own. */
export function plan(drawKey: string, ordinal: number, model: Model, tokens: number): Plan {
  const draws = rng(`upstream/${SEED}/${drawKey}/${ordinal}`);
  const ttftNs = Math.round(draw(model.ttft, model.jitter, draws.fork('ttft')) * 1e6);
  const chunks = chunkTokens(model, tokens, draws.fork('chunks'));
  // The profile's time per token includes its stalls.
  const stallCost = model.stalls ? 1 + STALLS.share * ((STALLS.min + STALLS.max) / 2 - 1) : 1;
  const tokenNs = (draw(model.tpot, model.jitter, draws.fork('tpot')) * 1e6) / stallCost;
  const stalls = draws.fork('stalls');
  const offsetsNs = new Float64Array(chunks.length);
  let atNs = ttftNs;
  for (let index = 0; index < chunks.length; index += 1) {
    if (index > 0) atNs += chunks[index]! * tokenNs * (model.stalls ? stallFactor(stalls) : 1);
    offsetsNs[index] = Math.round(atNs);
  }
  return { ttftNs, offsetsNs, tokens: chunks };
}

function draw(spread: Spread, jitter: boolean, random: Rng): number {
  return jitter ? spread.medianMs * Math.exp(spread.sigma * random.normal()) : spread.medianMs;
}

function chunkTokens({ chunk }: Model, tokens: number, random: Rng): Uint16Array {
  const sizes = new Uint16Array(Math.ceil(tokens / chunk.min));
  let count = 0;
  for (let left = tokens; left > 0; count += 1) {
    const size = chunk.min === chunk.max ? chunk.min : chunk.min + random.integer(chunk.max - chunk.min + 1);
    sizes[count] = Math.min(size, left);
    left -= size;
  }
  return sizes.subarray(0, count);
}

/** One draw a gap, whether it stalls or not, so that a stall does not shift those after it. */
function stallFactor(random: Rng): number {
  const { share, min, max } = STALLS;
  const drawn = random.next();
  return drawn < share ? min + (max - min) * (drawn / share) : 1;
}

/** The next time of the grid that all streams share, at or after `atNs`. */
export function nextStepNs(atNs: number, stepNs: number): number {
  return Math.ceil(atNs / stepNs) * stepNs;
}
