/**
 * The live page of a run, served by the orchestrator on loopback: the page at `/`, its feed at `/live`, and nothing
 * else. As at a gateway's admin port, names that a browser could be tricked into resolving to loopback are refused, and
 * so are web pages from elsewhere.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { liveDocument } from '../../dashboards/live/document.ts';
import { type LiveHub, VIEWERS_MAX } from '../../dashboards/live/hub.ts';

export interface UiServer {
  readonly url: string;
  /** Gives viewers that long to take what was written to them last. */
  close(graceMs: number): Promise<void>;
}

const LOOPBACK_HOSTS = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;
/** Each has a connection for the page and one for its feed. */
const CONNECTIONS_MAX = VIEWERS_MAX * 4;

export async function serveUi(hub: LiveHub): Promise<UiServer> {
  const server = createServer((request, response) => {
    request.resume();
    answer(hub, request, response);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: (graceMs) =>
      new Promise((resolve) => {
        const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(cutOff);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function answer(hub: LiveHub, request: IncomingMessage, response: ServerResponse): void {
  const { host = '', origin } = request.headers;
  const path = (request.url ?? '/').split('?', 1)[0];
  if (!LOOPBACK_HOSTS.test(host)) refuse(response, 403, 'only for loopback');
  else if (origin !== undefined && origin !== `http://${host}`) refuse(response, 403, 'not for other web pages');
  else if (request.method !== 'GET') refuse(response, 405, 'only GET');
  else if (path === '/') {
    const { html, policy } = liveDocument();
    send(response, 200, html, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy });
  } else if (path !== '/live') refuse(response, 404, 'there are / and /live');
  else if (!hub.watch(response)) refuse(response, 503, `there are ${VIEWERS_MAX} viewers already, the most there may be`);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  send(response, status, `${message}\n`, { 'content-type': 'text/plain; charset=utf-8' });
}

function send(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>>): void {
  response.writeHead(status, { ...headers, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }).end(text);
}
