/**
 * What a trial will offer, decided before it begins: when sessions start, and what each of their turns draws.
 *
 * A schedule is a pure function of the trial's seed, load and workload (and trace). A session's draws depend on its
 * number and never on who finished first, so a fast target and a slow one are offered the same turns; `hash` says so
 * in a report. Start times are known up front, draws are made when a turn is prepared: a million sessions are
 * 8 MB.
 */
import { createHash } from 'node:crypto';
import { rng } from '../statistics/rng.ts';
import type { Load, TrialSpec } from '../trial.ts';
import { arrivalTimesNs, interArrivalCv } from './arrivals.ts';
import { type DrawTurn, sessionDraws } from './draws.ts';
import type { TraceRow } from './trace.ts';

export interface Schedule {
  /** Offsets from the trial's start of the sessions that start by the clock, ascending. In a closed loop: each user's first. */
  readonly startsNs: Float64Array;
  /** Nothing is due from here on. The end of the measured window, or sooner where a trace runs out. */
  readonly endNs: number;
  readonly turnsPerSession: number;
  /** Users of a closed loop: session n is followed by session n + users. `undefined`: nothing follows a session. */
  readonly users: number | undefined;
  /** SHA-256 over the plans, in hexadecimal. */
  readonly hash: string;
  /** Of the session starts in the measured window; `null` for closed loops. */
  readonly interArrivalCv: number | null;
  /** Draws the turns of a session, from its first on. */
  drawsOf(session: number): DrawTurn;
}

/**
 * How much of the plans is hashed: all sessions of an open loop, but as many sessions of a user as come to pass is the
 * target's doing. The draws beyond come from the same streams as those before, so what is equal here is equal there.
 */
export const SESSIONS_HASHED_PER_USER = 2;
export const TURNS_HASHED_PER_SESSION = 64;

type Shape = Pick<TrialSpec, 'workload' | 'load' | 'warmupMs' | 'measureMs'> & { seed: number | string };
/** The load beside the measured one has draws of its own. */
export function besideSeed(seed: number): string {
  return `${seed}/beside`;
}

type Plans = Pick<Schedule, 'startsNs' | 'endNs' | 'turnsPerSession' | 'users' | 'drawsOf'>;

/** @param trace the rows of a `replay` load, in order of time. */
export function makeSchedule(spec: Shape, trace: readonly TraceRow[] = []): Schedule {
  const plans = plansOf(spec, trace);
  const closed = plans.users !== undefined;
  return {
    ...plans,
    hash: hashOf(plans),
    interArrivalCv: closed ? null : interArrivalCv(plans.startsNs, spec.warmupMs * 1e6, plans.endNs),
  };
}

function plansOf({ seed, load, workload, warmupMs, measureMs }: Shape, trace: readonly TraceRow[]): Plans {
  const random = rng(seed).fork('schedule');
  const sessions = random.fork('sessions');
  const endNs = (warmupMs + measureMs) * 1e6;
  const { turnsPerSession } = workload;
  const drawsOf = (session: number) => sessionDraws(workload, sessions, session);
  switch (load.kind) {
    case 'open':
      return { startsNs: arrivalTimesNs(load, endNs, random.fork('arrivals')), endNs, turnsPerSession, users: undefined, drawsOf };
    case 'closed': {
      const { users, spreadMs } = load;
      const startsNs = Float64Array.from({ length: users }, (_, user) => Math.round((user * spreadMs * 1e6) / users));
      return { startsNs, endNs, turnsPerSession, users, drawsOf };
    }
    case 'replay':
      return replayPlans(load, trace, warmupMs * 1e6, endNs);
  }
}

/** One session of one turn a row; the first row starts the trial. Lengths of 0 become 1, as an empty reply has no token to time. */
function replayPlans(load: Extract<Load, { kind: 'replay' }>, trace: readonly TraceRow[], warmupNs: number, untilNs: number): Plans {
  const rows = trace.slice(0, load.limit);
  const firstNs = rows[0]?.atNs ?? 0;
  const startsNs = Float64Array.from(rows, ({ atNs }) => Math.round((atNs - firstNs) / load.speedup)).filter(
    (startNs) => startNs < untilNs,
  );
  const drawsOf = (session: number): DrawTurn => {
    const row = rows[session];
    if (!row) throw new RangeError(`the trace has no row ${session}`);
    const outputTokens = Math.min(load.outputTokensMax, Math.max(1, row.outputTokens));
    return () => ({ inputTokens: Math.max(1, row.inputTokens), outputTokens, thinkNs: 0 });
  };
  const ranOut = startsNs.length === rows.length;
  const endNs = ranOut ? Math.min(untilNs, Math.max(warmupNs + WINDOW_NS_MIN, traceEndNs(startsNs))) : untilNs;
  return { startsNs, endNs, turnsPerSession: 1, users: undefined, drawsOf };
}

const WINDOW_NS_MIN = 1_000_000;

/** A mean gap after the last row, so that rows ÷ time is the trace's own rate. */
function traceEndNs(startsNs: Float64Array): number {
  const lastNs = startsNs.at(-1) ?? 0;
  return Math.round(lastNs + (startsNs.length > 1 ? lastNs / (startsNs.length - 1) : 0));
}

/** Canonical bytes of a session: start, number of turns, then three numbers a turn, all as little-endian doubles. */
function hashOf({ startsNs, users, turnsPerSession, drawsOf }: Plans): string {
  const hash = createHash('sha256').update(`gatebench schedule 1 ${users === undefined ? 'open' : `closed ${users}`}\n`);
  const turns = Math.min(turnsPerSession, TURNS_HASHED_PER_SESSION);
  const bytes = Buffer.alloc(16 + turns * 24);
  const add = (startNs: number, draw: DrawTurn) => {
    let at = bytes.writeDoubleLE(turnsPerSession, bytes.writeDoubleLE(startNs, 0));
    for (let turn = 0; turn < turns; turn += 1) {
      const { inputTokens, outputTokens, thinkNs } = draw();
      for (const value of [inputTokens, outputTokens, thinkNs]) at = bytes.writeDoubleLE(value, at);
    }
    hash.update(bytes);
  };
  for (const [session, startNs] of startsNs.entries()) {
    add(startNs, drawsOf(session));
    if (users === undefined) continue;
    // When later sessions start depends on the target; −1 stands for that.
    for (let nth = 1; nth < SESSIONS_HASHED_PER_USER; nth += 1) add(-1, drawsOf(session + nth * users));
  }
  return hash.digest('hex');
}
