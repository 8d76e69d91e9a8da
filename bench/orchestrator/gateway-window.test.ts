import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { GatewayWatch, readWindow } from './gateway-window.ts';

const WINDOW = {
  sinceMs: 2_000,
  loopDelayMs: { p50: 0.4, p90: 1.1, p99: 4.2, max: 31 },
  loopUtilisation: 0.31,
  dispatchMicros: { count: 50, p50: 82, p99: 410 },
  queueWaitMs: { p50: 0, p99: 12 },
};
const FIGURES = {
  loopDelayMs: { p50: 0.4, p90: 1.1, p99: 4.2, max: 31 },
  loopUtilisation: 0.31,
  dispatchMs: { p50: 0.082, p99: 0.41 },
  queueWaitMs: { p50: 0, p99: 12 },
};

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** An admin port that answers by request line, and what it was asked. */
async function admin(
  answers: Readonly<Record<string, readonly [status: number, body: string]>>,
): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    asked.push(line);
    const [status, body] = answers[line] ?? [404, '{"error":{"message":"no such page"}}'];
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, asked };
}

async function watched(port: number | null) {
  const watch = new GatewayWatch(port);
  watch.begin();
  watch.end();
  return watch.figures();
}

describe('a gateway that is watched', () => {
  it('is asked once at each edge, and tells what its window held', async () => {
    const { port, asked } = await admin({
      'POST /window': [200, '{"begun":true}'],
      'GET /status': [200, JSON.stringify({ state: 'running', window: WINDOW })],
    });
    expect(await watched(port)).toEqual(FIGURES);
    expect(asked.sort()).toEqual(['GET /status', 'POST /window']);
  });

  it.each<[string, Record<string, readonly [number, string]>]>([
    ['knows no windows', { 'POST /window': [405, '{}'], 'GET /status': [200, JSON.stringify({ window: WINDOW })] }],
    ['has no such page', { 'GET /status': [200, '{"state":"running"}'] }],
    ['has nothing to say', { 'POST /window': [200, '{"begun":true}'], 'GET /status': [200, '{"state":"running"}'] }],
    ['answers nonsense', { 'POST /window': [200, '{"begun":true}'], 'GET /status': [200, 'soon'] }],
  ])('has no figures where it %s', async (_what, answers) => {
    const { port } = await admin(answers);
    expect(await watched(port)).toBeUndefined();
  });

  it('is not there: no figures, and no failure', async () => {
    expect(await watched(null)).toBeUndefined();
    const { port } = await admin({});
    await new Promise((resolve) => server!.close(resolve));
    expect(await watched(port)).toBeUndefined();
    // Nobody began a window.
    expect(await new GatewayWatch(port).figures()).toBeUndefined();
  });
});

describe('figures of a window', () => {
  it('need the main thread’s; the pool’s are there where there is a pool', () => {
    expect(readWindow({ window: { ...WINDOW, dispatchMicros: null, queueWaitMs: null } })).toEqual({
      ...FIGURES,
      dispatchMs: null,
      queueWaitMs: null,
    });
    expect(readWindow({ window: { ...WINDOW, dispatchMicros: { count: 0, p50: null, p99: null } } })?.dispatchMs).toBeNull();
    expect(readWindow({ window: { ...WINDOW, loopDelayMs: { p50: 1 } } })).toBeUndefined();
    expect(readWindow({ window: WINDOW })).not.toHaveProperty('spans');
    expect(readWindow({ window: { ...WINDOW, spans: { made: 9, lost: 1 } } })?.spans).toEqual({ made: 9, lost: 1 });
    for (const nothing of [undefined, null, 3, 'text', [], {}]) expect(readWindow(nothing)).toBeUndefined();
  });
});
