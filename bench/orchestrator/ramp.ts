/**
 * What a ramp shows: users of a closed loop who start one after the other, evenly over the trial, so that as many streams
 * are under way as have started. Turns fall into bins by when the model sent their last token, and each bin tells whether
 * the service level held for that many streams, and whether the instrument could still be believed. Both must be
 * lost for two bins together: a moment's hiccup is no limit.
 */
import type { TokenColumns } from '../ledger/columns.ts';
import type { TurnJoin } from '../ledger/join.ts';
import type { ArrivalRow, LedgerRow } from '../ledger/rows.ts';
import type { SearchPlan } from '../scenario.ts';
import type { SearchAnswer, SearchProbe } from './observation.ts';

export const RAMP_BIN_MS = 100;

/** A stretch of a ramp. */
export interface RampBin {
  /** Under way in its middle. */
  streams: number;
  turns: number;
  /** Did not complete. */
  lost: number;
  /** `null` without turns. */
  lagP99Ms: number | null;
  /** Of the turns' means over their tokens. */
  addedP99Ms: number | null;
  /** How late the instrument was. */
  generatorLateP99Ms: number | null;
  mockLateP99Ms: number | null;
}

export interface RampTimes {
  windowStartNs: number;
  windowEndNs: number;
  /** Users start evenly over the window, from its start. */
  users: number;
}

export interface RampRecords {
  arrivals: TokenColumns<ArrivalRow>;
  ledger: TokenColumns<LedgerRow>;
  /** Of measured turns. */
  turns: readonly TurnJoin[];
}

export function rampBins({ arrivals, ledger, turns }: RampRecords, { windowStartNs, windowEndNs, users }: RampTimes): RampBin[] {
  const binNs = RAMP_BIN_MS * 1e6;
  const count = Math.floor((windowEndNs - windowStartNs) / binNs);
  const bins = Array.from({ length: count }, () => ({
    turns: 0,
    lost: 0,
    lag: [] as number[],
    added: [] as number[],
    late: [] as number[],
    mock: [] as number[],
  }));
  const at = (ns: number) => bins[Math.floor((ns - windowStartNs) / binNs)];
  const joins = new Map(turns.map((turn) => [turn.key, turn]));
  for (const row of arrivals.rows) {
    if (!row.measured) continue;
    at(row.intendedNs)?.late.push(row.startedNs - row.intendedNs);
    const join = joins.get(row.key);
    if (row.outcome !== 'completed' || join?.completionLagNs == null) {
      const bin = at(row.intendedNs);
      if (bin) bin.lost += 1;
      continue;
    }
    const bin = at(row.endedNs - join.completionLagNs);
    if (!bin) continue;
    bin.turns += 1;
    bin.lag.push(join.completionLagNs);
    if (join.meanAddedNs !== null) bin.added.push(join.meanAddedNs);
  }
  for (const row of ledger.rows) {
    const lastNs = ledger.timesNsOf(row).at(-1);
    if (lastNs !== undefined) at(lastNs)?.mock.push(row.latenessNsMax);
  }
  return bins.map((bin, index) => ({
    streams: Math.max(1, Math.round((users * (index + 0.5)) / count)),
    turns: bin.turns,
    lost: bin.lost,
    lagP99Ms: p99Ms(bin.lag),
    addedP99Ms: p99Ms(bin.added),
    generatorLateP99Ms: p99Ms(bin.late),
    mockLateP99Ms: p99Ms(bin.mock),
  }));
}

/** The value that a hundredth is above; of less than a hundred the largest. */
function p99Ms(valuesNs: readonly number[]): number | null {
  const sorted = [...valuesNs].sort((a, b) => a - b);
  const value = sorted[Math.ceil(sorted.length * 0.99) - 1];
  return value === undefined ? null : value / 1e6;
}

/** @param latenessMsMax of the instrument. @param streaming whether the arm's client sees single tokens. */
export function judgeRamp(
  bins: readonly RampBin[],
  plan: SearchPlan,
  latenessMsMax: number,
  streaming: boolean,
): Pick<SearchAnswer, 'users' | 'atLeast' | 'probes'> {
  const broken = bins.map((bin) => brokenBy(bin, plan, streaming));
  const late = bins.map((bin) => lateBy(bin, latenessMsMax));
  const gatewayAt = firstOfTwo(broken.map((why) => why !== ''));
  const instrumentAt = firstOfTwo(late.map((why) => why !== ''));
  const end = Math.min(gatewayAt, instrumentAt);
  const probes = bins.map(({ streams, lagP99Ms }, index): SearchProbe => {
    const beyond = index >= instrumentAt;
    const why = [beyond ? 'the instrument gave out' : '', late[index]!, broken[index]!].filter((text) => text !== '').join('; ');
    return { users: streams, ok: index < end, why, lagP99Ms: beyond ? null : lagP99Ms };
  });
  // Where both give out at once it is not known who did so first.
  return { users: bins[end - 1]?.streams ?? null, atLeast: instrumentAt <= gatewayAt, probes };
}

function brokenBy({ turns, lost, lagP99Ms, addedP99Ms }: RampBin, plan: SearchPlan, streaming: boolean): string {
  if (lost > 0) return `${lost} of ${turns + lost} turns did not complete`;
  if (lagP99Ms !== null && lagP99Ms > plan.completionLagP99MsMax) return `completionLag p99 ${lagP99Ms.toFixed(0)} ms`;
  if (streaming && addedP99Ms !== null && addedP99Ms > plan.gatewayAddedP99MsMax) return `gatewayAdded p99 ${addedP99Ms.toFixed(0)} ms`;
  return '';
}

function lateBy({ generatorLateP99Ms, mockLateP99Ms }: RampBin, latenessMsMax: number): string {
  const late = [
    { who: 'generator', ms: generatorLateP99Ms },
    { who: 'mock LLM', ms: mockLateP99Ms },
  ];
  return late.flatMap(({ who, ms }) => (ms !== null && ms > latenessMsMax ? [`${who} lateness p99 ${ms.toFixed(0)} ms`] : [])).join('; ');
}

/** The first of two in a row, or of the last one alone; the length where there is none. */
function firstOfTwo(flags: readonly boolean[]): number {
  const index = flags.findIndex((flag, at) => flag && flags[at + 1] !== false);
  return index === -1 ? flags.length : index;
}
