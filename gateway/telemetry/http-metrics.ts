/** Turns that came as HTTP requests, by OpenTelemetry's conventions for HTTP servers. */
import { labelOf } from '../../dashboards/catalog.ts';
import type { Instruments } from '../../dashboards/metrics/instruments.ts';
import type { LabelBounds } from '../../dashboards/metrics/labels.ts';
import type { EnvelopeName, Outcome, TransportName } from '../../transports/contract.ts';
import type { TurnObserver, TurnRecord } from '../turn-record.ts';

const ROUTES: Readonly<Record<EnvelopeName, string>> = {
  chat: '/v1/chat/completions',
  responses: '/v1/responses',
  compact: '/v1/turns',
  binary: '/v1/turns',
};

const PROTOCOL_VERSIONS: Readonly<Partial<Record<TransportName, string>>> = { http: '1.1', sse: '1.1', 'sse-h2': '2' };

export function httpMetrics({ instruments, bounds }: { instruments: Instruments; bounds: LabelBounds }): TurnObserver {
  const duration = instruments.histogram('http.server.request.duration');
  const statusOf = bounds.bound(labelOf('http.server.request.duration', 'http.response.status_code'));
  const errorOf = bounds.bound(labelOf('http.server.request.duration', 'error.type'));
  return (record) => {
    const { turn, outcome, stamps } = record;
    const { arrival } = turn;
    const version = arrival && PROTOCOL_VERSIONS[arrival.transport];
    if (!arrival || version === undefined) return;
    const status = httpStatusOf(record, arrival.transport);
    const error = errorTypeOf(outcome);
    duration.record((stamps.endedNs - stamps.readNs) / 1e9, {
      'http.request.method': 'POST',
      'http.route': ROUTES[arrival.envelope],
      'network.protocol.version': version,
      ...(status === undefined ? {} : { 'http.response.status_code': statusOf(String(status)) }),
      ...(error === undefined ? {} : { 'error.type': errorOf(error) }),
    });
  };
}

/** `undefined` where it is not known: whether a stream had begun when its turn failed shows only in its text. */
function httpStatusOf({ outcome, textEvents }: TurnRecord, transport: TransportName): number | undefined {
  switch (outcome.kind) {
    case 'completed':
      return 200;
    case 'refused':
      return outcome.status;
    case 'cancelled':
      return undefined;
    default:
      if (transport !== 'http') return textEvents > 0 ? 200 : undefined;
      if (outcome.kind === 'timedOut') return 504;
      return outcome.code === 'internal_error' ? 500 : 502;
  }
}

function errorTypeOf(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'completed':
      return undefined;
    case 'timedOut':
      return 'timeout';
    case 'cancelled':
      return 'cancelled';
    default:
      return outcome.code;
  }
}
