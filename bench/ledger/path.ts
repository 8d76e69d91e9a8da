/**
 * The critical path of one turn, from when it was due until its client held the end of the reply, as a row of phases
 * that lie one after the other: what the client stamped around what the gateway says of itself.
 *
 * Both have CLOCK_MONOTONIC of one host, so that the gateway's first and last stamp say how long request and reply
 * were under way: `transit` (handing over, connecting and the link, until the read that completed the request) and
 * `returnTransit` (from the end of the reply being encoded until its read). It is the *end* that both sides stamp, and
 * so the path ends there and not at the last content, which a gateway may send long before it knows that it was the last.
 *
 * Where the gateway's stamps do not fit between the client's (a gateway on another host, or none at all) the two ways
 * cannot be told apart: `transit` is then all that the client saw and the gateway does not account for, and nothing is
 * left over that a residual could tell. No phase is what others leave over otherwise: the residual is honest.
 */
import type { Phases } from '../../transports/contract.ts';
import { GATEWAY_PHASES } from '../../transports/phases.ts';
import type { TurnJoin } from './join.ts';
import type { ArrivalRow } from './rows.ts';

export const PATH_PHASES = ['scheduleLag', 'transit', ...GATEWAY_PHASES, 'returnTransit'] as const;
export type PathPhase = (typeof PATH_PHASES)[number];

export interface PathPhases {
  /** In the order of the path. Without `returnTransit` where the two ways are not told apart. */
  ms: Readonly<Partial<Record<PathPhase, number>>>;
  /** Of the whole path, what no phase accounts for; negative where they overlap. 0 where the two ways are one. */
  residualMs: number;
  /** The gateway's own stamps, where they fit. */
  gateway: { receivedAtNs: number; sentAtNs: number } | undefined;
}

export interface TurnPath {
  key: string;
  link: number;
  outcome: ArrivalRow['outcome'];
  code: string | undefined;
  traceparent: string | undefined;
  intendedNs: number;
  startedNs: number;
  /** The read of the last content, and where there was none, of the end. */
  lastContentNs: number;
  endedNs: number;
  /** Absent where the target sent none, as of a turn that was given up. */
  phases: PathPhases | undefined;
  /** The mock LLM's part, by its own record; `null` where it knows nothing of the turn. */
  modelMs: number | null;
}

/** Stamps are rounded to a microsecond, and clocks of threads are set to each other to a fraction of one. */
const STAMPS_DIFFER_NS_MAX = 5_000;

export function pathOf(row: ArrivalRow, join: Pick<TurnJoin, 'modelNs'> | undefined): TurnPath {
  const { key, link, outcome, code, traceparent, intendedNs, startedNs, endedNs, contentNs, phases } = row;
  return {
    key,
    link,
    outcome,
    code,
    traceparent,
    intendedNs,
    startedNs,
    lastContentNs: contentNs?.[1] ?? endedNs,
    endedNs,
    phases: phases && phasesOf(row, phases),
    modelMs: join?.modelNs == null ? null : join.modelNs / 1e6,
  };
}

/** The measure `turn`. */
export function turnMs({ intendedNs, lastContentNs }: TurnPath): number {
  return (lastContentNs - intendedNs) / 1e6;
}

/** What the phases and the residual add up to. */
export function wholeMs({ intendedNs, endedNs }: TurnPath): number {
  return (endedNs - intendedNs) / 1e6;
}

/** `undefined` where what came is not what a gateway of ours says of a turn. */
function phasesOf({ intendedNs, startedNs, endedNs }: ArrivalRow, said: Phases): PathPhases | undefined {
  const inside = GATEWAY_PHASES.map((name) => [name, said[name] ?? Number.NaN] as const);
  if (!inside.every(([, ms]) => ms >= 0 && Number.isFinite(ms))) return undefined;
  const insideMs = inside.reduce((sum, [, ms]) => sum + ms, 0);
  const scheduleLag = (startedNs - intendedNs) / 1e6;
  const servedMs = (endedNs - startedNs) / 1e6;
  const gateway = stampsBetween(said, startedNs, endedNs);
  if (!gateway) {
    // Phases of some other clock, or of some other turn.
    if (insideMs > servedMs) return undefined;
    return { ms: { scheduleLag, transit: servedMs - insideMs, ...Object.fromEntries(inside) }, residualMs: 0, gateway };
  }
  const { receivedAtNs, sentAtNs } = gateway;
  return {
    ms: {
      scheduleLag,
      transit: (receivedAtNs - startedNs) / 1e6,
      ...Object.fromEntries(inside),
      returnTransit: (endedNs - sentAtNs) / 1e6,
    },
    residualMs: (sentAtNs - receivedAtNs) / 1e6 - insideMs,
    gateway,
  };
}

function stampsBetween({ receivedAtMs = Number.NaN, sentAtMs = Number.NaN }: Phases, startedNs: number, endedNs: number) {
  const [receivedAtNs, sentAtNs] = [receivedAtMs * 1e6, sentAtMs * 1e6];
  const fit = receivedAtNs >= startedNs - STAMPS_DIFFER_NS_MAX && sentAtNs >= receivedAtNs && endedNs >= sentAtNs - STAMPS_DIFFER_NS_MAX;
  return fit ? { receivedAtNs, sentAtNs } : undefined;
}
