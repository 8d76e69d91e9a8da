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

export interface SearchOptions {
  /** The grid index of the first probe. */
  start: number;
  /** How far the first steps go, in grid indices. */
  step: number;
  probesMax: number;
  /** What held must hold once more before it is the answer. */
  confirm?: boolean;
}

export class Search {
  readonly #top: number;
  readonly #confirm: boolean;
  /** Indices that held, ascending. */
  #held: number[] = [];
  #confirmed = -1;
  #high: number;
  #limited = false;
  #next: number;
  #step: number;
  #probesLeft: number;

  constructor(grid: Grid, { start, step, probesMax, confirm = false }: SearchOptions) {
    this.#top = gridTop(grid);
    this.#high = this.#top + 1;
    this.#next = Math.max(0, Math.min(this.#top, start));
    this.#step = step;
    this.#probesLeft = probesMax;
    this.#confirm = confirm;
  }

  get #low(): number {
    return this.#held.at(-1) ?? -1;
  }

  get #settled(): boolean {
    return this.#high - this.#low <= 1 && (!this.#confirm || this.#low < 0 || this.#confirmed === this.#low);
  }

  /** The index to probe, or `undefined` when the answer stands. */
  get next(): number | undefined {
    return this.#settled || this.#probesLeft <= 0 ? undefined : this.#next;
  }

  tell(result: ProbeResult): void {
    this.#probesLeft -= 1;
    const at = this.#next;
    if (result !== 'holds') {
      if (at < this.#high) {
        this.#high = at;
        this.#limited = result === 'limited';
      }
      // What held before and does not hold now did so by chance.
      this.#held = this.#held.filter((index) => index < this.#high);
    } else if (at === this.#low) this.#confirmed = at;
    else if (at > this.#low) this.#held.push(at);
    this.#next = this.#place();
  }

  #place(): number {
    const low = this.#low;
    if (low >= 0 && this.#high - low <= 1) return low;
    if (low >= 0 && this.#high <= this.#top) return Math.floor((low + this.#high) / 2);
    const step = this.#step;
    this.#step *= 2;
    return low >= 0 ? Math.min(this.#top, low + step) : Math.max(0, this.#high - step);
  }

  get answer(): Answer {
    // Without a failure above it, the highest that held is only a lower bound.
    return { index: this.#low < 0 ? null : this.#low, atLeast: this.#limited || this.#high > this.#top };
  }
}
