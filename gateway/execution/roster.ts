/**
 * The units of a pool: which there are, whose they are, when one is started and when it ends.
 *
 * A unit belongs to a lane from its first turn on and is never given to another. Spare ones are kept ready; a lane
 * that needs more than there are may start some, as long as the other lasting lanes are left one each; what idles
 * makes room for others at once, and ends after a while in any case.
 */
import type { Lane } from './lane.ts';
import type { PoolOptions, PoolPlan } from './plan.ts';
import { RemoteUnit, type UnitOwner } from './remote-unit.ts';
import { within } from './time-limit.ts';

export interface RosterOwner extends UnitOwner {
  /** Units have come, or there is room for more: turns that wait may find a place. */
  roomier(): void;
  /** No unit could be started. */
  notStarted(error: Error): void;
  /** The lane has lost a unit; it may have become empty. */
  shrunk(lane: Lane): void;
}

const START_TIMEOUT_MS = 30_000;
/** A native call cannot be ended; nobody waits for it for ever. */
const CLOSE_TIMEOUT_MS = 5_000;
/** Between attempts to replace units that die before they have served a turn: doubled each time. */
const RESTART_DELAY_MS = 100;
const RESTART_DELAY_MS_MAX = 10_000;

export class Roster {
  readonly counts = { started: 0, ended: 0, died: 0, killed: 0 };
  readonly #plan: PoolPlan;
  readonly #options: PoolOptions;
  readonly #owner: RosterOwner;
  readonly #lanes: readonly Lane[];
  readonly #laneOf = new Map<RemoteUnit, Lane>();
  /** For which lane; absent: for whichever comes. */
  readonly #starting = new Map<RemoteUnit, Lane | undefined>();
  readonly #spare = new Set<RemoteUnit>();
  /** Spare or a lane's, and since when; the longest first. */
  readonly #idle = new Map<RemoteUnit, number>();
  readonly #stopping = new Set<RemoteUnit>();
  #lastName = 0;
  /** Units in a row that died before they had served a turn. */
  #futile = 0;
  #sweep: NodeJS.Timeout | undefined;
  #restart: NodeJS.Timeout | undefined;
  #closing = false;

  /** @param lanes the lasting ones */
  constructor(plan: PoolPlan, options: PoolOptions, lanes: readonly Lane[], owner: RosterOwner) {
    this.#plan = plan;
    this.#options = options;
    this.#lanes = lanes;
    this.#owner = owner;
  }

  /** Resolves when the spares are up; where none are kept, when one has been. */
  async ready(): Promise<void> {
    const spares = this.#plan.spares(0);
    await Promise.all(Array.from({ length: Math.max(1, spares) }, () => this.#start(undefined)));
    if (spares > 0) return;
    for (const unit of [...this.#spare]) this.#end(unit);
  }

  /** Those that have turns, or had. */
  bound(): IterableIterator<RemoteUnit> {
    return this.#laneOf.keys();
  }

  all(): RemoteUnit[] {
    return [...this.#starting.keys(), ...this.#spare, ...this.#laneOf.keys(), ...this.#stopping];
  }

  laneOf(unit: RemoteUnit): Lane | undefined {
    return this.#laneOf.get(unit);
  }

  mayGrow(lane: Lane): boolean {
    return lane.size < this.#plan.unitsPerLaneMax && (this.#free(lane) > 0 || this.#dispensable(lane) !== undefined);
  }

  mayStart(lane: Lane): boolean {
    if (this.#closing || this.#stuck || !this.mayGrow(lane)) return false;
    return this.#total < this.#options.unitsMax || this.#adoptable(lane) !== undefined || this.#dispensable(lane) !== undefined;
  }

  /** A spare unit, which is the lane's from now on. */
  claim(lane: Lane): RemoteUnit | undefined {
    const [spare] = this.#spare;
    if (!spare || !this.#makeRoom(lane)) return undefined;
    this.#bind(spare, lane);
    return spare;
  }

  /** Starts what the lane's waiting turns need and the bounds allow. */
  startFor(lane: Lane): void {
    const { turnsPerUnit, unitsMax } = this.#options;
    while (lane.starting < Math.ceil(lane.waiting.size / turnsPerUnit) && this.mayStart(lane)) {
      this.#makeRoom(lane);
      const adopted = this.#adoptable(lane);
      if (!adopted && this.#total >= unitsMax) {
        const idle = this.#dispensable(lane);
        if (!idle) return;
        this.#end(idle);
      }
      lane.starting += 1;
      if (adopted) this.#starting.set(adopted, lane);
      else this.#start(lane).catch(() => {});
    }
  }

  /** It has a turn. */
  taken(unit: RemoteUnit): void {
    this.#idle.delete(unit);
  }

  /** It has ended a turn. */
  served(unit: RemoteUnit): void {
    this.#futile = 0;
    const lane = this.#laneOf.get(unit);
    if (unit.size > 0 || !lane) return;
    if (lane.single) this.#end(unit);
    else this.#setIdle(unit);
    this.#owner.roomier();
  }

  lost(unit: RemoteUnit, how: 'died' | 'killed'): void {
    this.counts[how] += 1;
    if (how === 'died' && unit.served === 0) this.#futile += 1;
    this.#remove(unit);
    this.#stop(unit);
    this.#replenish();
    this.#owner.roomier();
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#sweep);
    clearTimeout(this.#restart);
    for (const unit of this.all()) if (!this.#stopping.has(unit)) this.#end(unit, 'the gateway is stopping');
    await within(Promise.all([...this.#stopping].map((unit) => unit.end(''))), CLOSE_TIMEOUT_MS);
  }

  /** Units of lanes, those being started for one included. */
  get #bound(): number {
    let bound = this.#laneOf.size;
    for (const lane of this.#starting.values()) if (lane) bound += 1;
    return bound;
  }

  get #total(): number {
    return this.#laneOf.size + this.#starting.size + this.#spare.size;
  }

  /** As many as there may be units are ending and do not come to it: what would be started now might join them. */
  get #stuck(): boolean {
    return this.#stopping.size > this.#options.unitsMax;
  }

  /** Units that the lane may still have without those that are left to others. */
  #free(lane: Lane): number {
    const leftToOthers = this.#lanes.filter((other) => other !== lane && other.size === 0).length;
    return this.#options.unitsMax - this.#bound - leftToOthers;
  }

  /** The unit that is idle the longest, of those that another lane can do without. */
  #dispensable(lane: Lane): RemoteUnit | undefined {
    for (const unit of this.#idle.keys()) {
      const other = this.#laneOf.get(unit);
      if (other && other !== lane && other.size > (other.lasting ? 1 : 0)) return unit;
    }
    return undefined;
  }

  #makeRoom(lane: Lane): boolean {
    if (this.#free(lane) > 0) return true;
    const idle = this.#dispensable(lane);
    if (idle) this.#end(idle);
    return idle !== undefined;
  }

  /** A unit that is being started for nobody. */
  #adoptable(lane: Lane): RemoteUnit | undefined {
    if (lane.plan.workspace !== undefined) return undefined;
    for (const [unit, forLane] of this.#starting) if (!forLane) return unit;
    return undefined;
  }

  /** Rejects when it cannot be started. */
  async #start(lane: Lane | undefined): Promise<void> {
    const { kind, prefix } = this.#plan;
    this.#lastName += 1;
    const name = `${prefix}-${this.#lastName}`;
    const unit = new RemoteUnit(name, this.#plan.carrier(name, lane?.plan.workspace), this.#owner, this.#options);
    this.#starting.set(unit, lane);
    this.counts.started += 1;
    try {
      const begun = await within(
        unit.begin().then(() => true),
        START_TIMEOUT_MS,
      );
      if (!begun) throw new Error(`a ${kind} did not start within ${START_TIMEOUT_MS} ms`);
    } catch (error) {
      this.#notStarted(unit, error as Error);
      throw error;
    }
    this.#started(unit);
  }

  #started(unit: RemoteUnit): void {
    // Ended meanwhile.
    if (!this.#starting.has(unit)) return;
    const lane = this.#starting.get(unit);
    this.#starting.delete(unit);
    if (lane) {
      lane.starting -= 1;
      this.#bind(unit, lane);
    } else this.#spare.add(unit);
    this.#setIdle(unit);
    this.#owner.roomier();
  }

  #notStarted(unit: RemoteUnit, error: Error): void {
    if (!this.#starting.has(unit)) return;
    this.#futile += 1;
    this.counts.died += 1;
    this.#options.events.onUnitError(unit.name, error);
    this.#remove(unit);
    this.#stop(unit);
    this.#owner.notStarted(error);
    this.#replenish();
    this.#owner.roomier();
  }

  /** Starts spares up to the number that is kept; after futile attempts, in a while. */
  #replenish(): void {
    if (this.#closing || this.#restart) return;
    if (this.#futile === 0) return this.#startSpares();
    const delayMs = Math.min(RESTART_DELAY_MS * 2 ** (this.#futile - 1), RESTART_DELAY_MS_MAX);
    this.#restart = setTimeout(() => {
      this.#restart = undefined;
      this.#startSpares();
    }, delayMs).unref();
  }

  #startSpares(): void {
    const { unitsMax } = this.#options;
    const starting = this.#laneOf.size + this.#starting.size - this.#bound;
    for (let ready = this.#spare.size + starting; ready < this.#plan.spares(this.#bound); ready += 1) {
      if (this.#total >= unitsMax || this.#stuck) return;
      this.#start(undefined).catch(() => {});
    }
  }

  #bind(unit: RemoteUnit, lane: Lane): void {
    this.#spare.delete(unit);
    this.#laneOf.set(unit, lane);
    lane.units.add(unit);
    if (lane.plan.agent !== null) unit.becomeOwn(lane.plan.agent);
    this.#replenish();
  }

  #setIdle(unit: RemoteUnit): void {
    this.#idle.set(unit, performance.now());
    this.#armSweep(this.#options.idleTimeoutMs);
  }

  #armSweep(delayMs: number): void {
    if (this.#closing) return;
    this.#sweep ??= setTimeout(() => {
      this.#sweep = undefined;
      this.#sweepIdle();
    }, delayMs).unref();
  }

  #sweepIdle(): void {
    for (const [unit, sinceMs] of this.#idle) {
      const leftMs = sinceMs + this.#options.idleTimeoutMs - performance.now();
      if (leftMs > 0) return this.#armSweep(Math.ceil(leftMs));
      const spare = this.#spare.has(unit);
      const tooMany = spare ? this.#spare.size > this.#plan.spares(this.#bound) : this.#total > this.#plan.unitsKept;
      if (tooMany) this.#end(unit);
    }
  }

  #end(unit: RemoteUnit, reason = ''): void {
    this.counts.ended += 1;
    this.#remove(unit);
    this.#stop(unit, reason);
    this.#replenish();
  }

  /** It is no unit of the pool's any more. */
  #remove(unit: RemoteUnit): void {
    const startedFor = this.#starting.get(unit);
    if (startedFor) startedFor.starting -= 1;
    const lane = startedFor ?? this.#laneOf.get(unit);
    this.#starting.delete(unit);
    this.#spare.delete(unit);
    this.#idle.delete(unit);
    this.#laneOf.delete(unit);
    lane?.units.delete(unit);
    if (lane) this.#owner.shrunk(lane);
  }

  #stop(unit: RemoteUnit, reason = ''): void {
    this.#stopping.add(unit);
    void unit.end(reason).then(() => {
      this.#stopping.delete(unit);
      this.#replenish();
      this.#owner.roomier();
    });
  }
}
