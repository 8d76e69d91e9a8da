/** How a pool of threads differs from one of processes, and what both are told. */
import type { Turn } from '../../transports/contract.ts';
import type { SessionData } from '../agents/agent.ts';
import type { Carrier } from './carrier.ts';
import type { ExecutionServices, PoolEvents } from './execution.ts';
import type { LanePlan } from './lane.ts';
import type { HostSettings } from './messages.ts';

export interface PoolPlan {
  readonly kind: 'thread' | 'process';
  /** Of units' names: `agent-3`. */
  readonly prefix: string;
  /** @param workspace of the lane that it serves from its start; absent: any lane may get it */
  carrier(name: string, workspace: string | undefined): Carrier;
  /** These are always there, and leave each other a unit. */
  readonly lastingLanes: readonly LanePlan[];
  laneOf(turn: Turn, session: SessionData): LanePlan;
  readonly unitsPerLaneMax: number;
  /** Units to keep ready that no lane has yet, while lanes have so many. */
  spares(bound: number): number;
  /** Idle units end only while there are more than this. */
  readonly unitsKept: number;
  /** The bound on waiting turns is for each lane; otherwise for all together. */
  readonly queuePerLane: boolean;
}

export interface PoolOptions {
  unitsMax: number;
  turnsPerUnit: number;
  /** Turns that may wait beyond those that a unit is being started for. */
  queueMax: number;
  idleTimeoutMs: number;
  cancelGraceMs: number;
  settings: HostSettings;
  services: ExecutionServices;
  events: PoolEvents;
}
