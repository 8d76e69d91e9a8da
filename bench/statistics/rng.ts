/**
 * Seeded random numbers for everything that bench/ draws: schedules, lengths, the order of arms, bootstraps.
 *
 * The same seed gives the same draws on every machine, so that two arms face the same turns and a report can be
 * run again. Streams are forked by label: a consumer that draws once more does not shift its neighbour's draws.
 *
 * Generator: sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state, seeded by splitmix32-style mixing
 * (the 32-bit finaliser of MurmurHash3, Austin Appleby) of an FNV-1a hash of the seed's text.
 */

export interface Rng {
  /** Uniform in [0, 1), 53 bits. */
  next(): number;
  /** Uniform in [min, max). */
  uniform(min: number, max: number): number;
  /** Standard normal. */
  normal(): number;
  /** Mean 1. */
  exponential(): number;
  /** Scale 1, so mean and variance are `shape` (> 0). */
  gamma(shape: number): number;
  /** Uniform in {0, …, n − 1}; n from 1 to 2^32. */
  integer(n: number): number;
  /** A shuffled copy. */
  shuffle<T>(array: readonly T[]): T[];
  /** An independent stream, decided by this stream's seed and the label alone, not by what was drawn before. */
  fork(label: string | number): Rng;
}

export function rng(seed: number | string): Rng {
  return new Sfc32(String(seed));
}

class Sfc32 implements Rng {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spareNormal: number | undefined;

  constructor(seed: string) {
    this.#seed = seed;
    const mix = mixer(seed);
    this.#a = mix();
    this.#b = mix();
    this.#c = mix();
    // PractRand's own seeding discards the first outputs, until the state is mixed.
    for (let i = 0; i < 15; i += 1) this.#uint32();
  }

  #uint32(): number {
    const out = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + out) | 0;
    return out >>> 0;
  }

  next(): number {
    const high = this.#uint32() >>> 5;
    const low = this.#uint32() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  uniform(min: number, max: number): number {
    return min + (max - min) * this.next();
  }

  /** Polar method of Marsaglia and Bray (1964); it makes two at a time. */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const u = 2 * this.next() - 1;
      const v = 2 * this.next() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spareNormal = v * factor;
      return u * factor;
    }
  }

  exponential(): number {
    return -Math.log(1 - this.next());
  }

  /** Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000). */
  gamma(shape: number): number {
    if (!(shape > 0)) throw new RangeError(`gamma: shape ${shape} is not positive`);
    // Their §6: for shape < 1 draw at shape + 1 and scale by U^(1/shape).
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.next()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      if (Math.log(1 - this.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 4_294_967_296) throw new RangeError(`integer: ${n} is not an integer from 1 to 2^32`);
    // Rejection, so that no value is likelier than another.
    const limit = 4_294_967_296 - (4_294_967_296 % n);
    for (;;) {
      const draw = this.#uint32();
      if (draw < limit) return draw % n;
    }
  }

  /** Fisher–Yates, as Durstenfeld wrote it (1964). */
  shuffle<T>(array: readonly T[]): T[] {
    const copy = [...array];
    for (let i = copy.length - 1; i > 0; i -= 1) {
      const j = this.integer(i + 1);
      const held = copy[i] as T;
      copy[i] = copy[j] as T;
      copy[j] = held;
    }
    return copy;
  }

  fork(label: string | number): Rng {
    return new Sfc32(`${this.#seed}/${label}`);
  }
}

/** A sequence of well-mixed 32-bit words from a text. */
function mixer(text: string): () => number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  }
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return (word ^ (word >>> 16)) | 0;
  };
}
