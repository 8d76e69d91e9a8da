/** Turns with phases of choice, as trials would bring them. */
import type { PathPhase, TurnPath } from '../../ledger/path.ts';
import { PATH_PHASES } from '../../ledger/path.ts';
import type { TrialPaths } from '../../ledger/paths.ts';
import type { Observation } from '../observation.ts';
import { observe } from './observations.ts';

const MS = 1e6;

export interface PathSpec {
  ms?: Partial<Record<PathPhase, number>>;
  residualMs?: number;
  modelMs?: number | null;
  /** The gateway's clock is not this host's. */
  elsewhere?: true;
  over?: Partial<TurnPath>;
}

/** Due at 1 s; each phase that is not told takes no time. */
export function path(key: string, { ms = {}, residualMs = 0, modelMs = null, elsewhere, over }: PathSpec = {}): TurnPath {
  const names = PATH_PHASES.filter((name) => !elsewhere || name !== 'returnTransit');
  const all = Object.fromEntries(names.map((name) => [name, ms[name] ?? 0]));
  const insideMs = names.reduce((sum, name) => sum + (all[name] ?? 0), residualMs);
  const intendedNs = 1_000 * MS;
  const startedNs = intendedNs + (ms.scheduleLag ?? 0) * MS;
  const endedNs = intendedNs + insideMs * MS;
  const gateway = { receivedAtNs: startedNs + (ms.transit ?? 0) * MS, sentAtNs: endedNs - (ms.returnTransit ?? 0) * MS };
  return {
    key,
    link: 0,
    outcome: 'completed',
    code: undefined,
    traceparent: undefined,
    intendedNs,
    startedNs,
    lastContentNs: endedNs,
    endedNs,
    phases: { ms: all, residualMs, gateway: elsewhere ? undefined : gateway },
    modelMs,
    ...over,
  };
}

/** An observation whose trial kept these. */
export function observePaths(turns: readonly TurnPath[], more: Partial<TrialPaths> = {}, launch = 0): Observation {
  return observe('arm', launch, 10, 10, { paths: [{ turns, without: 0, slowest: turns, failed: [], ...more }] });
}
