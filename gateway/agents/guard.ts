/**
 * Holds a module that somebody else wrote to the contract of a turn: what it throws, also from within its sinks, ends
 * its turn with `agent_error`; the end comes once, and nothing after it.
 */
import { OVER, type Running, type Sink, type Turn, type TurnEvent } from '../../transports/contract.ts';
import { endOf } from '../outcome.ts';
import type { Agent, AgentContext } from './agent.ts';

/** An error's message stands in the end of a turn and in results of tools. */
const MESSAGE_CHARACTERS_MAX = 1_000;

export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  return message.length <= MESSAGE_CHARACTERS_MAX ? message : `${message.slice(0, MESSAGE_CHARACTERS_MAX)}…`;
}

export function guarded(agent: Agent): Agent {
  return (turn, sink, context) => new Guard(turn, sink, context).run(agent);
}

class Guard implements Sink, Running {
  readonly #turn: Turn;
  readonly #sink: Sink;
  readonly #context: AgentContext;
  readonly #inferences = new Set<Running>();
  #running: Running = OVER;
  #over = false;

  constructor(turn: Turn, sink: Sink, context: AgentContext) {
    this.#turn = turn;
    this.#sink = sink;
    this.#context = context;
  }

  run(agent: Agent): Running {
    const { session, startCommand, remember, report } = this.#context;
    const upstream: AgentContext['upstream'] = (turn, sink) => this.#infer(turn, sink);
    this.#try(() => {
      this.#running = runningOf(agent(this.#turn, this, { session, startCommand, remember, report, upstream }));
    });
    return this;
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (this.#over) return true;
    if (event.type === 'end') this.#over = true;
    return this.#sink.push(event, readAtNs);
  }

  resume(): void {
    if (!this.#over) this.#try(() => this.#running.resume());
  }

  cancel(): void {
    if (!this.#over) this.#try(() => this.#running.cancel());
  }

  /** The agent's sinks are called from the upstream's sockets, where an exception would not be the agent's any more. */
  #infer(turn: Turn, sink: Sink): Running {
    let inference: Running | undefined;
    let ended = false;
    const push = (event: TurnEvent, readAtNs: number): boolean => {
      if (event.type === 'end') {
        ended = true;
        if (inference) this.#inferences.delete(inference);
      }
      if (this.#over) return true;
      return this.#try(() => sink.push(event, readAtNs)) ?? true;
    };
    inference = this.#context.upstream(turn, { push });
    if (!ended) this.#inferences.add(inference);
    if (this.#over) inference.cancel();
    return inference;
  }

  #try<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      this.#context.report(error);
      this.push(endOf({ kind: 'failed', code: 'agent_error', message: messageOf(error) }), 0);
      for (const inference of this.#inferences) inference.cancel();
      return undefined;
    }
  }
}

/** Modules may be JavaScript: what they return is what it is. */
function runningOf(returned: unknown): Running {
  if (returned instanceof Promise) {
    // What it rejects with is nobody's; left alone it would end the thread.
    returned.catch(() => {});
    throw new TypeError('the agent returned a promise: a module exports an async agent as `run`');
  }
  const { resume, cancel } = (returned ?? {}) as Partial<Running>;
  if (typeof resume === 'function' && typeof cancel === 'function') return returned as Running;
  throw new TypeError('the agent returned nothing that could be resumed and cancelled');
}
