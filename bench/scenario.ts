/** What a scenario file says: what is asked, of which arms, under which load. Plain data, read by the orchestrator. */
import type { Load, Workload } from './trial.ts';

/** The upstream model of a scenario: a profile of the mock LLM and what is changed about it. An arm's conditions come on top. */
export interface ModelSpec {
  profile: string;
  ttftMs?: number;
  tpotMs?: number;
  jitter?: 'on' | 'off';
  stalls?: 'on' | 'off';
  /** The first inference of a turn calls the tool `compute`, for so long in one piece; the second ends the turn. */
  computeMs?: number;
}

/** What a gateway is configured with besides what its arm says. */
export interface GatewaySpec {
  /** The agent codex runs the tool `compute` itself. */
  compute?: boolean;
  /** The turns of codex share no thread with those of other agents. */
  ownThreads?: boolean;
  /** A thread for each core and one more, since one that computes must not be in the way of the others. */
  threadsMax?: number | 'cores + 1';
  turnsPerThread?: number;
  queueSize?: number;
  /** Deliberate damage, to test whether the instrument finds it; the gateway's own configuration says what there is. */
  faults?: { delayMs?: Readonly<Record<string, number>>; extraBytesPerToken?: number };
}

/**
 * Turns of the agent codex beside those that are measured, from users in a closed loop (the arm's `besideUsers`). A turn
 * takes `turnMs` where nothing is in its way; of that, `besideCpu` per cent are work of the processor in one piece.
 */
export interface BesideSpec {
  turnMs: number;
  outputTokens: number;
}

/** How long the trials of one launch are, and how many launches there are. */
export interface Extent {
  launches: number;
  trialsPerLaunch: number;
  warmupMs: number;
  measureMs: number;
  drainMs: number;
  /** Of a search: one ramp of users instead, over the whole window. */
  ramp?: true;
  /** Of a search: its answer must hold once more. */
  confirm?: true;
}

export type Plan =
  /** The same load for every arm, short trials interleaved. */
  { kind: 'load'; load: Load } | SearchPlan | OverloadPlan;

/** The most users at which the service level holds, found by bisection over a geometric grid, or seen in a ramp. */
export interface SearchPlan {
  kind: 'search';
  usersMin: number;
  usersMax: number;
  /** Where the first launch begins to look. */
  usersStart: number;
  stepRatio: number;
  completionLagP99MsMax: number;
  gatewayAddedP99MsMax: number;
  /**
   * How late the instrument may be, p99, where that need not be as little as where latencies are measured: what lags is
   * counted from when the mock LLM really sent it, so only the instrument's own reading is in it.
   */
  latenessP99MsMax?: number;
}

/**
 * More than the gateway can do, and then less again. First the peak is measured: what users in a closed loop get through,
 * so many that no slot is ever free and none is refused. Then comes an open loop, at `easy` × the peak, at `heavy` × the
 * peak, and at `easy` × again; the window has them one after the other.
 */
export interface OverloadPlan {
  kind: 'overload';
  usersAtPeak: number;
  easy: number;
  heavy: number;
  /** Shares of the measured window before the overload and in it; what is left comes after. */
  before: number;
  during: number;
}

/**
 * From one end to the other, one factor changed a rung, so that a reader sees which of them makes the difference. Worths
 * depend on the order; where the arms of `otherWay` are there too, each factor is also changed in the other order.
 */
export interface LadderSpec {
  measures: readonly string[];
  rungs: readonly RungSpec[];
}

export interface RungSpec {
  /** In the words of the report. */
  factor: string;
  /** Arms, by the ids of the scenario. */
  from: string;
  to: string;
  otherWay?: { from: string; to: string };
}

/** The conditions in which published claims are read, each with each. */
export interface ClaimGrid {
  roundTripsMs: readonly number[];
  tls: readonly boolean[];
  tpotMs: readonly number[];
  tokensPerChunk: readonly number[];
}

export interface Scenario {
  name: string;
  /** The question, one sentence. */
  asks: string;
  /** Why it matters, and how it is answered. */
  why: string;
  /** Ids of `arms.ts`; each is compared with the first, or with the one named for it. */
  arms: readonly string[];
  /** What `--full` measures besides. */
  fullArms?: readonly string[];
  /**
   * Round-trip times of the client leg's emulated link, mixed by session inside each trial: every arm that says nothing
   * of its own is told apart into one for each of them.
   */
  roundTripsMs?: readonly number[];
  /** Comparisons as [baseline, candidate]; all against the first arm where absent. */
  pairs?: readonly (readonly [string, string])[];
  /** Measures to compare, the deciding one first: `turn`, `turn.p99`, `cpuPerToken`, … */
  measures: readonly string[];
  /** Those of them that are also compared as a difference: how much does it add? */
  differences?: readonly string[];
  ladder?: LadderSpec;
  /** What is measured here at the published claims' two ends is held against those claims. */
  claims?: true;
  model: ModelSpec;
  workload: Omit<Workload, 'model'>;
  /** Needed by arms with `besideUsers`. */
  beside?: BesideSpec;
  gateway?: GatewaySpec;
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
