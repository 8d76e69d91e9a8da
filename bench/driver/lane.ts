/**
 * One load of a trial: offers its schedule's turns to its target and sees that each ends in exactly one outcome.
 *
 * Open loop: sessions start by the clock, whatever the replies do, so a target that stalls meets the turns that were
 * due meanwhile, and every latency counts from when a turn was *due*: there is no coordinated omission to correct.
 * Closed loop: each user starts a session when the last one is over. In both, a session's next turn is due its think
 * time after the completion of the one before.
 *
 * Sessions go on after a turn that did not complete; if they ended there, a target in trouble would be offered less.
 * Such a session pauses for `PAUSE_NS` at least, or a dead target would be tried at the full speed of the machine.
 * A refusal is not tried again, whatever its `Retry-After` says: it is the outcome of that turn.
 *
 * Where there are several ways to the target (emulated links), a session's number says which one it goes: the rest of
 * what is offered, draws and keys and times, is the same however many there are. Each way has a recorder of its own.
 */
import type { EndEvent, Handler, Turn } from '../../transports/contract.ts';
import type { LoadRole } from '../ledger/rows.ts';
import type { ClientTraces } from '../telemetry/client-traces.ts';
import type { TrialSpec, Workload } from '../trial.ts';
import type { Due } from './pacer.ts';
import type { Prompts } from './prompts.ts';
import { type Books, Recorder, type RecorderGlance, type RecorderOptions, type RecorderResult } from './recorder.ts';
import type { Schedule } from './schedule.ts';
import { Session, type SessionPlan } from './session.ts';
import { type RunOutcome, type TurnOwner, TurnRun } from './turn-run.ts';

export const PAUSE_NS = 10_000_000;

/** What the driver uses of a `Client`. */
export interface Target {
  readonly handler: Handler;
  release(session: string): void;
}

/** What a lane offers, and to whom. */
export interface LaneLoad {
  workload: Workload;
  schedule: Schedule;
  /** One a way to the target, at least one: session n goes the way n modulo their number. */
  targets: readonly Target[];
  prompts: Prompts;
}

/** The trial, as its lanes see it. */
export interface Trial {
  readonly spec: Pick<TrialSpec, 'id' | 'seed' | 'turnTimeoutMs' | 'inFlightMax' | 'telemetry'>;
  /** Takes the turns that are traced. */
  readonly traces: ClientTraces | undefined;
  readonly startNs: number;
  /** Nothing is due from here on. */
  readonly windowEndNs: number;
  readonly state: 'offering' | 'draining' | 'stopping' | 'over';
  nowNs(): number;
  add(due: Due): void;
  /** A turn is over. */
  settled(): void;
}

export interface LaneOptions extends LaneLoad {
  role: LoadRole;
  /** Of the recorders, one a way. */
  recording: Omit<RecorderOptions, 'link'>;
}

interface Way {
  target: Target;
  recorder: Recorder;
}

/** A lane, as somebody sees it who only looks. */
export interface WatchedLane {
  readonly role: LoadRole;
  readonly inFlight: number;
  glances(): readonly RecorderGlance[];
}

export class Lane implements TurnOwner, WatchedLane {
  readonly role: LoadRole;
  readonly #trial: Trial;
  readonly #schedule: Schedule;
  readonly #ways: readonly Way[];
  readonly #plan: SessionPlan;
  readonly #arrivals: boolean;
  /** In the order in which they were started, which is that of their deadlines but for their lateness. */
  readonly #inFlight = new Set<TurnRun>();
  readonly #openSessions = new Set<Session>();
  #sessionsPlanned = 0;
  #inFlightPeak = 0;

  constructor(trial: Trial, { role, workload, schedule, targets, prompts, recording }: LaneOptions) {
    this.role = role;
    this.#trial = trial;
    this.#schedule = schedule;
    this.#ways = targets.map((target, link) => ({ target, recorder: new Recorder({ ...recording, link }) }));
    this.#arrivals = recording.arrivals !== undefined;
    const { id: trialId, seed, telemetry: tracing } = trial.spec;
    this.#plan = { role, trialId, seed, workload, prompts, turnsPerSession: schedule.turnsPerSession, tracing };
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  get inFlightPeak(): number {
    return this.#inFlightPeak;
  }

  /** Of all turns, whichever way they went. */
  result(): RecorderResult {
    return Recorder.together(this.#ways.map(({ recorder }) => recorder)).result();
  }

  /** The same turns, way by way. */
  books(): Books[] {
    return this.#ways.map(({ recorder }) => recorder.books());
  }

  /** What is booked so far, way by way. */
  glances(): RecorderGlance[] {
    return this.#ways.map(({ recorder }) => recorder.glance());
  }

  start(): void {
    this.#planNextArrival();
    this.#watchDeadlines();
  }

  nowNs(): number {
    return this.#trial.nowNs();
  }

  issue(run: TurnRun): void {
    if (this.#trial.state === 'stopping') return;
    const { recorder } = this.#wayOf(run.session);
    recorder.offered(run);
    run.startedNs = this.nowNs();
    if (this.#inFlight.size >= this.#trial.spec.inFlightMax) {
      this.#settle(run, { kind: 'dropped' }, run.startedNs);
    } else {
      this.#inFlight.add(run);
      this.#inFlightPeak = Math.max(this.#inFlightPeak, this.#inFlight.size);
      this.#openSessions.add(run.session);
      this.#start(run, run.prepared.turn);
      recorder.started(run);
      if (run.prepared.fallback) recorder.fellBack(run);
    }
    if (run.isArrival) this.#planNextArrival();
  }

  ended(run: TurnRun, end: EndEvent, atNs: number): void {
    const { outcome } = end;
    if (outcome.kind === 'refused' && outcome.code === 'previous_response_not_found' && !run.fellBack && run.textEvents === 0) {
      run.fellBack = true;
      this.#wayOf(run.session).recorder.fellBack(run);
      this.#start(run, run.session.inFull(run.prepared.turn, run.prepared.message));
      return;
    }
    run.outputTokens = end.usage?.outputTokens ?? run.prepared.draws.outputTokens;
    run.responseId = end.responseId ?? run.responseId;
    run.phases = end.phases;
    this.#settle(run, outcome, atNs);
  }

  pause(run: TurnRun, ms: number): void {
    this.#trial.add({
      dueNs: this.nowNs() + ms * 1e6,
      fire: () => {
        if (this.#inFlight.has(run)) run.goOn();
      },
    });
  }

  /** Ends all turns in flight with this outcome, and cancels them. */
  giveUpAll(outcome: RunOutcome): void {
    for (const run of this.#inFlight) this.#giveUp(run, outcome);
  }

  /** After a defect: what is in flight is cancelled, and nothing of it counts. */
  abandon(): void {
    for (const run of this.#inFlight) run.running.cancel();
  }

  /** Sessions that were thinking when the trial ended. */
  releaseAll(): void {
    for (const session of this.#openSessions) this.#wayOf(session).target.release(session.key);
  }

  #wayOf(session: Session): Way {
    return this.#ways[session.index % this.#ways.length]!;
  }

  /** A handler may end the turn before it returns, and the turn may then have been started again. */
  #start(run: TurnRun, turn: Turn): void {
    run.attempts += 1;
    const attempt = run.attempts;
    const running = this.#wayOf(run.session).target.handler(turn, run);
    if (run.attempts === attempt) run.running = running;
  }

  #settle(run: TurnRun, outcome: RunOutcome, atNs: number): void {
    run.outcome = outcome;
    run.endedNs = atNs;
    this.#inFlight.delete(run);
    this.#wayOf(run.session).recorder.ended(run, outcome);
    if (run.prepared.turn.traceparent !== undefined) this.#trace(run, outcome);
    if (outcome.kind === 'completed') run.session.completed(run.prepared.message, run.reply, run.responseId);
    this.#planFollower(run, outcome);
    this.#trial.settled();
  }

  #trace(run: TurnRun, outcome: RunOutcome): void {
    // Never sent.
    if (outcome.kind === 'dropped') return;
    const { prepared, dueNs: intendedNs, startedNs, endedNs } = run;
    const { key, agent } = prepared.turn;
    const code = 'code' in outcome ? outcome.code : undefined;
    this.#trial.traces?.ended({ key, agent, intendedNs, startedNs, endedNs, outcome: outcome.kind, code });
  }

  /** One arrival is planned at a time: its request is written while the driver waits for it. */
  #planNextArrival(): void {
    const index = this.#sessionsPlanned;
    const startNs = this.#schedule.startsNs[index];
    if (startNs === undefined) return;
    const dueNs = this.#trial.startNs + startNs;
    // The window ends with the measured load, which may be sooner than this one would.
    if (dueNs >= this.#trial.windowEndNs) return;
    this.#sessionsPlanned += 1;
    this.#planTurn(this.#newSession(index), dueNs, true);
  }

  /** What comes after a turn: the session's next one, or in a closed loop the user's next session. */
  #planFollower(run: TurnRun, outcome: RunOutcome): void {
    const { users } = this.#schedule;
    const { thinkNs } = run.prepared.draws;
    const dueNs = run.endedNs + (outcome.kind === 'completed' ? thinkNs : Math.max(thinkNs, PAUSE_NS));
    const goesOn = this.#trial.state === 'offering' && dueNs < this.#trial.windowEndNs;
    if (goesOn && run.session.hasNext) {
      this.#planTurn(run.session, dueNs, false);
      return;
    }
    this.#release(run.session);
    if (goesOn && users !== undefined) this.#planTurn(this.#newSession(run.session.index + users), dueNs, false);
  }

  #newSession(index: number): Session {
    return new Session(this.#plan, index, this.#schedule.drawsOf(index));
  }

  #planTurn(session: Session, dueNs: number, isArrival: boolean): void {
    const { recorder } = this.#wayOf(session);
    const measured = recorder.isMeasured(dueNs);
    const gaps = measured ? recorder.gaps : undefined;
    const { readPauseMs = 0 } = this.#plan.workload;
    this.#trial.add(
      new TurnRun(this, session, session.prepare(), { dueNs, measured, isArrival, gaps, arrivals: this.#arrivals, readPauseMs }),
    );
  }

  /** Not within the event that ended the turn: its connection is still at work on it. */
  #release(session: Session): void {
    if (!this.#openSessions.delete(session)) return;
    const { target } = this.#wayOf(session);
    this.#trial.add({ dueNs: this.nowNs(), fire: () => target.release(session.key) });
  }

  /** Looks at the oldest turns only, whenever the oldest of the last look would be out of time. */
  #watchDeadlines(): void {
    const { turnTimeoutMs } = this.#trial.spec;
    const timeoutNs = turnTimeoutMs * 1e6;
    const nowNs = this.nowNs();
    let nextNs = nowNs + timeoutNs;
    for (const run of this.#inFlight) {
      if (run.dueNs + timeoutNs > nowNs) {
        nextNs = run.dueNs + timeoutNs;
        break;
      }
      this.#giveUp(run, { kind: 'timedOut', message: `not complete after ${turnTimeoutMs} ms` });
    }
    this.#trial.add({ dueNs: nextNs, fire: () => this.#watchDeadlines() });
  }

  #giveUp(run: TurnRun, outcome: RunOutcome): void {
    // Settled first: the `end` that follows a cancel counts no more, and a handler that never sends it changes nothing.
    this.#settle(run, outcome, this.nowNs());
    run.running.cancel();
  }
}
