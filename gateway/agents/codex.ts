/**
 * The coding agent. Without tools it relays one inference, whose tool calls are the client's to answer. With tools it
 * offers them to the LLM beside the client's own, runs them as they are called, and asks again with their results; a
 * reply that calls any tool of the client's goes to the client whole. A message that begins with `!` is a command and
 * no matter of the LLM, where the agent has the tool `exec`.
 *
 * Text of all inferences reaches the client as the LLM said it, with nothing between: whoever joins the client's text
 * to an upstream's record of it counts characters.
 */
import type { Message, Outcome, Turn } from '../../transports/contract.ts';
import { type Agent, inference } from './agent.ts';
import { type AgentRun, type AsyncAgentSettings, asyncAgent } from './async-agent.ts';
import { splitCommandLine } from './command-line.ts';
import { describeResult } from './command-result.ts';
import { namesOf, withoutDemand, withTools } from './tool-parameters.ts';

const relay: Agent = (turn, sink, { upstream }) => upstream(inference(turn), sink);

export function codex(settings: AsyncAgentSettings): Agent {
  if (settings.tools.length === 0) return relay;
  const agent = asyncAgent(settings.tools.includes('exec') ? commandOrAnswer : answer, settings);
  // A turn that only prepares the upstream for what follows has nothing to answer.
  return (turn, sink, context) => (turn.generate === false ? relay : agent)(turn, sink, context);
}

function commandOrAnswer(run: AgentRun): Promise<Outcome> {
  const line = commandLineOf(run.turn);
  return line === undefined ? answer(run) : runLine(line, run);
}

async function answer({ turn, infer, tool, tools, toolRoundsMax }: AgentRun): Promise<Outcome> {
  const taken = namesOf(turn.parameters?.tools);
  const own = tools.filter(({ name }) => !taken.has(name));
  const ownTools = new Set(own.map(({ name }) => name));
  let parameters = withTools(turn.parameters, own);
  const messages: Message[] = [...turn.input];
  for (let round = 0; ; round += 1) {
    const { text, calls, handedOn, finish } = await infer({ messages: [...messages], parameters, ownTools });
    // Some servers finish a reply with calls as any other; and calls of a reply that was cut short may be cut too.
    if (calls.length === 0 || handedOn || finish === 'length') return { kind: 'completed', finish };
    if (round === toolRoundsMax) return failed(`the model called tools again after ${toolRoundsMax} rounds of them`);
    messages.push({ role: 'assistant', content: text, toolCalls: calls });
    for (const call of calls) messages.push({ role: 'tool', toolCallId: call.id, content: await tool(call) });
    parameters = withoutDemand(parameters);
  }
}

async function runLine(line: string, { command }: AgentRun): Promise<Outcome> {
  const split = splitCommandLine(line);
  if (!split.ok) return failed(describeResult({ kind: 'refused', message: split.problem }));
  const { result } = await command(split.words, { stream: true });
  if (result.kind === 'exited' && result.status === 0) return { kind: 'completed', finish: 'stop' };
  return result.kind === 'cancelled' ? result : failed(describeResult(result));
}

/** The command of a turn that is one. */
function commandLineOf({ input }: Turn): string | undefined {
  const last = input.at(-1);
  return last?.role === 'user' && last.content.startsWith('!') ? last.content.slice(1) : undefined;
}

function failed(message: string): Outcome {
  return { kind: 'failed', code: 'agent_error', message };
}
