/**
 * Transport `websocket`: one handshake, any number of turns, tokens and events pushed as messages.
 */
import type { Transport } from './transport.ts';
import { WebSocketConnection } from './websocket/client.ts';

export const websocket: Transport = {
  name: 'websocket',
  connections: ['per-turn', 'kept', 'multiplexed'],
  envelopes: ['chat', 'responses', 'compact', 'binary'],
  streams: true,
  open: (options, owner) => new WebSocketConnection(options, owner),
};
