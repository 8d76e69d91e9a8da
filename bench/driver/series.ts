/**
 * How a trial went over time: turns by the stretch that they were due in, and completions by the stretch that they came
 * in. For what a whole window hides, such as how soon a target is itself again after an overload.
 *
 * All counters are made before the trial. Times of completed turns are put aside as they come, and belong to a stretch
 * only when the trial is over: medians by stretch are then exact.
 */
import type { SeriesBin } from '../trial.ts';
import type { RunOutcome } from './turn-run.ts';

export interface SeriesOptions {
  startNs: number;
  /** Nothing is due from here on. */
  windowEndNs: number;
  /** Nor in flight from here on. */
  endNs: number;
  binNs: number;
}

export const SERIES_BINS_MAX = 10_000;
/** 12 bytes each; more room is made where it does not suffice. */
const TURNS_FIRST = 16_384;

export class Series {
  readonly #startNs: number;
  readonly #binNs: number;
  readonly #windowBins: number;
  readonly #due: Uint32Array;
  readonly #completed: Uint32Array;
  readonly #refused: Uint32Array;
  readonly #completions: Uint32Array;
  /** One entry a completed turn: the stretch that it was due in, and what it took. */
  #turnBins = new Uint32Array(TURNS_FIRST);
  #turnsNs = new Float64Array(TURNS_FIRST);
  #turns = 0;

  constructor({ startNs, windowEndNs, endNs, binNs }: SeriesOptions) {
    this.#startNs = startNs;
    this.#binNs = binNs;
    this.#windowBins = Math.ceil((windowEndNs - startNs) / binNs);
    // One more, since the end of the drain is not punctual to the nanosecond.
    const bins = Math.ceil((endNs - startNs) / binNs) + 1;
    this.#due = new Uint32Array(bins);
    this.#completed = new Uint32Array(bins);
    this.#refused = new Uint32Array(bins);
    this.#completions = new Uint32Array(bins);
  }

  offered(dueNs: number): void {
    this.#due[this.#binOf(dueNs)]! += 1;
  }

  /** @param turnNs from when it was due to its last content. */
  ended(dueNs: number, outcome: RunOutcome['kind'], endedNs: number, turnNs: number): void {
    const bin = this.#binOf(dueNs);
    if (outcome === 'refused') this.#refused[bin]! += 1;
    if (outcome !== 'completed') return;
    this.#completed[bin]! += 1;
    this.#completions[this.#binOf(endedNs)]! += 1;
    if (this.#turns === this.#turnsNs.length) this.#grow();
    this.#turnBins[this.#turns] = bin;
    this.#turnsNs[this.#turns] = turnNs;
    this.#turns += 1;
  }

  /** All of the window, and of the drain as far as turns completed in it. */
  bins(): SeriesBin[] {
    const count = Math.max(this.#windowBins, this.#completions.findLastIndex((completions) => completions > 0) + 1);
    const turnsNs = this.#turnsByBin(count);
    return Array.from({ length: count }, (_, bin) => {
      const [due, completed, refused] = [this.#due[bin]!, this.#completed[bin]!, this.#refused[bin]!];
      return {
        atMs: (bin * this.#binNs) / 1e6,
        due,
        completed,
        refused,
        lost: due - completed - refused,
        turnMs: turnMs(turnsNs[bin]!),
        completions: this.#completions[bin]!,
      };
    });
  }

  #turnsByBin(count: number): number[][] {
    const turnsNs: number[][] = Array.from({ length: count }, () => []);
    for (let turn = 0; turn < this.#turns; turn += 1) turnsNs[this.#turnBins[turn]!]!.push(this.#turnsNs[turn]!);
    return turnsNs;
  }

  #binOf(atNs: number): number {
    return Math.min(this.#due.length - 1, Math.floor((atNs - this.#startNs) / this.#binNs));
  }

  #grow(): void {
    const bins = new Uint32Array(this.#turnBins.length * 2);
    const turnsNs = new Float64Array(bins.length);
    bins.set(this.#turnBins);
    turnsNs.set(this.#turnsNs);
    this.#turnBins = bins;
    this.#turnsNs = turnsNs;
  }
}

/** The median is the smallest value that half of the turns do not exceed. To the microsecond. */
function turnMs(turnsNs: number[]): SeriesBin['turnMs'] {
  if (turnsNs.length === 0) return null;
  turnsNs.sort((a, b) => a - b);
  const ms = (ns: number) => Math.round(ns / 1e3) / 1e3;
  return { p50: ms(turnsNs[Math.ceil(turnsNs.length / 2) - 1]!), max: ms(turnsNs.at(-1)!) };
}
