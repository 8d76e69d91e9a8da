/**
 * One inference of an async agent, as it is read: its text and calls are collected, its text goes on to the client as
 * it comes, and calls of the agent's own tools are held back. The first call of any other tool makes the reply the
 * client's: what was held back goes out then, and the rest as it comes.
 */
import type { EndEvent, Sink, ToolCall, ToolCallEvent, TurnEvent } from '../../transports/contract.ts';
import { endOf } from '../outcome.ts';

export interface ReadingOptions {
  /** Names of tools that the agent answers itself. */
  ownTools: ReadonlySet<string>;
  /** Nothing of it reaches the client. */
  silent: boolean;
  /** Of text and arguments. */
  charactersMax: number;
  /** To the client. @returns false when it takes no more for now. */
  deliver(event: TurnEvent, readAtNs: number): boolean;
}

export class Reading implements Sink {
  text = '';
  /** Calls went to the client, who is to answer them. */
  handedOn = false;
  /** It was larger than may be held: the inference itself goes on until it is cancelled. */
  cutShort = false;
  readonly done: Promise<EndEvent>;
  readonly #options: ReadingOptions;
  readonly #calls = new Map<number, { id: string; name: string; arguments: string }>();
  #settle!: (end: EndEvent) => void;
  #characters = 0;
  #over = false;

  constructor(options: ReadingOptions) {
    this.#options = options;
    this.done = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** In the order in which the model made them. */
  get calls(): ToolCall[] {
    return [...this.#calls].map(([index, call]) => ({ ...call, id: call.id === '' ? `call_${index}` : call.id }));
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (this.#over) return true;
    switch (event.type) {
      case 'started':
        return this.#options.silent || this.#options.deliver(event, readAtNs);
      case 'text':
        if (!this.#room(event.text.length)) return true;
        this.text += event.text;
        return this.#options.silent || this.#options.deliver(event, readAtNs);
      case 'toolCall':
        return !this.#room(event.arguments.length) || this.#call(event, readAtNs);
      case 'end':
        this.#end(event);
        return true;
    }
  }

  #call(event: ToolCallEvent, readAtNs: number): boolean {
    const { index, id, name, arguments: fragment } = event;
    const { ownTools, silent, deliver } = this.#options;
    const call = this.#calls.get(index);
    if (!call && !ownTools.has(name) && !this.handedOn && !silent) {
      this.handedOn = true;
      for (const [held, one] of this.#calls) deliver({ type: 'toolCall', index: held, ...one }, readAtNs);
    }
    if (call) call.arguments += fragment;
    else this.#calls.set(index, { id, name, arguments: fragment });
    return !this.handedOn || deliver(event, readAtNs);
  }

  #room(characters: number): boolean {
    this.#characters += characters;
    const { charactersMax } = this.#options;
    if (this.#characters <= charactersMax) return true;
    this.cutShort = true;
    this.#end(endOf({ kind: 'failed', code: 'reply_too_large', message: `a reply is larger than ${charactersMax} characters` }));
    return false;
  }

  #end(end: EndEvent): void {
    this.#over = true;
    this.#settle(end);
  }
}
