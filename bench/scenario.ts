/** What a scenario file says: what is asked, of which arms, under which load. Plain data, read by the orchestrator. */
import type { Load, Workload } from './trial.ts';

/** The upstream model of a scenario: a profile of the mock LLM and what is changed about it. An arm's conditions come on top. */
export interface ModelSpec {
  profile: string;
  ttftMs?: number;
  tpotMs?: number;
  jitter?: 'on' | 'off';
  stalls?: 'on' | 'off';
}

/** How long the trials of one launch are, and how many launches there are. */
export interface Extent {
  launches: number;
  trialsPerLaunch: number;
  warmupMs: number;
  measureMs: number;
  drainMs: number;
}

export type Plan =
  /** The same load for every arm, short trials interleaved. */
  | { kind: 'load'; load: Load }
  /** The most users at which the service level holds, found by bisection over a geometric grid. */
  | { kind: 'search'; usersMin: number; usersMax: number; stepRatio: number; completionLagP99MsMax: number; gatewayAddedP99MsMax: number };

export interface Scenario {
  name: string;
  /** The question, one sentence. */
  asks: string;
  /** Why it matters, and how it is answered. */
  why: string;
  /** Ids of `arms.ts`; each is compared with the first, or with the one named for it. */
  arms: readonly string[];
  /** Comparisons as [baseline, candidate]; all against the first arm where absent. */
  pairs?: readonly (readonly [string, string])[];
  /** Measures to compare, the deciding one first: `turn`, `turn.p99`, `cpuPerToken`, … */
  measures: readonly string[];
  model: ModelSpec;
  workload: Omit<Workload, 'model'>;
  plan: Plan;
  quick: Extent;
  full: Extent;
  /** Ratios within 1 ± this are the same. */
  margin: number;
  /** What arms without a gateway speak to: the mock LLM, or a server that answers at once and always the same. */
  target?: 'upstream' | 'canned';
  /** `pool`: kept connections are shared by all sessions; by default each session has its own. */
  keep?: 'pool';
  /** The generator itself is what is measured, at its limit: that it is at its limit does not make it invalid. */
  saturates?: boolean;
  /** The target stops for this long in the middle of each measured window. */
  freezeMs?: number;
}
