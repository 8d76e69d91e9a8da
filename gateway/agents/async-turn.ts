/**
 * One turn of an async agent: what the contract of a turn demands, on the one side, and what can be awaited, on the
 * other. Back-pressure from the client reaches whatever produces text at the moment; usage is summed over inferences;
 * the end comes once.
 *
 * A cancelled turn ends when its function has, and not before: until then the agent is still at work, and the pool that
 * runs it must know. What the function awaits rejects as soon as that has stopped.
 */
import { TURN_ERROR_CODES, type TurnErrorCode } from '../../transports/codes.ts';
import type { EndEvent, Outcome, Running, Sink, ToolCall, Turn, TurnEvent, Usage } from '../../transports/contract.ts';
import { endOf } from '../outcome.ts';
import { type AgentContext, inference, type SessionData } from './agent.ts';
import type { AgentRun, AsyncAgent, CommandOptions, InferenceRequest, Reply } from './async-agent.ts';
import { messageOf } from './guard.ts';
import { Reading } from './reading.ts';
import { runCommand } from './run-command.ts';
import type { Tool, ToolDefinition } from './tools/tool.ts';

/** Thrown: ends the turn so. */
export class TurnEnd extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super('message' in outcome ? outcome.message : outcome.kind);
    this.name = 'TurnEnd';
    this.outcome = outcome;
  }
}

interface AsyncTurnSettings {
  tools: ReadonlyMap<string, Tool>;
  toolRoundsMax: number;
  charactersMax: number;
}

/** Something that produces text for the client. */
interface Producer {
  resume(): void;
  cancel(): void;
}

export class AsyncTurn implements AgentRun, Running {
  readonly turn: Turn;
  readonly session: SessionData;
  readonly tools: readonly ToolDefinition[];
  readonly toolRoundsMax: number;
  readonly #sink: Sink;
  readonly #context: AgentContext;
  readonly #settings: AsyncTurnSettings;
  readonly #abort = new AbortController();
  readonly #producers = new Set<Producer>();
  /** Resolves when the client takes events again; absent: it does. */
  #full: PromiseWithResolvers<void> | undefined;
  #begun = false;
  #over = false;
  #inferences = 0;
  #usage: Usage | undefined;
  #responseId: string | undefined;

  constructor(turn: Turn, sink: Sink, context: AgentContext, settings: AsyncTurnSettings) {
    this.turn = turn;
    this.session = context.session;
    this.tools = [...settings.tools.values()].map(({ definition }) => definition);
    this.toolRoundsMax = settings.toolRoundsMax;
    this.#sink = sink;
    this.#context = context;
    this.#settings = settings;
  }

  start(agent: AsyncAgent): void {
    Promise.try(agent, this).then(
      (outcome) => this.#finish(outcome ?? { kind: 'completed', finish: 'stop' }),
      (error: unknown) => this.#threw(error),
    );
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get remember(): AgentContext['remember'] {
    return this.#context.remember;
  }

  readonly emit = (text: string) => seen(this.#emit(text));
  readonly infer = (request: InferenceRequest = {}) => seen(this.#infer(request));
  readonly tool = (call: Pick<ToolCall, 'name' | 'arguments'>) => seen(this.#tool(call));
  readonly command = (words: readonly string[], options: CommandOptions = {}) => seen(this.#command(words, options));

  resume(): void {
    const full = this.#full;
    if (!full) return;
    this.#full = undefined;
    full.resolve();
    for (const producer of this.#producers) producer.resume();
  }

  cancel(): void {
    if (this.#over || this.signal.aborted) return;
    this.#abort.abort();
    this.#full?.resolve();
    for (const producer of this.#producers) producer.cancel();
  }

  readonly #deliver = (event: TurnEvent, readAtNs: number): boolean => {
    if (this.#over || this.signal.aborted) return true;
    // Of later inferences, or after text of the agent's own.
    const late = event.type === 'started' && this.#begun;
    this.#begun = true;
    if (!late && !this.#sink.push(event, readAtNs)) this.#full ??= Promise.withResolvers();
    return this.#full === undefined;
  };

  /** Waits while the client takes nothing. What needs no waiting begins at once. */
  async #room(): Promise<void> {
    while (this.#full && !this.signal.aborted) await this.#full.promise;
  }

  async #emit(text: string): Promise<void> {
    this.signal.throwIfAborted();
    this.#deliver({ type: 'text', text }, 0);
    if (this.#full) await this.#room();
    this.signal.throwIfAborted();
  }

  async #infer({ messages, parameters, ownTools = NONE, silent = false }: InferenceRequest): Promise<Reply> {
    if (this.#full) await this.#room();
    this.signal.throwIfAborted();
    this.#inferences += 1;
    const ordinal = this.#inferences;
    const outputTokensMax = this.#outputTokensLeft();
    const reading = new Reading({ ownTools, silent, charactersMax: this.#settings.charactersMax, deliver: this.#deliver });
    const end = await this.#read(reading, {
      ...inference(this.turn),
      ...(messages === undefined ? {} : { input: messages }),
      ...(parameters === undefined ? {} : { parameters }),
      ...(outputTokensMax === undefined ? {} : { outputTokensMax }),
    });
    this.#add(end.usage);
    if (!silent) this.#responseId = end.responseId ?? this.#responseId;
    this.signal.throwIfAborted();
    if (end.outcome.kind !== 'completed') throw new TurnEnd(outcomeOf(end.outcome, ordinal));
    const { text, calls, handedOn } = reading;
    return { text, calls, handedOn, finish: end.outcome.finish };
  }

  async #read(reading: Reading, turn: Turn): Promise<EndEvent> {
    const running = this.#context.upstream(turn, reading);
    this.#producers.add(running);
    const end = await reading.done;
    this.#producers.delete(running);
    if (reading.cutShort) running.cancel();
    return end;
  }

  /** The turn's limit holds for its inferences together, as far as the upstream says what they used. */
  #outputTokensLeft(): number | undefined {
    const { outputTokensMax } = this.turn;
    if (outputTokensMax === undefined) return undefined;
    const left = outputTokensMax - (this.#usage?.outputTokens ?? 0);
    if (left <= 0) throw new TurnEnd({ kind: 'completed', finish: 'length' });
    return left;
  }

  #add(usage: Usage | undefined): void {
    if (!usage) return;
    const { inputTokens, outputTokens } = this.#usage ?? { inputTokens: 0, outputTokens: 0 };
    this.#usage = { inputTokens: inputTokens + usage.inputTokens, outputTokens: outputTokens + usage.outputTokens };
  }

  async #tool({ name, arguments: text }: Pick<ToolCall, 'name' | 'arguments'>): Promise<string> {
    this.signal.throwIfAborted();
    const { session, signal } = this;
    const tool = this.#settings.tools.get(name);
    let result: string;
    try {
      if (!tool) throw new Error(`there is no tool ${JSON.stringify(name.slice(0, 100))}`);
      result = await tool.run(text, { session, signal, startCommand: this.#context.startCommand });
    } catch (error) {
      result = `error: ${messageOf(error)}`;
    }
    signal.throwIfAborted();
    return result;
  }

  async #command(words: readonly string[], { stream = false, timeoutMs }: CommandOptions) {
    if (this.#full) await this.#room();
    this.signal.throwIfAborted();
    const { workspace, env } = this.session;
    const request = { words, workspace, env, outputWhole: stream, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    let output = '';
    let stop: () => void = () => {};
    let paused = false;
    const end = await runCommand(this.#context.startCommand, request, {
      signal: this.signal,
      onOutput: (text) => {
        if (!stream) output += text;
        else paused = !this.#deliver({ type: 'text', text }, 0);
        if (paused) stop();
      },
      onStarted: (command) => {
        stop = () => command.pause();
        if (stream) this.#producers.add(command);
        if (paused) stop();
        return () => this.#producers.delete(command);
      },
    });
    this.signal.throwIfAborted();
    return { ...end, output };
  }

  #threw(error: unknown): void {
    if (error instanceof TurnEnd) return this.#finish(error.outcome);
    if (!this.signal.aborted) this.#context.report(error);
    this.#finish({ kind: 'failed', code: 'agent_error', message: messageOf(error) });
  }

  #finish(outcome: Outcome): void {
    const cancelled = this.signal.aborted;
    this.#over = true;
    // What the function has started and did not wait for.
    this.#abort.abort();
    for (const producer of this.#producers) producer.cancel();
    const responseId = this.#responseId ?? this.#continuedId();
    this.#sink.push(
      {
        ...endOf(cancelled ? { kind: 'cancelled' } : outcome),
        ...(this.#usage === undefined ? {} : { usage: this.#usage }),
        ...(responseId === undefined ? {} : { responseId }),
      },
      0,
    );
  }

  /** A turn that asked the upstream nothing leaves the conversation there as it was. */
  #continuedId(): string | undefined {
    return this.#inferences === 0 ? this.turn.previousResponseId : undefined;
  }
}

const NONE: ReadonlySet<string> = new Set();

/** Something was spent on the turn when a later inference is refused: that is a failure of the turn, and no refusal. */
function outcomeOf(outcome: Outcome, ordinal: number): Outcome {
  if (outcome.kind !== 'refused' || ordinal === 1) return outcome;
  const { code, message } = outcome;
  return {
    kind: 'failed',
    code: isTurnErrorCode(code) ? code : 'upstream_error',
    message: `inference ${ordinal} was refused (${code}): ${message}`,
  };
}

function isTurnErrorCode(code: string): code is TurnErrorCode {
  return Object.hasOwn(TURN_ERROR_CODES, code);
}

/** A rejection that the agent never looks at must not end the thread. */
function seen<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
