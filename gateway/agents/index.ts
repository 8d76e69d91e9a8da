/** The agents as one handler: each turn goes to the agent that it names, with what belongs to its session. */
import { OVER, type Running, type Sink, type Turn } from '../../transports/contract.ts';
import { delayed } from '../faults.ts';
import { endOf } from '../outcome.ts';
import type { Agent, JsonObject, RunningCommand, SessionData, StartCommand } from './agent.ts';
import { buffered } from './buffered.ts';
import { codex } from './codex.ts';
import { TurnContext } from './context.ts';
import { guarded, messageOf } from './guard.ts';
import { AGENT_NAMES, type AgentName, type ToolName } from './names.ts';
import { subagent } from './subagent.ts';

/** Plain data: it is sent to threads and processes. */
export interface AgentSettings {
  readonly streaming: boolean;
  /** Of an answer that is held: one that is not streamed, or one whose tool calls the agent answers. */
  readonly charactersMax: number;
  /** Tools that the agent itself runs. */
  readonly tools: readonly ToolName[];
  /** Rounds of tool calls that it answers in one turn. */
  readonly toolRoundsMax: number;
  /** Absolute path of a module that runs in its place. */
  readonly module?: string | undefined;
}

export interface AgentsSettings {
  readonly agents: Readonly<Record<AgentName, AgentSettings>>;
  /** Faults: before each turn of an agent, before each inference. */
  readonly delayMs?: { readonly agent?: number | undefined; readonly upstream?: number | undefined };
}

/** What `loadAgents` (`load.ts`) makes of the settings. */
export interface LoadedAgents {
  readonly settings: AgentsSettings;
  readonly modules: ReadonlyMap<AgentName, Agent>;
}

/** Of the thread or process that the agents run in. `of` is the turn whose agent asks. */
export interface AgentServices {
  readonly upstream: (turn: Turn, sink: Sink, of: Turn) => Running;
  readonly startCommand: (...command: [...Parameters<StartCommand>, of: Turn]) => RunningCommand;
  /** `state` is a copy of its own, and within the bound. */
  remember(sessionKey: string, state: JsonObject): void;
  /** An agent threw: its turn ends with `agent_error`, the stack is for the log. */
  onAgentError(turnKey: string, agent: string, error: Error): void;
}

export type AgentHandler = (turn: Turn, session: SessionData, sink: Sink) => Running;

export function agentHandler({ settings, modules }: LoadedAgents, services: AgentServices): AgentHandler {
  const { agents, delayMs } = settings;
  const inner: AgentServices = { ...services, upstream: delayedUpstream(delayMs?.upstream ?? 0, services.upstream) };
  const byName = new Map<string, Agent>(AGENT_NAMES.map((name) => [name, agentOf(name, agents[name], modules.get(name))]));
  const run: AgentHandler = (turn, session, sink) => {
    const agent = byName.get(turn.agent ?? '');
    if (!agent) throw new Error(`no agent ${turn.agent}: admission lets none through`);
    const context = new TurnContext(inner, turn, session);
    try {
      return agent(turn, sink, context);
    } catch (error) {
      context.report(error);
      sink.push(endOf({ kind: 'failed', code: 'agent_error', message: messageOf(error) }), 0);
      return OVER;
    }
  };
  const waitMs = delayMs?.agent ?? 0;
  if (waitMs === 0) return run;
  return (turn, session, sink) => delayed(waitMs, (late, lateSink) => run(late, session, lateSink))(turn, sink);
}

function delayedUpstream(waitMs: number, upstream: AgentServices['upstream']): AgentServices['upstream'] {
  if (waitMs === 0) return upstream;
  return (turn, sink, of) => delayed(waitMs, (late, lateSink) => upstream(late, lateSink, of))(turn, sink);
}

function agentOf(name: AgentName, settings: AgentSettings, module: Agent | undefined): Agent {
  const own = name === 'codex' ? codex(settings) : subagent;
  const agent = module ? guarded(module) : own;
  return settings.streaming ? agent : buffered(agent, settings.charactersMax);
}
