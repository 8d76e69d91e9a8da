/**
 * The slowest and the failed turns that the live page lists: of each arm the slowest of the last ten minutes, and the
 * latest that did not complete. The feed keeps them for pages that come later, and each page for itself by this same
 * code, so that both always list the same.
 */
import { LIVE_SAMPLES_MAX, LIVE_SPAN_MS, type LiveTurn } from './feed.ts';

const KEPT_MS = LIVE_SAMPLES_MAX * LIVE_SPAN_MS;
export const SLOWEST_MAX = 12;
export const FAILED_MAX = 8;
/** Beyond, those of the arm that was met first are forgotten. */
const ARMS_MAX = 64;

interface Kept {
  slowest: LiveTurn[];
  failed: LiveTurn[];
}

export class WorstTurns {
  readonly #arms = new Map<string, Kept>();

  add(turns: readonly LiveTurn[]): void {
    for (const turn of turns) {
      const { slowest, failed } = this.#of(turn.arm ?? '');
      if (turn.outcome !== 'completed') keep(failed, turn, FAILED_MAX, ({ atMs }) => atMs);
      else keep(slowest, turn, SLOWEST_MAX, ({ durationMs }) => durationMs);
    }
  }

  /** Forgets slow turns of longer ago. */
  expire(nowMs: number): void {
    for (const kept of this.#arms.values()) kept.slowest = kept.slowest.filter(({ atMs }) => atMs > nowMs - KEPT_MS);
  }

  /** All that are kept. */
  list(): LiveTurn[] {
    return [...this.#arms.values()].flatMap(({ slowest, failed }) => [...failed, ...slowest]);
  }

  /**
   * As many as are pleasant to read, of one arm or of all, of which each then has its share: failed turns, the latest
   * first, then the slowest first.
   */
  top(arm: string | null): LiveTurn[] {
    const kept = arm === null ? [...this.#arms.values()] : [this.#arms.get(arm) ?? { slowest: [], failed: [] }];
    const share = (max: number) => Math.max(1, Math.floor(max / kept.length));
    return [
      ...kept.flatMap(({ failed }) => failed.slice(0, share(FAILED_MAX))).sort((a, b) => b.atMs - a.atMs),
      ...kept.flatMap(({ slowest }) => slowest.slice(0, share(SLOWEST_MAX))).sort((a, b) => b.durationMs - a.durationMs),
    ];
  }

  #of(arm: string): Kept {
    let kept = this.#arms.get(arm);
    if (!kept) {
      const [first] = this.#arms.keys();
      if (this.#arms.size >= ARMS_MAX && first !== undefined) this.#arms.delete(first);
      kept = { slowest: [], failed: [] };
      this.#arms.set(arm, kept);
    }
    return kept;
  }
}

/** The most by `rank`, the most first. */
function keep(list: LiveTurn[], turn: LiveTurn, max: number, rank: (turn: LiveTurn) => number): void {
  const place = list.findIndex((other) => rank(other) < rank(turn));
  list.splice(place === -1 ? list.length : place, 0, turn);
  if (list.length > max) list.pop();
}
