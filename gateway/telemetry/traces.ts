/**
 * Traces of the turns that are sampled: from the record of a turn that has ended, the gateway's span and one for each
 * phase that took time, by the stamps that were taken anyway. So a turn costs nothing while it runs, a thread or process
 * needs no tracer of its own, and a turn that is not sampled costs a look at a flag.
 *
 * Spans go to the ring that the admin pages show, and to sinks: the file, a collector. Each sink is bounded and says
 * what it lost.
 */
import type { Attributes, AttributeValue, TraceSpan } from '../../dashboards/live/otlp-json.ts';
import { phaseSpans } from '../../dashboards/live/phase-spans.ts';
import { ATTRIBUTES as A, cut, OPERATION, turnSpanName } from '../../dashboards/live/span-names.ts';
import type { Outcome } from '../../transports/contract.ts';
import { GATEWAY_PHASES, type GatewayPhase } from '../../transports/phases.ts';
import { newSpanId, type TraceContext } from '../../transports/traceparent.ts';
import type { TurnObserver, TurnRecord, TurnStamps } from '../turn-record.ts';
import { TraceRing, type TurnTrace } from './trace-ring.ts';

/** Where spans go. Takes them at once, and never throws. */
export interface SpanSink {
  add(spans: readonly TraceSpan[]): void;
  /** Spans that did not get where they should, by why. */
  readonly lost: Readonly<Partial<Record<LossReason, number>>>;
  /** Resolves when all that was added is where it should be, or is lost; within a bounded time. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export const LOSS_REASONS = ['queue_full', 'export_failed', 'file_failed'] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

export interface SpanCounts {
  /** Spans that were made. */
  readonly made: number;
  readonly lost: Readonly<Record<LossReason, number>>;
}

export class Traces {
  readonly ring: TraceRing;
  readonly #sinks: readonly SpanSink[];
  #turns = 0;
  #made = 0;

  constructor(sinks: readonly SpanSink[], ring: TraceRing = new TraceRing()) {
    this.#sinks = sinks;
    this.ring = ring;
  }

  readonly observe: TurnObserver = (record) => {
    const { span } = record;
    if (span === undefined) return;
    const trace = traceOf(record, span);
    this.#turns += 1;
    this.#made += trace.spans.length;
    this.ring.add(trace);
    for (const sink of this.#sinks) sink.add(trace.spans);
  };

  /** Turns that were traced. */
  get turns(): number {
    return this.#turns;
  }

  counts(): SpanCounts {
    const lost: Record<LossReason, number> = { queue_full: 0, export_failed: 0, file_failed: 0 };
    for (const sink of this.#sinks) for (const reason of LOSS_REASONS) lost[reason] += sink.lost[reason] ?? 0;
    return { made: this.#made, lost };
  }

  async flush(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.flush()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.close()));
  }
}

/** The stamps at which phases begin; the others follow the one before them. */
const STARTS: Readonly<Partial<Record<GatewayPhase, keyof TurnStamps>>> = {
  admission: 'readNs',
  queue: 'queuedNs',
  dispatch: 'dispatchedNs',
  agent: 'agentStartedNs',
  upstreamFirstToken: 'upstreamSentNs',
  upstreamStreaming: 'upstreamFirstNs',
};

/** On a turn's way, the gateway's own end comes after the client's taking. */
const WAY: readonly GatewayPhase[] = [...GATEWAY_PHASES.filter((phase) => phase !== 'serialise'), 'serialise'];

export function traceOf(record: TurnRecord, { traceId, spanId }: TraceContext): TurnTrace {
  const { stamps, phases, outcome, agent, traceparent } = record;
  const code = codeOf(outcome);
  const span: TraceSpan = {
    traceId,
    spanId,
    ...(traceparent === undefined ? {} : { parentSpanId: traceparent.slice(36, 52) }),
    name: turnSpanName(agent),
    kind: 'server',
    startNs: stamps.readNs,
    endNs: stamps.endedNs,
    attributes: attributesOf(record, code),
    ...('message' in outcome ? { error: cut(outcome.message) } : {}),
  };
  const lengths = WAY.map((name) => {
    const start = STARTS[name];
    return { name, startNs: start === undefined ? 0 : stamps[start], ms: phases[name] };
  });
  return {
    traceId,
    agent,
    outcome: outcome.kind,
    code,
    durationMs: (stamps.endedNs - stamps.readNs) / 1e6,
    spans: [span, ...phaseSpans(span, lengths, newSpanId)],
  };
}

function attributesOf({ turn, agent, execution, unit, outcome, usage, textEvents }: TurnRecord, code: string | undefined): Attributes {
  const { arrival } = turn;
  const attributes: Record<string, AttributeValue> = {
    [A.operation]: OPERATION,
    [A.turn]: turn.key,
    [A.requestModel]: cut(turn.model),
    [A.execution]: execution,
    [A.outcome]: outcome.kind,
    [A.textEvents]: textEvents,
  };
  if (agent !== '') attributes[A.agent] = agent;
  if (unit !== null) attributes[A.threadName] = unit;
  if (turn.session !== undefined) attributes[A.conversation] = cut(turn.session);
  if (code !== undefined) attributes[A.errorType] = code;
  if (usage) {
    attributes[A.inputTokens] = usage.inputTokens;
    attributes[A.outputTokens] = usage.outputTokens;
  }
  if (arrival) {
    attributes[A.transport] = arrival.transport;
    attributes[A.envelope] = arrival.envelope;
    attributes[A.connection] = arrival.connection;
    if (arrival.transport === 'websocket' || arrival.transport === 'memory') attributes[A.requestBytes] = arrival.requestBytes;
    else {
      attributes[A.httpMethod] = 'POST';
      attributes[A.httpRequestBytes] = arrival.requestBytes;
    }
    if (arrival.transport !== 'memory') attributes[A.protocol] = arrival.transport === 'websocket' ? 'websocket' : 'http';
    if (arrival.transport !== 'websocket' && outcome.kind === 'refused') attributes[A.httpStatus] = outcome.status;
  }
  return attributes;
}

/** `error.type`: the code where there is one. */
function codeOf(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'failed':
    case 'refused':
      return outcome.code;
    case 'timedOut':
      return 'timeout';
    default:
      return undefined;
  }
}
