/**
 * The mock LLM as a `Handler`: what it is asked stands in the model's name and in the marker of the last user
 * message (key, tokens, fault); what it does is a `Reply` in the pacer's hands. Every call, however it ends, leaves a
 * row in the ledger.
 */
import { type Handler, type Outcome, OVER, type Running, type Sink, type Turn } from '../../transports/contract.ts';
import { flushNow } from '../../transports/flush.ts';
import { drawKeyOf } from '../ledger/rows.ts';
import { FAULT_FORMS, type Fault, parseFault } from './fault.ts';
import { Ledger } from './ledger.ts';
import { type ParsedModel, parseModel, REPLY_TOKENS_MAX } from './model.ts';
import { Pacer, type Pacing } from './pacer.ts';
import { type Place, placeOf } from './place.ts';
import { plan } from './plan.ts';
import { Reply, type ReplyHost, rowOf } from './reply.ts';
import { type Remembered, Responses } from './responses.ts';
import type { TextRing } from './text.ts';
import { WAITING, type Waiting } from './waiting.ts';

export interface UpstreamOptions {
  text: TextRing;
  pacing: Pacing;
  /** The flush delay of the server around it. */
  flushMs?: number;
  ledgerTokensMax?: number;
  /** For tests. */
  waiting?: Waiting;
  flush?: () => void;
}

export interface UpstreamCounts {
  turns: number;
  inFlight: number;
  tokens: number;
  ended: Record<Outcome['kind'], number>;
}

type Refused = Extract<Outcome, { kind: 'refused' }>;
type Failed = Extract<Outcome, { kind: 'failed' }>;

interface Call {
  turn: Turn;
  /** The response that it continues, where it is known. */
  previous: Remembered | undefined;
  place: Place;
  ordinal: number;
  receivedAtNs: number;
}

const LEDGER_TOKENS_MAX = 1_000_000;
const MODELS_CACHED_MAX = 256;

export class Upstream {
  readonly ledger: Ledger;
  readonly #text: TextRing;
  readonly #responses = new Responses();
  readonly #pacer: Pacer;
  readonly #host: ReplyHost;
  readonly #models = new Map<string, ParsedModel>();
  readonly #counts: UpstreamCounts = {
    turns: 0,
    inFlight: 0,
    tokens: 0,
    ended: { completed: 0, failed: 0, cancelled: 0, timedOut: 0, refused: 0 },
  };

  constructor(options: UpstreamOptions) {
    const waiting = options.waiting ?? WAITING;
    const flush = options.flush ?? flushNow;
    this.#text = options.text;
    this.ledger = new Ledger(options.ledgerTokensMax ?? LEDGER_TOKENS_MAX);
    this.#pacer = new Pacer(options.pacing, waiting, flush);
    this.#host = {
      pacer: this.#pacer,
      ledger: this.ledger,
      nowNs: waiting.nowNs,
      flush,
      flushDelayNs: ((options.flushMs ?? 0) + 1) * 1e6,
      ended: (reply, outcome) => this.#ended(reply, outcome),
    };
  }

  readonly handler: Handler = (turn, sink) => {
    const receivedAtNs = this.#host.nowNs();
    this.#counts.turns += 1;
    const previous = turn.previousResponseId === undefined ? undefined : this.#responses.find(turn.previousResponseId);
    // A turn that only prepares answers nobody, and takes no part in the turn before it.
    const place = placeOf(turn.input, turn.generate === false ? undefined : previous?.place);
    const ordinal = this.ledger.nextOrdinal(ofRound(place.marker.key, place.round));
    const call = { turn, previous, place, ordinal, receivedAtNs };
    const reply = this.#replyTo(call, sink);
    if (reply instanceof Reply) {
      this.#counts.inFlight += 1;
      reply.start();
      return reply;
    }
    return this.#refuse(call, reply, sink);
  };

  counts(): UpstreamCounts {
    return { ...this.#counts, ended: { ...this.#counts.ended } };
  }

  /** Nothing is emitted any more; turns in flight end when their connections do. */
  stop(): void {
    this.#pacer.stop();
  }

  /** The reply, or why there is none. */
  #replyTo({ turn, previous, place, ordinal, receivedAtNs }: Call, sink: Sink): Reply | Refused | Failed {
    const { marker, round } = place;
    const parsed = this.#modelOf(turn.model);
    if ('problems' in parsed)
      return refused(404, 'model_not_found', `model ${JSON.stringify(turn.model.slice(0, 200))}: ${parsed.problems.join('; ')}`, 'model');
    const { model } = parsed;
    const fault = marker.fault === undefined ? undefined : parseFault(marker.fault);
    if (marker.fault !== undefined && fault === undefined) {
      return refused(
        400,
        'invalid_request',
        `the marker's fault ${JSON.stringify(marker.fault)} is none of ${FAULT_FORMS.join(', ')}`,
        'input',
      );
    }
    const early = fault && failsBefore(fault);
    if (early) return early;
    const wanted = turn.generate === false ? 0 : (marker.tokens ?? model.tokens);
    if (wanted > REPLY_TOKENS_MAX)
      return refused(400, 'invalid_request', `the marker asks for ${wanted} tokens, at most ${REPLY_TOKENS_MAX} are allowed`, 'input');
    if (turn.previousResponseId !== undefined && !previous)
      return refused(400, 'previous_response_not_found', 'no stored response has this id; send the whole history', 'previous_response_id');
    const tokens = Math.min(wanted, turn.outputTokensMax ?? wanted);
    const drawKey = ofRound(drawKeyOf(marker.key), round);
    const calls = tokens === wanted && turn.generate !== false && model.tools > 0 && round < model.toolRounds;
    const timing = plan(drawKey, ordinal, model, tokens);
    return new Reply(
      this.#host,
      {
        place,
        ordinal,
        arrival: turn.arrival,
        receivedAtNs,
        responseId: this.#responses.nextId(),
        model,
        plan: turn.generate === false ? { ...timing, ttftNs: 0 } : timing,
        passage: this.#text.textOf(drawKey, tokens),
        finish: tokens < wanted ? 'length' : calls ? 'toolCalls' : 'stop',
        inputTokens: (previous?.contextTokens ?? 0) + this.#text.promptTokens(turn.input.map((message) => message.content)),
        toolCallTokens: calls ? model.tools * this.#text.promptTokens([model.tool.name, model.tool.arguments]) : 0,
        fault,
      },
      sink,
    );
  }

  #refuse({ turn, place, ordinal, receivedAtNs }: Call, outcome: Refused | Failed, sink: Sink): Running {
    this.#counts.ended[outcome.kind] += 1;
    this.ledger.append(rowOf({ place, ordinal, arrival: turn.arrival, receivedAtNs }, outcome.kind, 0), [], []);
    sink.push({ type: 'end', outcome }, 0);
    return OVER;
  }

  #ended(reply: Reply, outcome: Outcome): void {
    this.#counts.inFlight -= 1;
    this.#counts.tokens += reply.pushedTokens;
    this.#counts.ended[outcome.kind] += 1;
    const { responseId, inputTokens, place } = reply.spec;
    if (outcome.kind === 'completed') this.#responses.remember(responseId, { contextTokens: inputTokens + reply.pushedTokens, place });
  }

  #modelOf(name: string): ParsedModel {
    let parsed = this.#models.get(name);
    if (!parsed) {
      parsed = parseModel(name);
      if (this.#models.size >= MODELS_CACHED_MAX) this.#models.clear();
      this.#models.set(name, parsed);
    }
    return parsed;
  }
}

/** Each round of a turn has text, timing and retries of its own; those of the first are under the turn's own name. */
function ofRound(key: string, round: number): string {
  return round === 0 ? key : `${key}/${round}`;
}

function refused(status: number, code: Refused['code'], message: string, param?: string): Refused {
  return { kind: 'refused', status, code, message, ...(param === undefined ? {} : { param }) };
}

/** The faults that leave no reply at all. */
function failsBefore(fault: Fault): Refused | Failed | undefined {
  if (fault.kind === 'error-before') return { kind: 'failed', code: 'upstream_error', message: 'failed on request' };
  if (fault.kind !== 'status') return undefined;
  return fault.status === 429
    ? { ...refused(429, 'rate_limited', 'limited on request'), retryAfterS: 1 }
    : { ...refused(503, 'queue_full', 'overloaded on request'), retryAfterS: 1 };
}
