/**
 * The live feed: what the live page is told, once a second, by a gateway of itself or by a run of `gatebench bench` of
 * the trial under way. Server-sent events at `/live` beside the page at `/`, each one `LiveEvent` in JSON.
 *
 * Nothing here is an average of averages: a sample's quantiles are those of the turns that ended in that second (the
 * highest of few turns is their p99), an arm's those of all its measured turns so far.
 */

/** Every ended turn is one of these; a gateway never says `dropped`, which is a generator's own. */
export const LIVE_OUTCOMES = ['completed', 'failed', 'cancelled', 'timedOut', 'refused', 'dropped'] as const;
export type LiveOutcome = (typeof LIVE_OUTCOMES)[number];

/** Milliseconds. */
export interface LiveQuantiles {
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/** Of the turns of one second. */
export interface LiveLoad {
  /** Turns that ended. */
  ended: Record<LiveOutcome, number>;
  /** At its end. */
  inFlight: number;
  /** Output tokens of the turns that ended, as the LLM counted them. */
  tokens: number;
  /** Of completed turns; `null`: there were none. */
  turnMs: LiveQuantiles | null;
  firstTokenMs: LiveQuantiles | null;
  /** Mean of each phase, in milliseconds, in order, of the turns that tell; `null`: none did. */
  phasesMs: Record<string, number> | null;
}

/** The main thread, one of the pool's threads, or a process of its own. */
export interface LiveUnit {
  name: string;
  /** `starting`, `idle`, `busy`, `stopping`; the main thread's `running` or `draining`. */
  state: string;
  turns: number;
  /** Processor time ÷ time since the sample before; `null`: not known. */
  cpu: number | null;
}

/** How the gateway is. */
export interface LiveGateway {
  loopDelayMs: LiveQuantiles;
  loopUtilisation: number;
  /** Processor time of the whole process ÷ time. */
  cpu: number;
  rssBytes: number;
  connections: number;
  inFlight: number;
  /** Turns that wait for a thread or process. */
  waiting: number;
  units: readonly LiveUnit[];
}

export interface LiveTrial {
  scenario: string;
  arm: string;
  /** From 1. */
  launch: number;
}

/** About one second. */
export interface LiveSample {
  /** Its end, in milliseconds since 1970. */
  atMs: number;
  spanMs: number;
  /** Of a run, while one is under way; `null` for a gateway by itself, and between trials. */
  trial: LiveTrial | null;
  load: LiveLoad | null;
  /** `null`: there is none, or it does not tell. */
  gateway: LiveGateway | null;
}

export type LiveAttribute = string | number | boolean;

export interface LiveSpan {
  name: string;
  /** From the beginning of the turn. */
  startMs: number;
  durationMs: number;
  /** Index of another span of the same turn, before this one; `null`: the root. */
  parent: number | null;
  attributes: Readonly<Record<string, LiveAttribute>>;
}

/** A slow or failed turn, with its trace. */
export interface LiveTurn {
  /** Tells it from others of this feed. */
  key: string;
  /** Of a run. */
  arm: string | null;
  /** Its end, in milliseconds since 1970. */
  atMs: number;
  durationMs: number;
  /** `null`: none came. */
  firstTokenMs: number | null;
  outcome: LiveOutcome;
  /** Of a failure or refusal. */
  code: string | null;
  spans: readonly LiveSpan[];
}

/** Milliseconds; `null`: of too few turns to tell, or of trials that do not compare. */
export type LiveTotals = Record<'p50' | 'p99', number | null>;

/** One arm in one scenario of a run, of the measured turns of all its valid trials so far. */
export interface LiveArm {
  scenario: string;
  arm: string;
  trials: number;
  ended: Record<LiveOutcome, number>;
  turnMs: LiveTotals;
  firstTokenMs: LiveTotals;
}

export interface LiveHello {
  source: 'gateway' | 'bench';
  /** What runs: `gateway 127.0.0.1:18789`, `bench latency, quick`. */
  title: string;
  version: string;
  startedAtMs: number;
  /** At most `LIVE_SAMPLES_MAX`, the last ones. */
  samples: readonly LiveSample[];
  turns: readonly LiveTurn[];
  arms: readonly LiveArm[];
}

export type LiveEvent =
  /** First, and again after each reconnection: all that is known. */
  | { type: 'hello'; hello: LiveHello }
  | { type: 'sample'; sample: LiveSample; turns: readonly LiveTurn[] }
  | { type: 'arms'; arms: readonly LiveArm[] }
  /** Last: nothing follows, and a page need not ask again. */
  | { type: 'ended'; atMs: number; how: string; reports: readonly string[] };

/** Ten minutes. */
export const LIVE_SAMPLES_MAX = 600;
export const LIVE_SPAN_MS = 1_000;

export function noOutcomes(): Record<LiveOutcome, number> {
  return { completed: 0, failed: 0, cancelled: 0, timedOut: 0, refused: 0, dropped: 0 };
}
