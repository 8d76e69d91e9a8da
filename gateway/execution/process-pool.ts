/**
 * Agents in processes: one process serves one session, a turn without a session has one to itself, and none is ever
 * used for another. So what an agent of one session leaves in memory, or breaks, is no other's.
 */
import type { LanePlan } from './lane.ts';
import type { PoolOptions } from './plan.ts';
import { AgentPool } from './pool.ts';
import { ProcessCarrier } from './process-carrier.ts';

export interface ProcessPoolOptions extends PoolOptions {
  /** Kept ready for the next session. */
  unitsMin: number;
  /**
   * A process is given the folder of its session when it starts, by `execArgv`. None can be kept ready then. Only
   * where agents have no files can it be any session's.
   */
  ownWorkspaces: boolean;
  /** @param workspace the only one that the process may use; absent: it needs none */
  execArgv(workspace: string | undefined): readonly string[];
  /** Of a message of a process. */
  lineCharactersMax: number;
}

export function processPool({ unitsMin, ownWorkspaces, execArgv, lineCharactersMax, ...options }: ProcessPoolOptions): AgentPool {
  const lane = (key: string | symbol, workspace: string): LanePlan => ({ key, agent: null, ...(ownWorkspaces ? { workspace } : {}) });
  return new AgentPool(
    {
      kind: 'process',
      prefix: 'process',
      carrier: (name, workspace) => new ProcessCarrier(name, { execArgv: execArgv(workspace), lineCharactersMax }),
      lastingLanes: [],
      laneOf: (_turn, { key, workspace }) => lane(key ?? Symbol('a turn alone'), workspace),
      unitsPerLaneMax: 1,
      spares: (bound) => (ownWorkspaces ? 0 : Math.min(unitsMin, options.unitsMax - bound)),
      unitsKept: 0,
      queuePerLane: false,
    },
    options,
  );
}
