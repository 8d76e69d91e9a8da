/**
 * One session: the conversation so far, and the requests that its turns make of it.
 *
 * `full` history sends all messages again with every turn, `delta` only the new one and the id of the response that
 * came before. The conversation holds the turns that completed, their replies as they were received; a turn that did
 * not complete is left out, as a client does that tries again with the next question. Tool calls of replies are left
 * out too: nobody here could answer them.
 *
 * `delta` sends in full where no id stands for the conversation, and after the target has refused an id as unknown
 * (which it may: it keeps a bounded number). Both are counted as `delta_fallback`, so that an arm that says `delta`
 * and was `full` shows.
 */
import type { Message, Turn } from '../../transports/contract.ts';
import { writeTraceparent } from '../../transports/traceparent.ts';
import { type LoadRole, sessionName, turnKey, writeMarker } from '../ledger/rows.ts';
import { isTraced, type Tracing, turnContext } from '../telemetry/turn-ids.ts';
import type { Workload } from '../trial.ts';
import type { DrawTurn, TurnDraws } from './draws.ts';
import type { Prompts } from './prompts.ts';

export interface SessionPlan {
  role: LoadRole;
  trialId: string;
  /** Of the trial: keys hold it. */
  seed: number;
  workload: Workload;
  prompts: Prompts;
  turnsPerSession: number;
  tracing?: Tracing | undefined;
}

export interface PreparedTurn {
  turn: Turn;
  /** Its own message, for the conversation. */
  message: Message;
  draws: TurnDraws;
  /** `delta` was asked for and there is no id for the conversation, so it is sent in full. */
  fallback: boolean;
}

export class Session {
  readonly index: number;
  /** Names the session to the client, which may keep a connection for it. */
  readonly key: string;
  readonly #plan: SessionPlan;
  readonly #name: string;
  readonly #draw: DrawTurn;
  readonly #conversation: Message[] = [];
  #previousResponseId: string | undefined;
  #turns = 0;

  constructor(plan: SessionPlan, index: number, draw: DrawTurn) {
    this.#plan = plan;
    this.index = index;
    this.#name = sessionName(plan.role, index);
    this.key = `${plan.trialId}.${this.#name}`;
    this.#draw = draw;
  }

  /** More turns follow the last one prepared. */
  get hasNext(): boolean {
    return this.#turns < this.#plan.turnsPerSession;
  }

  /** The next turn's request. Only when `hasNext`, and once the turn before it is over. */
  prepare(): PreparedTurn {
    const number = this.#turns;
    const draws = this.#draw();
    this.#turns += 1;
    const { trialId, seed, workload, prompts, tracing } = this.#plan;
    const key = turnKey(trialId, seed, this.#name, number);
    const marker = writeMarker({ key, tokens: draws.outputTokens });
    const message: Message = { role: 'user', content: `${marker} ${prompts.text(this.index, number, draws.inputTokens)}` };
    const turn: Turn = {
      key,
      model: workload.model,
      input: [message],
      ...(workload.unlimited ? {} : { outputTokensMax: draws.outputTokens }),
      session: this.key,
      want: { phases: workload.phases },
      ...(workload.agent === undefined ? {} : { agent: workload.agent }),
      ...(workload.execution === undefined ? {} : { execution: workload.execution }),
      ...(tracing && isTraced(key, tracing) ? { traceparent: writeTraceparent(turnContext(key, tracing)) } : {}),
    };
    if (this.#conversation.length === 0) return { turn, message, draws, fallback: false };
    if (workload.history === 'delta' && this.#previousResponseId !== undefined) {
      return { turn: { ...turn, previousResponseId: this.#previousResponseId }, message, draws, fallback: false };
    }
    return { turn: this.inFull(turn, message), message, draws, fallback: workload.history === 'delta' };
  }

  /** The same turn with the whole conversation instead of an id. */
  inFull({ previousResponseId: _, ...turn }: Turn, message: Message): Turn {
    return { ...turn, input: [...this.#conversation, message] };
  }

  completed(message: Message, reply: string, responseId: string | undefined): void {
    if (!this.hasNext) return;
    this.#conversation.push(message, { role: 'assistant', content: reply });
    this.#previousResponseId = responseId;
  }
}
