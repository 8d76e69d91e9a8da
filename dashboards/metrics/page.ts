/**
 * The page that Prometheus reads: plain HTTP on loopback, without authentication, so it changes nothing and holds no
 * secrets. It is up before what it tells of and goes last, so that a scrape in the middle of a start or a drain is
 * answered. Scrapes that come together share one collection: a scraper that asks often costs no more than one that
 * asks once.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExemplarSource } from './exemplars.ts';
import { CONTENT_TYPES, type CollectedMetric, type Format, formatFor, writeExposition } from './exposition.ts';

export interface MetricsPageOptions {
  port: number;
  /** Rejects where nothing can be collected (any more). */
  collect: () => Promise<readonly CollectedMetric[]>;
  exemplars?: ExemplarSource;
}

/** Of the page itself. */
export interface ScrapeCounts {
  readonly scrapes: Readonly<Record<Format, number>>;
  /** Of the latest, collection and writing together. */
  readonly lastMs: number | null;
}

export interface MetricsPage {
  readonly port: number;
  counts(): ScrapeCounts;
  /** Answers the scrapes that are under way. */
  close(): Promise<void>;
}

const PATH = '/metrics';
const CONNECTIONS_MAX = 64;
const CLOSE_TIMEOUT_MS = 1_000;
const LOOPBACK_HOSTS = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

export async function serveMetrics({ port, collect, exemplars }: MetricsPageOptions): Promise<MetricsPage> {
  const scrapes = { openmetrics: 0, text: 0 };
  let lastMs: number | null = null;
  let collecting: Promise<readonly CollectedMetric[]> | undefined;
  const collectOnce = () => {
    collecting ??= collect().finally(() => {
      collecting = undefined;
    });
    return collecting;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!LOOPBACK_HOSTS.test(request.headers.host ?? '')) return sendText(response, 403, 'only for loopback\n');
    if ((request.url ?? '/').split('?')[0] !== PATH) return sendText(response, 404, `no such page; there is ${PATH}\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendText(response, 405, 'only GET and HEAD\n');
    const format = formatFor(request.headers.accept);
    const startedMs = performance.now();
    let text: string;
    try {
      text = writeExposition(await collectOnce(), format, exemplars);
    } catch {
      return sendText(response, 503, 'nothing to tell: not started yet, or stopping\n');
    }
    lastMs = performance.now() - startedMs;
    scrapes[format] += 1;
    send(response, 200, CONTENT_TYPES[format], text);
  };

  const server = createServer((request, response) => {
    request.resume();
    void answer(request, response);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    counts: () => ({ scrapes: { ...scrapes }, lastMs }),
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, 'text/plain; charset=utf-8', text);
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' }).end(text);
}
