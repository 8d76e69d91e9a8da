/**
 * What a trial will offer, decided before it begins: when sessions start, and what each of their turns draws.
 *
 * A schedule is a pure function of the trial's seed, load and workload (and trace). A session's draws depend on its
 * number and never on who finished first, so a fast target and a slow one are offered the same turns; `hash` says so
 * in a report. Start times are known up front, draws are made again when a session is due: a million sessions are
 * 8 MB.
 */
import { createHash } from 'node:crypto';
import { type Rng, rng } from '../statistics/rng.ts';
import type { Load, TrialSpec, Workload } from '../trial.ts';
import { arrivalTimesNs, interArrivalCv } from './arrivals.ts';
import { sessionDraws, type TurnDraws } from './draws.ts';
import type { TraceRow } from './trace.ts';

export interface Schedule {
  /** Offsets from the trial's start of the sessions that start by the clock, ascending. In a closed loop: each user's first. */
  readonly startsNs: Float64Array;
  /** Users of a closed loop: session n is followed by session n + users. `undefined`: nothing follows a session. */
  readonly users: number | undefined;
  /** SHA-256 over all plans, in hexadecimal; of a closed loop, over each user's first `SESSIONS_HASHED_PER_USER` sessions. */
  readonly hash: string;
  /** Of the session starts in the measured window; `null` for closed loops. */
  readonly interArrivalCv: number | null;
  turnsOf(session: number): readonly TurnDraws[];
}

/** How many sessions a user will come to is the target's doing, so a closed loop's hash takes the first few. */
export const SESSIONS_HASHED_PER_USER = 4;

type Shape = Pick<TrialSpec, 'seed' | 'workload' | 'load' | 'warmupMs' | 'measureMs'>;

/** @param trace the rows of a `replay` load, in order of time. */
export function makeSchedule(spec: Shape, trace: readonly TraceRow[] = []): Schedule {
  const random = rng(spec.seed).fork('schedule');
  const untilNs = (spec.warmupMs + spec.measureMs) * 1e6;
  const plans = plansOf(spec.load, spec.workload, random, untilNs, trace);
  const closed = plans.users !== undefined;
  return {
    ...plans,
    hash: hashOf(plans),
    interArrivalCv: closed ? null : interArrivalCv(plans.startsNs, spec.warmupMs * 1e6, untilNs),
  };
}

type Plans = Pick<Schedule, 'startsNs' | 'users' | 'turnsOf'>;

function plansOf(load: Load, workload: Workload, random: Rng, untilNs: number, trace: readonly TraceRow[]): Plans {
  const sessions = random.fork('sessions');
  const turnsOf = (session: number) => sessionDraws(workload, sessions, session);
  switch (load.kind) {
    case 'open':
      return { startsNs: arrivalTimesNs(load, untilNs, random.fork('arrivals')), users: undefined, turnsOf };
    case 'closed': {
      const { users, spreadMs } = load;
      return { startsNs: Float64Array.from({ length: users }, (_, user) => Math.round((user * spreadMs * 1e6) / users)), users, turnsOf };
    }
    case 'replay':
      return replayPlans(load, untilNs, trace);
  }
}

/** One session of one turn a row; the first row starts the trial. Lengths of 0 become 1, as an empty reply has no token to time. */
function replayPlans(load: Extract<Load, { kind: 'replay' }>, untilNs: number, trace: readonly TraceRow[]): Plans {
  const firstNs = trace[0]?.atNs ?? 0;
  const starts = trace.slice(0, load.limit).map(({ atNs }) => Math.round((atNs - firstNs) / load.speedup));
  const turnsOf = (session: number): TurnDraws[] => {
    const row = trace[session];
    if (!row) throw new RangeError(`the trace has no row ${session}`);
    const outputTokens = Math.min(load.outputTokensMax, Math.max(1, row.outputTokens));
    return [{ inputTokens: Math.max(1, row.inputTokens), outputTokens, thinkNs: 0 }];
  };
  return { startsNs: Float64Array.from(starts.filter((startNs) => startNs < untilNs)), users: undefined, turnsOf };
}

/** Canonical bytes of a session: start, number of turns, then three numbers a turn, all as little-endian doubles. */
function hashOf({ startsNs, users, turnsOf }: Plans): string {
  const hash = createHash('sha256').update(`gatebench schedule 1 ${users === undefined ? 'open' : `closed ${users}`}\n`);
  const add = (startNs: number, turns: readonly TurnDraws[]) => {
    const bytes = Buffer.allocUnsafe(16 + turns.length * 24);
    let at = bytes.writeDoubleLE(turns.length, bytes.writeDoubleLE(startNs, 0));
    for (const turn of turns) {
      for (const value of [turn.inputTokens, turn.outputTokens, turn.thinkNs]) at = bytes.writeDoubleLE(value, at);
    }
    hash.update(bytes);
  };
  for (const [session, startNs] of startsNs.entries()) {
    add(startNs, turnsOf(session));
    if (users === undefined) continue;
    // When later sessions start depends on the target; −1 stands for that.
    for (let nth = 1; nth < SESSIONS_HASHED_PER_USER; nth += 1) add(-1, turnsOf(session + nth * users));
  }
  return hash.digest('hex');
}
