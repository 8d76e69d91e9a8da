/** The executions that a configuration can come to use, each as it says. */
import { EXECUTIONS, type Execution as ExecutionName } from '../../transports/contract.ts';
import type { AgentSettings } from '../agents/index.ts';
import { AGENT_NAMES, type AgentName } from '../agents/names.ts';
import type { GatewayConfig } from '../config.ts';
import type { Log } from '../log.ts';
import { upstreamOptions } from '../upstream.ts';
import type { Execution, ExecutionServices, Pool, PoolEvents } from './execution.ts';
import { inline } from './inline.ts';
import type { HostSettings } from './messages.ts';
import { processPool } from './process-pool.ts';
import { describeBreach } from './remote-unit.ts';
import { sandboxArguments, threadLimits } from './sandbox.ts';
import { threadPool } from './thread-pool.ts';

export interface Executions {
  readonly all: Readonly<Partial<Record<ExecutionName, Execution>>>;
  readonly pools: Readonly<Partial<Record<ExecutionName, Pool>>>;
  close(): Promise<void>;
}

export interface BuildServices extends Omit<ExecutionServices, 'onAgentError'> {
  /** The folder of all workspaces. */
  workspaces: string;
  log: Log;
}

/** Whether agents can leave files in their workspaces. */
export function agentsHaveFiles({ acp }: GatewayConfig): boolean {
  return acp.allowedAgents.some((name) => acp[name].tools.length > 0 || acp[name].module !== undefined);
}

/** Rejects when a thread, a process or an agent's module cannot be started; nothing is left running then. */
export async function buildExecutions(config: GatewayConfig, { workspaces, log, ...services }: BuildServices): Promise<Executions> {
  const told: ExecutionServices = {
    ...services,
    onAgentError: (turn, agent, err) => log.error({ turn, agent, err }, 'an agent failed'),
  };
  const builder = new Builder(config, workspaces, told, eventsOf(log));
  const wanted = EXECUTIONS.filter((name) => config.agents.allowExecutionOverride || config.agents.execution === name);
  const pools: Partial<Record<ExecutionName, Pool>> = {};
  if (wanted.includes('thread')) pools.thread = builder.threads();
  if (wanted.includes('process')) pools.process = builder.processes();
  const all: Partial<Record<ExecutionName, Execution>> = { ...pools };
  const close = async () => {
    await Promise.all(Object.values(all).map((execution) => execution.close()));
  };
  try {
    if (wanted.includes('inline')) all.inline = await builder.inline();
    await Promise.all(Object.values(pools).map((pool) => pool.ready()));
  } catch (error) {
    await close();
    throw error;
  }
  return { all, pools, close };
}

class Builder {
  readonly #config: GatewayConfig;
  readonly #workspaces: string;
  readonly #services: ExecutionServices;
  readonly #events: PoolEvents;

  constructor(config: GatewayConfig, workspaces: string, services: ExecutionServices, events: PoolEvents) {
    this.#config = config;
    this.#workspaces = workspaces;
    this.#services = services;
    this.#events = events;
  }

  inline(): Promise<Execution> {
    return inline(this.#settings(1), this.#services);
  }

  threads(): Pool {
    const { acp, agents } = this.#config;
    const { minThreads, maxThreads, turnsPerThread, ...pool } = agents.threadPool;
    return threadPool({
      ...this.#options(maxThreads, pool),
      unitsMin: minThreads,
      turnsPerUnit: turnsPerThread,
      agents: acp.allowedAgents,
      ownThreads: acp.allowedAgents.filter((name) => acp[name].threads === 'own'),
      execArgv: sandboxArguments({ kind: 'thread', ...this.#sandbox(this.#workspaces) }),
      resourceLimits: threadLimits(agents.quotas.memory),
    });
  }

  processes(): Pool {
    const { agents, upstream } = this.#config;
    const { minProcesses, maxProcesses, turnsPerProcess, ...pool } = agents.processPool;
    return processPool({
      ...this.#options(maxProcesses, pool),
      unitsMin: minProcesses,
      turnsPerUnit: turnsPerProcess,
      // A fixed folder is all sessions' own.
      ownWorkspaces: agentsHaveFiles(this.#config) && agents.workspaces.fixed === undefined,
      execArgv: (workspace = this.#workspaces) => sandboxArguments({ kind: 'process', ...this.#sandbox(workspace) }),
      // An answer may be held and come as one event; as JSON it is at most twice as long, unless it is of control characters.
      lineCharactersMax: 2 * upstream.messageBytesMax + 1024 * 1024,
    });
  }

  #options(unitsMax: number, { idleTimeout, queueSize }: { idleTimeout: number; queueSize: number }) {
    return {
      unitsMax,
      queueMax: queueSize,
      idleTimeoutMs: idleTimeout,
      cancelGraceMs: this.#config.agents.cancelGraceMs,
      settings: this.#settings(unitsMax),
      services: this.#services,
      events: this.#events,
    };
  }

  #settings(units: number): HostSettings {
    const { upstream, faults } = this.#config;
    const agents = Object.fromEntries(AGENT_NAMES.map((name) => [name, this.#agent(name)])) as Record<AgentName, AgentSettings>;
    const { agent, upstream: inference, upstreamStreaming } = faults?.delayMs ?? {};
    return {
      agents: { agents, ...(faults?.delayMs === undefined ? {} : { delayMs: { agent, upstream: inference, upstreamStreaming } }) },
      // Each unit has connections of its own, at least one.
      upstream: upstreamOptions(upstream, Math.min(units, upstream.connectionsMax)),
    };
  }

  #agent(name: AgentName): AgentSettings {
    const { streaming, tools, toolRoundsMax, module } = this.#config.acp[name];
    const charactersMax = this.#config.upstream.messageBytesMax;
    return { streaming, charactersMax, tools, toolRoundsMax, ...(module === undefined ? {} : { module }) };
  }

  #sandbox(workspaces: string) {
    const { acp, agents } = this.#config;
    const modules = AGENT_NAMES.map((name) => acp[name].module).filter((module) => module !== undefined);
    return { workspaces, modules, memoryBytes: agents.quotas.memory };
  }
}

function eventsOf(log: Log): PoolEvents {
  return {
    onUnitError: (unit, err) => log.error({ unit, err }, 'a unit that runs agents ended'),
    onUnitKilled: (unit, reason) => log.warn({ unit, reason }, 'a unit that runs agents was ended'),
    onQuotaWarning: ({ unit, turn, breach }) =>
      log.warn({ unit, ...turnOf(turn), used: describeBreach(breach) }, 'a turn is close to a quota'),
    onQuotaExceeded: ({ unit, turn, breach }) =>
      log.warn({ unit, ...turnOf(turn), used: describeBreach(breach) }, 'a turn exceeded a quota'),
  };
}

function turnOf(turn: { key: string; agent: string } | undefined) {
  return turn ? { turn: turn.key, agent: turn.agent } : {};
}
