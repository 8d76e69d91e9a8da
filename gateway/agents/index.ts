/** The agents as one handler: each turn goes to the agent that it names. */
import type { Handler } from '../../transports/contract.ts';
import { OVER } from '../../transports/contract.ts';
import { endOf } from '../outcome.ts';
import type { Agent, AgentContext } from './agent.ts';
import { buffered } from './buffered.ts';
import { codex } from './codex.ts';
import type { AgentName } from './names.ts';
import { subagent } from './subagent.ts';

const AGENTS: Readonly<Record<AgentName, Agent>> = { codex, subagent };

/** Plain data: it is sent to threads. */
export interface AgentSettings {
  streaming: boolean;
  /** Of an answer that is not streamed. */
  charactersMax: number;
}

export function agentHandler(settings: Readonly<Record<AgentName, AgentSettings>>, context: AgentContext): Handler {
  const agents = new Map<string, Agent>();
  for (const [name, agent] of Object.entries(AGENTS)) {
    const { streaming, charactersMax } = settings[name as AgentName];
    agents.set(name, streaming ? agent : buffered(agent, charactersMax));
  }
  return (turn, sink) => {
    const agent = agents.get(turn.agent ?? '');
    if (!agent) throw new Error(`no agent ${turn.agent}: admission lets none through`);
    try {
      return agent(turn, sink, context);
    } catch (error) {
      sink.push(endOf({ kind: 'failed', code: 'agent_error', message: error instanceof Error ? error.message : String(error) }), 0);
      return OVER;
    }
  };
}
