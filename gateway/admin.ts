/**
 * The admin pages: what the gateway is doing, for people and for the instrument. Plain HTTP on loopback without
 * authentication, so they change nothing but what is measured, and hold no secrets. Names that a browser could be
 * tricked into resolving to loopback are refused, and so are web pages from elsewhere and any that would post.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AdminRequest {
  /** What stands in the place of the pattern's `*`, decoded; empty where it has none. */
  rest: string;
  query: URLSearchParams;
}

export type AdminAnswer =
  /** Sent as JSON. */
  | { status?: number; body: unknown }
  | { html: string; policy: string }
  /** Goes on until either side ends it. @returns why not, where it does not begin. */
  | { stream: (response: ServerResponse) => string | undefined };

/** What one method of one path answers. Called for each request. */
export type AdminPage = (request: AdminRequest) => AdminAnswer;

/** By path; one that ends with `/*` is for all paths one step below. */
export type AdminPages = Readonly<Record<string, { readonly GET?: AdminPage; readonly POST?: AdminPage }>>;

export interface Admin {
  readonly port: number;
  close(): Promise<void>;
}

const LOOPBACK_HOSTS = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

export async function serveAdmin(port: number, pages: AdminPages): Promise<Admin> {
  const server = createServer((request, response) => {
    // No page takes a body.
    request.resume();
    answer(pages, request, response);
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

function answer(pages: AdminPages, request: IncomingMessage, response: ServerResponse): void {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const { host = '', origin } = request.headers;
  const { methods, rest } = find(pages, path);
  const { method = '' } = request;
  const page = methods && Object.hasOwn(methods, method) ? methods[method as keyof typeof methods] : undefined;
  if (!LOOPBACK_HOSTS.test(host)) refuse(response, 403, 'only for loopback');
  else if (!methods) refuse(response, 404, `no such page; there are ${Object.keys(pages).join(', ')}`);
  else if (!page) refuse(response, 405, `only ${Object.keys(methods).join(', ')}`);
  else if (method === 'POST' && origin !== undefined) refuse(response, 403, 'not for web pages');
  else if (origin !== undefined && origin !== `http://${host}`) refuse(response, 403, 'not for other web pages');
  else reply(response, page({ rest, query: new URLSearchParams(query) }));
}

function find(pages: AdminPages, path: string): { methods?: AdminPages[string] | undefined; rest: string } {
  if (Object.hasOwn(pages, path) && !path.endsWith('/*')) return { methods: pages[path], rest: '' };
  const slash = path.lastIndexOf('/');
  const pattern = `${path.slice(0, slash)}/*`;
  const rest = decoded(path.slice(slash + 1));
  return { methods: rest !== '' && Object.hasOwn(pages, pattern) ? pages[pattern] : undefined, rest };
}

/** Empty where it is not encoded as it must be. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

function reply(response: ServerResponse, answered: AdminAnswer): void {
  if ('body' in answered) return sendJson(response, answered.status ?? 200, answered.body);
  if ('html' in answered) {
    const { html, policy } = answered;
    return send(response, 200, html, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy });
  }
  const refusal = answered.stream(response);
  if (refusal !== undefined) refuse(response, 503, refusal);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, { error: { message } });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, `${JSON.stringify(body)}\n`, { 'content-type': 'application/json' });
}

function send(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>>): void {
  response
    .writeHead(status, {
      ...headers,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(text);
}
