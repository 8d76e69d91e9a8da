/**
 * Envelope `compact`: the least that JSON can say. What a token costs here and not in OpenAI's formats is the price
 * of their envelopes; with batched deltas it is the lower bound for text messages.
 *
 * Streams of a WebSocket are numbers: `s` from 0 to 4294967295, absent for the default stream. (On our side of the
 * interface they are decimal strings.) A client sends
 *
 *     turn     {"s"?, "m": model, "i": [[role, text], …], …}    the fields are in `compact-fields.ts`
 *     cancel   {"s"?, "k": 1}
 *
 * and a server, for each turn in this order,
 *
 *     started  {"s"?, "b": response id}
 *     text     {"s"?, "d": text}                                any number, in between with
 *     call     {"s"?, "t": [index, id, name, arguments]}        or a fragment, whose id and name are empty
 *     end      {"s"?, "e": {…}}                                 the fields are in `compact-fields.ts`
 *
 * Over HTTP the same messages without `s` are the data of an event stream, or, where the request has `"w": 1`, one
 * object `{"b"?, "d"?, "t"?: [call, …], "e"}`. Errors before a turn are OpenAI's over HTTP, ends over WebSocket.
 */
import type { EndEvent, ToolCallEvent, TurnEvent } from '../contract.ts';
import type { Emit, Envelope, ParsedMessage, ParsedRequest, ReplyContext, ReplyReader } from '../envelope.ts';
import { readEndFields, readTurnFields, writeEndFields, writeMessage, writeTurnFields } from './compact-fields.ts';
import { outcomeOfError, readHttpError, type WireError, writeHttpError } from './errors.ts';
import { countOf, type JsonObject, matchDelta, parseObject, QUOTED, textOf, unquoted, utf8Length } from './json.ts';
import { gather, HoldingWriter, ITEMS_MAX } from './replies.ts';
import { parseRequest, refused } from './requests.ts';
import type { RequestOptions } from './wishes.ts';

const STREAM_MAX = 0xffff_ffff;

class CompactWriter extends HoldingWriter {
  readonly #emit: Emit;
  readonly #head: string;
  readonly #textHead: string;

  constructor(context: ReplyContext, emit: Emit) {
    super();
    this.#emit = emit;
    this.#head = headOf(context.streamId);
    this.#textHead = `${this.#head}"d":`;
  }

  protected override started(responseId: string): void {
    this.#emit(`${this.#head}"b":${JSON.stringify(responseId)}}`);
  }

  protected override text(text: string): void {
    this.#emit(`${this.#textHead}${JSON.stringify(text)}}`);
  }

  protected override toolCall(event: ToolCallEvent): void {
    this.#emit(`${this.#head}"t":${JSON.stringify(writeCall(event))}}`);
  }

  protected override end(end: EndEvent): void {
    this.#emit(`${this.#head}"e":${JSON.stringify(writeEndFields(end))}}`);
  }
}

/** A stream's messages begin with its number. */
function headOf(streamId: string | undefined): string {
  return streamId === undefined ? '{' : `{"s":${streamId},`;
}

function writeCall({ index, id, name, arguments: args }: Omit<ToolCallEvent, 'type'>): readonly unknown[] {
  return [index, id, name, args];
}

function readCall(call: unknown): ToolCallEvent | undefined {
  if (!Array.isArray(call) || call.length !== 4) return undefined;
  const [position, id, name, args] = call as readonly unknown[];
  const index = countOf(position);
  if (index === undefined || index >= ITEMS_MAX || typeof id !== 'string' || typeof name !== 'string' || typeof args !== 'string')
    return undefined;
  return { type: 'toolCall', index, id, name, arguments: args };
}

/** A text delta exactly as it is written here. Groups: stream, text. */
const DELTA = new RegExp(`^\\{(?:"s":(0|[1-9][0-9]{0,8}),)?"d":"(${QUOTED})"\\}$`);

class CompactReader implements ReplyReader {
  contentBytes = 0;
  diagnosticsBytes = 0;
  #begun = false;
  #ended = false;

  message({ value }: ParsedMessage, push: (event: TurnEvent) => void): boolean {
    if (this.#ended) return true;
    const parsed = value as string | JsonObject;
    return typeof parsed === 'string' ? this.#text(parsed, push) : this.#object(parsed, push);
  }

  #object(message: JsonObject, push: (event: TurnEvent) => void): boolean {
    if (typeof message.d === 'string') return this.#text(message.d, push);
    if (typeof message.b === 'string') return this.#started(message.b, push);
    if (message.t !== undefined) {
      const event = readCall(message.t);
      if (!event) return false;
      this.#begun = true;
      this.contentBytes += utf8Length(event.arguments);
      push(event);
      return true;
    }
    const read = readEndFields(message.e);
    if (!read) return false;
    this.#ended = true;
    this.diagnosticsBytes += read.diagnosticsBytes;
    push(read.end);
    return true;
  }

  #started(responseId: string, push: (event: TurnEvent) => void): boolean {
    if (this.#begun) return false;
    this.#begun = true;
    push({ type: 'started', responseId });
    return true;
  }

  #text(text: string, push: (event: TurnEvent) => void): boolean {
    if (text === '') return true;
    this.#begun = true;
    this.contentBytes += utf8Length(text);
    push({ type: 'text', text });
    return true;
  }
}

function parseMessage(text: string): ParsedMessage | undefined {
  const delta = matchDelta(DELTA, text);
  if (delta) return { streamId: delta[1], value: unquoted(delta[2]!) };
  const message = parseObject(text);
  const streamId = message && streamOf(message);
  return !message || streamId === false ? undefined : { streamId, value: message };
}

/** @returns `false` when `s` is no stream's number. */
function streamOf({ s }: JsonObject): string | undefined | false {
  if (s === undefined) return undefined;
  const stream = countOf(s);
  return stream !== undefined && stream <= STREAM_MAX ? String(stream) : false;
}

function readRequest(text: string, options: RequestOptions): ParsedRequest {
  const request = parseRequest(text);
  if ('refusal' in request) return request.refusal;
  if (!options.websocket) return readTurnFields(request.body, options, {});
  const streamId = streamOf(request.body);
  if (streamId === false) return refused('invalid_stream_id', `\`s\` must be an integer from 0 to ${STREAM_MAX}`, 's');
  const named = streamId === undefined ? {} : { streamId };
  const { s: _, k, ...fields } = request.body;
  if (k === undefined) return readTurnFields(fields, options, named);
  return k === 1 ? { kind: 'cancel', ...named } : refused('unsupported_event', '`k` must be 1', 'k', named);
}

function writeEnd(error: WireError, streamId: string | undefined): string {
  const end: EndEvent = { type: 'end', outcome: outcomeOfError(error, 'upstream_error') };
  return `${headOf(streamId)}"e":${JSON.stringify(writeEndFields(end))}}`;
}

function writeWhole(events: readonly TurnEvent[]): string {
  const { responseId, text, toolCalls, end } = gather(events);
  const { phases: _, ...rest } = end ?? { type: 'end', outcome: { kind: 'completed', finish: 'stop' } };
  return JSON.stringify({
    ...(responseId === undefined ? {} : { b: responseId }),
    ...(text === '' ? {} : { d: text }),
    ...(toolCalls.length === 0 ? {} : { t: toolCalls.map(writeCall) }),
    e: writeEndFields(rest),
  });
}

function readWhole(text: string): ReturnType<Envelope['readWhole']> {
  const body = parseObject(text);
  const read = readEndFields(body?.e);
  if (!body || !read) return undefined;
  const { b: responseId, d: content = '', t: calls = [] } = body;
  if (typeof content !== 'string' || !Array.isArray(calls)) return undefined;
  const events: TurnEvent[] = [];
  if (typeof responseId === 'string') events.push({ type: 'started', responseId });
  if (content !== '') events.push({ type: 'text', text: content });
  let contentBytes = utf8Length(content);
  for (const call of calls) {
    const event = readCall(call);
    if (!event) return undefined;
    contentBytes += utf8Length(event.arguments);
    events.push(event);
  }
  events.push(read.end);
  return { events, contentBytes, diagnosticsBytes: read.diagnosticsBytes };
}

export const compact: Envelope = {
  name: 'compact',
  path: '/v1/turns',
  subprotocol: 'gatebench.compact.v1',
  requestType: 'application/json',
  wholeReplyType: 'application/json',
  binaryFrames: false,
  writeRequest(turn, { stream, websocket, streamId }) {
    const fields = JSON.stringify(writeTurnFields(turn, !stream && !websocket, turn.input.map(writeMessage)));
    return headOf(streamId) + fields.slice(1);
  },
  writeCancel: (streamId) => `${headOf(streamId)}"k":1}`,
  readRequest: (data, options) => readRequest(textOf(data), options),
  replyWriter: (context, emit) => new CompactWriter(context, emit),
  replyReader: () => new CompactReader(),
  parseMessage: (data) => parseMessage(textOf(data)),
  writeWhole,
  readWhole: (data) => readWhole(textOf(data)),
  writeError: (error, { websocket, streamId }) => (websocket ? writeEnd(error, streamId) : writeHttpError(error)),
  readError: readHttpError,
};
