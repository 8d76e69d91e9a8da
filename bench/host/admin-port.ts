/**
 * The admin port of one of the instrument's processes: small requests and answers in JSON, on loopback. Requests from web
 * pages are refused (they carry an `Origin`), since some of what these ports do writes files or redirects traffic.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Admin {
  readonly port: number;
  close(): Promise<void>;
}

export interface AdminReply {
  status: number;
  body: object;
}

/** Answers `METHOD /path`, with the request's body. */
export type AdminAnswer = (asked: string, body: string) => AdminReply;

const HOST = '127.0.0.1';
const BODY_BYTES_MAX = 8_192;

/** Rejects when the port cannot be taken. */
export async function serveAdminPort(port: number, answer: AdminAnswer): Promise<Admin> {
  const server = createServer((request, response) => {
    readBody(request, (body) => send(response, guarded(answer, request, body)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function failure(status: number, code: string, message: string): AdminReply {
  return { status, body: { error: { code, message } } };
}

/** Calls `then` with the body's value, where it is JSON. */
export function withJson(body: string, then: (value: unknown) => AdminReply): AdminReply {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return failure(400, 'invalid_json', 'the body is no JSON');
  }
  return then(value);
}

/** User and system time of this process since its start, and for how long it has run. */
export function processTimes(): { cpuUs: number; uptimeMs: number } {
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system, uptimeMs: Math.round(performance.now()) };
}

function guarded(answer: AdminAnswer, { method, url, headers }: IncomingMessage, body: string | undefined): AdminReply {
  if (headers.origin !== undefined) return failure(403, 'forbidden_origin', 'the admin port is not for web pages');
  if (body === undefined) return failure(413, 'message_too_large', `a body may have ${BODY_BYTES_MAX} bytes`);
  return answer(`${method} ${url}`, body);
}

/** Calls back once, with `undefined` for a body beyond the bound. */
function readBody(request: IncomingMessage, done: (body: string | undefined) => void): void {
  let body = '';
  request.setEncoding('utf8');
  request.on('error', () => {});
  request.on('data', (text: string) => {
    if (body.length <= BODY_BYTES_MAX) body += text;
  });
  request.on('end', () => done(body.length <= BODY_BYTES_MAX ? body : undefined));
}

function send(response: ServerResponse, { status, body }: AdminReply): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
