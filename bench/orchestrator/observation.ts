/** What one trial of one arm brought, before anything is concluded from it. */
import type { JoinCounts } from '../ledger/join.ts';
import type { LatencyHistogram } from '../statistics/histogram.ts';
import type { TrialResult } from '../trial.ts';

/** What the ledger adds to a trial: times of tokens on the mock LLM's side, joined with the client's. */
export interface LedgerFacts {
  gatewayAdded: LatencyHistogram;
  completionLag: LatencyHistogram;
  mockLateness: LatencyHistogram;
  /** Tokens that the mock LLM sent, and replies that it ended, in the measured window. */
  window: { tokens: number; turns: number };
  /** The join's own figures; see `bench/ledger/join.ts`. */
  counts: JoinCounts;
}

/** Processor time of the measured process. */
export interface CpuFacts {
  /** Over the measured window. */
  windowNs: number;
  windowWallNs: number;
  cores: number;
  /** Run-queue wait ÷ run, over the whole trial; `null` where the system does not say. */
  waitRatio: number | null;
  rssBytes: number;
}

export interface Observation {
  scenario: string;
  arm: string;
  launch: number;
  result: TrialResult;
  ledger: LedgerFacts;
  /** Absent for `direct` arms, which have no gateway. */
  cpu: CpuFacts | undefined;
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
  probes: readonly { users: number; ok: boolean; why: string }[];
}
