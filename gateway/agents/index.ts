/** The agents as one handler: each turn goes to the agent that it names, with what belongs to its session. */
import { OVER, type Running, type Sink, type Turn } from '../../transports/contract.ts';
import { delayed, lateFromSecondContent } from '../faults.ts';
import { endOf } from '../outcome.ts';
import type { Agent, JsonObject, RunningCommand, SessionData, StartCommand } from './agent.ts';
import { buffered } from './buffered.ts';
import { AgentClock, TimedTurn } from './clock.ts';
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
  /** Faults: before each turn of an agent, before each inference, after the first content of each. */
  readonly delayMs?: {
    readonly agent?: number | undefined;
    readonly upstream?: number | undefined;
    readonly upstreamStreaming?: number | undefined;
  };
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

/** @param clock begun when the agent got the turn */
export type AgentHandler = (turn: Turn, session: SessionData, sink: Sink, clock?: AgentClock) => Running;
type Run = (turn: Turn, session: SessionData, sink: Sink, clock: AgentClock) => Running;

export function agentHandler({ settings, modules }: LoadedAgents, services: AgentServices): AgentHandler {
  const { agents, delayMs } = settings;
  const inner: AgentServices = { ...services, upstream: lateUpstream(delayMs, services.upstream) };
  const byName = new Map<string, Agent>(AGENT_NAMES.map((name) => [name, agentOf(name, agents[name], modules.get(name))]));
  const run: Run = (turn, session, sink, clock) => {
    const agent = byName.get(turn.agent ?? '');
    if (!agent) throw new Error(`no agent ${turn.agent}: admission lets none through`);
    const context = new TurnContext(inner, turn, session, clock);
    try {
      return agent(turn, sink, context);
    } catch (error) {
      context.report(error);
      sink.push(endOf({ kind: 'failed', code: 'agent_error', message: messageOf(error) }), 0);
      return OVER;
    }
  };
  const waitMs = delayMs?.agent ?? 0;
  const started: Run =
    waitMs === 0
      ? run
      : (turn, session, sink, clock) => delayed(waitMs, (late, lateSink) => run(late, session, lateSink, clock))(turn, sink);
  return (turn, session, sink, clock = new AgentClock()) => {
    const timed = new TimedTurn(clock, sink);
    timed.running = started(turn, session, timed, clock);
    return timed;
  };
}

function lateUpstream(delayMs: AgentsSettings['delayMs'], upstream: AgentServices['upstream']): AgentServices['upstream'] {
  const { upstream: firstMs = 0, upstreamStreaming: restMs = 0 } = delayMs ?? {};
  if (firstMs === 0 && restMs === 0) return upstream;
  return (turn, sink, of) =>
    delayed(
      firstMs,
      lateFromSecondContent(restMs, (late, lateSink) => upstream(late, lateSink, of)),
    )(turn, sink);
}

function agentOf(name: AgentName, settings: AgentSettings, module: Agent | undefined): Agent {
  const own = name === 'codex' ? codex(settings) : subagent;
  const agent = module ? guarded(module) : own;
  return settings.streaming ? agent : buffered(agent, settings.charactersMax);
}
