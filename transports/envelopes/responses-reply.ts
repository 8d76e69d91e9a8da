/**
 * Streamed and whole replies of the Responses API, as they are written.
 *
 * The order is OpenAI's: `response.created` and `.in_progress`; for each item of the output `output_item.added`, its
 * deltas, and what it came to; at last one terminal event with the whole response. A message is closed when a tool
 * is called; calls stay open to the end, since fragments of parallel calls may alternate.
 *
 * Ends: completed → `response.completed`; cut at the limit of tokens → `response.incomplete` (`max_output_tokens`);
 * cancelled → `response.incomplete` with the reason `cancelled`, since there is no event for it and OpenAI's clients
 * stop at one that they do not know; failed or timed out → `response.failed`. A turn that ends before it started has
 * no response to report on: it is an `error` event, as is a refusal. Phases are the field `gatebench` of the last
 * event.
 */
import type { EndEvent, Outcome, Phases, ToolCallEvent, TurnEvent, Usage } from '../contract.ts';
import type { Emit, ReplyContext } from '../envelope.ts';
import { errorOfOutcome, type WireError, writeErrorObject } from './errors.ts';
import { tailOf } from './json.ts';
import { fallbackId, gather, HoldingWriter, paddingField, paddingOf, phasesField } from './replies.ts';

interface MessageItem {
  type: 'message';
  id: string;
  text: string;
}
interface CallItem {
  type: 'function_call';
  id: string;
  callId: string;
  name: string;
  arguments: string;
}
type Item = MessageItem | CallItem;
type Status = 'in_progress' | 'completed' | 'incomplete' | 'failed';

/** After the text of a delta. */
const TEXT_CLOSED = ',"logprobs":[]';

export class ResponsesWriter extends HoldingWriter {
  readonly #context: ReplyContext;
  readonly #emit: Emit;
  readonly #tail: string;
  readonly #textTail: string;
  #sequence = 0;
  #id: string | undefined;
  readonly #output: Item[] = [];
  /** The message that text goes to, and what stands between the number and the text of its deltas. */
  #message: MessageItem | undefined;
  #textHead = '';
  /** Positions of the calls in the output, by their index in the turn. */
  readonly #calls = new Map<number, number>();

  constructor(context: ReplyContext, emit: Emit) {
    super();
    this.#context = context;
    this.#emit = emit;
    this.#tail = tailOf(context.streamId);
    this.#textTail = TEXT_CLOSED + this.#tail;
  }

  protected override started(responseId: string): void {
    this.#id = responseId;
    const response = responseObject(this.#context, { id: responseId, status: 'in_progress', output: [] });
    this.#send('response.created', { response });
    this.#send('response.in_progress', { response });
  }

  protected override text(text: string, events: number): void {
    const message = this.#message ?? this.#openMessage();
    message.text += text;
    const { extraBytesPerToken = 0 } = this.#context;
    const tail = extraBytesPerToken > 0 ? TEXT_CLOSED + paddingField(extraBytesPerToken, events) + this.#tail : this.#textTail;
    this.#emit(
      `{"type":"response.output_text.delta","sequence_number":${this.#sequence++}${this.#textHead}${JSON.stringify(text)}${tail}`,
      'response.output_text.delta',
    );
  }

  protected override toolCall({ index, id, name, arguments: fragment }: ToolCallEvent): void {
    let position = this.#calls.get(index);
    if (position === undefined) {
      this.#closeMessage();
      position = this.#open({ type: 'function_call', id: this.#itemId('fc'), callId: id, name, arguments: '' });
      this.#calls.set(index, position);
    }
    const item = this.#output[position];
    if (fragment === '' || item?.type !== 'function_call') return;
    item.arguments += fragment;
    this.#send('response.function_call_arguments.delta', { item_id: item.id, output_index: position, delta: fragment });
  }

  protected override end(end: EndEvent): void {
    const { outcome, phases } = end;
    if (outcome.kind === 'refused' || (outcome.kind !== 'completed' && this.#id === undefined)) {
      this.#emit(writeErrorEvent(errorOfOutcome(outcome), this.#context.streamId, phases), 'error');
      return;
    }
    if (this.#id === undefined) this.started(end.responseId ?? fallbackId('resp_'));
    if (outcome.kind === 'completed') {
      this.#closeMessage();
      for (const position of this.#calls.values()) this.#closeCall(position);
    }
    const type = terminalOf(outcome);
    const response = endedResponse(this.#context, this.#id ?? '', this.#output, outcome, end.usage);
    this.#send(type, { response }, phases);
  }

  #openMessage(): MessageItem {
    const message: MessageItem = { type: 'message', id: this.#itemId('msg'), text: '' };
    const position = this.#open(message);
    this.#message = message;
    this.#textHead = `,"item_id":${JSON.stringify(message.id)},"output_index":${position},"content_index":0,"delta":`;
    this.#send('response.content_part.added', { item_id: message.id, output_index: position, content_index: 0, part: textPart('') });
    return message;
  }

  #open(item: Item): number {
    const position = this.#output.push(item) - 1;
    const empty = { ...outputItem(item, 'in_progress'), ...(item.type === 'message' ? { content: [] } : {}) };
    this.#send('response.output_item.added', { output_index: position, item: empty });
    return position;
  }

  #closeMessage(): void {
    const message = this.#message;
    if (!message) return;
    this.#message = undefined;
    const { id, text } = message;
    const at = { item_id: id, output_index: this.#output.indexOf(message), content_index: 0 };
    this.#send('response.output_text.done', { ...at, text, logprobs: [] });
    this.#send('response.content_part.done', { ...at, part: textPart(text) });
    this.#send('response.output_item.done', { output_index: at.output_index, item: outputItem(message, 'completed') });
  }

  #closeCall(position: number): void {
    const item = this.#output[position];
    if (item?.type !== 'function_call') return;
    const { id, name } = item;
    this.#send('response.function_call_arguments.done', { item_id: id, output_index: position, name, arguments: item.arguments });
    this.#send('response.output_item.done', { output_index: position, item: outputItem(item, 'completed') });
  }

  /** Items are named after their response, which may come without having been started. */
  #itemId(prefix: string): string {
    if (this.#id === undefined) this.started(fallbackId('resp_'));
    return `${prefix}_${(this.#id ?? '').replace(/^resp_/, '')}_${this.#output.length}`;
  }

  #send(type: string, fields: object, phases?: Phases): void {
    const event = JSON.stringify({ type, sequence_number: this.#sequence, ...fields });
    this.#sequence += 1;
    this.#emit(event.slice(0, -1) + (phases ? phasesField(phases) : '') + this.#tail, type);
  }
}

function terminalOf(outcome: Outcome): string {
  if (outcome.kind === 'completed') return outcome.finish === 'length' ? 'response.incomplete' : 'response.completed';
  return outcome.kind === 'cancelled' ? 'response.incomplete' : 'response.failed';
}

function textPart(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

function outputItem(item: Item, status: Status): object {
  if (item.type === 'message') {
    return { id: item.id, type: 'message', status, role: 'assistant', content: [textPart(item.text)] };
  }
  const { id, callId, name } = item;
  return { id, type: 'function_call', status, call_id: callId, name, arguments: item.arguments };
}

interface ResponseFields {
  id: string;
  status: Status;
  output: object[];
  error?: object | null;
  incomplete_details?: object | null;
  usage?: object | null;
}

/** A response with all fields that the format requires; those that a gateway does not know have their defaults. */
function responseObject({ createdS, model }: ReplyContext, fields: ResponseFields): object {
  const { id, status, output, error = null, incomplete_details = null, usage = null } = fields;
  return {
    id,
    object: 'response',
    created_at: createdS,
    status,
    error,
    incomplete_details,
    instructions: null,
    metadata: {},
    model,
    output,
    parallel_tool_calls: true,
    temperature: null,
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    usage,
  };
}

function endedResponse(context: ReplyContext, id: string, items: readonly Item[], outcome: Outcome, usage: Usage | undefined): object {
  const incomplete =
    outcome.kind === 'cancelled'
      ? 'cancelled'
      : outcome.kind === 'completed' && outcome.finish === 'length'
        ? 'max_output_tokens'
        : undefined;
  const failed = outcome.kind === 'failed' || outcome.kind === 'timedOut' ? errorOfOutcome(outcome) : undefined;
  const itemStatus = outcome.kind === 'completed' ? 'completed' : 'incomplete';
  return responseObject(context, {
    id,
    status: failed ? 'failed' : incomplete ? 'incomplete' : 'completed',
    output: items.map((item) => outputItem(item, itemStatus)),
    error: failed ? { code: failed.code, message: failed.message } : null,
    incomplete_details: incomplete ? { reason: incomplete } : null,
    usage: usage ? writeUsage(usage) : null,
  });
}

function writeUsage({ inputTokens, outputTokens }: Usage): object {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

/** The event `error`: its status stands beside it where the turn was refused. */
export function writeErrorEvent(error: WireError, streamId: string | undefined, phases?: Phases): string {
  const status = error.status === undefined ? '' : `,"status":${error.status}`;
  return `{"type":"error"${status},"error":${JSON.stringify(writeErrorObject(error))}${phases ? phasesField(phases) : ''}${tailOf(streamId)}`;
}

export function writeWholeResponse(events: readonly TurnEvent[], context: ReplyContext): string {
  const { responseId, text, textEvents, toolCalls, end } = gather(events);
  const { extraBytesPerToken = 0 } = context;
  const id = responseId ?? fallbackId('resp_');
  const suffix = id.replace(/^resp_/, '');
  const items: Item[] = text === '' ? [] : [{ type: 'message', id: `msg_${suffix}_0`, text }];
  for (const call of toolCalls) {
    items.push({ type: 'function_call', id: `fc_${suffix}_${items.length}`, callId: call.id, name: call.name, arguments: call.arguments });
  }
  const outcome: Outcome = end?.outcome ?? { kind: 'completed', finish: 'stop' };
  return JSON.stringify({
    ...endedResponse(context, id, items, outcome, end?.usage),
    ...(extraBytesPerToken > 0 && textEvents > 0 ? { obfuscation: paddingOf(extraBytesPerToken, textEvents) } : {}),
  });
}
