/**
 * Requests of OpenAI's Responses API, both ways: a body of `POST /v1/responses`, or over WebSocket the client event
 * `response.create` with the same fields and `stream_id` and `generate`. `response.cancel` with a `stream_id` is our
 * extension: OpenAI's WebSocket mode has no way to stop one stream.
 *
 * - `instructions` stay a parameter of the turn and become the leading system message where a leg is written in a
 *   format without them. They are thus never part of the history that is stored, as with OpenAI: instructions of a
 *   turn do not hold for the next one.
 * - Function calls of the input join the assistant's message before them, as Chat Completions has it.
 * - `conversation` and `prompt` name content that only OpenAI's servers hold, and `background` a reply that outlives
 *   its request: they are refused rather than left without effect.
 * - Over WebSocket a reply is always streamed: `stream` may be left out, or true.
 */
import type { Message, ToolCall, Turn } from '../contract.ts';
import type { ParsedRequest, RequestShape } from '../envelope.ts';
import { isObject, type JsonObject } from './json.ts';
import { isRole, readContent, unsupported } from './messages.ts';
import { parametersForResponses, RESPONSES_PARAMETERS, readFlag, readModel, readParameters, readTokensMax } from './parameters.ts';
import { Problems } from './problems.ts';
import { type Named, parseRequest, readStreamId, refused } from './requests.ts';
import { type RequestOptions, readMetadata, turnOf, writeMetadata } from './wishes.ts';

const HANDLED: ReadonlySet<string> = new Set([
  'background',
  'conversation',
  'input',
  'max_output_tokens',
  'metadata',
  'model',
  'previous_response_id',
  'prompt',
  'stream',
  'stream_options',
]);
const HANDLED_ON_WEBSOCKET: ReadonlySet<string> = new Set([...HANDLED, 'type', 'stream_id', 'generate']);
const PART_TYPES: ReadonlySet<unknown> = new Set(['input_text', 'output_text', 'text']);

export function readResponsesRequest(text: string, options: RequestOptions): ParsedRequest {
  const request = parseRequest(text);
  if ('refusal' in request) return request.refusal;
  const { body } = request;
  if (!options.websocket) return readBody(body, options, HANDLED, {});
  const stream = readStreamId(body);
  if ('refusal' in stream) return stream.refusal;
  if (body.type === 'response.cancel') return { kind: 'cancel', ...stream.named };
  if (body.type === 'response.create') return readBody(body, options, HANDLED_ON_WEBSOCKET, stream.named);
  return refused('unsupported_event', '`type` must be "response.create" or "response.cancel"', 'type', stream.named);
}

function readBody(body: JsonObject, options: RequestOptions, handled: ReadonlySet<string>, named: Named): ParsedRequest {
  const { websocket } = options;
  const problems = new Problems();
  const parameters = readParameters(body, RESPONSES_PARAMETERS, handled, problems);
  const model = readModel(body.model, 'model', problems);
  const generate = websocket ? readGenerate(body.generate, problems) : undefined;
  const previousResponseId = readPrevious(body.previous_response_id, problems);
  // A turn without input makes sense where something else stands in for it.
  const input = readInput(body.input, previousResponseId !== undefined || generate === false, problems);
  const outputTokensMax = readTokensMax(body.max_output_tokens, 'max_output_tokens', problems);
  const stream = readFlag(body.stream, 'stream', problems);
  if (websocket && body.stream === false) problems.invalid('stream', 'absent or true over WebSocket');
  if (readFlag(body.background, 'background', problems)) problems.invalid('background', 'absent or false: it is not supported');
  for (const field of ['conversation', 'prompt']) {
    if (body[field] !== undefined && body[field] !== null) problems.invalid(field, 'absent: what it refers to is not here');
  }
  if (body.stream_options !== undefined && body.stream_options !== null && !isObject(body.stream_options)) {
    problems.invalid('stream_options', 'an object');
  }
  const { wishes, rest } = readMetadata(body.metadata, problems);
  if (rest) parameters.metadata = rest;
  const refusal = problems.refusal();
  if (refusal) return { kind: 'refused', refusal, ...named };
  const turn = turnOf({ model, input, previousResponseId, generate, outputTokensMax, parameters }, wishes, options);
  return { kind: 'turn', turn, stream: websocket || stream, includeUsage: true, ...named };
}

function readGenerate(value: unknown, problems: Problems): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  return readFlag(value, 'generate', problems);
}

function readPrevious(value: unknown, problems: Problems): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value !== '') return value;
  problems.invalid('previous_response_id', 'a string that is not empty');
  return undefined;
}

function readInput(input: unknown, mayBeEmpty: boolean, problems: Problems): Message[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  if (mayBeEmpty && (input === undefined || input === null)) return [];
  if (!Array.isArray(input) || (input.length === 0 && !mayBeEmpty)) {
    problems.invalid('input', 'a string, or an array that is not empty');
    return [];
  }
  const messages: Message[] = [];
  for (const [index, item] of input.entries()) readItem(item, `input[${index}]`, messages, problems);
  return messages;
}

function readItem(item: unknown, at: string, messages: Message[], problems: Problems): void {
  if (!isObject(item)) problems.invalid(at, 'an object');
  else if (item.type === undefined || item.type === 'message') {
    const { role } = item;
    // Tools answer with an item of their own in this format.
    if (!isRole(role) || role === 'tool') problems.invalid(`${at}.role`, 'system, developer, user or assistant');
    else messages.push({ role, content: readContent(item.content, `${at}.content`, PART_TYPES, problems) });
  } else if (item.type === 'function_call') {
    const { call_id: id, name, arguments: args } = item;
    if (typeof id === 'string' && typeof name === 'string' && typeof args === 'string') addCall(messages, { id, name, arguments: args });
    else problems.invalid(at, 'a call with the strings call_id, name and arguments');
  } else if (item.type === 'function_call_output') {
    const { call_id: toolCallId, output } = item;
    if (typeof toolCallId !== 'string') problems.invalid(`${at}.call_id`, 'a string');
    else messages.push({ role: 'tool', content: readContent(output, `${at}.output`, PART_TYPES, problems), toolCallId });
  } else unsupported(at, item.type, problems);
}

function addCall(messages: Message[], call: ToolCall): void {
  const last = messages.at(-1);
  if (last?.role === 'assistant') messages[messages.length - 1] = { ...last, toolCalls: [...(last.toolCalls ?? []), call] };
  else messages.push({ role: 'assistant', content: '', toolCalls: [call] });
}

export function writeResponsesRequest(turn: Turn, shape: RequestShape): string {
  const metadata = writeMetadata(turn, shape);
  return JSON.stringify({
    ...(shape.websocket ? { type: 'response.create', stream_id: shape.streamId } : {}),
    model: turn.model,
    input: turn.input.flatMap(writeItems),
    ...(turn.previousResponseId === undefined ? {} : { previous_response_id: turn.previousResponseId }),
    ...(shape.stream && !shape.websocket ? { stream: true } : {}),
    // Over HTTP the field does not exist: there a gateway prepares for itself.
    ...(shape.websocket && turn.generate !== undefined ? { generate: turn.generate } : {}),
    ...(turn.outputTokensMax === undefined ? {} : { max_output_tokens: turn.outputTokensMax }),
    ...(metadata === undefined ? {} : { metadata }),
    ...parametersForResponses(turn.parameters ?? {}),
  });
}

function writeItems({ role, content, toolCallId, toolCalls }: Message): object[] {
  if (toolCallId !== undefined) return [{ type: 'function_call_output', call_id: toolCallId, output: content }];
  const calls = (toolCalls ?? []).map((call) => ({ type: 'function_call', call_id: call.id, name: call.name, arguments: call.arguments }));
  return content === '' && calls.length > 0 ? calls : [{ role, content }, ...calls];
}
