/** The arms of example reports. */
import type { Arm, Factors, Turns } from '../report.ts';

export const HTTP = 'http/chat/per-turn>sse/chat/kept/full/inline';
export const BEST_HTTP = 'sse/chat/kept>sse/chat/kept/full/inline';
export const WEBSOCKET = 'websocket/responses/kept>sse/chat/kept/full/thread';
export const MULTIPLEXED = 'websocket/responses/multiplexed>websocket/responses/multiplexed/full/thread@arrivals=together,flushMs=1';

export function exampleArm(id: string, changes: Partial<Arm> = {}): Arm {
  return {
    id,
    factors: factorsOf(id),
    conditions: {},
    launches: 6,
    turns: turns({ completed: 1_500 }),
    metrics: {},
    validity: { ok: true, excluded: 0, trials: 18, reasons: [] },
    ...changes,
  };
}

export function turns(ends: Partial<Turns>): Turns {
  const all = { completed: 0, failed: 0, cancelled: 0, timedOut: 0, refused: 0, dropped: 0, ...ends };
  return { offered: Object.values(all).reduce((sum, n) => sum + n, 0), ...all };
}

function factorsOf(id: string): Factors {
  const [path = ''] = id.split('@');
  const [client = '', rest = ''] = path.split('>');
  const [clientTransport = '', clientEnvelope = '', clientConnection = ''] = client.split('/');
  const [upstreamTransport = '', upstreamEnvelope = '', upstreamConnection = '', history = '', execution = ''] = rest.split('/');
  return { clientTransport, clientEnvelope, clientConnection, upstreamTransport, upstreamEnvelope, upstreamConnection, history, execution };
}
