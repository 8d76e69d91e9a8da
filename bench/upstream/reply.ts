/**
 * One reply under way: a plan of chunks, emitted when the pacer says so, and what became of each of its tokens.
 *
 * A token's send time is the moment before its bytes go to the socket (`written`), not the moment it was pushed:
 * between the two lie encoding and the other streams of the pass. A consumer that asks for a pause stops the reply,
 * not its plan: what fell due meanwhile follows at once, and is not counted as late.
 */
import type { Arrival, Outcome, Running, Sink } from '../../transports/contract.ts';
import type { LedgerRow } from '../ledger/rows.ts';
import type { Fault } from './fault.ts';
import type { Ledger } from './ledger.ts';
import type { Model } from './model.ts';
import type { Paced, Pacer } from './pacer.ts';
import type { Place } from './place.ts';
import { nextStepNs, type Plan } from './plan.ts';
import type { Passage } from './text.ts';

/** What all replies of a process share. */
export interface ReplyHost {
  readonly pacer: Pacer;
  readonly ledger: Ledger;
  nowNs(): number;
  /** Writes what is pending on connections. */
  flush(): void;
  /** How long connections may hold events back, and more. */
  readonly flushDelayNs: number;
  ended(reply: Reply, outcome: Outcome): void;
}

/** A call as it came, whatever becomes of it. */
export interface ReceivedCall {
  readonly place: Place;
  readonly ordinal: number;
  readonly arrival: Arrival | undefined;
  readonly receivedAtNs: number;
}

/** What one reply will be. */
export interface ReplySpec extends ReceivedCall {
  readonly responseId: string;
  readonly model: Model;
  readonly plan: Plan;
  readonly passage: Passage;
  readonly finish: 'stop' | 'toolCalls' | 'length';
  readonly inputTokens: number;
  readonly toolCallTokens: number;
  readonly fault: Fault | undefined;
}

/** A call without a server around it, as in tests, came the shortest way. */
const NO_ARRIVAL: Arrival = { transport: 'memory', envelope: 'chat', connection: 0, requestBytes: 0, readAtNs: 0 };

export function rowOf(call: ReceivedCall, outcome: Outcome['kind'], latenessNsMax: number): LedgerRow {
  const { marker, round } = call.place;
  const { transport, envelope, connection, requestBytes } = call.arrival ?? NO_ARRIVAL;
  const { ordinal, receivedAtNs } = call;
  return { key: marker.key, round, ordinal, transport, envelope, connection, requestBytes, receivedAtNs, latenessNsMax, outcome };
}

export class Reply implements Running, Paced {
  dueNs: number;
  heapIndex = -1;
  readonly spec: ReplySpec;
  readonly #host: ReplyHost;
  readonly #sink: Sink;
  readonly #transport: Arrival['transport'];
  readonly #stepNs: number;
  #state: 'streaming' | 'paused' | 'cutting' | 'over' = 'streaming';
  #outcome: Outcome['kind'] = 'cancelled';
  #resumedAtNs = 0;
  #chunk = 0;
  /** Units of text that are no tokens (fault `oversize`). */
  #extraUnits = 0;
  #pushedTokens = 0;
  /** Pushed, less those of a character that is not complete yet: their bytes wait for the rest of it. */
  #completeTokens = 0;
  #writtenTokens = 0;
  #settled = false;
  #latenessNsMax = 0;
  /** One entry a token: when it was due, and when it was sent; without a socket, when it was pushed. */
  readonly #duesNs: Float64Array;
  readonly #timesNs: Float64Array;

  constructor(host: ReplyHost, spec: ReplySpec, sink: Sink) {
    this.#host = host;
    this.spec = spec;
    this.#sink = sink;
    this.#transport = (spec.arrival ?? NO_ARRIVAL).transport;
    this.#stepNs = spec.model.arrivals === 'together' ? spec.model.stepMs * 1e6 : 0;
    this.#duesNs = new Float64Array(spec.passage.tokens);
    this.#timesNs = new Float64Array(spec.passage.tokens);
    this.dueNs = this.#dueOf(0);
  }

  get pushedTokens(): number {
    return this.#pushedTokens;
  }

  /** Says that it has started and takes its place in the schedule. */
  start(): void {
    const { fault, responseId } = this.spec;
    if (fault?.kind === 'hang') return;
    if (!this.#sink.push({ type: 'started', responseId }, 0) && this.#state === 'streaming') this.#state = 'paused';
    if (this.#state === 'streaming') this.#host.pacer.add(this);
  }

  emit(nowNs: number): void {
    if (this.#state === 'cutting') {
      this.#end({ kind: 'failed', code: 'connection_lost', message: 'cut on request' });
      return;
    }
    const { plan, fault, passage } = this.spec;
    if (this.#chunk === 0 && fault?.kind === 'oversize' && this.#extraUnits === 0) this.#pushOversize(fault.bytes);
    const breaksAt = fault?.kind === 'error-mid' || fault?.kind === 'disconnect' ? Math.min(fault.afterTokens, passage.tokens) : -1;
    if (this.#isOver()) return;
    if (this.#chunk < plan.tokens.length) {
      const to = this.#pushedTokens + plan.tokens[this.#chunk]!;
      this.#chunk += 1;
      this.#pushTokens(breaksAt === -1 ? to : Math.min(to, breaksAt));
    }
    if (this.#isOver()) return;
    if (this.#pushedTokens === breaksAt) this.#break(nowNs);
    else if (this.#chunk >= plan.tokens.length) this.#complete();
    else {
      this.dueNs = this.#dueOf(this.#chunk);
      if (this.#state === 'paused') this.#host.pacer.remove(this);
    }
    if (this.#stepNs === 0) this.#host.flush();
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'streaming';
    this.#resumedAtNs = this.#host.nowNs();
    this.#host.pacer.add(this);
  }

  cancel(): void {
    if (this.#state !== 'over') this.#end({ kind: 'cancelled' });
  }

  written(atNs: number): void {
    for (; this.#writtenTokens < this.#completeTokens; this.#writtenTokens += 1) {
      this.#timesNs[this.#writtenTokens] = atNs;
      if (this.#streams()) this.#late(atNs - this.#duesNs[this.#writtenTokens]!);
    }
    if (this.#state === 'over' && this.#host.ledger.withdraw(this)) this.settle();
  }

  /** Writes the row. Without a server around there is no writing to wait for; else only what was written was sent. */
  settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    const sent = this.#transport === 'memory' ? this.#completeTokens : this.#writtenTokens;
    const lengths = this.spec.passage.cumulativeUnits(sent);
    if (this.#extraUnits > 0) for (let token = 0; token < lengths.length; token += 1) lengths[token]! += this.#extraUnits;
    this.#host.ledger.append(rowOf(this.spec, this.#outcome, this.#latenessNsMax), lengths, this.#timesNs.subarray(0, lengths.length));
  }

  #dueOf(chunk: number): number {
    const { receivedAtNs, plan, fault } = this.spec;
    let offsetNs = plan.offsetsNs[chunk] ?? plan.ttftNs;
    if (fault?.kind === 'slow') offsetNs *= fault.factor;
    if (fault?.kind === 'stall' && this.#pushedTokens + (plan.tokens[chunk] ?? 0) > fault.afterTokens) offsetNs += fault.ms * 1e6;
    const dueNs = receivedAtNs + offsetNs;
    return this.#stepNs === 0 ? dueNs : nextStepNs(dueNs, this.#stepNs);
  }

  #pushTokens(to: number): void {
    const { passage } = this.spec;
    const from = this.#pushedTokens;
    const nowNs = this.#host.nowNs();
    const dueNs = Math.max(this.dueNs, this.#resumedAtNs);
    const complete = passage.completeTokens(to);
    for (let token = this.#completeTokens; token < complete; token += 1) {
      this.#duesNs[token] = dueNs;
      this.#timesNs[token] = nowNs;
      // A whole reply is sent when it is complete; what can be late is its making.
      if (!this.#streams()) this.#late(nowNs - dueNs);
    }
    // Counted first: the consumer may write at once.
    this.#pushedTokens = to;
    this.#completeTokens = complete;
    const text = passage.piece(from, to);
    if (text !== '') this.#pushText(text);
  }

  #pushOversize(bytes: number): void {
    this.#extraUnits = bytes;
    this.#pushText('x'.repeat(bytes));
  }

  #pushText(text: string): void {
    if (!this.#sink.push({ type: 'text', text }, 0) && this.#state === 'streaming') this.#state = 'paused';
  }

  #break(nowNs: number): void {
    if (this.spec.fault?.kind !== 'disconnect') {
      this.#end({ kind: 'failed', code: 'upstream_error', message: 'failed on request' });
      return;
    }
    // The tokens before the cut shall arrive: connections get the time to write them.
    this.#state = 'cutting';
    this.dueNs = nowNs + this.#host.flushDelayNs;
  }

  #complete(): void {
    const { model, responseId, finish } = this.spec;
    if (finish === 'toolCalls') {
      for (let index = 0; index < model.tools; index += 1) {
        this.#sink.push(
          { type: 'toolCall', index, id: `call_${responseId.slice(-22)}${String(index).padStart(2, '0')}`, ...model.tool },
          0,
        );
        if (this.#isOver()) return;
      }
    }
    this.#end({ kind: 'completed', finish });
  }

  /** The consumer may have cancelled from within its `push`. */
  #isOver(): boolean {
    return this.#state === 'over';
  }

  #end(outcome: Outcome): void {
    const { inputTokens, responseId, toolCallTokens } = this.spec;
    this.#state = 'over';
    this.#outcome = outcome.kind;
    this.#host.pacer.remove(this);
    this.#host.ended(this, outcome);
    const calls = outcome.kind === 'completed' && outcome.finish === 'toolCalls' ? toolCallTokens : 0;
    const usage = { inputTokens, outputTokens: this.#pushedTokens + calls };
    this.#sink.push({ type: 'end', outcome, usage, responseId }, 0);
    // After a cancel nothing more is written; else what was pushed may still be on its way to the socket.
    if (outcome.kind === 'cancelled' || this.#writtenTokens === this.#completeTokens || this.#transport === 'memory') this.settle();
    else this.#host.ledger.awaitWrite(this);
  }

  #streams(): boolean {
    return this.#transport !== 'http';
  }

  #late(ns: number): void {
    this.#host.ledger.lateness.recordNs(Math.max(0, ns));
    if (ns > this.#latenessNsMax) this.#latenessNsMax = ns;
  }
}
