/** What a tool is: what the LLM is told of it, and what it does when it is called. */
import type { SessionData, StartCommand } from '../agent.ts';
import type { ToolName } from '../names.ts';
import { type Fields, type Parameters, parametersOf, parseArguments, type ValuesOf } from './parameters.ts';

/** As the Responses API writes it; the envelopes turn it into what a leg needs. */
export interface ToolDefinition {
  readonly type: 'function';
  readonly name: ToolName;
  readonly description: string;
  readonly parameters: Parameters;
  /** With `true`, parameters that may be left out could not be told. */
  readonly strict: false;
}

export interface ToolContext {
  readonly session: SessionData;
  readonly signal: AbortSignal;
  readonly startCommand: StartCommand;
}

export interface Tool {
  readonly definition: ToolDefinition;
  /** @param text the arguments as the model wrote them. Rejects with an error for the model. */
  run(text: string, context: ToolContext): Promise<string>;
}

export function tool<F extends Fields>(
  name: ToolName,
  description: string,
  fields: F,
  run: (values: ValuesOf<F>, context: ToolContext) => Promise<string>,
): Tool {
  const parameters = parametersOf(fields);
  return {
    definition: { type: 'function', name, description, parameters, strict: false },
    run: async (text, context) => run(parseArguments(text, fields), context),
  };
}
