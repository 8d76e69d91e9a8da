/**
 * Turns that may share a unit, in the order in which they came, and the units that are theirs: in threads a lane is an
 * agent with threads of its own or all other agents together, in processes it is one session.
 */
import type { RemoteTurn } from './remote-turn.ts';
import type { RemoteUnit } from './remote-unit.ts';

export interface LanePlan {
  /** A symbol: it serves one turn, and so do its units. */
  readonly key: string | symbol;
  /** Whose own its units are. */
  readonly agent: string | null;
  /** For units that serve this lane alone from their start. */
  readonly workspace?: string;
}

export class Lane {
  readonly plan: LanePlan;
  /** There is always such a lane, and the others leave it a unit. */
  readonly lasting: boolean;
  readonly units = new Set<RemoteUnit>();
  /** Units that are being started for it. */
  starting = 0;
  readonly waiting = new Set<RemoteTurn>();

  constructor(plan: LanePlan, lasting: boolean) {
    this.plan = plan;
    this.lasting = lasting;
  }

  get single(): boolean {
    return typeof this.plan.key === 'symbol';
  }

  /** Units that it has or will have. */
  get size(): number {
    return this.units.size + this.starting;
  }

  get empty(): boolean {
    return this.size === 0 && this.waiting.size === 0;
  }

  /**
   * The unit with room that has the fewest turns; one that computes only where all do.
   * @param looks whether that matters: looking costs something
   */
  best(turnsPerUnit: number, looks: boolean): { unit: RemoteUnit; computing: boolean } | undefined {
    let resting: RemoteUnit | undefined;
    let computing: RemoteUnit | undefined;
    for (const unit of this.units) {
      if (unit.size >= turnsPerUnit || unit.doubtful) continue;
      if (looks && unit.computing()) computing = fewer(unit, computing);
      else resting = fewer(unit, resting);
    }
    if (resting) return { unit: resting, computing: false };
    return computing && { unit: computing, computing: true };
  }
}

function fewer(unit: RemoteUnit, than: RemoteUnit | undefined): RemoteUnit {
  return than === undefined || unit.size < than.size ? unit : than;
}
