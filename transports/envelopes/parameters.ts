/**
 * The model parameters of OpenAI's two APIs: which exist, what type they have, and how one API's look in the other.
 *
 * A turn keeps its parameters in the form in which they came, so that a leg in the same format passes them on
 * untouched. A leg in the other format gets them translated where both have the thing (tools, tool choice, output
 * format, verbosity, reasoning effort); what the other format has no field for cannot be said there and stays out.
 * The lists are those of the `openai` package (7.57); what is not on them is refused, so that a misspelt
 * parameter is never silently without effect.
 */
import { isObject, type JsonObject } from './json.ts';
import type { Problems } from './problems.ts';

type Kind = 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'strings' | 'array' | 'string or array' | 'string or object';

/** JSON of parameters may nest this deep: more is no schema, and would overflow the stack of whoever writes it. */
const DEPTH_MAX = 64;

const SHARED: Readonly<Record<string, Kind>> = {
  moderation: 'object',
  parallel_tool_calls: 'boolean',
  prompt_cache_key: 'string',
  prompt_cache_options: 'object',
  prompt_cache_retention: 'string',
  safety_identifier: 'string',
  service_tier: 'string',
  store: 'boolean',
  temperature: 'number',
  tool_choice: 'string or object',
  tools: 'array',
  top_logprobs: 'integer',
  top_p: 'number',
  user: 'string',
};

export const CHAT_PARAMETERS: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    ...SHARED,
    frequency_penalty: 'number',
    function_call: 'string or object',
    functions: 'array',
    logit_bias: 'object',
    logprobs: 'boolean',
    modalities: 'array',
    prediction: 'object',
    presence_penalty: 'number',
    reasoning_effort: 'string',
    response_format: 'object',
    seed: 'integer',
    stop: 'string or array',
    verbosity: 'string',
    web_search_options: 'object',
  } satisfies Record<string, Kind>),
);

export const RESPONSES_PARAMETERS: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    ...SHARED,
    access_programs: 'object',
    context_management: 'array',
    image: 'object',
    include: 'array',
    instructions: 'string',
    max_tool_calls: 'integer',
    reasoning: 'object',
    text: 'object',
    truncation: 'string',
  } satisfies Record<string, Kind>),
);

/** For the envelopes of our own, which carry either. */
export const ALL_PARAMETERS: ReadonlyMap<string, Kind> = new Map([...CHAT_PARAMETERS, ...RESPONSES_PARAMETERS, ['metadata', 'strings']]);

const KINDS: Readonly<Record<Kind, { expected: string; test: (value: unknown) => boolean }>> = {
  string: { expected: 'a string', test: (value) => typeof value === 'string' },
  number: { expected: 'a number', test: (value) => typeof value === 'number' },
  integer: { expected: 'an integer', test: (value) => Number.isSafeInteger(value) },
  boolean: { expected: 'a boolean', test: (value) => typeof value === 'boolean' },
  object: { expected: 'an object', test: isObject },
  strings: {
    expected: 'an object of strings',
    test: (value) => isObject(value) && Object.values(value).every((inner) => typeof inner === 'string'),
  },
  array: { expected: 'an array', test: Array.isArray },
  'string or array': { expected: 'a string or an array', test: (value) => typeof value === 'string' || Array.isArray(value) },
  'string or object': { expected: 'a string or an object', test: (value) => typeof value === 'string' || isObject(value) },
};

/**
 * Sorts out the fields of a request: known parameters are checked and taken over, the envelope's own fields (`handled`)
 * are left to it, all others are a problem. `null` means the default in OpenAI's APIs, as absence does.
 */
export function readParameters(
  fields: JsonObject,
  known: ReadonlyMap<string, Kind>,
  handled: ReadonlySet<string>,
  problems: Problems,
): Record<string, unknown> {
  const parameters: Record<string, unknown> = {};
  const names = Object.keys(fields);
  problems.unknown(names.filter((name) => !handled.has(name) && !known.has(name)));
  for (const name of names) {
    const kind = known.get(name);
    const value = fields[name];
    if (kind === undefined || handled.has(name) || value === null) continue;
    if (!KINDS[kind].test(value)) problems.invalid(name, KINDS[kind].expected);
    else if (!nestsWithin(value, DEPTH_MAX)) problems.invalid(name, `nested at most ${DEPTH_MAX} deep`);
    else parameters[name] = value;
  }
  return parameters;
}

function nestsWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => nestsWithin(inner, depth - 1));
}

/** The `model` of a request. */
export function readModel(value: unknown, name: string, problems: Problems): string {
  if (typeof value === 'string' && value !== '') return value;
  problems.invalid(name, 'a string that is not empty');
  return '';
}

/** A limit of output tokens; `undefined` where the request sets none. */
export function readTokensMax(value: unknown, name: string, problems: Problems): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  problems.invalid(name, 'a positive integer');
  return undefined;
}

/** A boolean that is false where it is absent. */
export function readFlag(value: unknown, name: string, problems: Problems): boolean {
  if (typeof value === 'boolean') return value;
  if (value !== undefined && value !== null) problems.invalid(name, 'a boolean');
  return false;
}

/** The parameters of a turn as Chat Completions has them; `instructions` are the envelope's to place. */
export function parametersForChat(parameters: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const own = only(parameters, CHAT_PARAMETERS);
  const { reasoning, text } = parameters;
  if (isObject(reasoning) && reasoning.effort !== undefined) own.reasoning_effort ??= reasoning.effort;
  if (isObject(text)) {
    if (text.verbosity !== undefined) own.verbosity ??= text.verbosity;
    if (isObject(text.format)) own.response_format ??= wrapped(text.format, 'json_schema');
  }
  if (Array.isArray(own.tools)) own.tools = own.tools.map((tool) => wrapped(tool, 'function'));
  if (own.tool_choice !== undefined) own.tool_choice = wrapped(own.tool_choice, 'function');
  return own;
}

/** The same as the Responses API has them. */
export function parametersForResponses(parameters: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const own = only(parameters, RESPONSES_PARAMETERS);
  const { reasoning_effort: effort, response_format: format, verbosity } = parameters;
  if (effort !== undefined) own.reasoning ??= { effort };
  if (format !== undefined || verbosity !== undefined) {
    own.text ??= {
      ...(format === undefined ? {} : { format: unwrapped(format, 'json_schema') }),
      ...(verbosity === undefined ? {} : { verbosity }),
    };
  }
  if (Array.isArray(own.tools)) own.tools = own.tools.map((tool) => unwrapped(tool, 'function'));
  if (own.tool_choice !== undefined) own.tool_choice = unwrapped(own.tool_choice, 'function');
  return own;
}

function only(parameters: Readonly<Record<string, unknown>>, known: ReadonlyMap<string, Kind>): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (known.has(name)) own[name] = value;
  }
  return own;
}

/** `{type: T, …}` as Chat Completions writes it: `{type: T, T: {…}}`; anything else as it is. */
function wrapped(value: unknown, type: string): unknown {
  if (!isObject(value) || value.type !== type || value[type] !== undefined) return value;
  const { type: _, ...rest } = value;
  return { type, [type]: rest };
}

/** The way back. */
function unwrapped(value: unknown, type: string): unknown {
  if (!isObject(value) || value.type !== type) return value;
  const inner = value[type];
  return isObject(inner) ? { ...inner, type } : value;
}
