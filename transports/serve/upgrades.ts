/** Upgrades to WebSocket: admitted, or refused with a reply of HTTP that says why. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocketServer } from 'ws';
import type { Refusal } from '../contract.ts';
import { SESSION_SUBPROTOCOL } from '../session/protocol.ts';
import { type Upgrade, upgradeOf } from './endpoints.ts';
import { pathOf } from './requests.ts';
import type { Service } from './turns.ts';
import { ServerConnection } from './websocket-connection.ts';

export function onUpgrade(
  service: Service,
  wss: WebSocketServer,
  websockets: Set<ServerConnection>,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
): void {
  const { headers } = request;
  const path = pathOf(request.url);
  const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
  const remoteAddress = socket.remoteAddress ?? '';
  const admitted = service.admissions.admit({ kind: 'upgrade', path, headers, remoteAddress, subprotocols: offered }, socket, socket);
  if (!admitted.ok) return refuse(service, socket, admitted.refusal);
  const upgrade = upgradeOf(path, offered, service.options.sessions !== undefined);
  if (!upgrade) {
    const message = `no WebSocket endpoint at ${path.slice(0, 100)} for the subprotocols offered`;
    return refuse(service, socket, { status: 404, code: 'not_found', message });
  }
  const refusal = termsRefusal(service, upgrade);
  if (refusal) return refuse(service, socket, refusal);
  const { envelope, session } = upgrade;
  wss.handleUpgrade(request, socket, head, (websocket) => {
    const connection = new ServerConnection(service, websocket, socket, { envelope, headers, client: admitted.client, session });
    websockets.add(connection);
    websocket.once('close', () => websockets.delete(connection));
  });
}

function termsRefusal({ options, draining }: Service, { envelope, session }: Upgrade): Refusal | undefined {
  const param = 'sec-websocket-protocol';
  if (session && envelope.binaryFrames) {
    const message = `the messages of ${envelope.name} cannot be signed: offer ${SESSION_SUBPROTOCOL} with another envelope, or not at all`;
    return { status: 400, code: 'message_auth_impossible', message, param };
  }
  if (options.requireMessageAuth && !session) {
    const message = `messages must be signed here: offer the subprotocol ${SESSION_SUBPROTOCOL}`;
    return { status: 401, code: 'message_auth_required', message, param };
  }
  return draining ? { status: 503, code: 'shutting_down', message: 'the server is shutting down' } : undefined;
}

function refuse(service: Service, socket: Socket, refusal: Refusal): void {
  service.peerError(refusal.code, refusal.message);
  const body = JSON.stringify({ error: { message: refusal.message, code: refusal.code, param: refusal.param ?? null } });
  const fields = [
    `HTTP/1.1 ${refusal.status} Refused`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...(refusal.status === 401 ? ['WWW-Authenticate: Bearer'] : []),
    ...(refusal.retryAfterS === undefined ? [] : [`Retry-After: ${refusal.retryAfterS}`]),
  ];
  socket.on('error', () => {});
  socket.end(`${fields.join('\r\n')}\r\n\r\n${body}`);
}
