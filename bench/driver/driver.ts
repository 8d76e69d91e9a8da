/**
 * The load engine: offers a schedule's turns to a `Handler` and sees that each ends in exactly one outcome.
 *
 * Open loop: sessions start by the clock, whatever the replies do, so a target that stalls meets the turns that were
 * due meanwhile, and every latency counts from when a turn was *due*: there is no coordinated omission to correct.
 * Closed loop: each user starts a session when the last one is over. In both, a session's next turn is due its think
 * time after the completion of the one before.
 *
 * Sessions go on after a turn that did not complete; if they ended there, a target in trouble would be offered less.
 * Such a session pauses for `PAUSE_NS` at least, or a dead target would be tried at the full speed of the machine.
 *
 * Nothing is due from the end of the window on. Then turns in flight have the drain to end; what is left is cancelled
 * and counted as timed out, as is a turn whose own time is up.
 */
import type { EndEvent, Handler, Turn } from '../../transports/contract.ts';
import type { TokenColumns } from '../ledger/columns.ts';
import type { ArrivalRow } from '../ledger/rows.ts';
import type { TrialSpec } from '../trial.ts';
import { type Due, Pacer } from './pacer.ts';
import type { Prompts } from './prompts.ts';
import { Recorder } from './recorder.ts';
import type { Schedule } from './schedule.ts';
import { Session, type SessionPlan } from './session.ts';
import { type RunOutcome, type TurnOwner, TurnRun } from './turn-run.ts';
import type { Waiting } from './waiting.ts';

/** From the call to the trial's time 0: the first requests are written meanwhile. */
export const LEAD_NS = 5_000_000;
export const PAUSE_NS = 10_000_000;

/** What the driver uses of a `Client`. */
export interface Target {
  readonly handler: Handler;
  release(session: string): void;
}

export interface DriverOptions {
  spec: TrialSpec;
  schedule: Schedule;
  target: Target;
  prompts: Prompts;
  waiting: Waiting;
  arrivals?: TokenColumns<ArrivalRow>;
  /** Told when the measured window begins and ends. */
  onWindow?: (edge: 'start' | 'end', atNs: number) => void;
  /** Cancels all turns, which count as cancelled, and ends the trial at once. */
  signal?: AbortSignal;
}

export interface DriverResult extends ReturnType<Recorder['result']> {
  windowStartNs: number;
  windowEndNs: number;
  inFlightPeak: number;
}

/** Runs one trial. @throws what a defect throws, and when the outcomes do not add up. */
export function drive(options: DriverOptions): Promise<DriverResult> {
  return new Driver(options).run();
}

class Driver implements TurnOwner {
  readonly #options: DriverOptions;
  readonly #plan: SessionPlan;
  readonly #pacer: Pacer;
  /** In the order in which they were started, which is that of their deadlines but for their lateness. */
  readonly #inFlight = new Set<TurnRun>();
  readonly #openSessions = new Set<string>();
  readonly #result = Promise.withResolvers<DriverResult>();
  readonly #recorder: Recorder;
  readonly #startNs: number;
  readonly #windowStartNs: number;
  readonly #windowEndNs: number;
  #sessionsPlanned = 0;
  #inFlightPeak = 0;
  #state: 'offering' | 'draining' | 'stopping' | 'over' = 'offering';

  constructor(options: DriverOptions) {
    this.#options = options;
    const { spec, schedule, prompts, waiting, arrivals } = options;
    this.#plan = { trialId: spec.id, seed: spec.seed, workload: spec.workload, prompts, turnsPerSession: schedule.turnsPerSession };
    this.#pacer = new Pacer(waiting, (fault) => this.#fail(fault));
    this.#startNs = waiting.nowNs() + LEAD_NS;
    this.#windowStartNs = this.#startNs + spec.warmupMs * 1e6;
    this.#windowEndNs = this.#startNs + schedule.endNs;
    this.#recorder = new Recorder({
      windowStartNs: this.#windowStartNs,
      windowEndNs: this.#windowEndNs,
      streams: spec.client.leg.transport !== 'http',
      arrivals,
    });
  }

  nowNs(): number {
    return this.#options.waiting.nowNs();
  }

  run(): Promise<DriverResult> {
    const { signal } = this.#options;
    if (signal?.aborted) this.#abort();
    signal?.addEventListener('abort', this.#abort, { once: true });
    this.#at(this.#windowStartNs, () => this.#options.onWindow?.('start', this.nowNs()));
    this.#at(this.#windowEndNs, () => this.#endWindow());
    this.#planNextArrival();
    this.#watchDeadlines();
    return this.#result.promise.finally(() => signal?.removeEventListener('abort', this.#abort));
  }

  readonly #abort = (): void => {
    if (this.#state === 'over') return;
    this.#state = 'stopping';
    this.#giveUpAll({ kind: 'cancelled' });
  };

  issue(run: TurnRun): void {
    if (this.#state === 'stopping') return;
    this.#recorder.offered(run);
    run.startedNs = this.nowNs();
    if (this.#inFlight.size >= this.#options.spec.inFlightMax) {
      this.#settle(run, { kind: 'dropped' }, run.startedNs);
    } else {
      this.#inFlight.add(run);
      this.#inFlightPeak = Math.max(this.#inFlightPeak, this.#inFlight.size);
      this.#openSessions.add(run.session.key);
      this.#start(run, run.prepared.turn);
      this.#recorder.started(run);
      if (run.prepared.fallback) this.#recorder.fellBack(run);
    }
    if (run.isArrival) this.#planNextArrival();
  }

  ended(run: TurnRun, end: EndEvent, atNs: number): void {
    const { outcome } = end;
    if (outcome.kind === 'refused' && outcome.code === 'previous_response_not_found' && !run.fellBack && run.textEvents === 0) {
      run.fellBack = true;
      this.#recorder.fellBack(run);
      this.#start(run, run.session.inFull(run.prepared.turn, run.prepared.message));
      return;
    }
    run.outputTokens = end.usage?.outputTokens ?? run.prepared.draws.outputTokens;
    run.responseId = end.responseId ?? run.responseId;
    run.phases = end.phases;
    this.#settle(run, outcome, atNs);
  }

  /** A handler may end the turn before it returns, and the turn may then have been started again. */
  #start(run: TurnRun, turn: Turn): void {
    run.attempts += 1;
    const attempt = run.attempts;
    const running = this.#options.target.handler(turn, run);
    if (run.attempts === attempt) run.running = running;
  }

  #settle(run: TurnRun, outcome: RunOutcome, atNs: number): void {
    run.outcome = outcome;
    run.endedNs = atNs;
    this.#inFlight.delete(run);
    this.#recorder.ended(run, outcome);
    if (outcome.kind === 'completed') run.session.completed(run.prepared.message, run.reply, run.responseId);
    this.#planFollower(run, outcome);
    if (this.#state !== 'offering') this.#finishWhenIdle();
  }

  /** One arrival is planned at a time: its request is written while the driver waits for it. */
  #planNextArrival(): void {
    const startNs = this.#options.schedule.startsNs[this.#sessionsPlanned];
    if (startNs === undefined) return;
    const index = this.#sessionsPlanned;
    this.#sessionsPlanned += 1;
    this.#planTurn(this.#newSession(index), this.#startNs + startNs, true);
  }

  /** What comes after a turn: the session's next one, or in a closed loop the user's next session. */
  #planFollower(run: TurnRun, outcome: RunOutcome): void {
    const { users } = this.#options.schedule;
    const { thinkNs } = run.prepared.draws;
    const dueNs = run.endedNs + (outcome.kind === 'completed' ? thinkNs : Math.max(thinkNs, PAUSE_NS));
    const goesOn = this.#state === 'offering' && dueNs < this.#windowEndNs;
    if (goesOn && run.session.hasNext) {
      this.#planTurn(run.session, dueNs, false);
      return;
    }
    this.#release(run.session);
    if (goesOn && users !== undefined) this.#planTurn(this.#newSession(run.session.index + users), dueNs, false);
  }

  #newSession(index: number): Session {
    return new Session(this.#plan, index, this.#options.schedule.drawsOf(index));
  }

  #planTurn(session: Session, dueNs: number, isArrival: boolean): void {
    const measured = this.#recorder.isMeasured(dueNs);
    const gaps = measured ? this.#recorder.gaps : undefined;
    const arrivals = this.#options.arrivals !== undefined;
    this.#pacer.add(new TurnRun(this, session, session.prepare(), { dueNs, measured, isArrival, gaps, arrivals }));
  }

  /** Not within the event that ended the turn: its connection is still at work on it. */
  #release(session: Session): void {
    if (!this.#openSessions.delete(session.key)) return;
    this.#at(this.nowNs(), () => this.#options.target.release(session.key));
  }

  /** Looks at the oldest turns only, whenever the oldest of the last look would be out of time. */
  #watchDeadlines(): void {
    const timeoutNs = this.#options.spec.turnTimeoutMs * 1e6;
    const nowNs = this.nowNs();
    let nextNs = nowNs + timeoutNs;
    for (const run of this.#inFlight) {
      if (run.dueNs + timeoutNs > nowNs) {
        nextNs = run.dueNs + timeoutNs;
        break;
      }
      this.#giveUp(run, { kind: 'timedOut', message: `not complete after ${this.#options.spec.turnTimeoutMs} ms` });
    }
    this.#at(nextNs, () => this.#watchDeadlines());
  }

  #giveUp(run: TurnRun, outcome: RunOutcome): void {
    // Settled first: the `end` that follows a cancel counts no more, and a handler that never sends it changes nothing.
    this.#settle(run, outcome, this.nowNs());
    run.running.cancel();
  }

  #endWindow(): void {
    if (this.#state !== 'offering') return;
    this.#state = 'draining';
    this.#options.onWindow?.('end', this.nowNs());
    this.#at(this.#windowEndNs + this.#options.spec.drainMs * 1e6, () =>
      this.#giveUpAll({ kind: 'timedOut', message: `not complete when the drain of ${this.#options.spec.drainMs} ms was over` }),
    );
    this.#finishWhenIdle();
  }

  #giveUpAll(outcome: RunOutcome): void {
    for (const run of this.#inFlight) this.#giveUp(run, outcome);
    this.#finishWhenIdle();
  }

  #finishWhenIdle(): void {
    if (this.#inFlight.size === 0) this.#at(this.nowNs(), () => this.#finish());
  }

  #finish(): void {
    // A turn that was due before may have been started meanwhile.
    if (this.#inFlight.size > 0) return;
    this.#state = 'over';
    this.#pacer.stop();
    for (const session of this.#openSessions) this.#options.target.release(session);
    this.#result.resolve({
      ...this.#recorder.result(),
      windowStartNs: this.#windowStartNs,
      windowEndNs: this.#windowEndNs,
      inFlightPeak: this.#inFlightPeak,
    });
  }

  #fail(fault: unknown): void {
    this.#state = 'over';
    for (const run of this.#inFlight) run.running.cancel();
    this.#result.reject(fault);
  }

  #at(dueNs: number, fire: () => void): void {
    const due: Due = { dueNs, fire };
    this.#pacer.add(due);
  }
}
