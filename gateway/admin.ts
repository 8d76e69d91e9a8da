/**
 * The admin pages: what the gateway is doing, for people and for the instrument. Plain HTTP on loopback without
 * authentication, so they change nothing but what is measured, and hold no secrets. Names that a browser could be
 * tricked into resolving to loopback are refused, and so are web pages that would post.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What one method of one path answers. Called for each request; `body` is sent as JSON. */
export type AdminPage = () => { status?: number; body: unknown };

/** By path. */
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
  const path = (request.url ?? '/').split('?')[0]!;
  const { host = '', origin } = request.headers;
  const methods = Object.hasOwn(pages, path) ? pages[path] : undefined;
  const { method = '' } = request;
  const page = methods && Object.hasOwn(methods, method) ? methods[method as keyof typeof methods] : undefined;
  if (!LOOPBACK_HOSTS.test(host)) refuse(response, 403, 'only for loopback');
  else if (!methods) refuse(response, 404, `no such page; there are ${Object.keys(pages).join(', ')}`);
  else if (!page) refuse(response, 405, `only ${Object.keys(methods).join(', ')}`);
  else if (method === 'POST' && origin !== undefined) refuse(response, 403, 'not for web pages');
  else {
    const { status = 200, body } = page();
    send(response, status, body);
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  send(response, status, { error: { message } });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' })
    .end(text);
}
