/**
 * The status page: what the gateway is doing, for people and for the instrument. Plain HTTP on loopback, without
 * authentication, and read-only; names that a browser could be tricked into resolving to loopback are refused.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What each path answers. Called for each request; whatever it returns is sent as JSON. */
export type AdminPages = Readonly<Record<string, () => unknown>>;

export interface Admin {
  readonly port: number;
  close(): Promise<void>;
}

const LOOPBACK_HOSTS = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

export async function serveAdmin(port: number, pages: AdminPages): Promise<Admin> {
  const server = createServer((request, response) => answer(pages, request, response));
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
  const path = (request.url ?? '/').split('?')[0]!;
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (!LOOPBACK_HOSTS.test(request.headers.host ?? '')) send(response, 403, { error: { message: 'only for loopback' } });
  else if (!page) send(response, 404, { error: { message: `no such page; there are ${Object.keys(pages).join(', ')}` } });
  else if (request.method !== 'GET') send(response, 405, { error: { message: 'only GET' } });
  else send(response, 200, page());
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' })
    .end(text);
}
