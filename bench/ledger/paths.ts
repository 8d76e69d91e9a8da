/**
 * What is kept of a trial's turns to say what their time is made of: paths of those that completed, and of the slowest
 * and the failed ones, whatever their number. A trial may have more turns than anyone needs for a mean, so of very many
 * every n-th is kept; the slowest are looked for among all.
 */
import type { TokenColumns } from './columns.ts';
import type { TurnJoin } from './join.ts';
import { pathOf, type TurnPath, wholeMs } from './path.ts';
import type { ArrivalRow } from './rows.ts';

/** Of the turns that came over one link. */
export interface TrialPaths {
  /** Completed turns that brought phases. */
  turns: readonly TurnPath[];
  /** So many completed without. */
  without: number;
  /** Completed, by their whole time, the slowest first. */
  slowest: readonly TurnPath[];
  /** Neither completed nor dropped, the slowest first. */
  failed: readonly TurnPath[];
}

/** A hundredth of them is enough to say what is above p99. */
export const PATHS_MAX = 4_000;
/** As many as a report tells of an arm. */
export const SLOWEST_MAX = 10;

/** By link; one without links. */
export function pathsOf(arrivals: TokenColumns<ArrivalRow>, joins: readonly TurnJoin[], links: number): TrialPaths[] {
  const joinOf = new Map(joins.map((join) => [join.key, join]));
  const rows = arrivals.rows.filter(({ measured, outcome }) => measured && outcome !== 'dropped');
  const paths = rows.map((row) => pathOf(row, joinOf.get(row.key)));
  return Array.from({ length: links }, (_, index) => keep(paths.filter(({ link }) => link === index)));
}

function keep(paths: readonly TurnPath[]): TrialPaths {
  const completed = paths.filter(({ outcome }) => outcome === 'completed');
  const known = completed.filter(({ phases }) => phases !== undefined);
  const stride = Math.ceil(known.length / PATHS_MAX);
  return {
    turns: known.filter((_, index) => index % stride === 0),
    without: completed.length - known.length,
    slowest: slowestOf(completed),
    failed: slowestOf(paths.filter(({ outcome }) => outcome !== 'completed')),
  };
}

export function slowestOf(paths: readonly TurnPath[]): TurnPath[] {
  return [...paths].sort((a, b) => wholeMs(b) - wholeMs(a)).slice(0, SLOWEST_MAX);
}
