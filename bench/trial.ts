/**
 * What passes between the orchestrator and its children: the plan of one trial, and what came of it.
 *
 * A trial is one stretch of load on one arm by one generator process. Everything random in it is drawn from
 * `seed`, so that two trials with one seed offer the same turns at the same times. Times here are milliseconds
 * where people write them (plans), nanoseconds where machines measured them.
 */
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
  history: 'full' | 'delta';
  execution?: Execution;
  phases: boolean;
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
  /** Of the whole trial, warm-up and drain included. */
  totals: { turns: number; outputTokens: number; textEvents: number; meter: Meter };
  generator: { cpuNs: number; wallNs: number; inFlightPeak: number };
  arrivalsPath?: string;
}

/** What a generator prints, one JSON object a line. */
export type GeneratorLine =
  | { ready: 1; pid: number }
  | { window: 'start' | 'end'; id: string; atNs: number }
  | { result: TrialResult }
  | { failed: { id: string; message: string } };

/** What a generator reads on standard input, one JSON object a line; end of input ends it. */
export type GeneratorCommand = { trial: TrialSpec } | { stop: 1 };
