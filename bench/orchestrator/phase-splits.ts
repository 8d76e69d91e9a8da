/**
 * What an arm's turns spend their time on: the mean of each phase of the critical path among the turns around the
 * median, among the slowest hundredth, and among all; the turns of all launches together, since a mean needs no launch.
 *
 * And whether the split may be believed. The stamps are independent of each other, so what they leave over says how far
 * they hold together; and the mock LLM keeps a record of its own of how long it took, which the two phases that wait
 * for it must confirm.
 */
import type { PhaseSplit } from '../../reports/report.ts';
import { PATH_PHASES, type PathPhases, type TurnPath, turnMs, wholeMs } from '../ledger/path.ts';
import type { Observation } from './observation.ts';

export interface PhaseFindings {
  splits: readonly PhaseSplit[];
  /** Why they are not what they seem, in sentences; empty where nothing is amiss. */
  notes: readonly string[];
}

/** Means of fewer say little. */
const TAIL_TURNS_MIN = 10;

/** @param trials valid ones of an arm that asked for phases. */
export function phasesOfArm(trials: readonly Observation[]): PhaseFindings {
  const kept = trials.flatMap(({ paths = [] }) => paths);
  const without = kept.reduce((sum, one) => sum + one.without, 0);
  const { turns, notes } = ofOneKind(kept.flatMap((one) => one.turns));
  const groups = groupsOf(turns);
  return {
    splits: groups.map(({ among, of }) => splitOf(among, of)),
    notes: [
      ...(without > 0 ? [`${without} completed turns brought no phases and are in no split`] : []),
      ...notes,
      ...groups.flatMap(({ among, of }) => residualNotes(among, of)),
      // Around the median, since a mean of all tells of a machine that was busy for a moment.
      ...upstreamNotes(groups[0]?.of ?? []),
    ],
  };
}

type Known = TurnPath & { phases: PathPhases };

/** Turns whose two ways are told apart have other phases than those where they are not: the fewer are left out. */
function ofOneKind(turns: readonly TurnPath[]): { turns: Known[]; notes: string[] } {
  const known = turns.filter((turn): turn is Known => turn.phases !== undefined);
  const apart = known.filter(({ phases }) => phases.gateway !== undefined);
  const together = known.filter(({ phases }) => phases.gateway === undefined);
  if (together.length === 0) return { turns: apart, notes: [] };
  if (together.length < apart.length) {
    const note = `${together.length} turns whose gateway’s stamps do not fit between the client’s are in no split`;
    return { turns: apart, notes: [note] };
  }
  const left = apart.length === 0 ? '' : `; ${apart.length} other turns are in no split`;
  return {
    turns: together,
    notes: [`the gateway’s clock is not this host’s: both ways stand as one transit, and there is no residual to check${left}`],
  };
}

interface Group {
  among: PhaseSplit['among'];
  of: readonly Known[];
}

function groupsOf(turns: readonly Known[]): Group[] {
  const sorted = [...turns].sort((a, b) => turnMs(a) - turnMs(b));
  const { length } = sorted;
  if (length === 0) return [];
  const above = (quantile: number) => sorted.slice(Math.ceil(length * quantile));
  const slowest = above(0.99);
  const groups: Group[] = [
    { among: 'p50', of: sorted.slice(Math.floor(length * 0.4), Math.ceil(length * 0.6)) },
    slowest.length >= TAIL_TURNS_MIN ? { among: 'p99', of: slowest } : { among: 'p90', of: above(0.9) },
    { among: 'all', of: sorted },
  ];
  return groups.filter(({ of }) => of.length > 0);
}

function splitOf(among: PhaseSplit['among'], turns: readonly Known[]): PhaseSplit {
  const names = PATH_PHASES.filter((name) => turns[0]?.phases.ms[name] !== undefined);
  return {
    among,
    turns: turns.length,
    meanMs: Object.fromEntries(names.map((name) => [name, micros(mean(turns, ({ phases }) => phases.ms[name] ?? 0))])),
    residualMs: micros(mean(turns, ({ phases }) => phases.residualMs)),
    modelMs: modelOf(turns),
  };
}

const AMONG: Readonly<Record<PhaseSplit['among'], string>> = {
  p50: 'around the median',
  p90: 'above p90',
  p99: 'above p99',
  all: 'of all turns',
};
const RESIDUAL_MS_MAX = 1;
const RESIDUAL_SHARE_MAX = 0.05;

/** Of each turn by its size, so that one that is too long and one that is too short do not cancel out. */
function residualNotes(among: PhaseSplit['among'], turns: readonly Known[]): string[] {
  const residualMs = mean(turns, ({ phases }) => Math.abs(phases.residualMs));
  const limitMs = residualMsMax(mean(turns, wholeMs), modelOf(turns) ?? 0);
  if (residualMs <= limitMs) return [];
  return [
    `phases ${AMONG[among]} leave ${residualMs.toFixed(2)} ms of a turn unaccounted for, more than ${limitMs.toFixed(2)} ms: the split is not to be trusted`,
  ];
}

/** The most that the stamps of a turn may leave over. */
export function residualMsMax(wholeMs: number, modelMs: number): number {
  return Math.max(RESIDUAL_MS_MAX, RESIDUAL_SHARE_MAX * (wholeMs - modelMs));
}

/**
 * The gateway waits for the model as long as the model takes, and for the way there and back. A gateway that holds back
 * what it has, because its client is slow, counts that as back-pressure, during which the model may have gone on.
 */
function upstreamNotes(turns: readonly Known[]): string[] {
  const modelMs = turns.length === 0 ? null : modelOf(turns);
  if (modelMs === null) return [];
  const of = (...names: ('upstreamFirstToken' | 'upstreamStreaming' | 'backPressure')[]) =>
    mean(turns, ({ phases }) => names.reduce((sum, name) => sum + (phases.ms[name] ?? 0), 0));
  const waitedMs = of('upstreamFirstToken', 'upstreamStreaming');
  const slackMs = Math.max(RESIDUAL_MS_MAX, RESIDUAL_SHARE_MAX * modelMs);
  const figures = `${waitedMs.toFixed(1)} ms of upstream phases, ${modelMs.toFixed(1)} ms by the mock LLM’s record`;
  if (waitedMs > modelMs + slackMs)
    return [`the gateway waited longer for the model than that took (${figures}): the leg between them, or late reads`];
  if (of('upstreamFirstToken', 'upstreamStreaming', 'backPressure') < modelMs - slackMs) {
    return [`the gateway’s phases hold less than the model took (${figures}): they are not to be trusted`];
  }
  return [];
}

/** `null` where the mock LLM does not know one of them. */
function modelOf(turns: readonly Known[]): number | null {
  return turns.some((turn) => turn.modelMs === null) ? null : micros(mean(turns, (turn) => turn.modelMs ?? 0));
}

function mean(turns: readonly Known[], of: (turn: Known) => number): number {
  return turns.reduce((sum, turn) => sum + of(turn), 0) / turns.length;
}

const micros = (ms: number): number => Math.round(ms * 1e3) / 1e3;
