/** Every transport, and which legs can be built. A new transport is one file and one line here. */

import type { TransportName } from './contract.ts';
import { http } from './http.ts';
import { memory } from './memory.ts';
import { sse } from './sse.ts';
import { sseH2 } from './sse-h2.ts';
import type { Transport } from './transport.ts';
import { websocket } from './websocket.ts';
import type { Leg } from './wire.ts';

export const TRANSPORT_BY_NAME: Readonly<Record<TransportName, Transport>> = {
  http,
  sse,
  'sse-h2': sseH2,
  websocket,
  memory,
};

/** Why a leg cannot be built, or `undefined` when it can. */
export function legProblem(leg: Leg): string | undefined {
  const transport = TRANSPORT_BY_NAME[leg.transport];
  if (!transport.envelopes.includes(leg.envelope)) {
    return `${leg.envelope} over ${leg.transport} is not possible: event streams are text; use websocket or http`;
  }
  if (!transport.connections.includes(leg.connection)) {
    return `${leg.connection} connections over ${leg.transport} are not possible; it has ${transport.connections.join(', ')}`;
  }
  return undefined;
}

/** Why a history policy does not go with a leg, or `undefined` when it does. */
export function historyProblem(leg: Leg, history: 'full' | 'delta'): string | undefined {
  return history === 'delta' && leg.envelope === 'chat'
    ? 'delta history over chat is not possible: chat has no previous_response_id'
    : undefined;
}

/** Why messages over a leg cannot be signed, or `undefined` when they can. */
export function sessionProblem(leg: Leg): string | undefined {
  if (leg.transport !== 'websocket') return `signed messages over ${leg.transport} are not possible; use websocket`;
  if (leg.envelope === 'binary') return 'signed messages in binary are not possible; use chat, responses or compact';
  return undefined;
}
