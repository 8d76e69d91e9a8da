/**
 * Envelope `chat`: OpenAI's Chat Completions. Requests are in `chat-request.ts`, this file is the replies.
 *
 * A streamed reply is a series of `chat.completion.chunk` objects: one with the role, one a delta, one with the
 * finish reason, one with the usage (when asked for), one with the phases (when there are any; empty `choices`, so
 * that OpenAI's clients pass over it), then `[DONE]`. An error object ends the reply instead, after the phases.
 * Over WebSocket every message is an object that can be routed: `stream_id` is the last field of all that belong to
 * a named stream, and `{"object":"gatebench.done"}` stands for `[DONE]`.
 *
 * Only the first choice is read. A refusal by the model is text, since it is what the model says; a reply cut short
 * by a content filter is a failure (`upstream_error`), since what is there is not what was asked for.
 */
import type { EndEvent, Outcome, Phases, ToolCallEvent, TurnEvent, Usage } from '../contract.ts';
import type { Emit, Envelope, ParsedMessage, ReplyContext, ReplyReader } from '../envelope.ts';
import { readChatRequest, writeChatRequest } from './chat-request.ts';
import { errorOfOutcome, outcomeOfError, readErrorObject, readHttpError, writeErrorObject, writeHttpError } from './errors.ts';
import {
  COUNT,
  isObject,
  type JsonObject,
  matchDelta,
  PLAIN,
  parseObject,
  parseOrdinary,
  QUOTED,
  stringOf,
  tailOf,
  textOf,
  unquoted,
  utf8Length,
} from './json.ts';
import {
  endOf,
  fallbackId,
  gather,
  HoldingWriter,
  ITEMS_MAX,
  paddingField,
  paddingOf,
  phasesField,
  readPhases,
  readUsage,
} from './replies.ts';

const FINISH_REASONS = { stop: 'stop', toolCalls: 'tool_calls', length: 'length' } as const;
const DONE = 'gatebench.done';
/** After the text of a delta. */
const TEXT_CLOSED = '},"finish_reason":null}]';

class ChatWriter extends HoldingWriter {
  readonly #context: ReplyContext;
  readonly #emit: Emit;
  readonly #tail: string;
  /** A chunk up to its choices. */
  #head = '';
  /** A text delta up to the text, and after it. */
  #textHead = '';
  readonly #textTail: string;
  readonly #calls = new Set<number>();

  constructor(context: ReplyContext, emit: Emit) {
    super();
    this.#context = context;
    this.#emit = emit;
    this.#tail = tailOf(context.streamId);
    this.#textTail = TEXT_CLOSED + this.#tail;
  }

  protected override started(responseId: string): void {
    this.#name(responseId);
    this.#chunk('"role":"assistant","content":""');
  }

  protected override text(text: string, events: number): void {
    if (this.#head === '') this.started(fallbackId('chatcmpl-'));
    const { extraBytesPerToken = 0 } = this.#context;
    const tail = extraBytesPerToken > 0 ? TEXT_CLOSED + paddingField(extraBytesPerToken, events) + this.#tail : this.#textTail;
    this.#emit(this.#textHead + JSON.stringify(text) + tail);
  }

  protected override toolCall(event: ToolCallEvent): void {
    if (this.#head === '') this.started(fallbackId('chatcmpl-'));
    const { index, id, name } = event;
    const first = !this.#calls.has(index);
    this.#calls.add(index);
    const call = first
      ? { index, id, type: 'function', function: { name, arguments: event.arguments } }
      : { index, function: { arguments: event.arguments } };
    this.#chunk(`"tool_calls":[${JSON.stringify(call)}]`);
  }

  protected override end({ outcome, usage, responseId, phases }: EndEvent): void {
    const id = responseId ?? fallbackId('chatcmpl-');
    if (outcome.kind === 'completed') {
      if (this.#head === '') this.started(id);
      this.#chunk('', FINISH_REASONS[outcome.finish]);
    } else if (this.#head === '') this.#name(id);
    if (usage && this.#context.includeUsage) {
      this.#emit(`${this.#head}[],"usage":${JSON.stringify(writeUsage(usage))}${this.#tail}`);
    }
    if (phases) this.#emit(`${this.#head}[]${phasesField(phases)}${this.#tail}`);
    if (outcome.kind !== 'completed') this.#emit(writeStreamError(errorOfOutcome(outcome), this.#context.streamId));
    else this.#emit(this.#context.websocket ? `{"object":"${DONE}"${this.#tail}` : '[DONE]');
  }

  #name(responseId: string): void {
    const { createdS, model } = this.#context;
    this.#head = `{"id":${JSON.stringify(responseId)},"object":"chat.completion.chunk","created":${createdS},"model":${JSON.stringify(model)},"choices":`;
    this.#textHead = `${this.#head}[{"index":0,"delta":{"content":`;
  }

  #chunk(delta: string, finish?: string): void {
    this.#emit(
      `${this.#head}[{"index":0,"delta":{${delta}},"finish_reason":${finish === undefined ? 'null' : `"${finish}"`}}]${this.#tail}`,
    );
  }
}

function writeUsage({ inputTokens, outputTokens }: Usage): object {
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}

/** An error as a message of a stream: OpenAI's object, and the status where the turn was refused. */
function writeStreamError(error: Parameters<typeof writeErrorObject>[0], streamId: string | undefined): string {
  const status = error.status === undefined ? '' : `,"status":${error.status}`;
  return `{"error":${JSON.stringify(writeErrorObject(error))}${status}${tailOf(streamId)}`;
}

/** A text delta exactly as this file, or OpenAI's server, writes it. Groups: id, text, stream id. */
const DELTA = new RegExp(
  `^\\{"id":"(${PLAIN})","object":"chat\\.completion\\.chunk","created":${COUNT},"model":"${PLAIN}"` +
    `(?:,"service_tier":(?:null|"${PLAIN}"))?(?:,"system_fingerprint":(?:null|"${PLAIN}"))?` +
    `,"choices":\\[\\{"index":0,"delta":\\{"content":"(${QUOTED})"\\}(?:,"logprobs":null)?,"finish_reason":null\\}\\]` +
    `(?:,"usage":null)?(?:,"obfuscation":"${PLAIN}")?(?:,"stream_id":"([A-Za-z0-9_.-]{1,256})")?\\}$`,
);

/** What `parseMessage` hands to the reader: a delta by its groups, or any other object and the text that it was. */
type Parsed = RegExpExecArray | { message: JsonObject; text: string };

class ChatReader implements ReplyReader {
  contentBytes = 0;
  diagnosticsBytes = 0;
  #id: string | undefined;
  /** Something other than `started` was pushed: it is too late for that. */
  #begun = false;
  #ended = false;
  #outcome: Outcome | undefined;
  #usage: Usage | undefined;
  #phases: Phases | undefined;

  message({ value }: ParsedMessage, push: (event: TurnEvent) => void): boolean {
    if (this.#ended) return true;
    const parsed = value as Parsed;
    if (!Array.isArray(parsed)) return this.#object(parsed.message, parsed.text, push);
    if (!this.#begun) this.#start(parsed[1], push);
    this.#text(unquoted(parsed[2]!), push);
    return true;
  }

  #object(message: JsonObject, text: string, push: (event: TurnEvent) => void): boolean {
    if (message.object === DONE) return this.#outcome !== undefined && this.#end(this.#outcome, push);
    if (message.error !== undefined && message.error !== null) {
      return this.#end(outcomeOfError(readErrorObject(message.error, message.status), 'upstream_error'), push);
    }
    const { choices } = message;
    if (!Array.isArray(choices)) return false;
    if (!this.#begun) this.#start(message.id, push);
    if (isObject(message.usage)) this.#usage = readUsage(message.usage.prompt_tokens, message.usage.completion_tokens);
    if (isObject(message.gatebench)) {
      this.#phases = readPhases(message.gatebench.phases);
      this.diagnosticsBytes += utf8Length(text);
    }
    return choices.every((choice) => isObject(choice) && this.#choice(choice, push));
  }

  #choice({ index, delta, finish_reason: finish }: JsonObject, push: (event: TurnEvent) => void): boolean {
    if (index !== 0) return true;
    if (isObject(delta)) {
      for (const text of [delta.content, delta.refusal]) {
        if (typeof text === 'string') this.#text(text, push);
        else if (text !== undefined && text !== null) return false;
      }
      const calls = delta.tool_calls ?? [];
      if (!Array.isArray(calls) || !calls.every((call) => this.#call(call, push))) return false;
    } else if (delta !== undefined && delta !== null) return false;
    if (typeof finish === 'string') this.#outcome = outcomeOfFinish(finish);
    return true;
  }

  #call(call: unknown, push: (event: TurnEvent) => void): boolean {
    const event = readCall(call);
    if (!event) return false;
    this.#begun = true;
    this.contentBytes += utf8Length(event.arguments);
    push(event);
    return true;
  }

  #text(text: string, push: (event: TurnEvent) => void): void {
    if (text === '') return;
    this.#begun = true;
    this.contentBytes += utf8Length(text);
    push({ type: 'text', text });
  }

  #start(id: unknown, push: (event: TurnEvent) => void): void {
    if (typeof id !== 'string' || id === '' || this.#id !== undefined) return;
    this.#id = id;
    push({ type: 'started', responseId: id });
  }

  #end(outcome: Outcome, push: (event: TurnEvent) => void): boolean {
    this.#ended = true;
    push(endOf(outcome, this.#usage, this.#id, this.#phases));
    return true;
  }
}

/** A tool call of a delta, or (without an index) of a whole message. */
function readCall(call: unknown, position = 0): ToolCallEvent | undefined {
  if (!isObject(call)) return undefined;
  const { index = position, id } = call;
  const called = isObject(call.function) ? call.function : {};
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0 || index >= ITEMS_MAX) return undefined;
  return {
    type: 'toolCall',
    index,
    id: stringOf(id) ?? '',
    name: stringOf(called.name) ?? '',
    arguments: stringOf(called.arguments) ?? '',
  };
}

function outcomeOfFinish(reason: string): Outcome {
  switch (reason) {
    case 'length':
      return { kind: 'completed', finish: 'length' };
    case 'tool_calls':
    case 'function_call':
      return { kind: 'completed', finish: 'toolCalls' };
    case 'content_filter':
      return outcomeOfError({ code: 'content_filter', message: 'the upstream cut the reply short' }, 'upstream_error');
    default:
      return { kind: 'completed', finish: 'stop' };
  }
}

function parseMessage(text: string): ParsedMessage | undefined {
  const delta = matchDelta(DELTA, text);
  if (delta) return { streamId: delta[3], value: delta };
  if (text === '[DONE]') return { streamId: undefined, value: { message: { object: DONE }, text } };
  return parseOrdinary(text);
}

function writeWhole(events: readonly TurnEvent[], { createdS, model, extraBytesPerToken = 0 }: ReplyContext): string {
  const { responseId, text, textEvents, toolCalls, end } = gather(events);
  const { usage } = end ?? {};
  const finish = end?.outcome.kind === 'completed' ? end.outcome.finish : 'stop';
  const calls = toolCalls.map((call) => ({ id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } }));
  const message = {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    refusal: null,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return JSON.stringify({
    id: responseId ?? fallbackId('chatcmpl-'),
    object: 'chat.completion',
    created: createdS,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: FINISH_REASONS[finish] }],
    ...(usage === undefined ? {} : { usage: writeUsage(usage) }),
    ...(extraBytesPerToken > 0 && textEvents > 0 ? { obfuscation: paddingOf(extraBytesPerToken, textEvents) } : {}),
  });
}

function readWhole(text: string): ReturnType<Envelope['readWhole']> {
  const body = parseObject(text);
  if (!body) return undefined;
  if (body.error !== undefined && body.error !== null) {
    const outcome = outcomeOfError(readErrorObject(body.error, undefined), 'upstream_error');
    return { events: [endOf(outcome, undefined, undefined, undefined)], contentBytes: 0, diagnosticsBytes: 0 };
  }
  const choice = Array.isArray(body.choices) ? body.choices[0] : undefined;
  if (!isObject(choice) || !isObject(choice.message) || typeof choice.finish_reason !== 'string') return undefined;
  const { message } = choice;
  const events: TurnEvent[] = [];
  let contentBytes = 0;
  const id = stringOf(body.id) || undefined;
  if (id !== undefined) events.push({ type: 'started', responseId: id });
  for (const content of [message.content, message.refusal]) {
    if (typeof content === 'string' && content !== '') {
      events.push({ type: 'text', text: content });
      contentBytes += utf8Length(content);
    } else if (content !== undefined && content !== null && content !== '') return undefined;
  }
  const calls = message.tool_calls ?? [];
  if (!Array.isArray(calls)) return undefined;
  for (const [position, call] of calls.entries()) {
    const event = readCall(call, position);
    if (!event) return undefined;
    events.push(event);
    contentBytes += utf8Length(event.arguments);
  }
  const usage = isObject(body.usage) ? readUsage(body.usage.prompt_tokens, body.usage.completion_tokens) : undefined;
  events.push(endOf(outcomeOfFinish(choice.finish_reason), usage, id, undefined));
  return { events, contentBytes, diagnosticsBytes: 0 };
}

export const chat: Envelope = {
  name: 'chat',
  path: '/v1/chat/completions',
  requestType: 'application/json',
  wholeReplyType: 'application/json',
  binaryFrames: false,
  writeRequest: writeChatRequest,
  writeCancel: (streamId) => JSON.stringify({ type: 'chat.cancel', stream_id: streamId }),
  readRequest: (data, options) => readChatRequest(textOf(data), options),
  replyWriter: (context, emit) => new ChatWriter(context, emit),
  replyReader: () => new ChatReader(),
  parseMessage: (data) => parseMessage(textOf(data)),
  writeWhole,
  readWhole: (data) => readWhole(textOf(data)),
  writeError: (error, { websocket, streamId }) => (websocket ? writeStreamError(error, streamId) : writeHttpError(error)),
  readError: readHttpError,
};
