/**
 * Responses of the gateway's own: each finished turn is kept under an id that the gateway made, and a turn that names
 * one gets its history back, as the whole conversation (`full`) or as the upstream's own id (`delta`).
 *
 * Every turn is kept within the store's bounds, also with `store: false`: the Responses WebSocket mode promises that
 * the last response of a connection can be continued without being stored for good, and nothing here is for good.
 */
import { randomUUID } from 'node:crypto';
import {
  type EndEvent,
  type Handler,
  type Message,
  OVER,
  type Running,
  type Sink,
  type ToolCall,
  type ToolCallEvent,
  type Turn,
  type TurnEvent,
} from '../transports/contract.ts';
import { conversation, type ResponseStore, type StoredResponse } from './history/store.ts';
import { refuse } from './outcome.ts';

export type HistoryPolicy = 'full' | 'delta';

export function history(store: ResponseStore, policy: HistoryPolicy, inner: Handler): Handler {
  const answer = (turn: Turn, recorder: Recorder): Running =>
    turn.generate === false && policy === 'full' ? remember(recorder) : inner(turn, recorder);
  return (turn, sink) => {
    const { previousResponseId, ...rest } = turn;
    if (previousResponseId === undefined) return answer(turn, new Recorder(store, policy, turn, undefined, sink));
    const previous = store.find(previousResponseId);
    if (!previous) {
      const message = `no stored response has the id ${JSON.stringify(previousResponseId.slice(0, 100))}; send the whole history`;
      return refuse(sink, { status: 400, code: 'previous_response_not_found', message, param: 'previous_response_id' });
    }
    const { upstreamResponseId } = previous;
    const continued: Turn =
      upstreamResponseId !== undefined
        ? { ...turn, previousResponseId: upstreamResponseId }
        : { ...rest, input: [...conversation(previous), ...turn.input] };
    return answer(continued, new Recorder(store, policy, turn, previous, sink));
  };
}

/** A warm-up: the state is prepared here, where it is kept; an upstream without history would have nothing to prepare. */
function remember(recorder: Recorder): Running {
  recorder.push({ type: 'started', responseId: '' }, 0);
  recorder.push({ type: 'end', outcome: { kind: 'completed', finish: 'stop' }, usage: { inputTokens: 0, outputTokens: 0 } }, 0);
  return OVER;
}

/** Gives the response its id, and collects what the model says. */
class Recorder implements Sink {
  readonly #store: ResponseStore;
  readonly #policy: HistoryPolicy;
  /** As the client sent it: what of the conversation is new. */
  readonly #turn: Turn;
  readonly #previous: StoredResponse | undefined;
  readonly #sink: Sink;
  readonly #responseId = `resp_${randomUUID().replaceAll('-', '')}`;
  readonly #calls: ToolCall[] = [];
  #upstreamResponseId: string | undefined;
  #started = false;
  #collecting: boolean;
  #text = '';
  #characters = 0;

  constructor(store: ResponseStore, policy: HistoryPolicy, turn: Turn, previous: StoredResponse | undefined, sink: Sink) {
    this.#store = store;
    this.#policy = policy;
    this.#turn = turn;
    this.#previous = previous;
    this.#sink = sink;
    // Where the upstream remembers, ids are enough.
    this.#collecting = policy === 'full';
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    switch (event.type) {
      case 'text':
        if (!this.#started) this.#start(readAtNs);
        if (this.#collecting && this.#room(event.text.length)) this.#text += event.text;
        return this.#sink.push(event, readAtNs);
      case 'toolCall':
        if (!this.#started) this.#start(readAtNs);
        if (this.#collecting && this.#room(event.arguments.length)) this.#call(event);
        return this.#sink.push(event, readAtNs);
      case 'started':
        this.#upstreamResponseId = event.responseId;
        return this.#started || this.#start(readAtNs);
      case 'end':
        return this.#sink.push(this.#end(event), readAtNs);
    }
  }

  /** Also for upstreams that never say that they have started: a response has its id before its text. */
  #start(readAtNs: number): boolean {
    this.#started = true;
    return this.#sink.push({ type: 'started', responseId: this.#responseId }, readAtNs);
  }

  /** A reply that the store could not hold anyway is not collected. */
  #room(characters: number): boolean {
    this.#characters += characters;
    if (this.#characters <= this.#store.bytesMax) return true;
    this.#collecting = false;
    this.#text = '';
    this.#calls.length = 0;
    return false;
  }

  #call({ index, id, name, arguments: fragment }: ToolCallEvent): void {
    const call = this.#calls[index];
    if (call) call.arguments += fragment;
    // Calls come in order; an index with a gap would be a hole in the array.
    else if (index === this.#calls.length) this.#calls.push({ id, name, arguments: fragment });
  }

  #end(end: EndEvent): EndEvent {
    const { outcome } = end;
    if (outcome.kind !== 'completed') return end;
    this.#upstreamResponseId = end.responseId ?? this.#upstreamResponseId;
    if (this.#policy === 'delta') {
      if (this.#upstreamResponseId !== undefined) this.#store.add(this.#responseId, [], undefined, this.#upstreamResponseId);
    } else if (this.#collecting) this.#store.add(this.#responseId, [...this.#turn.input, ...this.#said()], this.#previous);
    return { ...end, responseId: this.#responseId };
  }

  #said(): Message[] {
    if (this.#text === '' && this.#calls.length === 0) return [];
    return [{ role: 'assistant', content: this.#text, ...(this.#calls.length > 0 ? { toolCalls: this.#calls } : {}) }];
  }
}
