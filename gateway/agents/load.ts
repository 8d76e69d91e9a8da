/**
 * Loads the modules that run in place of agents, before the first turn: a module that is missing or is no agent keeps
 * a gateway from starting, and does not fail its turns one by one.
 */
import { pathToFileURL } from 'node:url';
import type { Agent } from './agent.ts';
import { type AsyncAgent, asyncAgent } from './async-agent.ts';
import type { AgentSettings, AgentsSettings, LoadedAgents } from './index.ts';
import { AGENT_NAMES, type AgentName } from './names.ts';

/** Rejects with an error that names the agent and the module. */
export async function loadAgents(settings: AgentsSettings): Promise<LoadedAgents> {
  const modules = new Map<AgentName, Agent>();
  for (const name of AGENT_NAMES) {
    const own = settings.agents[name];
    if (own.module !== undefined) modules.set(name, await loadAgent(name, own.module, own));
  }
  return { settings, modules };
}

async function loadAgent(name: AgentName, path: string, settings: AgentSettings): Promise<Agent> {
  const module = `the module of the agent ${name}, ${path},`;
  let exported: { default?: unknown; run?: unknown };
  try {
    exported = (await import(pathToFileURL(path).href)) as typeof exported;
  } catch (error) {
    throw new Error(`${module} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const { default: agent, run } = exported;
  if (agent instanceof ASYNC_FUNCTION) throw new Error(`${module} exports its async function by default: it is to be named \`run\``);
  if (typeof agent === 'function') return agent as Agent;
  if (typeof run === 'function') return asyncAgent(run as AsyncAgent, settings);
  throw new Error(`${module} exports no agent: neither a default function nor an async function \`run\``);
}

const ASYNC_FUNCTION = Object.getPrototypeOf(async () => {}).constructor as FunctionConstructor;
