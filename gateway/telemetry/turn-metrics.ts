/**
 * What is counted and timed of turns: from the record of each when it has ended, so nothing here runs per token.
 * Latencies of sampled turns leave an exemplar, the trace to look at.
 */
import { type GenAiNames, labelOf, type MetricNames } from '../../dashboards/catalog.ts';
import type { Exemplars } from '../../dashboards/metrics/exemplars.ts';
import type { HistogramInstrument, Instruments, Labels } from '../../dashboards/metrics/instruments.ts';
import type { LabelBounds } from '../../dashboards/metrics/labels.ts';
import type { TransportName } from '../../transports/contract.ts';
import { GATEWAY_PHASES, type GatewayPhase } from '../../transports/phases.ts';
import type { TurnObserver, TurnRecord } from '../turn-record.ts';
import { genAiMetrics } from './gen-ai-metrics.ts';
import { httpMetrics } from './http-metrics.ts';

export interface TurnMetricsOptions {
  instruments: Instruments;
  bounds: LabelBounds;
  exemplars: Exemplars;
  genAiNames: GenAiNames;
}

/** What the gateway itself adds to a turn; the others are the LLM's and the client's. */
const OWN_PHASES: readonly GatewayPhase[] = ['admission', 'queue', 'dispatch', 'agent', 'serialise'];

export function turnMetrics(options: TurnMetricsOptions): TurnObserver {
  const { instruments, bounds } = options;
  const ended = instruments.counter('gatebench.gateway.turns');
  const tokens = instruments.counter('gatebench.gateway.tokens');
  const textEvents = instruments.counter('gatebench.gateway.text_events');
  const requestBytes = instruments.counter('gatebench.gateway.request.io');
  const agentOf = bounds.bound(labelOf('gatebench.gateway.turns', 'agent'));
  const latencies = turnLatencies(options);
  const http = httpMetrics(options);
  const genAi = genAiMetrics(options);
  return (record) => {
    const { turn, agent, execution, outcome, usage } = record;
    const via = viaOf(record);
    const { envelope = 'compact', requestBytes: bytes = 0 } = turn.arrival ?? {};
    ended.add(1, { agent: agentOf(agent === '' ? 'none' : agent), via, envelope, execution, outcome: outcome.kind });
    if (usage) {
      tokens.add(usage.inputTokens, { direction: 'input' });
      tokens.add(usage.outputTokens, { direction: 'output' });
    }
    if (record.textEvents > 0) textEvents.add(record.textEvents, { via });
    requestBytes.add(bytes, { via });
    latencies(record);
    http(record);
    genAi(record);
  };
}

function turnLatencies({ instruments, exemplars }: TurnMetricsOptions): TurnObserver {
  const timer = (name: MetricNames<'histogram'>) => timerOf(instruments.histogram(name), exemplars);
  const whole = timer('gatebench.gateway.turn.duration');
  const first = timer('gatebench.gateway.turn.time_to_first_token');
  const added = timer('gatebench.gateway.turn.added.duration');
  const phase = timer('gatebench.gateway.turn.phase.duration');
  return (record) => {
    const { execution, outcome, stamps, phases } = record;
    const via = viaOf(record);
    whole(record, (stamps.endedNs - stamps.readNs) / 1e9, { via, execution, outcome: outcome.kind });
    if (stamps.upstreamFirstNs > 0) first(record, (stamps.upstreamFirstNs - stamps.readNs) / 1e9, { via, execution });
    if (outcome.kind === 'completed') {
      const ownMs = OWN_PHASES.reduce((sum, name) => sum + phases[name], 0);
      added(record, ownMs / 1e3, { via, execution });
    }
    for (const name of GATEWAY_PHASES) if (cameTo(name, record)) phase(record, phases[name] / 1e3, { phase: name, execution });
  };
}

/** A phase that a turn never came to has no duration; one that it passed at once has 0. */
export function cameTo(phase: GatewayPhase, { stamps, phases }: Pick<TurnRecord, 'stamps' | 'phases'>): boolean {
  switch (phase) {
    case 'admission':
      return true;
    case 'queue':
      return stamps.queuedNs > 0;
    case 'dispatch':
      return stamps.admittedNs > 0;
    case 'agent':
      return stamps.agentStartedNs > 0;
    case 'upstreamFirstToken':
      return stamps.upstreamSentNs > 0;
    case 'upstreamStreaming':
      return stamps.upstreamFirstNs > 0;
    case 'serialise':
    case 'backPressure':
      return phases[phase] > 0;
  }
}

type Timer = (record: TurnRecord, seconds: number, labels: Labels) => void;

function timerOf({ metric, record: observe }: HistogramInstrument, exemplars: Exemplars): Timer {
  const { name, buckets = [] } = metric;
  return ({ span }, seconds, labels) => {
    observe(seconds, labels);
    if (span) exemplars.offer(name, labels, buckets, { traceId: span.traceId, spanId: span.spanId, value: seconds });
  };
}

/** A turn that no server took in is one of this process. */
export function viaOf({ turn }: TurnRecord): TransportName {
  return turn.arrival?.transport ?? 'memory';
}
