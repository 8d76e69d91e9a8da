/** Observations with numbers of choice, as trials would bring them. */
import { addCounts } from '../../statistics/accounting.ts';
import { LatencyHistogram } from '../../statistics/histogram.ts';
import type { SeriesBin, TrialResult } from '../../trial.ts';
import type { Observation } from '../observation.ts';

const METER = {
  wireReadBytes: 1_000,
  wireWrittenBytes: 500,
  readBytes: 1_000,
  contentBytes: 50,
  diagnosticsBytes: 0,
  envelopeBytes: 700,
  framingBytes: 200,
  headerBytes: 50,
  writtenBytes: 500,
  requestBodyBytes: 400,
  connections: 1,
  turns: 10,
};

/** 200 turns of this many milliseconds, 10 of whose tokens cost the gateway this many microseconds each. */
export function observe(id: string, launch: number, turnMs: number, cpuUs: number, over: Partial<Observation> = {}): Observation {
  const times = new LatencyHistogram();
  for (let turn = 0; turn < 200; turn += 1) times.recordUs(turnMs * 1_000);
  const none = new LatencyHistogram();
  const result: TrialResult = {
    id: 'x',
    windowStartNs: 0,
    windowEndNs: 1e9,
    turns: { offered: 200, completed: 199, failed: 1, cancelled: 0, timedOut: 0, refused: 0, dropped: 0 },
    codes: { upstream_error: 1 },
    schedule: { hash: 'h', offeredRate: 200, achievedRate: 200, interArrivalCv: 1 },
    histograms: {
      lateness: times.encode(),
      ttft: times.encode(),
      turn: times.encode(),
      tpot: none.encode(),
      interChunk: none.encode(),
      service: times.encode(),
    },
    totals: { turns: 10, outputTokens: 10, textEvents: 10, meter: METER },
    generator: { cpuNs: 1e6, wallNs: 1e9, inFlightPeak: 3 },
    series: [],
  };
  const counts = {
    tokensJoined: 10,
    tokensLost: 0,
    extraUnits: 0,
    turnsWithExtra: 0,
    turnsWithoutLedger: 0,
    callsWithoutTurn: 0,
    negativeStamps: 0,
    mostNegativeNs: 0,
  };
  return {
    scenario: 'latency',
    arm: id,
    launch,
    result,
    ledger: {
      gatewayAdded: times,
      completionLag: times,
      mockLateness: none,
      counts,
      window: { tokens: 10, turns: 1 },
      links: [{ gatewayAdded: times, completionLag: times }],
    },
    cpu: { windowNs: cpuUs * 10 * 1e3, windowWallNs: 1e9, cores: 1, waitRatio: 0.1, rssBytes: 1e6 },
    window: undefined,
    reasons: [],
    ...over,
  };
}

/** The same of a trial that mixed round-trip times: one trial of those, each with a third of the turns, or what share it is. */
export function observeMix(
  id: string,
  launch: number,
  links: readonly { roundTripMs: number; turnMs: number }[],
  cpuUs: number,
  over: Partial<Observation> = {},
): Observation {
  const whole = observe(id, launch, links[0]!.turnMs, cpuUs);
  const each = links.map(({ turnMs }) => observe(id, launch, turnMs, cpuUs));
  const results = each.map(({ result: { turns, codes, histograms, totals } }, index) => ({
    name: `rtt${links[index]!.roundTripMs}`,
    turns,
    codes,
    histograms,
    totals,
  }));
  const lateness = new LatencyHistogram();
  for (let delivery = 0; delivery < 1_000; delivery += 1) lateness.recordUs(delivery < 985 ? 100 : 900);
  return {
    ...whole,
    result: { ...whole.result, turns: addCounts(each.map(({ result }) => result.turns)), links: results },
    ledger: { ...whole.ledger, links: each.map(({ ledger: { gatewayAdded, completionLag } }) => ({ gatewayAdded, completionLag })) },
    links: { roundTripsMs: links.map(({ roundTripMs }) => roundTripMs), lateness, refused: 0 },
    ...over,
  };
}

export interface BinRow {
  due: number;
  refused?: number;
  lost?: number;
  p50: number | null;
  /** As many as were neither refused nor lost, unless it says otherwise. */
  completions?: number;
}

/** Of 100 ms each, from the trial's start. */
export function bins(...rows: BinRow[]): SeriesBin[] {
  return rows.map(({ due, refused = 0, lost = 0, p50, completions }, index) => ({
    atMs: index * 100,
    due,
    completed: due - refused - lost,
    refused,
    lost,
    turnMs: p50 === null ? null : { p50, max: p50 },
    completions: completions ?? due - refused - lost,
  }));
}
