/**
 * An agent with `streaming: false`: its answer is handed on when it is complete, as one piece. Bounded, since the
 * whole answer is in memory meanwhile.
 */
import type { EndEvent, Running, Sink, ToolCallEvent, TurnEvent } from '../../transports/contract.ts';
import { endOf } from '../outcome.ts';
import type { Agent } from './agent.ts';

export function buffered(agent: Agent, charactersMax: number): Agent {
  return (turn, sink, context) => {
    const holding = new Holding(sink, charactersMax);
    holding.running = agent(turn, holding, context);
    return holding.running;
  };
}

class Holding implements Sink {
  running: Running | undefined;
  readonly #sink: Sink;
  readonly #charactersMax: number;
  readonly #calls: ToolCallEvent[] = [];
  #text = '';
  #characters = 0;
  #over = false;

  constructor(sink: Sink, charactersMax: number) {
    this.#sink = sink;
    this.#charactersMax = charactersMax;
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (this.#over) return true;
    switch (event.type) {
      case 'text':
        this.#text += event.text;
        return this.#grown(event.text.length, readAtNs);
      case 'toolCall':
        this.#calls.push(event);
        return this.#grown(event.arguments.length, readAtNs);
      case 'started':
        return this.#sink.push(event, readAtNs);
      case 'end':
        return this.#complete(event, readAtNs);
    }
  }

  #grown(characters: number, readAtNs: number): boolean {
    this.#characters += characters;
    if (this.#characters <= this.#charactersMax) return true;
    this.#over = true;
    this.#sink.push(
      endOf({ kind: 'failed', code: 'reply_too_large', message: `the answer is larger than ${this.#charactersMax} characters` }),
      readAtNs,
    );
    this.running?.cancel();
    return true;
  }

  #complete(end: EndEvent, readAtNs: number): boolean {
    this.#over = true;
    if (this.#text !== '') this.#sink.push({ type: 'text', text: this.#text }, readAtNs);
    for (const call of this.#calls) this.#sink.push(call, readAtNs);
    return this.#sink.push(end, readAtNs);
  }
}
