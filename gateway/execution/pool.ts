/**
 * Runs turns in units, threads or processes alike: each is placed, or waits, or is refused.
 *
 * Turns come in lanes (`lane.ts`), each with units of its own (`roster.ts`). Within a lane turns are served in order;
 * one lane's queue keeps no other waiting. A turn waits while no unit of its lane has room; also while all that have
 * are computing, as long as another unit could be started.
 */
import { nowNs } from '../../transports/clock.ts';
import { type Handler, OVER, type Running, type Sink, type Turn } from '../../transports/contract.ts';
import { refuse } from '../outcome.ts';
import { Distribution } from './distribution.ts';
import type { Pool } from './execution.ts';
import { Lane, type LanePlan } from './lane.ts';
import type { PoolOptions, PoolPlan } from './plan.ts';
import { RemoteTurn, type TurnKeeper } from './remote-turn.ts';
import { notStarted, type RemoteUnit } from './remote-unit.ts';
import { Roster, type RosterOwner } from './roster.ts';
import type { PoolGlance, PoolStatus } from './status.ts';

/** How often it is looked at which units compute. */
const PULSE_MS = 10;
const RETRY_AFTER_S_MAX = 60;
const ID_MAX = 2 ** 31 - 1;

export class AgentPool implements Pool, RosterOwner, TurnKeeper {
  readonly #plan: PoolPlan;
  readonly #options: PoolOptions;
  readonly #roster: Roster;
  readonly #lanes = new Map<string | symbol, Lane>();
  readonly #lanesWaiting = new Set<Lane>();
  readonly #dispatch = new Distribution();
  readonly #queueWait = new Distribution();
  #waiting = 0;
  #lastId = 0;
  #pulse: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(plan: PoolPlan, options: PoolOptions) {
    this.#plan = plan;
    this.#options = options;
    const lasting = plan.lastingLanes.map((lane) => new Lane(lane, true));
    for (const lane of lasting) this.#lanes.set(lane.plan.key, lane);
    this.#roster = new Roster(plan, options, lasting, this);
  }

  ready(): Promise<void> {
    return this.#roster.ready();
  }

  readonly handler: Handler = (turn: Turn, sink: Sink): Running => {
    if (this.#closing) return refuse(sink, { status: 503, code: 'shutting_down', message: 'the gateway is stopping' });
    const session = this.#options.services.sessions.open(turn);
    const lane = this.#laneFor(this.#plan.laneOf(turn, session));
    const running = new RemoteTurn(this.#nextId(), turn, sink, session, this, lane);
    const unit = lane.waiting.size === 0 ? this.#place(lane) : undefined;
    if (unit) this.#hand(unit, running);
    else if (!this.#queue(running)) return this.#refuse(running, sink);
    return running;
  };

  units(): readonly RemoteUnit[] {
    return [...this.#roster.bound()];
  }

  status(): PoolStatus {
    const micros = (percentile: number) => this.#dispatch.percentileNs(percentile) / 1e3;
    const ms = (percentile: number) => this.#queueWait.percentileNs(percentile) / 1e6;
    return {
      units: this.#roster
        .all()
        .sort((a, b) => a.bornAtNs - b.bornAtNs)
        .map((unit) => unit.status()),
      waiting: this.#waiting,
      dispatch: { count: this.#dispatch.count, p50Micros: micros(50), p99Micros: micros(99) },
      queueWaitMs: { p50: ms(50), p99: ms(99) },
      ...this.#roster.counts,
    };
  }

  glance(): PoolGlance {
    const units = this.#roster.all().sort((a, b) => a.bornAtNs - b.bornAtNs);
    return { units: units.map((unit) => unit.glance()), waiting: this.#waiting };
  }

  beginWindow(): void {
    this.#dispatch.reset();
    this.#queueWait.reset();
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#pulse);
    for (const lane of [...this.#lanesWaiting]) for (const turn of [...lane.waiting]) turn.cancel();
    await this.#roster.close();
  }

  // What is told of turns while they wait; later their unit is told.

  cancelled(turn: RemoteTurn): void {
    this.#unqueue(turn);
    this.#forget(turn);
  }

  pause(): void {}

  resume(): void {}

  // What units tell.

  left(unit: RemoteUnit): void {
    const lane = this.#roster.laneOf(unit);
    if (lane && lane.waiting.size > 0) this.#serve(lane);
    this.#roster.served(unit);
  }

  lost(unit: RemoteUnit, how: 'died' | 'killed'): void {
    this.#roster.lost(unit, how);
  }

  dispatched(ns: number): void {
    this.#dispatch.record(ns);
  }

  // What the roster tells.

  roomier(): void {
    for (const lane of [...this.#lanesWaiting]) this.#serve(lane);
  }

  notStarted(error: Error): void {
    for (const lane of [...this.#lanesWaiting]) {
      if (lane.size > 0) continue;
      for (const turn of [...lane.waiting]) {
        this.#unqueue(turn);
        this.#forget(turn);
        turn.end(notStarted(this.#plan.kind, error));
      }
    }
  }

  shrunk(lane: Lane): void {
    if (lane.empty && !lane.lasting) this.#lanes.delete(lane.plan.key);
  }

  /** Whether a turn could go to another unit than one that computes. */
  get #looks(): boolean {
    return this.#plan.unitsPerLaneMax > 1 && this.#options.unitsMax > 1;
  }

  #nextId(): number {
    this.#lastId = this.#lastId === ID_MAX ? 1 : this.#lastId + 1;
    return this.#lastId;
  }

  #laneFor(plan: LanePlan): Lane {
    const known = this.#lanes.get(plan.key);
    if (known) return known;
    const lane = new Lane(plan, false);
    this.#lanes.set(plan.key, lane);
    return lane;
  }

  /** It was never handed to a unit. */
  #forget(turn: RemoteTurn): void {
    this.#options.services.sessions.done(turn.session);
    this.shrunk(turn.lane);
  }

  #place(lane: Lane): RemoteUnit | undefined {
    const best = lane.best(this.#options.turnsPerUnit, this.#looks);
    if (best && !best.computing) return best.unit;
    const spare = this.#roster.mayGrow(lane) ? this.#roster.claim(lane) : undefined;
    if (spare) return spare;
    return lane.starting > 0 || this.#roster.mayStart(lane) ? undefined : best?.unit;
  }

  #hand(unit: RemoteUnit, turn: RemoteTurn): void {
    this.#roster.taken(unit);
    this.#queueWait.record(nowNs() - turn.arrivedAtNs);
    unit.hand(turn);
    this.#beat();
  }

  /** @returns false when too many wait already */
  #queue(turn: RemoteTurn): boolean {
    const { lane } = turn;
    turn.marks.queuedNs ||= turn.arrivedAtNs;
    lane.waiting.add(turn);
    this.#waiting += 1;
    this.#lanesWaiting.add(lane);
    this.#roster.startFor(lane);
    if (this.#queued(lane) <= this.#options.queueMax) return true;
    this.#unqueue(turn);
    return false;
  }

  #unqueue(turn: RemoteTurn): void {
    const { lane } = turn;
    if (!lane.waiting.delete(turn)) return;
    this.#waiting -= 1;
    if (lane.waiting.size === 0) this.#lanesWaiting.delete(lane);
  }

  /** Turns that wait, beyond those for which units are being started. */
  #queued(lane: Lane): number {
    const beyond = ({ waiting, starting }: Lane) => Math.max(0, waiting.size - starting * this.#options.turnsPerUnit);
    if (this.#plan.queuePerLane) return beyond(lane);
    if (this.#waiting <= this.#options.queueMax) return this.#waiting;
    return [...this.#lanesWaiting].reduce((sum, one) => sum + beyond(one), 0);
  }

  /** Who comes to a full queue would wait about as long as its first turn has. */
  #refuse(turn: RemoteTurn, sink: Sink): Running {
    const [longest] = this.#plan.queuePerLane ? [turn.lane] : this.#lanesWaiting;
    const [first] = longest?.waiting ?? [];
    const ageS = first ? (nowNs() - first.arrivedAtNs) / 1e9 : 0;
    const retryAfterS = Math.min(Math.max(1, Math.ceil(ageS)), RETRY_AFTER_S_MAX);
    this.#forget(turn);
    const units = this.#plan.kind === 'thread' ? 'threads' : 'processes';
    const waiting = this.#plan.queuePerLane ? turn.lane.waiting.size : this.#waiting;
    refuse(sink, { status: 429, code: 'queue_full', message: `all ${units} are taken and ${waiting} turns wait`, retryAfterS });
    return OVER;
  }

  #serve(lane: Lane): void {
    for (const turn of lane.waiting) {
      const unit = this.#place(lane);
      if (!unit) break;
      this.#unqueue(turn);
      this.#refresh(turn);
      this.#hand(unit, turn);
    }
    if (lane.waiting.size > 0) this.#roster.startFor(lane);
  }

  /** A turn of its session may have remembered something while it waited. */
  #refresh(turn: RemoteTurn): void {
    if (turn.session.key === undefined) return;
    const { sessions } = this.#options.services;
    const session = sessions.open(turn.turn);
    sessions.done(turn.session);
    turn.session = session;
  }

  /** While turns run: notices units that have come to rest, for turns that wait because all compute. */
  #beat(): void {
    if (!this.#looks || this.#closing) return;
    this.#pulse ??= setTimeout(() => {
      this.#pulse = undefined;
      const busy = this.units().filter((unit) => unit.size > 0);
      for (const unit of busy) unit.computing();
      this.roomier();
      if (busy.length > 0) this.#beat();
    }, PULSE_MS).unref();
  }
}
