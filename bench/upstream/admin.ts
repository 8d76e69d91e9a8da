/**
 * The mock LLM's admin port, on loopback: its figures, and its ledger to a file. Requests from web pages are refused
 * (they carry an `Origin`), since one of them writes files.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LatencyHistogram } from '../statistics/histogram.ts';
import type { UpstreamCounts } from './handler.ts';

export interface AdminSource {
  counts(): UpstreamCounts;
  connections(): number;
  readonly ledger: {
    readonly lateness: LatencyHistogram;
    save(path: string): { rows: number; tokens: number; lostTokens: number };
    clear(): void;
  };
}

export interface Admin {
  readonly port: number;
  close(): Promise<void>;
}

export interface LatenessFigures {
  tokens: number;
  /** `null` with too few tokens for the quantile. */
  p50Us: number | null;
  p99Us: number | null;
  maxUs: number | null;
}

const BODY_BYTES_MAX = 8_192;

interface Reply {
  status: number;
  body: object;
}

export async function serveAdmin(source: AdminSource, port: number): Promise<Admin> {
  const server = createServer((request, response) => {
    readBody(request, (body) => send(response, answer(source, request, body)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
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

export function latenessFigures(lateness: LatencyHistogram): LatenessFigures {
  const maxMs = lateness.maxMs();
  return {
    tokens: lateness.count,
    p50Us: lateness.quantileUs(0.5),
    p99Us: lateness.quantileUs(0.99),
    maxUs: maxMs === null ? null : Math.round(maxMs * 1_000),
  };
}

function answer(source: AdminSource, request: IncomingMessage, body: string | undefined): Reply {
  if (request.headers.origin !== undefined) return failure(403, 'forbidden_origin', 'the admin port is not for web pages');
  if (body === undefined) return failure(413, 'message_too_large', `a body may have ${BODY_BYTES_MAX} bytes`);
  switch (`${request.method} ${request.url}`) {
    case 'GET /stats':
      return { status: 200, body: stats(source) };
    case 'POST /ledger/save':
      return save(source, body);
    case 'POST /ledger/clear':
      source.ledger.clear();
      return { status: 200, body: {} };
    default:
      return failure(404, 'not_found', 'there are GET /stats, POST /ledger/save {"path"} and POST /ledger/clear');
  }
}

function stats(source: AdminSource): object {
  const { lateness } = source.ledger;
  const cpu = process.cpuUsage();
  return {
    ...source.counts(),
    connections: source.connections(),
    lateness: { ...latenessFigures(lateness), histogram: lateness.encode() },
    cpuUs: cpu.user + cpu.system,
    uptimeMs: Math.round(performance.now()),
  };
}

function save(source: AdminSource, body: string): Reply {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return failure(400, 'invalid_json', 'the body is no JSON');
  }
  if (typeof value !== 'object' || value === null || !('path' in value) || typeof value.path !== 'string' || value.path === '') {
    return failure(400, 'invalid_request', 'the body needs a path');
  }
  try {
    return { status: 200, body: source.ledger.save(value.path) };
  } catch (error) {
    return failure(500, 'internal_error', error instanceof Error ? error.message : String(error));
  }
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
