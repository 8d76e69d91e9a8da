/** The agent's tools among the model parameters of a turn, which hold the client's in the form of either of OpenAI's APIs. */
import type { ToolDefinition } from './tools/tool.ts';

type Parameters = Readonly<Record<string, unknown>>;

/** Names of the functions that a client offers. */
export function namesOf(tools: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  if (!Array.isArray(tools)) return names;
  for (const tool of tools as unknown[]) {
    const { name, function: inner } = objectOf(tool);
    const found = name ?? objectOf(inner).name;
    if (typeof found === 'string') names.add(found);
  }
  return names;
}

export function withTools(parameters: Parameters = {}, own: readonly ToolDefinition[]): Parameters {
  const tools = Array.isArray(parameters.tools) ? (parameters.tools as unknown[]) : [];
  return { ...parameters, tools: [...tools, ...own] };
}

/** A tool that was demanded has been called: to demand it of every inference would never end. */
export function withoutDemand(parameters: Parameters): Parameters {
  const { tool_choice: choice, ...rest } = parameters;
  return choice === 'auto' || choice === 'none' ? parameters : rest;
}

function objectOf(value: unknown): Parameters {
  return typeof value === 'object' && value !== null ? (value as Parameters) : {};
}
