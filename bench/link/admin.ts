/**
 * The links' admin port, on loopback: their figures, and where their connections go. Requests from web pages are
 * refused (they carry an `Origin`), since one of them redirects traffic.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Pacing } from '../driver/waiting.ts';
import { parseTargetChange } from './config.ts';
import { LINKS_HOST } from './limits.ts';
import type { Link, LinkFigures } from './link.ts';

export interface Admin {
  readonly port: number;
  close(): Promise<void>;
}

/** What `GET /stats` answers. */
export interface LinkStats {
  pacing: Pacing;
  links: readonly LinkFigures[];
  /** User and system time of the process since its start. */
  cpuUs: number;
  uptimeMs: number;
}

const BODY_BYTES_MAX = 8_192;

interface Reply {
  status: number;
  body: object;
}

/** Rejects when the port cannot be taken. */
export async function serveAdmin(links: readonly Link[], pacing: Pacing, port: number): Promise<Admin> {
  const server = createServer((request, response) => {
    readBody(request, (body) => send(response, answer(links, pacing, request, body)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LINKS_HOST, () => {
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

function answer(links: readonly Link[], pacing: Pacing, request: IncomingMessage, body: string | undefined): Reply {
  if (request.headers.origin !== undefined) return failure(403, 'forbidden_origin', 'the admin port is not for web pages');
  if (body === undefined) return failure(413, 'message_too_large', `a body may have ${BODY_BYTES_MAX} bytes`);
  switch (`${request.method} ${request.url}`) {
    case 'GET /stats':
      return { status: 200, body: stats(links, pacing) };
    case 'POST /target':
      return setTarget(links, body);
    case 'POST /clear':
      for (const link of links) link.clear();
      return { status: 200, body: {} };
    default:
      return failure(404, 'not_found', 'there are GET /stats, POST /target {"name","target":{"host","port"}} and POST /clear');
  }
}

function stats(links: readonly Link[], pacing: Pacing): LinkStats {
  const cpu = process.cpuUsage();
  return {
    pacing,
    links: links.map((link) => link.figures()),
    cpuUs: cpu.user + cpu.system,
    uptimeMs: Math.round(performance.now()),
  };
}

function setTarget(links: readonly Link[], body: string): Reply {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return failure(400, 'invalid_json', 'the body is no JSON');
  }
  const parsed = parseTargetChange(value);
  if ('problems' in parsed) return failure(400, 'invalid_request', parsed.problems.join('; '));
  const { name, target } = parsed.value;
  const link = links.find((one) => one.name === name);
  if (!link) return failure(404, 'not_found', `there is no link of this name; there are ${links.map((one) => one.name).join(', ')}`);
  link.target = target;
  return { status: 200, body: {} };
}

function failure(status: number, code: string, message: string): Reply {
  return { status, body: { error: { code, message } } };
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

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
