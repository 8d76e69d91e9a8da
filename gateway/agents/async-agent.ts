/**
 * An agent as an async function: it awaits inferences, tools and commands, and its text goes out as it is said. Back-
 * pressure, cancelling, and the end of the turn are seen to (`async-turn.ts`). `codex` is written so, and a module of a
 * user's own may be: it exports the function as `run`.
 */
import type { Message, Outcome, ToolCall, Turn } from '../../transports/contract.ts';
import type { Agent, JsonObject, SessionData } from './agent.ts';
import { AsyncTurn } from './async-turn.ts';
import type { AgentSettings } from './index.ts';
import type { CommandEnd } from './run-command.ts';
import { grantedTools } from './tools/index.ts';
import type { ToolDefinition } from './tools/tool.ts';

/** @returns how the turn ends; nothing: it is completed. */
export type AsyncAgent = (run: AgentRun) => Promise<Outcome | undefined>;

/** What an async agent is given for one turn. Its functions may be taken apart from it. */
export interface AgentRun {
  readonly turn: Turn;
  readonly session: SessionData;
  /** Aborted when the turn is cancelled. */
  readonly signal: AbortSignal;
  /** The tools that the configuration grants, as `parameters.tools` of an inference has them. */
  readonly tools: readonly ToolDefinition[];
  /** Rounds of tool calls that the configuration grants. */
  readonly toolRoundsMax: number;
  /** Says something to the client. Resolves when it takes more. */
  emit(text: string): Promise<void>;
  /** Asks the LLM. Rejects with `TurnEnd` when the inference does not complete; left alone, that ends the turn so. */
  infer(request?: InferenceRequest): Promise<Reply>;
  /** Runs a granted tool. What goes wrong with it is its result, as text for the LLM. */
  tool(call: Pick<ToolCall, 'name' | 'arguments'>): Promise<string>;
  /** Runs a program in the workspace. `stream`: all of its output goes to the client as it comes, and none is returned. */
  command(words: readonly string[], options?: CommandOptions): Promise<CommandEnd & { readonly output: string }>;
  /** Keeps `state` for the session's next turn, as its `session.state`. Throws where it is too large. */
  remember(state: JsonObject): void;
}

export interface InferenceRequest {
  /** Default: the turn's. */
  readonly messages?: readonly Message[];
  /** Default: the turn's. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Tools whose calls are the agent's to answer; a reply that calls any other goes to the client. Default: none. */
  readonly ownTools?: ReadonlySet<string>;
  /** Nothing of the reply goes to the client. */
  readonly silent?: boolean;
}

export interface Reply {
  readonly text: string;
  readonly calls: readonly ToolCall[];
  /** The calls went to the client: the turn should end with `finish: 'toolCalls'`. */
  readonly handedOn: boolean;
  readonly finish: 'stop' | 'toolCalls' | 'length';
}

export interface CommandOptions {
  readonly stream?: boolean;
  readonly timeoutMs?: number;
}

export type AsyncAgentSettings = Pick<AgentSettings, 'tools' | 'toolRoundsMax' | 'charactersMax'>;

export function asyncAgent(agent: AsyncAgent, settings: AsyncAgentSettings): Agent {
  const { toolRoundsMax, charactersMax } = settings;
  const tools = grantedTools(settings.tools);
  return (turn, sink, context) => {
    const run = new AsyncTurn(turn, sink, context, { tools, toolRoundsMax, charactersMax });
    run.start(agent);
    return run;
  };
}
