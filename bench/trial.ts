/**
 * What passes between the orchestrator and its children: the plan of one trial, and what came of it.
 *
 * A trial is one stretch of load on one arm by one generator process. Everything random in it is drawn from
 * `seed`, so that two trials with one seed offer the same turns at the same times. Times here are milliseconds
 * where people write them (plans), nanoseconds where machines measured them.
 */
import type { LiveLoad, LiveTurn } from '../dashboards/live/feed.ts';
import type { Execution } from '../transports/contract.ts';
import type { ClientOptions, Meter } from '../transports/wire.ts';

/** A number drawn for each turn. */
export type Draw =
  | { kind: 'fixed'; value: number }
  | { kind: 'uniform'; min: number; max: number }
  /** Log-normal by its median and the standard deviation of the logarithm, cut to [1, max]. */
  | { kind: 'lognormal'; median: number; sigma: number; max: number };

export interface Workload {
  /** The model name asked for: with the mock LLM, its profile. */
  model: string;
  agent?: string;
  turnsPerSession: number;
  /** From a turn's completion until the session's next turn is due. */
  thinkMs: Draw;
  /** Tokens of each turn's own message (history comes on top). */
  inputTokens: Draw;
  outputTokens: Draw;
  /** Requests do not limit replies to that: an agent with tools has a reply a round, and a limit holds for all together. */
  unlimited?: boolean;
  history: 'full' | 'delta';
  execution?: Execution;
  /** Turns bring back what the target spent their time on. Costs bytes, which are counted apart. */
  phases: boolean;
  /** A slow reader: with the first content of each reply, it takes nothing more for so long. */
  readPauseMs?: number;
}

export type Arrivals =
  | { process: 'constant' }
  | { process: 'poisson' }
  /** Gamma inter-arrivals by their coefficient of variation; 1 is Poisson. */
  | { process: 'gamma'; cv: number };

export type Load =
  /** Sessions arrive on a schedule, whatever the replies do. */
  | { kind: 'open'; sessionsPerSecond: number; arrivals: Arrivals; ramp?: readonly { atMs: number; sessionsPerSecond: number }[] }
  /** Users, each of whom starts the next turn (or session) after its think time. Starts are spread over `spreadMs`. */
  | { kind: 'closed'; users: number; spreadMs: number }
  /** Turns of a recorded trace, at its times divided by `speedup`, with its lengths; the workload's draws are not used. */
  | { kind: 'replay'; path: string; format: 'azure' | 'mooncake'; speedup: number; limit: number; outputTokensMax: number };

export interface TrialSpec {
  id: string;
  seed: number;
  client: ClientOptions;
  workload: Workload;
  load: Load;
  /** Turns due in [warmupMs, warmupMs + measureMs) are measured; after that, those in flight have `drainMs` to end. */
  warmupMs: number;
  measureMs: number;
  drainMs: number;
  /** Per turn, from its intended start; after that it is cancelled and counted as timed out. */
  turnTimeoutMs: number;
  /** Turns due while this many are in flight are dropped, and counted. */
  inFlightMax: number;
  /** Where to write the arrival of every text event (a `TokenColumns` file) for the ledger's join. */
  arrivalsPath?: string;
  /**
   * The client leg passes over emulated links, with a client for each: session n goes over link n modulo their number.
   * The users of a closed loop are a multiple of it, so that each keeps its link over all its sessions (user u has the
   * sessions u, u + users, …) and each link has as many. The client's limits hold for each link, `inFlightMax` for all
   * of them together. Absent: straight to `client.port`.
   */
  links?: readonly LinkUse[];
  /**
   * A second load of other turns, at the same time and over the same window, on a client of its own with the same
   * options and over the same links: not what is measured, but what it is measured beside. `inFlightMax` holds for
   * each of the two.
   */
  beside?: { workload: Workload; load: Load };
  /**
   * A share of the turns is traced. `run` names the run and the arm, since all arms are offered turns of the same keys: the
   * ids of spans follow from it and the turn's key. The client's spans of these turns go to `tracesPath`, as lines of OTLP JSON.
   */
  telemetry?: { traceRatio: number; run: string; tracesPath?: string };
  /** Tells once a second how it goes, in lines of their own. */
  live?: boolean;
  /** Also tells how the trial went over time, in bins of this length. 0: not. */
  seriesBinMs: number;
}

/** An emulated link, as a client uses it: its port, on loopback, stands in the place of the target's. */
export interface LinkUse {
  name: string;
  port: number;
  roundTripMs: number;
}

/** What came of the sessions that one link carried. */
export interface LinkResult {
  name: string;
  turns: TurnCounts;
  codes: Record<string, number>;
  histograms: Record<TrialHistogram, EncodedHistogram>;
  /** Of the whole trial, as in the result's own `totals`. */
  totals: { turns: number; outputTokens: number; textEvents: number; meter: Meter };
}

/** Every turn due in the window ends in exactly one of these; they add up to `offered`. */
export interface TurnCounts {
  offered: number;
  completed: number;
  failed: number;
  cancelled: number;
  timedOut: number;
  refused: number;
  dropped: number;
}

/** `HdrHistogram` in its compressed base64 form (V2), values in microseconds, 3 digits. */
export type EncodedHistogram = string;

export const TRIAL_HISTOGRAMS = ['lateness', 'ttft', 'turn', 'tpot', 'interChunk', 'service'] as const;
export type TrialHistogram = (typeof TRIAL_HISTOGRAMS)[number];

export interface TrialResult {
  id: string;
  windowStartNs: number;
  windowEndNs: number;
  turns: TurnCounts;
  /** How often each error or refusal code ended a turn of the window. */
  codes: Record<string, number>;
  schedule: { hash: string; offeredRate: number; achievedRate: number; interArrivalCv: number | null };
  /** `tpot` and `interChunk` are empty for `http` arms; `service` counts from the actual start. */
  histograms: Record<TrialHistogram, EncodedHistogram>;
  /**
   * Of the whole trial, warm-up and drain included, and of the measured load alone: `beside` has a client of its own.
   * What the target's processor time is divided by is counted in the ledger, where the turns of both loads stand.
   */
  totals: { turns: number; outputTokens: number; textEvents: number; meter: Meter };
  /** The process's time is that of both loads; the peak is the measured load's. */
  generator: { cpuNs: number; wallNs: number; inFlightPeak: number };
  arrivalsPath?: string;
  /** The same turns as above, link by link, in the order of the spec's `links`. */
  links?: readonly LinkResult[];
  /** Of the whole trial, `beside` included: turns sent as traced, and client's spans of these that found no room. */
  traces?: { sampled: number; lost: number };
  /** Turns of `beside` that were due in the window. */
  beside?: { turns: TurnCounts; codes: Record<string, number>; histograms: Record<TrialHistogram, EncodedHistogram> };
  /** Of the whole trial, from its start; empty without `seriesBinMs`. Turns of `beside` do not count. */
  series: readonly SeriesBin[];
}

/** One stretch of a trial. */
export interface SeriesBin {
  /** Its beginning, from the trial's start. */
  atMs: number;
  /** Turns due in it, and how they ended, whenever that was. */
  due: number;
  completed: number;
  refused: number;
  /** Failed, cancelled, timed out, dropped. */
  lost: number;
  /** Of the completed turns due in it; `null` where there are none. */
  turnMs: { p50: number; max: number } | null;
  /** Turns that completed during it, whenever they were due. */
  completions: number;
}

/** What a generator prints, one JSON object a line. */
export type GeneratorLine =
  | { ready: 1; pid: number; ports?: { metrics: number } }
  | { window: 'start' | 'end'; id: string; atNs: number }
  /** Of about the second before; its turns have no arm yet. */
  | { live: { id: string; spanMs: number; load: LiveLoad; turns: readonly LiveTurn[] } }
  | { result: TrialResult }
  | { failed: { id: string; message: string } };

/** What a generator reads on standard input, one JSON object a line; end of input ends it. */
export type GeneratorCommand = { trial: TrialSpec } | { stop: 1 };
