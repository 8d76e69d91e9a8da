/**
 * Envelope `responses`: OpenAI's Responses API over HTTP and its WebSocket mode, where each message is an event that
 * HTTP sends with SSE, and `stream_id` is the last field of those that belong to a named stream. Requests are in
 * `responses-request.ts`, what a server writes in `responses-reply.ts`; here it is read.
 *
 * Events of unknown types are passed over, so that a foreign upstream may send more than we know. Text and arguments
 * are taken from the deltas; from the closing events only where a server sent no deltas. The model's refusal is text.
 * Finished with a tool call is what ends with one in the output: the format has no field for it. A response that is
 * incomplete for another reason than its length is a failure (`upstream_error`).
 */
import type { EndEvent, Outcome, TurnEvent } from '../contract.ts';
import type { Envelope, ParsedMessage, ReplyReader } from '../envelope.ts';
import { outcomeOfError, readErrorObject, readHttpError, writeHttpError } from './errors.ts';
import {
  COUNT,
  countOf,
  isObject,
  type JsonObject,
  matchDelta,
  PLAIN,
  parseObject,
  parseOrdinary,
  QUOTED,
  stringOf,
  textOf,
  unquoted,
  utf8Length,
} from './json.ts';
import { endOf, ITEMS_MAX, phasesField, readPhases, readUsage } from './replies.ts';
import { ResponsesWriter, writeErrorEvent, writeWholeResponse } from './responses-reply.ts';
import { readResponsesRequest, writeResponsesRequest } from './responses-request.ts';

/** A text delta exactly as this envelope, or OpenAI's server, writes it. Groups: position in the output, text, stream id. */
const DELTA = new RegExp(
  `^\\{"type":"response\\.output_text\\.delta","sequence_number":${COUNT},"item_id":"${PLAIN}","output_index":(${COUNT})` +
    `,"content_index":${COUNT},"delta":"(${QUOTED})","logprobs":\\[\\](?:,"obfuscation":"${PLAIN}")?(?:,"stream_id":"([A-Za-z0-9_.-]{1,256})")?\\}$`,
);

/** What `parseMessage` hands to the reader: a delta by its groups, or any other object and the text that it was. */
type Parsed = RegExpExecArray | { message: JsonObject; text: string };
type Push = (event: TurnEvent) => void;

class ResponsesReader implements ReplyReader {
  contentBytes = 0;
  diagnosticsBytes = 0;
  #id: string | undefined;
  #begun = false;
  #ended = false;
  /** Positions in the output whose deltas have come. The last one apart, since nearly all deltas are its. */
  readonly #streamed = new Set<number>();
  #lastStreamed = -1;
  /** Function calls by their position in the output. */
  readonly #calls = new Map<number, number>();

  message({ value }: ParsedMessage, push: Push): boolean {
    if (this.#ended) return true;
    const parsed = value as Parsed;
    return Array.isArray(parsed) ? this.#delta(Number(parsed[1]), unquoted(parsed[2]!), push) : this.#event(parsed.message, push);
  }

  #event(event: JsonObject, push: Push): boolean {
    const position = countOf(event.output_index) ?? -1;
    switch (event.type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return this.#start(event.response, push);
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        return typeof event.delta === 'string' && this.#delta(position, event.delta, push);
      case 'response.output_text.done':
        return this.#streamed.has(position) || (typeof event.text === 'string' && this.#delta(position, event.text, push));
      case 'response.output_item.added':
        return this.#item(event.item, position, push);
      case 'response.function_call_arguments.delta':
        return this.#fragment(position, event.delta, push);
      case 'response.function_call_arguments.done':
        return this.#streamed.has(position) || this.#fragment(position, event.arguments, push);
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        return this.#terminal(event, push);
      case 'error':
        return this.#error(event, push);
      default:
        return typeof event.type === 'string';
    }
  }

  #start(response: unknown, push: Push): boolean {
    if (!isObject(response)) return false;
    if (typeof response.id === 'string' && response.id !== '' && this.#id === undefined && !this.#begun) {
      this.#id = response.id;
      push({ type: 'started', responseId: response.id });
    }
    return true;
  }

  #delta(position: number, text: string, push: Push): boolean {
    if (position < 0 || position >= ITEMS_MAX) return false;
    if (text === '') return true;
    this.#saw(position);
    this.contentBytes += utf8Length(text);
    push({ type: 'text', text });
    return true;
  }

  #item(item: unknown, position: number, push: Push): boolean {
    if (!isObject(item) || item.type !== 'function_call') return true;
    if (position < 0 || position >= ITEMS_MAX || this.#calls.has(position)) return false;
    const index = this.#calls.size;
    const fragment = stringOf(item.arguments) ?? '';
    this.#calls.set(position, index);
    this.#begun = true;
    if (fragment !== '') this.#saw(position);
    this.contentBytes += utf8Length(fragment);
    push({ type: 'toolCall', index, id: stringOf(item.call_id) ?? '', name: stringOf(item.name) ?? '', arguments: fragment });
    return true;
  }

  #fragment(position: number, fragment: unknown, push: Push): boolean {
    const index = this.#calls.get(position);
    if (index === undefined || typeof fragment !== 'string') return false;
    if (fragment === '') return true;
    this.#saw(position);
    this.contentBytes += utf8Length(fragment);
    push({ type: 'toolCall', index, id: '', name: '', arguments: fragment });
    return true;
  }

  #saw(position: number): void {
    if (position === this.#lastStreamed) return;
    this.#lastStreamed = position;
    this.#begun = true;
    this.#streamed.add(position);
  }

  #terminal(event: JsonObject, push: Push): boolean {
    const { response } = event;
    if (!isObject(response)) return false;
    // The event says how it ended; the response repeats it, or should.
    const status = response.status === 'cancelled' ? 'cancelled' : String(event.type).slice('response.'.length);
    const end = endOfResponse({ ...response, status }, this.#calls.size > 0);
    return this.#end(this.#id === undefined ? end : { ...end, responseId: this.#id }, event, push);
  }

  /** OpenAI's servers nest the error's fields, their documentation has them at the top. */
  #error(event: JsonObject, push: Push): boolean {
    const outcome = outcomeOfError(readErrorObject(isObject(event.error) ? event.error : event, event.status), 'upstream_error');
    return this.#end(endOf(outcome, undefined, this.#id, undefined), event, push);
  }

  #end(end: EndEvent, event: JsonObject, push: Push): boolean {
    this.#ended = true;
    const phases = isObject(event.gatebench) ? readPhases(event.gatebench.phases) : undefined;
    if (phases) this.diagnosticsBytes += utf8Length(phasesField(phases));
    push(phases ? { ...end, phases } : end);
    return true;
  }
}

function endOfResponse(response: JsonObject, calledTools: boolean): EndEvent {
  const usage = isObject(response.usage) ? readUsage(response.usage.input_tokens, response.usage.output_tokens) : undefined;
  return endOf(outcomeOfResponse(response, calledTools), usage, stringOf(response.id) || undefined, undefined);
}

function outcomeOfResponse({ status, error, incomplete_details: details }: JsonObject, calledTools: boolean): Outcome {
  if (status === 'completed') return { kind: 'completed', finish: calledTools ? 'toolCalls' : 'stop' };
  if (status === 'cancelled') return { kind: 'cancelled' };
  if (status === 'incomplete') {
    const reason = (isObject(details) ? stringOf(details.reason) : undefined) ?? 'unknown';
    if (reason === 'max_output_tokens') return { kind: 'completed', finish: 'length' };
    return reason === 'cancelled'
      ? { kind: 'cancelled' }
      : outcomeOfError({ code: '', message: `the response is incomplete: ${reason}` }, 'upstream_error');
  }
  return outcomeOfError(readErrorObject(error, undefined), 'upstream_error');
}

function parseMessage(text: string): ParsedMessage | undefined {
  const delta = matchDelta(DELTA, text);
  if (delta) return { streamId: delta[3], value: delta };
  // Some servers end every event stream like this; here it says nothing.
  if (text === '[DONE]') return { streamId: undefined, value: { message: { type: '[DONE]' }, text } };
  return parseOrdinary(text);
}

function readWhole(text: string): ReturnType<Envelope['readWhole']> {
  const body = parseObject(text);
  if (!body || !Array.isArray(body.output) || typeof body.status !== 'string') return undefined;
  const events: TurnEvent[] = [];
  let contentBytes = 0;
  let calls = 0;
  const id = stringOf(body.id) || undefined;
  if (id !== undefined) events.push({ type: 'started', responseId: id });
  for (const item of body.output) {
    if (!isObject(item)) return undefined;
    if (item.type === 'message') {
      if (!Array.isArray(item.content)) return undefined;
      for (const part of item.content) {
        const content = isObject(part) ? (part.text ?? part.refusal ?? '') : undefined;
        if (typeof content !== 'string') return undefined;
        contentBytes += utf8Length(content);
        if (content !== '') events.push({ type: 'text', text: content });
      }
    } else if (item.type === 'function_call') {
      const args = stringOf(item.arguments) ?? '';
      contentBytes += utf8Length(args);
      events.push({ type: 'toolCall', index: calls, id: stringOf(item.call_id) ?? '', name: stringOf(item.name) ?? '', arguments: args });
      calls += 1;
    }
  }
  events.push(endOfResponse(body, calls > 0));
  return { events, contentBytes, diagnosticsBytes: 0 };
}

export const responses: Envelope = {
  name: 'responses',
  path: '/v1/responses',
  requestType: 'application/json',
  wholeReplyType: 'application/json',
  binaryFrames: false,
  writeRequest: writeResponsesRequest,
  writeCancel: (streamId) => JSON.stringify({ type: 'response.cancel', stream_id: streamId }),
  readRequest: (data, options) => readResponsesRequest(textOf(data), options),
  replyWriter: (context, emit) => new ResponsesWriter(context, emit),
  replyReader: () => new ResponsesReader(),
  parseMessage: (data) => parseMessage(textOf(data)),
  writeWhole: writeWholeResponse,
  readWhole: (data) => readWhole(textOf(data)),
  writeError: (error, { websocket, streamId }) => (websocket ? writeErrorEvent(error, streamId) : writeHttpError(error)),
  readError: readHttpError,
};
