/**
 * A thread or process that runs turns, seen from the main thread: what is told by it and to it, and how turns end that
 * do not end by themselves. A turn that is to stop is told so first, and its unit killed only if it does not listen
 * within the grace; whatever becomes of a unit, its turns end at once and exactly once.
 */
import { nowNs } from '../../transports/clock.ts';
import type { Outcome } from '../../transports/contract.ts';
import type { CommandRequest, JsonObject } from '../agents/agent.ts';
import type { Carrier } from './carrier.ts';
import type { ExecutionServices, PoolEvents, QuotaEvent } from './execution.ts';
import type { Batch, FromHost, HostEvent, HostSettings } from './messages.ts';
import { RelayedCommands } from './relayed-commands.ts';
import type { RemoteTurn, TurnKeeper } from './remote-turn.ts';
import type { PoolGlance, UnitState, UnitStatus } from './status.ts';
import type { QuotaBreach, Unit, UnitSample } from './unit.ts';

/** Whose status is asked for is sampled for the next time, unless the watchdog just did. */
const SAMPLE_AGE_MAX_NS = 1e9;
const SAMPLE_TIMEOUT_MS = 1_000;
/** Of a turn that another one keeps from listening. */
const GRACES_MAX = 5;
/** Who listens does so in less. */
const DOUBT_AFTER_NS = 50e6;

export interface UnitOptions {
  services: ExecutionServices;
  events: PoolEvents;
  cancelGraceMs: number;
  settings: HostSettings;
}

export interface UnitOwner {
  /** It has ended a turn: there is room for another. */
  left(unit: RemoteUnit): void;
  /** It has ended, or is about to, without being asked: it takes no turns any more. Comes once, before its turns' ends. */
  lost(unit: RemoteUnit, how: 'died' | 'killed'): void;
  /** It has begun a turn so long after it was handed it. */
  dispatched(ns: number): void;
}

interface Held {
  turn: RemoteTurn;
  handedAtNs: number;
  /** The unit has said so. Until then it is told nothing about the turn: that might overtake the turn itself. */
  accepted: boolean;
  /** Since it was told to stop. */
  grace: { timer: NodeJS.Timeout; sinceNs: number; left: number } | undefined;
}

export class RemoteUnit implements Unit, TurnKeeper {
  readonly name: string;
  /** The agent whose own it is. */
  agent: string | null = null;
  readonly bornAtNs = nowNs();
  /** Turns that it has ended. */
  served = 0;
  readonly #carrier: Carrier;
  readonly #owner: UnitOwner;
  readonly #options: UnitOptions;
  readonly #commands: RelayedCommands;
  readonly #held = new Map<number, Held>();
  /** The longest ago first. */
  readonly #toldToStop = new Set<Held>();
  #state: 'starting' | 'running' | 'ending' = 'starting';
  #lastSample: UnitSample | undefined;
  #sampledAtNs = 0;
  #gone: Promise<void> | undefined;

  constructor(name: string, carrier: Carrier, owner: UnitOwner, options: UnitOptions) {
    this.name = name;
    this.#carrier = carrier;
    this.#owner = owner;
    this.#options = options;
    this.#commands = new RelayedCommands(options.services.startCommand, (message) => carrier.post(message));
  }

  get kind(): 'thread' | 'process' {
    return this.#carrier.kind;
  }

  get size(): number {
    return this.#held.size;
  }

  /** A turn in it was told to stop and does not seem to listen: it may be killed, with whatever else it has by then. */
  get doubtful(): boolean {
    const [first] = this.#toldToStop;
    return first?.grace !== undefined && nowNs() - first.grace.sinceNs > DOUBT_AFTER_NS;
  }

  async begin(): Promise<void> {
    await this.#carrier.begin(this.#options.settings, {
      message: (message) => this.#told(message),
      refused: (turn, error) => this.#refused(turn, error),
      gone: (error) => this.#died(error),
    });
    if (this.#state === 'starting') this.#state = 'running';
  }

  hand(turn: RemoteTurn): void {
    const handedAtNs = nowNs();
    turn.keeper = this;
    turn.marks.unit = this.name;
    turn.marks.dispatchedNs = handedAtNs;
    this.#held.set(turn.id, { turn, handedAtNs, accepted: false, grace: undefined });
    this.#carrier.run({ id: turn.id, turn: turn.turn, session: turn.session });
  }

  becomeOwn(agent: string): void {
    this.agent = agent;
    this.#carrier.becomeOwn();
  }

  computing(): boolean {
    return this.#carrier.computing();
  }

  status(): UnitStatus {
    if (this.#state === 'running' && nowNs() - this.#sampledAtNs > SAMPLE_AGE_MAX_NS) void this.sample(SAMPLE_TIMEOUT_MS);
    const { kind, threadId, osThreadId, pid } = this.#carrier;
    const sample = this.#lastSample;
    return {
      name: this.name,
      kind,
      threadId,
      osThreadId,
      pid,
      agent: this.agent,
      state: this.#shownState(),
      turns: this.#held.size,
      ageMs: Math.round((nowNs() - this.bornAtNs) / 1e6),
      cpuMs: sample ? sample.cpuNs / 1e6 : null,
      heapUsedBytes: sample && kind === 'thread' ? sample.heapUsedBytes : null,
      externalBytes: sample && kind === 'thread' ? sample.externalBytes : null,
      rssBytes: sample?.rssBytes ?? null,
    };
  }

  /** Ends it; the turns that it still has end with `agent_died`. Resolves when it is gone. */
  end(reason: string): Promise<void> {
    if (this.#state !== 'ending') {
      this.#state = 'ending';
      this.#endTurns(reason);
    }
    this.#gone ??= this.#carrier.end();
    return this.#gone;
  }

  turns(): readonly number[] {
    return [...this.#held.keys()];
  }

  lastEntered(): number {
    return this.#carrier.lastEntered();
  }

  glance(): PoolGlance['units'][number] {
    return { name: this.name, state: this.#shownState(), turns: this.#held.size, cpuNs: this.osCpuNs() };
  }

  osCpuNs(): number | null {
    return this.#carrier.osCpuNs();
  }

  async sample(timeoutMs: number): Promise<UnitSample | undefined> {
    this.#sampledAtNs = nowNs();
    const sample = await this.#carrier.sample(timeoutMs);
    this.#lastSample = sample ?? this.#lastSample;
    return sample;
  }

  warned(id: number, breach: QuotaBreach): void {
    this.#options.events.onQuotaWarning(this.#quotaEvent(id, breach));
  }

  stop(id: number, breach: QuotaBreach, listens: boolean): void {
    const held = this.#held.get(id);
    const what = describeBreach(breach);
    this.#options.events.onQuotaExceeded(this.#quotaEvent(id, breach));
    if (held) {
      held.turn.end({ kind: 'failed', code: 'quota_exceeded', message: what });
      if (listens) this.#tellToStop(held);
    }
    if (!listens) this.#kill(`it was ended because a turn in it exceeded its quota: ${what}`);
  }

  /** A consumer has cancelled. */
  cancelled(turn: RemoteTurn): void {
    const held = this.#held.get(turn.id);
    if (held) this.#tellToStop(held);
  }

  pause({ id }: RemoteTurn): void {
    if (this.#held.has(id)) this.#carrier.post({ pause: id });
  }

  resume({ id }: RemoteTurn): void {
    if (this.#held.has(id)) this.#carrier.post({ resume: id });
  }

  #quotaEvent(id: number, breach: QuotaBreach): QuotaEvent {
    const turn = this.#held.get(id)?.turn.turn;
    return { unit: this.name, breach, ...(turn ? { turn: { key: turn.key, agent: turn.agent ?? '' } } : {}) };
  }

  #shownState(): UnitState {
    if (this.#state === 'starting') return 'starting';
    if (this.#state === 'ending') return 'stopping';
    return this.#held.size > 0 ? 'busy' : 'idle';
  }

  #tellToStop(held: Held): void {
    const { id } = held.turn;
    this.#commands.endOf(id);
    if (held.accepted) this.#carrier.post({ cancel: id });
    if (held.grace) return;
    // A first look, for the second when the grace is over.
    this.#carrier.computing();
    held.grace = { timer: this.#graceTimer(held), sinceNs: nowNs(), left: GRACES_MAX };
    this.#toldToStop.add(held);
  }

  #graceTimer(held: Held): NodeJS.Timeout {
    return setTimeout(() => this.#graceOver(held), this.#options.cancelGraceMs).unref();
  }

  /**
   * Where another turn's code keeps the unit from listening, this one is not to blame, and is given more time. Not for
   * ever: whose code it is that runs from timers of its own is not known.
   */
  #graceOver(held: Held): void {
    const { grace } = held;
    if (!grace) return;
    grace.left -= 1;
    const last = this.#carrier.lastEntered();
    const blocked = last !== held.turn.id && this.#held.has(last) && this.#carrier.computing();
    if (blocked && grace.left > 0) grace.timer = this.#graceTimer(held);
    else this.#kill('it was ended because a turn in it did not stop when told to');
  }

  #kill(reason: string): void {
    if (this.#state === 'ending') return;
    this.#options.events.onUnitKilled(this.name, reason);
    this.#state = 'ending';
    this.#owner.lost(this, 'killed');
    this.#endTurns(reason);
  }

  #died(error: Error): void {
    if (this.#state === 'ending') return;
    const began = this.#state === 'running';
    this.#state = 'ending';
    // One that could not be started is told of by `begin`.
    if (!began) return;
    this.#options.events.onUnitError(this.name, error);
    this.#owner.lost(this, 'died');
    this.#endTurns(error.message);
  }

  #endTurns(reason: string): void {
    for (const held of [...this.#held.values()]) {
      this.#forget(held);
      held.turn.end({ kind: 'failed', code: 'agent_died', message: `the agent's ${this.kind} ended: ${reason}` });
    }
  }

  #forget(held: Held): void {
    const { turn, grace } = held;
    clearTimeout(grace?.timer);
    this.#toldToStop.delete(held);
    this.#held.delete(turn.id);
    this.#commands.endOf(turn.id);
    this.#options.services.sessions.done(turn.session);
  }

  #refused(id: number, error: Error): void {
    const held = this.#held.get(id);
    if (!held) return;
    this.#forget(held);
    held.turn.end({ kind: 'failed', code: 'internal_error', message: `the turn could not be handed to a ${this.kind}: ${error.message}` });
    this.#owner.left(this);
  }

  #told(message: FromHost): void {
    if (this.#state === 'ending') return;
    if (Array.isArray(message)) this.#deliver(message);
    else if ('accepted' in message) this.#accepted(message.accepted, message.atNs);
    else if ('startCommand' in message) this.#startCommand(message.startCommand, message.turn, message.request);
    else if ('controlCommand' in message) this.#commands.control(message.controlCommand, message.to);
    else if ('takenOf' in message) this.#commands.taken(message.takenOf, message.characters);
    else if ('remember' in message) this.#remember(message.remember, message.state);
    else {
      const error = Object.assign(new Error(message.message), { stack: message.stack });
      this.#options.services.onAgentError(message.errorOf, message.agent, error);
    }
  }

  #deliver(batch: Batch): void {
    const deliveredNs = nowNs();
    let readAtNs = 0;
    for (let index = 0; index < batch.length; index += 2) {
      const id = batch[index] as number;
      const event = batch[index + 1]!;
      if (typeof event === 'number') readAtNs = event;
      else {
        const held = this.#held.get(id);
        // Else it was killed by what a consumer did with an event before.
        if (!held) continue;
        held.turn.marks.deliveredNs = deliveredNs;
        this.#take(held, typeof event === 'string' ? { type: 'text', text: event } : event, readAtNs);
      }
    }
    this.#carrier.delivered();
  }

  #take(held: Held, event: HostEvent, readAtNs: number): void {
    const { marks } = held.turn;
    if (event.type === 'spent') {
      marks.spent = event;
      return;
    }
    if (event.type !== 'end') return held.turn.take(event, readAtNs);
    marks.returnedNs = marks.deliveredNs;
    this.#forget(held);
    this.served += 1;
    held.turn.take(event, readAtNs);
    this.#owner.left(this);
  }

  #accepted(id: number, atNs: number): void {
    const held = this.#held.get(id);
    if (!held) return;
    held.accepted = true;
    held.turn.marks.agentStartedNs = atNs;
    this.#owner.dispatched(atNs - held.handedAtNs);
    if (held.turn.over) this.#carrier.post({ cancel: id });
  }

  #startCommand(command: number, id: number, request: CommandRequest): void {
    const turn = this.#held.get(id)?.turn;
    this.#commands.start(command, id, turn?.over ? undefined : turn?.session, request);
  }

  /** A unit remembers for the sessions whose turns it has, and for no other. */
  #remember(key: string, state: JsonObject): void {
    for (const { turn } of this.#held.values()) {
      if (turn.session.key !== key) continue;
      this.#options.services.sessions.remember(key, state);
      return;
    }
  }
}

export function describeBreach({ kind, used, quota }: QuotaBreach): string {
  if (kind === 'cpu') return `${seconds(used)} s of processor time, where ${seconds(quota)} s are allowed`;
  return `${megabytes(used)} MB of memory, where ${megabytes(quota)} MB are allowed`;
}

const seconds = (ns: number) => (ns / 1e9).toFixed(1);
const megabytes = (bytes: number) => Math.ceil(bytes / 1024 ** 2);

/** For pools: how a turn ends that no unit could be started for. */
export function notStarted(kind: 'thread' | 'process', error: Error): Outcome {
  return { kind: 'failed', code: 'agent_died', message: `no ${kind} could be started for the agent: ${error.message}` };
}
