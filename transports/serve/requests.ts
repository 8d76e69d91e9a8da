/** HTTP requests: finds the endpoint, admits, reads the body within its bounds, parses, and starts the reply. */
import type { ServerResponse } from 'node:http';
import { nowNs } from '../clock.ts';
import type { Refusal } from '../contract.ts';
import type { Envelope } from '../envelope.ts';
import { envelopeOfRequest, isEndpoint } from './endpoints.ts';
import { type Request, type Response, StreamReply, sendError, WholeReply } from './http-reply.ts';
import type { Service } from './turns.ts';

export function onRequest(service: Service, request: Request, response: Response): void {
  const headReadAtNs = nowNs();
  // A peer that resets its connection is no error of ours; 'close' follows and does the work.
  request.on('error', () => {});
  response.on('error', () => {});
  const path = pathOf(request.url);
  // Node's HTTP/2 requests show a stand-in for the socket, one a session.
  const session = 'stream' in request ? request.stream?.session : undefined;
  const refuse = (refusal: Refusal, envelope?: Envelope) => {
    service.peerError(refusal.code, refusal.message);
    // The rest of a body that nobody reads would have to be read to reuse the connection.
    if (request.httpVersionMajor === 1) response.setHeader('connection', 'close');
    sendError(response, envelope, refusal);
    request.resume();
  };
  const admitted = service.admissions.admit(
    { kind: 'request', path, headers: request.headers, remoteAddress: request.socket.remoteAddress ?? '', subprotocols: [] },
    request.socket,
    session ?? request.socket,
  );
  if (!admitted.ok) {
    refuse(admitted.refusal);
    // As over HTTP/1.1: whoever wants to try again connects again, at the rate that there is for that.
    session?.close();
    return;
  }
  if (path === '/v1/models' && request.method === 'GET') return sendModels(service, response);
  if (!isEndpoint(path)) return refuse({ status: 404, code: 'not_found', message: `no such path: ${path.slice(0, 100)}` });
  if (request.method === 'GET') {
    return refuse({ status: 426, code: 'upgrade_required', message: `GET ${path} is a WebSocket endpoint; use an upgrade, or POST` });
  }
  if (request.method !== 'POST') {
    return refuse({ status: 405, code: 'method_not_allowed', message: `${request.method} is not supported on ${path}; use POST` });
  }
  const envelope = envelopeOfRequest(path, request.headers['content-type']);
  if (!envelope) {
    const seen = JSON.stringify((request.headers['content-type'] ?? 'none').slice(0, 60));
    return refuse({ status: 415, code: 'unsupported_content_type', message: `content type ${seen} is not supported on ${path}` });
  }
  if (service.draining)
    return refuse({ status: 503, code: 'shutting_down', message: 'the server is shutting down', retryAfterS: 1 }, envelope);
  if (service.admissions.turn(admitted.client) !== 'ok') return refuse(service.admissions.turnRefusal, envelope);
  readBody(request, service.limits.messageBytesMax, headReadAtNs, (body, readAtNs) => {
    if (!body) {
      return refuse(
        { status: 413, code: 'message_too_large', message: `the body is larger than ${service.limits.messageBytesMax} bytes` },
        envelope,
      );
    }
    const connection = service.connectionOf(session ?? request.socket);
    answer(service, request, response, envelope, body, { connection, client: admitted.client, readAtNs });
  });
}

function answer(
  service: Service,
  request: Request,
  response: Response,
  envelope: Envelope,
  body: Buffer,
  from: { connection: number; client: string; readAtNs: number },
): void {
  const parsed = envelope.readRequest(envelope.binaryFrames ? body : body.toString('utf8'), { websocket: false, headers: request.headers });
  if (parsed.kind !== 'turn') {
    const refusal: Refusal =
      parsed.kind === 'refused'
        ? parsed.refusal
        : { status: 400, code: 'unsupported_event', message: 'cancelling by message is for WebSockets; close the request' };
    service.peerError(refusal.code, refusal.message);
    return sendError(response, envelope, refusal);
  }
  const context = {
    model: parsed.turn.model,
    createdS: Math.floor(Date.now() / 1000),
    includeUsage: parsed.includeUsage,
    extraBytesPerToken: service.options.extraBytesPerToken,
    websocket: false,
  };
  const reply = parsed.stream
    ? new StreamReply(service, response, envelope, context)
    : new WholeReply(service, response, envelope, context);
  const over2 = request.httpVersionMajor === 2;
  const arrival = {
    transport: parsed.stream ? (over2 ? ('sse-h2' as const) : ('sse' as const)) : ('http' as const),
    envelope: envelope.name,
    ...from,
    requestBytes: body.length,
  };
  reply.run({ ...parsed.turn, arrival });
}

/**
 * Calls back once: with the body, or with `undefined` when it is too large. Not at all when the peer goes away.
 *
 * Node hands on a body some passes of its queues after the read that brought it, and what is checked of the head lies
 * between. So a body that is there in the same pass of the event loop as its head has the head's stamp; the end of any
 * other comes right after its own read.
 */
function readBody(
  request: Request,
  bytesMax: number,
  headReadAtNs: number,
  done: (body: Buffer | undefined, readAtNs: number) => void,
): void {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > bytesMax) return done(undefined, headReadAtNs);
  const parts: Buffer[] = [];
  let bytes = 0;
  let withHead = true;
  setImmediate(() => {
    withHead = false;
  });
  const onData = (part: Buffer) => {
    bytes += part.length;
    if (bytes > bytesMax) {
      request.off('data', onData).off('end', onEnd);
      done(undefined, headReadAtNs);
      return;
    }
    parts.push(part);
  };
  const onEnd = () => {
    const readAtNs = withHead ? headReadAtNs : nowNs();
    done(parts.length === 1 ? parts[0]! : Buffer.concat(parts), readAtNs);
  };
  request.on('data', onData).on('end', onEnd);
}

function sendModels(service: Service, response: Response): void {
  const data = (service.options.models?.() ?? []).map((id) => ({ id, object: 'model', created: 0, owned_by: 'gatebench' }));
  const body = JSON.stringify({ object: 'list', data });
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', Buffer.byteLength(body));
  (response as ServerResponse).end(body);
}

export function pathOf(url: string | undefined): string {
  const path = url ?? '/';
  const query = path.indexOf('?');
  return query === -1 ? path : path.slice(0, query);
}
