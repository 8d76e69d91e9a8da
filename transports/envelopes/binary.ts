/**
 * Envelope `binary`: no JSON and no escaping around text. One message of a WebSocket is one frame:
 *
 *     number   stream + 1, or 0 for the default stream        (numbers and strings: `bytes.ts`)
 *     byte     type
 *     …        payload, to the end of the message
 *
 *     0x00 text      UTF-8
 *     0x01 started   response id, UTF-8
 *     0x02 call      number index, string id, string name, arguments in UTF-8; fragments have an empty id and name
 *     0x03 end       JSON, the fields are in `compact-fields.ts`
 *     0x10 turn      string JSON of the turn without its messages, number of messages, and each of them: byte role
 *                    (position in the list below), string content. What has to do with tools is in the JSON, as
 *                    `t: [[position of the message, id of the call answered or 0, calls or 0], …]`
 *     0x11 cancel
 *
 * Over HTTP a request is one frame, and a whole reply is frames with a number before each that says its length.
 * Errors are OpenAI's JSON over HTTP, ends over WebSocket. A text may be cut between any two tokens, but never inside
 * a character: half of a surrogate pair waits for the other half. Half a pair that stays alone, and bytes that are no
 * UTF-8, become U+FFFD.
 */
import type { EndEvent, Message, ToolCallEvent, Turn, TurnEvent } from '../contract.ts';
import type { Data, Emit, Envelope, ParsedMessage, ParsedRequest, ReplyContext, ReplyReader } from '../envelope.ts';
import { ByteReader, numberBytes, numberLength, stringBytes, writeNumber } from './bytes.ts';
import { readCalls, readEndFields, readTurnFields, writeCalls, writeEndFields, writeTurnFields } from './compact-fields.ts';
import { outcomeOfError, readHttpError, writeHttpError } from './errors.ts';
import { parseObject, utf8Length } from './json.ts';
import { gather, HoldingWriter, ITEMS_MAX } from './replies.ts';
import { refused } from './requests.ts';
import type { RequestOptions } from './wishes.ts';

const TEXT = 0x00;
const STARTED = 0x01;
const CALL = 0x02;
const END = 0x03;
const TURN = 0x10;
const CANCEL = 0x11;
const ROLES: readonly Message['role'][] = ['system', 'developer', 'user', 'assistant', 'tool'];

class BinaryWriter extends HoldingWriter {
  readonly #emit: Emit;
  readonly #stream: number;
  readonly #headBytes: number;
  /** The first half of a surrogate pair. */
  #half = '';

  constructor(context: ReplyContext, emit: Emit) {
    super();
    this.#emit = emit;
    this.#stream = streamNumber(context.streamId);
    this.#headBytes = numberLength(this.#stream) + 1;
  }

  protected override text(text: string): void {
    let whole = this.#half === '' ? text : this.#half + text;
    this.#half = '';
    const last = whole.charCodeAt(whole.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.#half = whole.slice(-1);
      whole = whole.slice(0, -1);
    }
    if (whole !== '') this.#text(whole);
  }

  protected override started(responseId: string): void {
    this.#emit(frame(this.#stream, STARTED, Buffer.from(responseId)));
  }

  protected override toolCall(event: ToolCallEvent): void {
    this.#flushHalf();
    this.#emit(callFrame(this.#stream, event));
  }

  protected override end(end: EndEvent): void {
    this.#flushHalf();
    this.#emit(endFrame(this.#stream, end));
  }

  #flushHalf(): void {
    if (this.#half === '') return;
    const half = this.#half;
    this.#half = '';
    this.#text(half);
  }

  #text(text: string): void {
    const bytes = Buffer.allocUnsafe(this.#headBytes + utf8Length(text));
    const at = writeNumber(bytes, this.#stream, 0);
    bytes[at] = TEXT;
    bytes.write(text, at + 1);
    this.#emit(bytes);
  }
}

function streamNumber(streamId: string | undefined): number {
  return streamId === undefined ? 0 : Number(streamId) + 1;
}

function frame(stream: number, type: number, ...payload: readonly Buffer[]): Buffer {
  return Buffer.concat([numberBytes(stream), Buffer.of(type), ...payload]);
}

function callFrame(stream: number, { index, id, name, arguments: args }: Omit<ToolCallEvent, 'type'>): Buffer {
  return frame(stream, CALL, numberBytes(index), stringBytes(id), stringBytes(name), Buffer.from(args));
}

function endFrame(stream: number, end: EndEvent): Buffer {
  return frame(stream, END, Buffer.from(JSON.stringify(writeEndFields(end))));
}

/** A frame that has been looked at as far as its type. */
interface Frame {
  type: number;
  payload: ByteReader;
}

class BinaryReader implements ReplyReader {
  contentBytes = 0;
  diagnosticsBytes = 0;
  #begun = false;
  #ended = false;

  message({ value }: ParsedMessage, push: (event: TurnEvent) => void): boolean {
    return this.#ended || this.frame(value as Frame, push);
  }

  frame({ type, payload }: Frame, push: (event: TurnEvent) => void): boolean {
    switch (type) {
      case TEXT: {
        const bytes = payload.remaining;
        if (bytes === 0) return true;
        this.#begun = true;
        this.contentBytes += bytes;
        push({ type: 'text', text: payload.rest() });
        return true;
      }
      case STARTED:
        if (this.#begun) return false;
        this.#begun = true;
        push({ type: 'started', responseId: payload.rest() });
        return true;
      case CALL: {
        const index = payload.number();
        const id = payload.string();
        const name = payload.string();
        this.contentBytes += payload.remaining;
        this.#begun = true;
        const args = payload.rest();
        if (!payload.ok || index >= ITEMS_MAX) return false;
        push({ type: 'toolCall', index, id, name, arguments: args });
        return true;
      }
      case END: {
        const read = readEndFields(parseObject(payload.rest()));
        if (!read) return false;
        this.#ended = true;
        this.diagnosticsBytes += read.diagnosticsBytes;
        push(read.end);
        return true;
      }
      default:
        return false;
    }
  }

  get ended(): boolean {
    return this.#ended;
  }
}

function bytesOf(data: Data): Buffer {
  return typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
}

function parseMessage(data: Data): ParsedMessage | undefined {
  const payload = new ByteReader(bytesOf(data));
  const stream = payload.number();
  const type = payload.byte();
  if (!payload.ok) return undefined;
  return { streamId: stream === 0 ? undefined : String(stream - 1), value: { type, payload } };
}

function writeRequest(turn: Turn, streamId: string | undefined): Buffer {
  const tools = turn.input.flatMap(({ toolCallId, toolCalls }, index) =>
    toolCallId === undefined && toolCalls === undefined ? [] : [[index, toolCallId ?? 0, toolCalls ? writeCalls(toolCalls) : 0]],
  );
  const fields = { ...writeTurnFields(turn, false, undefined), ...(tools.length === 0 ? {} : { t: tools }) };
  const messages = turn.input.flatMap(({ role, content }) => [Buffer.of(ROLES.indexOf(role)), stringBytes(content)]);
  return frame(streamNumber(streamId), TURN, stringBytes(JSON.stringify(fields)), numberBytes(turn.input.length), ...messages);
}

function readRequest(data: Data, options: RequestOptions): ParsedRequest {
  const parsed = parseMessage(data);
  if (!parsed) return refused('invalid_request', 'the request is no frame');
  const { type, payload } = parsed.value as Frame;
  const named = parsed.streamId === undefined ? {} : { streamId: parsed.streamId };
  if (!options.websocket && parsed.streamId !== undefined) return refused('invalid_stream_id', 'streams are for WebSockets', 'stream');
  if (type === CANCEL && options.websocket) return { kind: 'cancel', ...named };
  if (type !== TURN) return refused('unsupported_event', `frames of type ${type} are none of a client`, 'type', named);
  const fields = parseObject(payload.string());
  if (!fields) return refused('invalid_json', 'the JSON of the turn is no object', undefined, named);
  const { t: tools, ...rest } = fields;
  const input = readMessages(payload);
  if (!input) return refused('invalid_request', 'the messages are not what their lengths say', 'messages', named);
  if (!addTools(input, tools)) return refused('invalid_request', '`t` must be an array of [position, id or 0, calls or 0]', 't', named);
  // Without streams of its own, HTTP has only whole replies for frames.
  const request = readTurnFields(rest, options, named, input);
  return request.kind === 'turn' ? { ...request, stream: options.websocket } : request;
}

function readMessages(payload: ByteReader): Message[] | undefined {
  const count = payload.number();
  const messages: Message[] = [];
  for (let index = 0; index < count; index += 1) {
    const role = ROLES[payload.byte()];
    const content = payload.string();
    if (role === undefined || !payload.ok) return undefined;
    messages.push({ role, content });
  }
  return payload.remaining === 0 && payload.ok ? messages : undefined;
}

function addTools(messages: Message[], tools: unknown): boolean {
  if (tools === undefined) return true;
  if (!Array.isArray(tools)) return false;
  return tools.every((entry: unknown) => {
    if (!Array.isArray(entry)) return false;
    const [position, toolCallId, calls] = entry as readonly unknown[];
    const message = typeof position === 'number' ? messages[position] : undefined;
    if (!message) return false;
    if (typeof toolCallId === 'string') message.toolCallId = toolCallId;
    const read = calls === 0 ? undefined : readCalls(calls);
    if (read) message.toolCalls = read;
    return (typeof toolCallId === 'string' || toolCallId === 0) && (calls === 0 || read !== undefined);
  });
}

function writeWhole(events: readonly TurnEvent[]): Buffer {
  const { responseId, text, toolCalls, end } = gather(events);
  const { phases: _, ...rest } = end ?? { type: 'end', outcome: { kind: 'completed', finish: 'stop' } };
  const frames = [
    ...(responseId === undefined ? [] : [frame(0, STARTED, Buffer.from(responseId))]),
    ...(text === '' ? [] : [frame(0, TEXT, Buffer.from(text))]),
    ...toolCalls.map((call) => callFrame(0, call)),
    endFrame(0, rest),
  ];
  return Buffer.concat(frames.flatMap((one) => [numberBytes(one.length), one]));
}

function readWhole(data: Data): ReturnType<Envelope['readWhole']> {
  const bytes = new ByteReader(bytesOf(data));
  const reader = new BinaryReader();
  const events: TurnEvent[] = [];
  while (bytes.remaining > 0) {
    const payload = bytes.part(bytes.number());
    const stream = payload.number();
    const type = payload.byte();
    if (!bytes.ok || !payload.ok || stream !== 0 || reader.ended) return undefined;
    if (!reader.frame({ type, payload }, (event) => events.push(event))) return undefined;
  }
  const { ended, contentBytes, diagnosticsBytes } = reader;
  return ended ? { events, contentBytes, diagnosticsBytes } : undefined;
}

export const binary: Envelope = {
  name: 'binary',
  path: '/v1/turns',
  subprotocol: 'gatebench.binary.v1',
  requestType: 'application/x-gatebench',
  wholeReplyType: 'application/x-gatebench',
  binaryFrames: true,
  writeRequest: (turn, { streamId }) => writeRequest(turn, streamId),
  writeCancel: (streamId) => frame(streamNumber(streamId), CANCEL),
  readRequest,
  replyWriter: (context, emit) => new BinaryWriter(context, emit),
  replyReader: () => new BinaryReader(),
  parseMessage,
  writeWhole,
  readWhole,
  writeError: (error, { websocket, streamId }) =>
    websocket ? endFrame(streamNumber(streamId), { type: 'end', outcome: outcomeOfError(error, 'upstream_error') }) : writeHttpError(error),
  readError: readHttpError,
};
