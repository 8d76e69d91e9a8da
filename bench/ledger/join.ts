/**
 * Joins what the mock LLM sent with what the clients read: what a token's way through the gateway took, measured and
 * not inferred. Both sides count the content's UTF-16 length, so it does not matter how text was batched, split or
 * re-encoded on the way: a token arrived with the first read after which the client had as much text as the mock
 * had sent with it. Both clocks are the host's one monotonic clock.
 *
 * A turn may take several inferences, one a round of tools; then the client's text is that of all of them, one after the
 * other. A call that was tried again in the same round is no further inference: of each round one call counts.
 */
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { TrialSpec } from '../trial.ts';
import type { Span, TokenColumns } from './columns.ts';
import { type ArrivalRow, isBesideKey, type LedgerRow } from './rows.ts';

/** One measured turn. Nanoseconds; `null` where nothing was joined. */
export interface TurnJoin {
  key: string;
  tokensJoined: number;
  firstAddedNs: number | null;
  meanAddedNs: number | null;
  maxAddedNs: number | null;
  completionLagNs: number | null;
  /** What the mock LLM took by its own record: of each call from its arrival to its last token, added up. */
  modelNs: number | null;
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
  /** Calls whose key no client has; those of the load beside the measured one are not looked for. */
  callsWithoutTurn: number;
  /** Stamps that say a token or reply was read before it was sent and carried: clocks or link are not what they seem. */
  negativeStamps: number;
  mostNegativeNs: number;
}

/**
 * Of measured turns, with what the emulated link that they came over delays each byte taken off, once: the way there
 * lies before the mock LLM's first send.
 *
 * Not taken off is what else a link makes of its delay: the time that a bandwidth takes for the bytes themselves; round
 * trips for which a reply waits while a congestion window grows, or for the flow control of HTTP/2; the wait for the rest
 * of a TLS record, of which nothing can be read before all of it is there; and how late the link's own deliveries were,
 * which its figures tell.
 */
export interface JoinTimes {
  /** Per token: read − send − link. Negative values are recorded at its lower end. */
  gatewayAdded: LatencyHistogram;
  /** Per completed turn: complete reply − last send of its last call − link. */
  completionLag: LatencyHistogram;
}

/** The times are those of all links together. */
export interface Join extends JoinTimes {
  /** The same times, link by link. */
  links: readonly JoinTimes[];
  turns: TurnJoin[];
  counts: JoinCounts;
}

/**
 * @param linkNs what each emulated link, by its index, delays a byte on its way to the client: half its round-trip
 *   time. `[0]` without links.
 * @throws RangeError when a measured turn came over a link that is not among them: a defect of the caller.
 */
export function joinLedger(ledger: TokenColumns<LedgerRow>, arrivals: TokenColumns<ArrivalRow>, linkNs: readonly number[]): Join {
  const links = linkNs.map((delayNs) => ({ delayNs, gatewayAdded: new LatencyHistogram(), completionLag: new LatencyHistogram() }));
  const turns: TurnJoin[] = [];
  const counts: JoinCounts = {
    tokensJoined: 0,
    tokensLost: 0,
    extraUnits: 0,
    turnsWithExtra: 0,
    turnsWithoutLedger: 0,
    callsWithoutTurn: 0,
    negativeStamps: 0,
    mostNegativeNs: 0,
  };
  const calls = callsThatCount(ledger);
  const keys = new Set<string>();
  for (const arrival of arrivals.rows) {
    keys.add(arrival.key);
    if (!arrival.measured || arrival.outcome === 'dropped') continue;
    const link = links[arrival.link];
    if (!link) throw new RangeError(`turn ${arrival.key} came over link ${arrival.link}, and there are ${links.length}`);
    const ofTurn = calls.get(arrival.key);
    if (ofTurn) turns.push(joinTurn(link, counts, ledger, ofTurn, arrivals, arrival));
    else if (arrival.outcome === 'completed') counts.turnsWithoutLedger += 1;
  }
  for (const { key } of ledger.rows) if (!keys.has(key) && !isBesideKey(key)) counts.callsWithoutTurn += 1;
  return {
    gatewayAdded: LatencyHistogram.merge(links.map(({ gatewayAdded }) => gatewayAdded)),
    completionLag: LatencyHistogram.merge(links.map(({ completionLag }) => completionLag)),
    links: links.map(({ gatewayAdded, completionLag }) => ({ gatewayAdded, completionLag })),
    turns,
    counts,
  };
}

/** What `joinLedger` takes off for each of a trial's links. */
export function linkDelaysNs(links: TrialSpec['links']): number[] {
  return links ? links.map(({ roundTripMs }) => (roundTripMs * 1e6) / 2) : [0];
}

interface LinkTimes extends JoinTimes {
  delayNs: number;
}

type Call = LedgerRow & Span;

/** By key, one call a round, in order of rounds: the last that completed, or the last, where none did. */
function callsThatCount(ledger: TokenColumns<LedgerRow>): Map<string, Call[]> {
  const calls = new Map<string, Call[]>();
  for (const row of ledger.rows) {
    const ofKey = calls.get(row.key);
    if (!ofKey) {
      calls.set(row.key, [row]);
      continue;
    }
    const other = ofKey.findIndex(({ round }) => round === row.round);
    if (other === -1) ofKey.push(row);
    else if (rank(row) > rank(ofKey[other]!)) ofKey[other] = row;
  }
  for (const ofKey of calls.values()) if (ofKey.length > 1) ofKey.sort((a, b) => a.round - b.round);
  return calls;
}

/** Completed before others, then by ordinal. */
function rank(row: LedgerRow): number {
  return (row.outcome === 'completed' ? 1e9 : 0) + row.ordinal;
}

function joinTurn(
  { delayNs, gatewayAdded, completionLag }: LinkTimes,
  counts: JoinCounts,
  ledger: TokenColumns<LedgerRow>,
  calls: readonly Call[],
  arrivals: TokenColumns<ArrivalRow>,
  arrival: ArrivalRow & Span,
): TurnJoin {
  const readUnits = arrivals.lengthsOf(arrival);
  const readNs = arrivals.timesNsOf(arrival);
  const turn: TurnJoin = {
    key: arrival.key,
    tokensJoined: 0,
    firstAddedNs: null,
    meanAddedNs: null,
    maxAddedNs: null,
    completionLagNs: null,
    modelNs: null,
  };
  let sumNs = 0;
  let read = 0;
  let tokensSent = 0;
  /** UTF-16 units of the calls so far. */
  let unitsSent = 0;
  let lastSentNs: number | undefined;
  for (const call of calls) {
    const sentUnits = ledger.lengthsOf(call);
    const sentNs = ledger.timesNsOf(call);
    for (let token = 0; token < sentUnits.length; token += 1) {
      while (read < readUnits.length && readUnits[read]! < unitsSent + sentUnits[token]!) read += 1;
      if (read === readUnits.length) break;
      const addedNs = readNs[read]! - sentNs[token]! - delayNs;
      noteSign(counts, addedNs);
      gatewayAdded.recordNs(addedNs);
      turn.tokensJoined += 1;
      turn.firstAddedNs ??= addedNs;
      turn.maxAddedNs = Math.max(turn.maxAddedNs ?? addedNs, addedNs);
      sumNs += addedNs;
    }
    tokensSent += sentUnits.length;
    unitsSent += sentUnits.at(-1) ?? 0;
    const endNs = sentNs.at(-1);
    if (endNs === undefined) continue;
    lastSentNs = endNs;
    turn.modelNs = (turn.modelNs ?? 0) + endNs - call.receivedAtNs;
  }
  if (turn.tokensJoined > 0) turn.meanAddedNs = sumNs / turn.tokensJoined;
  counts.tokensJoined += turn.tokensJoined;
  const extraUnits = (readUnits.at(-1) ?? 0) - unitsSent;
  if (extraUnits > 0) {
    counts.extraUnits += extraUnits;
    counts.turnsWithExtra += 1;
  }
  if (arrival.outcome !== 'completed') return turn;
  counts.tokensLost += tokensSent - turn.tokensJoined;
  if (lastSentNs === undefined) return turn;
  turn.completionLagNs = arrival.endedNs - lastSentNs - delayNs;
  noteSign(counts, turn.completionLagNs);
  completionLag.recordNs(turn.completionLagNs);
  return turn;
}

function noteSign(counts: JoinCounts, ns: number): void {
  if (ns >= 0) return;
  counts.negativeStamps += 1;
  counts.mostNegativeNs = Math.min(counts.mostNegativeNs, ns);
}
