/**
 * report.json, schema version 1: the only thing that renderers read, and what later runs are compared with.
 *
 * A number never stands without its unit: either its field's name ends in one, or it lies in an object with a
 * `unit`. What is not known is `null`, never 0 and never left out; what was counted exactly has the interval
 * [x, x]. `schema.ts` is the same thing as a JSON Schema; a test holds the two together.
 */

export const SCHEMA_VERSION = 1;

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Lower and upper bound, at 95 % unless said otherwise. */
export type Interval = readonly [number, number];

/** Units that the renderers know how to write; `1` is a plain number, `fraction` is shown in per cent. */
export const UNITS = ['ms', 'us', 's', 'B', 'B/token', 'B/turn', 'us/token', 'ms/turn', '1/s', '1', 'fraction', 'streams'] as const;
export type Unit = (typeof UNITS)[number];

/** A measure of one arm. `estimate` and `quantiles` are in `unit`. */
export interface Measured {
  unit: Unit;
  /** For latencies the median (as `quantiles.p50`), for all else the mean or the count; see `statistic`. */
  estimate: number | null;
  /** Over launches; `null` with fewer than two. */
  interval: Interval | null;
  /** `p50`, `p90`, `p99`, `p99.9`: `null` where fewer than ten samples lie beyond. */
  quantiles?: Readonly<Record<string, number | null>>;
  quantileIntervals?: Readonly<Record<string, Interval | null>>;
  /** Why a quantile is `null`, or has no interval. */
  quantileReasons?: Readonly<Record<string, string>>;
  statistic?: 'p50' | 'mean' | 'count' | 'total';
  /** The true value lies beyond the estimate: the instrument gave out first, or nothing was seen in n. */
  bound?: 'atLeast' | 'atMost';
  samples?: number;
  /** Why the estimate is `null` or only a bound. */
  reason?: string;
}

/** Every offered turn ended in exactly one of these. */
export interface Turns {
  offered: number;
  completed: number;
  failed: number;
  cancelled: number;
  timedOut: number;
  refused: number;
  dropped: number;
}

/** Two legs, client ⇄ gateway and gateway ⇄ LLM, and what happens between them. */
export interface Factors {
  clientTransport: string;
  clientEnvelope: string;
  clientConnection: string;
  upstreamTransport: string;
  upstreamEnvelope: string;
  upstreamConnection: string;
  history: string;
  execution: string;
}

/** Where the bytes of the reply direction went. `null`: not told apart on this arm. */
export interface Layers {
  unit: 'B' | 'B/turn' | 'B/token';
  content: number;
  envelope: number;
  framing: number;
  headers: number;
  tls: number | null;
  diagnostics: number;
}

/** How trials went over time: means over an arm's trials, in stretches of one length from their beginning. */
export interface Timeline {
  binMs: number;
  /** Turns due. */
  offeredPerSecond: readonly number[];
  /** By when they completed. */
  completedPerSecond: readonly number[];
  /** By when they were due. */
  refusedPerSecond: readonly number[];
  /** Of the turns due in it, the median; over trials the median of those. `null` where none of them completed. */
  turnMs: readonly (number | null)[];
}

/** What was tried while looking for the most streams at which the service level holds: means over launches, by streams. */
export interface LoadCurve {
  measure: string;
  unit: Unit;
  /** The service level: the measure's p99 at most this. */
  limit: number;
  points: readonly { streams: number; p99: number | null; held: boolean }[];
}

/** The mean split of the critical path among some of the turns. */
export interface PhaseSplit {
  /** Turns around the median of `turn`, those above its p99 (or its p90, where those would be too few), or all. */
  among: 'p50' | 'p90' | 'p99' | 'all';
  turns: number;
  /** By phase, in the order of the path. */
  meanMs: Readonly<Record<string, number>>;
  /** What the independent stamps leave over. */
  residualMs: number;
  /** Of these turns, what the model took by its own record; `null` where it has none. Phases that wait for it confirm it. */
  modelMs?: number | null;
}

/** Turns that were sent as traced, and spans of them that were lost: if any was, the traces are void. */
export interface ArmTraces {
  sampled: number;
  lost: number;
}

/** One of the slowest turns of an arm, or one that failed. */
export interface SlowTurn {
  key: string;
  /** `completed`, `failed (upstream_error)`, … */
  outcome: string;
  /** From the intended start to the end of the reply: what the phases and the residual add up to. */
  turnMs: number;
  /** By phase, in the order of the path; empty where the target told none. */
  phasesMs: Readonly<Record<string, number>>;
  residualMs: number | null;
  /** Of its trace in `traces.jsonl`, which lies beside the report. */
  traceId?: string;
}

export interface Validity {
  ok: boolean;
  /** Trials left out after their retry. */
  excluded: number;
  /** Trials run in all, retries not counted. */
  trials?: number;
  reasons: readonly string[];
}

export interface Arm {
  id: string;
  factors: Factors;
  /** Those that are not the default. */
  conditions: Readonly<Record<string, string | number | boolean>>;
  /**
   * Ids of the arms that its sessions are told apart into, by round-trip time. Here stands what these share (the gateway's
   * processor and main thread); their turns stand with them, and are not counted here again.
   */
  mixOf?: readonly string[];
  /** Launches with at least one valid trial. */
  launches: number;
  turns: Turns;
  /** How often each error or refusal code ended a turn. */
  codes?: Readonly<Record<string, number>>;
  /** By measure's name (`measures.ts`). */
  metrics: Readonly<Record<string, Measured>>;
  layers?: Layers;
  /** By measure's name: HdrHistogram V2, base64, microseconds. */
  histograms?: Readonly<Record<string, string>>;
  phases?: readonly PhaseSplit[];
  /** The slowest of its turns and some that failed, the slowest first. */
  slowest?: readonly SlowTurn[];
  /** Of scenarios whose load changes. */
  timeline?: Timeline;
  curve?: LoadCurve;
  /** Whatever a scenario adds (per-launch values, probes of a search, …). */
  details?: Readonly<Record<string, JsonValue>>;
  validity: Validity;
  /** Where turns of it were traced. */
  traces?: ArmTraces;
  /** What a reader should know of its numbers, in sentences. */
  notes?: readonly string[];
}

export const VERDICTS = ['better', 'worse', 'same', 'inconclusive'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Candidate − baseline: how much it adds. */
export interface Difference {
  unit: Unit;
  estimate: number | null;
  /** Of the differences within launches; Student's t. */
  interval: Interval | null;
}

export interface Comparison {
  /** Ids of arms of the same scenario. */
  baseline: string;
  candidate: string;
  /** A measure, or one of its quantiles: `turn`, `turn.p99`. */
  measure: string;
  /** In words; empty where the scenario has but one. */
  condition: string;
  /** Candidate ÷ baseline. */
  ratio: number | null;
  interval: Interval | null;
  /** Where the question is what the candidate costs more, and not how many times as much. */
  difference?: Difference;
  verdict: Verdict;
  /** Always there when inconclusive. */
  reason?: string;
  /** `worse` here fails the report (regression gates); elsewhere it is a finding. */
  deciding?: boolean;
  launches?: number;
  /** Ratios within 1 ± this count as the same. */
  margin?: number;
  /** After Holm's adjustment over the report's verdicts. */
  pAdjusted?: number;
}

/** One rung: what changing one factor alone was worth. */
export interface Rung {
  step: number;
  factor: string;
  from: string;
  to: string;
  condition: string;
  measure: string;
  /** The measure before this rung, in its unit. */
  before?: number | null;
  /** `to` ÷ `from`. */
  ratio: number | null;
  interval: Interval | null;
  /** The same rung walked the other way, divided by `ratio`: 1 where factors do not interact. */
  interaction?: { ratio: number | null; interval: Interval | null };
}

/** Of the offered turns; rates in turns a second. */
export interface Schedule {
  hash: string;
  offeredRate: number;
  achievedRate: number;
  interArrivalCv: number | null;
}

export interface NotRun {
  /** An arm's id, a condition, a rung. */
  what: string;
  reason: string;
}

export interface Scenario {
  name: string;
  why: string;
  parameters: Readonly<Record<string, JsonValue>>;
  /** `null` where nothing was scheduled (a search for a limit, a count of bytes). */
  schedule: Schedule | null;
  arms: readonly Arm[];
  comparisons: readonly Comparison[];
  ladder?: readonly Rung[];
  /** What a reader should take away, in sentences. */
  findings?: readonly string[];
  notRun: readonly NotRun[];
}

export const CLAIM_VERDICTS = ['reproduced', 'partly', 'not-reproduced', 'reversed', 'inconclusive'] as const;
export type ClaimVerdict = (typeof CLAIM_VERDICTS)[number];

export const READING_SIDES = ['http', 'websocket', 'bestHttp'] as const;
export type ReadingSide = (typeof READING_SIDES)[number];

export interface Reading {
  measure: string;
  condition: string;
  unit: Unit;
  http: number | null;
  websocket: number | null;
  /** The same of an HTTP that streams on kept connections, in the same condition. */
  bestHttp?: number | null;
  /** Which of the three are only known to be at least so much: the instrument gave out first. */
  atLeast?: readonly ReadingSide[];
  /** As a fraction: 1 − websocket ÷ http where lower is better, websocket ÷ http − 1 where higher is. */
  improvement: number | null;
  interval: Interval | null;
  verdict: ClaimVerdict;
}

/**
 * Under which conditions a claim would hold: a model of the measure, fitted to the readings, over two conditions. The
 * model's own error against the readings stands beside it.
 */
export interface Region {
  x: { name: string; unit: string; values: readonly number[] };
  y: { name: string; unit: string; values: readonly number[] };
  /** By y, then x; `null`: beyond what the model may say. */
  improvement: readonly (readonly (number | null)[])[];
  /** Where it was measured. */
  measured: readonly { x: number; y: number; improvement: number }[];
  /** The model in words and symbols, with its fitted constants. */
  model: string;
  /** The largest difference between model and reading, as a fraction of improvement. */
  errorMax: number | null;
  /** One sentence: where the claim would hold. */
  sentence: string;
}

export interface Claim {
  measure: string;
  claimed: { unit: Unit; http: number; websocket: number; improvement: number };
  /** The reading declared beforehand to decide: its measure and condition. */
  headline: { measure: string; condition: string };
  readings: readonly Reading[];
  /** The headline reading's. */
  verdict: ClaimVerdict;
  explanation: string;
  region?: Region;
}

export interface Threshold {
  expression: string;
  ok: boolean;
  value: number | null;
  unit?: Unit;
  /** Why it could not be evaluated (then `ok` is false). */
  reason?: string;
}

export interface Environment {
  node: string;
  os: string;
  kernel: string;
  cpuModel: string;
  cores: number;
  /** After affinity and cgroup quotas; may be fractional. */
  coresEffective: number;
  memoryBytes: number;
  pinning: readonly { process: string; cores: readonly number[] }[];
  /** Coefficient of variation of a fixed piece of work, timed through the run. */
  canaryCv: number | null;
  git: { commit: string; dirty: boolean } | null;
  /** Further facts of the machine, in words. */
  notes?: readonly string[];
}

export const REPORT_VERDICTS = ['pass', 'fail', 'inconclusive'] as const;
export type ReportVerdict = (typeof REPORT_VERDICTS)[number];

export interface Report {
  schemaVersion: typeof SCHEMA_VERSION;
  tool: { name: string; version: string };
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  command: readonly string[];
  seed: number;
  environment: Environment;
  scenarios: readonly Scenario[];
  claims: readonly Claim[];
  thresholds: readonly Threshold[];
  verdict: ReportVerdict;
  /** One sentence: what decided the verdict. */
  verdictReason?: string;
}
