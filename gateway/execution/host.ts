/**
 * What runs agents in a thread or a process: each turn with its inference, on the event loop there. The main thread
 * hands it turns; all else about them passes through its port.
 */
import { connect } from '../../transports/client.ts';
import { type Handler, OVER, type Running, type Sink, type Turn, type TurnEvent } from '../../transports/contract.ts';
import { AgentClock } from '../agents/clock.ts';
import { messageOf } from '../agents/guard.ts';
import { type AgentHandler, agentHandler } from '../agents/index.ts';
import { loadAgents } from '../agents/load.ts';
import { endOf } from '../outcome.ts';
import type { Credit } from './credit.ts';
import { HostCommands } from './host-commands.ts';
import type { HostSettings, Port, ToHost, TurnTask } from './messages.ts';
import { Outbox, type Source } from './outbox.ts';

/**
 * Notes which turn's code is about to run, where the main thread can read it also while that code never returns.
 * Called for each event that enters an agent.
 */
export type NoteEntered = (turn: number) => void;

export interface HostChannel {
  port: Port;
  /** Told of deliveries before the host is. */
  credit: Credit;
  entered: NoteEntered;
}

export class AgentHost {
  readonly outbox: Outbox;
  readonly #port: Port;
  readonly #entered: NoteEntered;
  readonly #turns = new Map<number, HostTurn>();
  /** Agents name a turn by itself when they ask for something. */
  readonly #byTurn = new Map<Turn, HostTurn>();
  readonly #commands: HostCommands;
  #handler!: AgentHandler;

  /** Rejects when an agent cannot be loaded, or the upstream's options make no sense. */
  static async start(settings: HostSettings, channel: HostChannel): Promise<AgentHost> {
    const host = new AgentHost(channel);
    await host.#load(settings);
    return host;
  }

  private constructor({ port, credit, entered }: HostChannel) {
    this.#port = port;
    this.#entered = entered;
    this.outbox = new Outbox((batch) => port.post(batch), credit);
    this.#commands = new HostCommands(port, entered, (id, error) => this.#turns.get(id)?.threw(error));
    port.onMessage((message) => this.#told(message));
  }

  async #load({ agents, upstream }: HostSettings): Promise<void> {
    const loaded = await loadAgents(agents);
    const { handler } = connect(upstream);
    this.#handler = agentHandler(loaded, {
      upstream: (turn, sink, of) => this.#infer(handler, turn, sink, of),
      startCommand: (request, onEvent, of) => this.#commands.start(this.#byTurn.get(of)?.id, request, onEvent),
      remember: (remember, state) => this.#port.post({ remember, state }),
      onAgentError: (turnKey, agent, error) => this.reportError(turnKey, agent, error),
    });
  }

  /** Resolves when the agent has ended the turn. */
  run(task: TurnTask): Promise<void> {
    return new Promise((resolve) => {
      const turn = new HostTurn(this, task, resolve);
      this.#turns.set(task.id, turn);
      this.#byTurn.set(task.turn, turn);
      this.#port.post({ accepted: task.id, atNs: turn.clock.startedNs });
      this.#entered(task.id);
      turn.run(this.#handler, task);
    });
  }

  /** The turn is over. */
  left(id: number, turn: Turn): void {
    this.#turns.delete(id);
    this.#byTurn.delete(turn);
  }

  reportError(errorOf: string, agent: string, { message, stack = message }: Error): void {
    this.#port.post({ errorOf, agent, message, stack });
  }

  #infer(handler: Handler, turn: Turn, sink: Sink, of: Turn): Running {
    const own = this.#byTurn.get(of);
    if (own) return handler(turn, new Entering(own.id, sink, this.#entered));
    sink.push(endOf({ kind: 'cancelled' }), 0);
    return OVER;
  }

  #told(message: ToHost): void {
    if ('delivered' in message) this.outbox.credited();
    else if ('command' in message) this.#commands.told(message.command, message.event);
    else if ('cancel' in message) this.#enter(message.cancel)?.cancel();
    else if ('pause' in message) this.#turns.get(message.pause)?.pause();
    else this.#enter(message.resume)?.resume();
  }

  #enter(id: number): HostTurn | undefined {
    const turn = this.#turns.get(id);
    if (turn) this.#entered(id);
    return turn;
  }
}

/** The sink of an inference: what it is pushed enters the turn's code. */
class Entering implements Sink {
  readonly #id: number;
  readonly #sink: Sink;
  readonly #entered: NoteEntered;

  constructor(id: number, sink: Sink, entered: NoteEntered) {
    this.#id = id;
    this.#sink = sink;
    this.#entered = entered;
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    this.#entered(this.#id);
    return this.#sink.push(event, readAtNs);
  }
}

/** Text and arguments of calls that a turn may still push after it was asked to pause: what was decoded already, and no more. */
const OVERRUN_CHARACTERS_MAX = 1024 * 1024;
/** Of one event. V8 aborts the process over text of more than 2^28 characters as JSON. */
const EVENT_CHARACTERS_MAX = 2 ** 27;

class HostTurn implements Sink, Source {
  readonly id: number;
  lastText = 0;
  lastBatch = 0;
  readonly clock = new AgentClock();
  readonly #host: AgentHost;
  readonly #turn: Turn;
  readonly #done: () => void;
  #running: Running = OVER;
  /** By the main thread, where the consumer does not keep up. */
  #paused = false;
  /** Was asked to pause, and has not been asked to go on since. */
  #asked = false;
  #overrun = 0;
  #over = false;

  constructor(host: AgentHost, { id, turn }: TurnTask, done: () => void) {
    this.id = id;
    this.#host = host;
    this.#turn = turn;
    this.#done = done;
  }

  run(handler: AgentHandler, { turn, session }: TurnTask): void {
    try {
      this.#running = handler(turn, session, this, this.clock);
    } catch (error) {
      // A defect of ours: an agent's own exceptions have been caught.
      this.push(endOf({ kind: 'failed', code: 'internal_error', message: error instanceof Error ? error.message : String(error) }), 0);
    }
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (this.#over) return true;
    if (!this.#fits(event)) return true;
    const ends = event.type === 'end';
    if (ends) this.#host.outbox.addSpent(this, this.clock.spent());
    const room = this.#host.outbox.add(this, event, readAtNs);
    if (ends) this.#left();
    this.#asked = !room || this.#paused;
    return !this.#asked;
  }

  #left(): void {
    this.#over = true;
    this.#host.left(this.id, this.#turn);
    this.#done();
  }

  /** An agent that pushes on and on is ended before it fills the memory of whoever takes its events. */
  #fits(event: TurnEvent): boolean {
    const characters = event.type === 'text' ? event.text.length : event.type === 'toolCall' ? event.arguments.length : 0;
    if (this.#asked) this.#overrun += characters;
    if (characters > EVENT_CHARACTERS_MAX) {
      this.#refuse('reply_too_large', `the agent pushed more than ${EVENT_CHARACTERS_MAX} characters at once`);
    } else if (this.#overrun > OVERRUN_CHARACTERS_MAX) {
      this.#refuse('slow_consumer', `the agent pushed more than ${OVERRUN_CHARACTERS_MAX} characters after it was asked to pause`);
    } else return true;
    return false;
  }

  #refuse(code: 'reply_too_large' | 'slow_consumer', message: string): void {
    this.#host.outbox.addSpent(this, this.clock.spent());
    this.#host.outbox.add(this, endOf({ kind: 'failed', code, message }), 0);
    this.#left();
    this.#running.cancel();
  }

  roomAgain(): void {
    if (!this.#paused && !this.#over) this.#goOn();
  }

  #goOn(): void {
    this.#asked = false;
    this.#overrun = 0;
    this.#running.resume();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#goOn();
  }

  cancel(): void {
    this.#running.cancel();
  }

  threw(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(`thrown: ${String(thrown)}`);
    this.#host.reportError(this.#turn.key, this.#turn.agent ?? '', error);
    this.push(endOf({ kind: 'failed', code: 'agent_error', message: messageOf(error) }), 0);
    this.#running.cancel();
  }
}
