/**
 * Agents in worker threads, each with its own event loop and upstream connections, so that what an agent computes
 * never holds up the main thread.
 *
 * Agents with threads of their own have a lane each, all others share one. Threads contain faults; they are no boundary
 * for code that is not trusted (`docs/containment.md`).
 */
import type { ResourceLimits } from 'node:worker_threads';
import type { LanePlan } from './lane.ts';
import type { PoolOptions } from './plan.ts';
import { AgentPool } from './pool.ts';
import { ThreadCarrier } from './thread-carrier.ts';

export interface ThreadPoolOptions extends PoolOptions {
  /** Started at once. */
  unitsMin: number;
  /** Names of the agents that may be asked for. */
  agents: readonly string[];
  /** Of those, the ones with threads of their own. */
  ownThreads: readonly string[];
  execArgv: readonly string[];
  resourceLimits?: ResourceLimits;
}

export function threadPool({ unitsMin, agents, ownThreads, execArgv, resourceLimits, ...options }: ThreadPoolOptions): AgentPool {
  const shared: LanePlan = { key: 'shared', agent: null };
  const own = new Map(ownThreads.map((agent): [string, LanePlan] => [agent, { key: `own ${agent}`, agent }]));
  const lanes = [...own.values(), ...(agents.some((agent) => !own.has(agent)) ? [shared] : [])];
  return new AgentPool(
    {
      kind: 'thread',
      prefix: 'agent',
      carrier: (name) => new ThreadCarrier(name, { execArgv, resourceLimits }),
      lastingLanes: lanes,
      laneOf: ({ agent }) => own.get(agent ?? '') ?? shared,
      unitsPerLaneMax: Number.POSITIVE_INFINITY,
      spares: (bound) => Math.max(0, unitsMin - bound),
      unitsKept: unitsMin,
      queuePerLane: true,
    },
    options,
  );
}
