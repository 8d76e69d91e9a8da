/** What one trial of one arm brought, before anything is concluded from it. */
import type { JoinCounts, JoinTimes } from '../ledger/join.ts';
import type { TrialPaths } from '../ledger/paths.ts';
import type { LatencyHistogram } from '../statistics/histogram.ts';
import type { TrialResult } from '../trial.ts';
import type { GatewayWindow } from './gateway-window.ts';
import type { LinkFacts } from './links.ts';
import type { RampBin } from './ramp.ts';
import type { ScrapeFacts } from './scrapes.ts';

/** What the ledger adds to a trial: times of tokens on the mock LLM's side, joined with the client's. */
export interface LedgerFacts {
  gatewayAdded: LatencyHistogram;
  completionLag: LatencyHistogram;
  mockLateness: LatencyHistogram;
  /** Tokens that the mock LLM sent, and replies that it ended, in the measured window. */
  window: { tokens: number; turns: number };
  /** The join's own figures; see `bench/ledger/join.ts`. Of all links together, so that a part of a mix has none. */
  counts: JoinCounts | undefined;
  /** The same times by link; one without links. */
  links: readonly JoinTimes[];
}

/** Processor time of the measured process; where its agents have processes of their own, with those. */
export interface CpuFacts {
  /** Over the measured window. */
  windowNs: number;
  windowWallNs: number;
  cores: number;
  /** Run-queue wait ÷ run, over the whole trial; `null` where the system does not say. */
  waitRatio: number | null;
  rssBytes: number;
}

/** What became of the turns of an overload; see `overload.ts`. */
export interface OverloadFacts {
  /** Completions a second of the peak, measured before in the same launch on the same gateway. */
  peakPerSecond: number;
  /** Completions a second during the overload ÷ the peak. */
  goodputShare: number;
  /** Of the turns due during the overload. */
  refusedShare: number;
  /** Of completed turns due during the overload, from when they were due. */
  admitted: LatencyHistogram;
  /** From the overload's end until latencies are normal again, or until the trial's end where they never were. */
  recoveryMs: number;
  recovered: boolean;
  /** The median of turns before the overload, which is what normal means. */
  normalMs: number | null;
}

export interface Observation {
  scenario: string;
  arm: string;
  launch: number;
  result: TrialResult;
  ledger: LedgerFacts;
  /** Absent for `direct` arms, which have no gateway, and where the system does not tell. */
  cpu: CpuFacts | undefined;
  /** What the gateway says of itself; absent where it cannot. */
  window: GatewayWindow | undefined;
  /** Of trials over emulated links. */
  links?: LinkFacts;
  /** By link, one without; of trials whose workload asks for phases. */
  paths?: readonly TrialPaths[];
  /** Of gateways with metrics, which are read meanwhile. */
  scrapes?: ScrapeFacts;
  /** Of ramps. */
  ramp?: readonly RampBin[];
  /** Of scenarios that overload. */
  overload?: OverloadFacts;
  /** Why it is not valid; empty when it is. */
  reasons: readonly string[];
}

/** One launch's answer of a search. */
export interface SearchAnswer {
  scenario: string;
  arm: string;
  launch: number;
  users: number | null;
  /** The instrument gave out, or the grid ended, before the service level did. */
  atLeast: boolean;
  probes: readonly SearchProbe[];
}

export interface SearchProbe {
  users: number;
  ok: boolean;
  why: string;
  /** Of `completionLag`; `null` where it says nothing of the gateway, since the instrument gave out. */
  lagP99Ms: number | null;
}
