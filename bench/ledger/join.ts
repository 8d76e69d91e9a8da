/**
 * Joins what the mock LLM sent with what the clients read: what a token's way through the gateway took, measured and
 * not inferred. Both sides count the content's UTF-16 length, so it does not matter how text was batched, split or
 * re-encoded on the way: a token arrived with the first read after which the client had as much text as the mock
 * had sent with it. Both clocks are the host's one monotonic clock.
 */
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { Span, TokenColumns } from './columns.ts';
import type { ArrivalRow, LedgerRow } from './rows.ts';

/** One measured turn. Nanoseconds; `null` where nothing was joined. */
export interface TurnJoin {
  key: string;
  tokensJoined: number;
  firstAddedNs: number | null;
  meanAddedNs: number | null;
  maxAddedNs: number | null;
  completionLagNs: number | null;
}

export interface JoinCounts {
  tokensJoined: number;
  /** Sent, but not covered by the content of a turn that completed. */
  tokensLost: number;
  /** UTF-16 units that clients had beyond what was sent to them, and in how many turns. */
  extraUnits: number;
  turnsWithExtra: number;
  /** Completed turns of which the mock LLM knows nothing. */
  turnsWithoutLedger: number;
  /** Calls whose key no client has. */
  callsWithoutTurn: number;
  /** Stamps that say a token or reply was read before it was sent and carried: clocks or link are not what they seem. */
  negativeStamps: number;
  mostNegativeNs: number;
}

export interface Join {
  /** Per token: read − send − link. Of all measured turns; negative values are recorded at its lower end. */
  gatewayAdded: LatencyHistogram;
  /** Per completed turn: complete reply − last send − link. */
  completionLag: LatencyHistogram;
  turns: TurnJoin[];
  counts: JoinCounts;
}

/** @param linkNs what the emulated link delays each byte on its way to the client. */
export function joinLedger(ledger: TokenColumns<LedgerRow>, arrivals: TokenColumns<ArrivalRow>, linkNs: number): Join {
  const join: Join = {
    gatewayAdded: new LatencyHistogram(),
    completionLag: new LatencyHistogram(),
    turns: [],
    counts: {
      tokensJoined: 0,
      tokensLost: 0,
      extraUnits: 0,
      turnsWithExtra: 0,
      turnsWithoutLedger: 0,
      callsWithoutTurn: 0,
      negativeStamps: 0,
      mostNegativeNs: 0,
    },
  };
  const calls = callsThatCount(ledger);
  const keys = new Set<string>();
  for (const arrival of arrivals.rows) {
    keys.add(arrival.key);
    if (!arrival.measured || arrival.outcome === 'dropped') continue;
    const call = calls.get(arrival.key);
    if (call) join.turns.push(joinTurn(join, ledger, call, arrivals, arrival, linkNs));
    else if (arrival.outcome === 'completed') join.counts.turnsWithoutLedger += 1;
  }
  for (const { key } of ledger.rows) if (!keys.has(key)) join.counts.callsWithoutTurn += 1;
  return join;
}

type Call = LedgerRow & Span;

/** One call a key: the last that completed, or the last, where none did. */
function callsThatCount(ledger: TokenColumns<LedgerRow>): Map<string, Call> {
  const calls = new Map<string, Call>();
  for (const row of ledger.rows) {
    const other = calls.get(row.key);
    if (!other || rank(row) > rank(other)) calls.set(row.key, row);
  }
  return calls;
}

/** Completed before others, then by ordinal. */
function rank(row: LedgerRow): number {
  return (row.outcome === 'completed' ? 1e9 : 0) + row.ordinal;
}

function joinTurn(
  { gatewayAdded, completionLag, counts }: Join,
  ledger: TokenColumns<LedgerRow>,
  call: Call,
  arrivals: TokenColumns<ArrivalRow>,
  arrival: ArrivalRow & Span,
  linkNs: number,
): TurnJoin {
  const sentUnits = ledger.lengthsOf(call);
  const sentNs = ledger.timesNsOf(call);
  const readUnits = arrivals.lengthsOf(arrival);
  const readNs = arrivals.timesNsOf(arrival);
  const turn: TurnJoin = {
    key: arrival.key,
    tokensJoined: 0,
    firstAddedNs: null,
    meanAddedNs: null,
    maxAddedNs: null,
    completionLagNs: null,
  };
  let sumNs = 0;
  for (let token = 0, read = 0; token < sentUnits.length; token += 1) {
    while (read < readUnits.length && readUnits[read]! < sentUnits[token]!) read += 1;
    if (read === readUnits.length) break;
    const addedNs = readNs[read]! - sentNs[token]! - linkNs;
    noteSign(counts, addedNs);
    gatewayAdded.recordNs(addedNs);
    turn.tokensJoined += 1;
    turn.firstAddedNs ??= addedNs;
    turn.maxAddedNs = Math.max(turn.maxAddedNs ?? addedNs, addedNs);
    sumNs += addedNs;
  }
  if (turn.tokensJoined > 0) turn.meanAddedNs = sumNs / turn.tokensJoined;
  counts.tokensJoined += turn.tokensJoined;
  const extraUnits = (readUnits.at(-1) ?? 0) - (sentUnits.at(-1) ?? 0);
  if (extraUnits > 0) {
    counts.extraUnits += extraUnits;
    counts.turnsWithExtra += 1;
  }
  if (arrival.outcome !== 'completed') return turn;
  counts.tokensLost += sentUnits.length - turn.tokensJoined;
  const lastSentNs = sentNs.at(-1);
  if (lastSentNs === undefined) return turn;
  turn.completionLagNs = arrival.endedNs - lastSentNs - linkNs;
  noteSign(counts, turn.completionLagNs);
  completionLag.recordNs(turn.completionLagNs);
  return turn;
}

function noteSign(counts: JoinCounts, ns: number): void {
  if (ns >= 0) return;
  counts.negativeStamps += 1;
  counts.mostNegativeNs = Math.min(counts.mostNegativeNs, ns);
}
