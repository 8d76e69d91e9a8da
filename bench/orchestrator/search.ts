/**
 * Finds the largest load at which something still holds, in few probes: a pure walk over a geometric grid, doubling
 * its step until it has a bracket, then halving it. Later launches start where earlier ones ended, so that a launch
 * costs a handful of probes and its answer is its own.
 */

export interface Grid {
  min: number;
  max: number;
  /** One step up multiplies by this. */
  ratio: number;
}

export function gridValue(grid: Grid, index: number): number {
  return Math.min(grid.max, Math.round(grid.min * grid.ratio ** index));
}

export function gridTop(grid: Grid): number {
  return Math.ceil(Math.log(grid.max / grid.min) / Math.log(grid.ratio));
}

/** `limited`: the instrument, not the target, gave out. */
export type ProbeResult = 'holds' | 'fails' | 'limited';

export interface Answer {
  /** `null`: it did not hold anywhere that was tried. */
  index: number | null;
  atLeast: boolean;
}

export class Search {
  readonly #top: number;
  #low = -1;
  #high: number;
  #limited = false;
  #next: number;
  #step: number;
  #probesLeft: number;

  /** @param step how far the first steps go, in grid indices. */
  constructor(grid: Grid, start: number, step: number, probesMax: number) {
    this.#top = gridTop(grid);
    this.#high = this.#top + 1;
    this.#next = Math.max(0, Math.min(this.#top, start));
    this.#step = step;
    this.#probesLeft = probesMax;
  }

  /** The index to probe, or `undefined` when the answer stands. */
  get next(): number | undefined {
    const closed = this.#high - this.#low <= 1;
    return closed || this.#probesLeft <= 0 ? undefined : this.#next;
  }

  tell(result: ProbeResult): void {
    this.#probesLeft -= 1;
    const at = this.#next;
    if (result === 'holds') this.#low = Math.max(this.#low, at);
    else if (at < this.#high) {
      this.#high = at;
      this.#limited = result === 'limited';
    }
    const bracketed = this.#low >= 0 && this.#high <= this.#top;
    if (bracketed) this.#next = Math.floor((this.#low + this.#high) / 2);
    else if (this.#low >= 0) this.#next = Math.min(this.#top, this.#low + this.#step);
    else this.#next = Math.max(0, this.#high - this.#step);
    if (!bracketed) this.#step *= 2;
  }

  get answer(): Answer {
    // Without a failure above it, the highest that held is only a lower bound.
    return { index: this.#low < 0 ? null : this.#low, atLeast: this.#limited || this.#high > this.#top };
  }
}
