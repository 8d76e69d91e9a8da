/**
 * Requests of OpenAI's Chat Completions, both ways: a body of `POST /v1/chat/completions` is a turn.
 *
 * Over WebSocket (which OpenAI does not offer for this format) the same body comes as `{"type":"chat.create",
 * "stream_id"?, …}`, and `{"type":"chat.cancel","stream_id"?}` stops a turn. A participant's `name` in a message is
 * accepted and has no effect. The format has no `previous_response_id` and no `generate`: a configuration that needs
 * them on a chat leg is refused before it runs. `n` may be 1 only.
 */
import type { Message, ToolCall, Turn } from '../contract.ts';
import type { ParsedRequest, RequestShape } from '../envelope.ts';
import { isObject, type JsonObject } from './json.ts';
import { isRole, readContent, unsupported } from './messages.ts';
import { CHAT_PARAMETERS, parametersForChat, readFlag, readModel, readParameters, readTokensMax } from './parameters.ts';
import { Problems } from './problems.ts';
import { type Named, parseRequest, readStreamId, refused } from './requests.ts';
import { type RequestOptions, readMetadata, turnOf, writeMetadata } from './wishes.ts';

const HANDLED: ReadonlySet<string> = new Set([
  'messages',
  'model',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'metadata',
  'n',
  'audio',
]);
const HANDLED_ON_WEBSOCKET: ReadonlySet<string> = new Set([...HANDLED, 'type', 'stream_id']);
const PART_TYPES: ReadonlySet<unknown> = new Set(['text']);
const STREAM_OPTIONS: ReadonlySet<string> = new Set(['include_usage', 'include_obfuscation']);

export function readChatRequest(text: string, options: RequestOptions): ParsedRequest {
  const request = parseRequest(text);
  if ('refusal' in request) return request.refusal;
  const { body } = request;
  if (!options.websocket) return readBody(body, options, HANDLED, {});
  const stream = readStreamId(body);
  if ('refusal' in stream) return stream.refusal;
  if (body.type === 'chat.cancel') return { kind: 'cancel', ...stream.named };
  if (body.type === 'chat.create') return readBody(body, options, HANDLED_ON_WEBSOCKET, stream.named);
  return refused('unsupported_event', '`type` must be "chat.create" or "chat.cancel"', 'type', stream.named);
}

function readBody(body: JsonObject, options: RequestOptions, handled: ReadonlySet<string>, named: Named): ParsedRequest {
  const problems = new Problems();
  const parameters = readParameters(body, CHAT_PARAMETERS, handled, problems);
  const model = readModel(body.model, 'model', problems);
  const input = readMessages(body.messages, problems);
  const stream = readFlag(body.stream, 'stream', problems);
  const includeUsage = readStreamOptions(body.stream_options, problems);
  const outputTokensMax = readLimit(body, problems);
  const { wishes, rest } = readMetadata(body.metadata, problems);
  if (rest) parameters.metadata = rest;
  if (body.n !== undefined && body.n !== null && body.n !== 1) problems.invalid('n', '1: more choices are not supported');
  if (body.audio !== undefined && body.audio !== null) unsupported('audio', 'audio', problems);
  const refusal = problems.refusal();
  if (refusal) return { kind: 'refused', refusal, ...named };
  const turn = turnOf({ model, input, outputTokensMax, parameters }, wishes, options);
  return { kind: 'turn', turn, stream: options.websocket || stream, includeUsage, ...named };
}

function readStreamOptions(value: unknown, problems: Problems): boolean {
  if (value === undefined || value === null) return false;
  if (!isObject(value)) {
    problems.invalid('stream_options', 'an object');
    return false;
  }
  problems.unknown(
    Object.keys(value)
      .filter((name) => !STREAM_OPTIONS.has(name))
      .map((name) => `stream_options.${name}`),
  );
  return readFlag(value.include_usage, 'stream_options.include_usage', problems);
}

/** The limit has an old and a new name; both at once must agree. */
function readLimit(body: JsonObject, problems: Problems): number | undefined {
  const old = readTokensMax(body.max_tokens, 'max_tokens', problems);
  const limit = readTokensMax(body.max_completion_tokens, 'max_completion_tokens', problems);
  if (old !== undefined && limit !== undefined && old !== limit)
    problems.invalid('max_tokens', 'the same as `max_completion_tokens`, or absent');
  return limit ?? old;
}

function readMessages(messages: unknown, problems: Problems): Message[] {
  if (!Array.isArray(messages) || messages.length === 0) {
    problems.invalid('messages', 'an array that is not empty');
    return [];
  }
  return messages.map((message, index) => readMessage(message, `messages[${index}]`, problems));
}

function readMessage(message: unknown, at: string, problems: Problems): Message {
  if (!isObject(message) || !isRole(message.role)) {
    problems.invalid(at, 'an object with a role: system, developer, user, assistant or tool');
    return { role: 'user', content: '' };
  }
  const { role } = message;
  for (const field of ['audio', 'refusal', 'function_call']) {
    if (message[field] !== undefined && message[field] !== null) unsupported(`${at}.${field}`, field, problems);
  }
  const toolCalls = readToolCalls(message.tool_calls, `${at}.tool_calls`, problems);
  if (toolCalls && role !== 'assistant') problems.invalid(`${at}.tool_calls`, 'absent, unless the role is assistant');
  // An assistant that only calls may leave its content out.
  const content = message.content === undefined && toolCalls ? '' : readContent(message.content, `${at}.content`, PART_TYPES, problems);
  const read: Message = { role, content };
  if (toolCalls) read.toolCalls = toolCalls;
  if (role === 'tool') {
    if (typeof message.tool_call_id === 'string') read.toolCallId = message.tool_call_id;
    else problems.invalid(`${at}.tool_call_id`, 'a string');
  }
  return read;
}

function readToolCalls(calls: unknown, at: string, problems: Problems): ToolCall[] | undefined {
  if (calls === undefined || calls === null) return undefined;
  if (!Array.isArray(calls)) {
    problems.invalid(at, 'an array');
    return undefined;
  }
  const read: ToolCall[] = [];
  for (const [index, call] of calls.entries()) {
    const here = `${at}[${index}]`;
    if (!isObject(call)) problems.invalid(here, 'an object');
    else if (call.type !== 'function') unsupported(here, call.type, problems);
    else {
      const called = call.function;
      if (typeof call.id !== 'string' || !isObject(called) || typeof called.name !== 'string' || typeof called.arguments !== 'string') {
        problems.invalid(here, 'a call with the strings id, function.name and function.arguments');
      } else read.push({ id: call.id, name: called.name, arguments: called.arguments });
    }
  }
  return read.length === 0 ? undefined : read;
}

export function writeChatRequest(turn: Turn, shape: RequestShape): string {
  const { instructions } = turn.parameters ?? {};
  const system = typeof instructions === 'string' ? [{ role: 'system', content: instructions }] : [];
  const metadata = writeMetadata(turn, shape);
  return JSON.stringify({
    ...(shape.websocket ? { type: 'chat.create', stream_id: shape.streamId } : {}),
    model: turn.model,
    messages: [...system, ...turn.input.map(writeMessage)],
    ...(shape.stream && !shape.websocket ? { stream: true } : {}),
    ...(shape.stream ? { stream_options: { include_usage: true } } : {}),
    ...(turn.outputTokensMax === undefined ? {} : { max_completion_tokens: turn.outputTokensMax }),
    ...(metadata === undefined ? {} : { metadata }),
    ...parametersForChat(turn.parameters ?? {}),
  });
}

function writeMessage({ role, content, toolCallId, toolCalls }: Message): object {
  if (toolCallId !== undefined) return { role, content, tool_call_id: toolCallId };
  if (toolCalls === undefined || toolCalls.length === 0) return { role, content };
  return {
    role,
    content: content === '' ? null : content,
    tool_calls: toolCalls.map((call) => ({ id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } })),
  };
}
