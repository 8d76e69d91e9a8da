/** The links as others meet them: their process, its ports, its figures. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { modulePath } from '../host/package.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { LinkStats } from './admin.ts';
import { parseConfig } from './config.ts';
import { type LinkService, startService } from './service.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatebench-link-'));
afterAll(() => rmSync(folder, { recursive: true }));

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(value: object): Promise<{ service: LinkService; admin: string }> {
  const parsed = parseConfig(value);
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  const service = await startService(parsed.value, 'yielding');
  closing.push(() => service.close());
  return { service, admin: `http://127.0.0.1:${service.ports.admin}` };
}

const post = (url: string, body?: object) => fetch(url, { method: 'POST', ...(body ? { body: JSON.stringify(body) } : {}) });
const stats = async (admin: string) => (await (await fetch(`${admin}/stats`)).json()) as LinkStats;

/** A server that sends back what it gets. */
async function echo(): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  closing.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** Asks the echo `times` times. @returns how long the last took, in milliseconds. */
async function ask(port: number, times: number): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let tookMs = 0;
  for (let n = 0; n < times; n += 1) {
    const startMs = performance.now();
    socket.write('?');
    await once(socket, 'data');
    tookMs = performance.now() - startMs;
  }
  socket.destroy();
  return tookMs;
}

describe('links side by side', () => {
  test('have each a round trip of their own, figures of their own, and one clear for all', async () => {
    const target = await echo();
    const { service, admin } = await start({
      links: [
        { name: 'near', roundTripMs: 2 },
        { name: 'far', roundTripMs: 30, target },
      ],
    });
    expect((await post(`${admin}/target`, { name: 'near', target })).status).toBe(200);
    const [nearMs, farMs] = await Promise.all([ask(service.ports.links.near!, 20), ask(service.ports.links.far!, 2)]);
    expect(nearMs).toBeGreaterThanOrEqual(2);
    expect(farMs).toBeGreaterThanOrEqual(30);
    const { pacing, links, cpuUs, uptimeMs } = await stats(admin);
    expect(pacing).toBe('yielding');
    expect(cpuUs).toBeGreaterThan(0);
    expect(uptimeMs).toBeGreaterThan(0);
    expect(links).toMatchObject([
      { name: 'near', roundTripMs: 2, target, connections: { accepted: 1, refused: 0 }, toTarget: { bytes: 20, deliveries: 20 } },
      { name: 'far', roundTripMs: 30, target, connections: { accepted: 1, refused: 0 }, toTarget: { bytes: 2, deliveries: 2 } },
    ]);
    const { error } = links[0]!.toClient;
    const histogram = LatencyHistogram.decode(error.histogram);
    expect(histogram.count).toBe(20);
    expect([error.p50Us, error.p99Us]).toEqual([histogram.quantileUs(0.5), null]);
    expect(error.p50Us).toBeGreaterThan(0);
    expect((await post(`${admin}/clear`)).status).toBe(200);
    for (const link of (await stats(admin)).links) {
      expect(link).toMatchObject({ connections: { accepted: 0 }, toTarget: { bytes: 0, deliveries: 0 }, toClient: { deliveries: 0 } });
    }
  });

  test.each([
    ['GET', '/', undefined, {}, 404],
    ['POST', '/target', 'nonsense', {}, 400],
    ['POST', '/target', '{"name":"near"}', {}, 400],
    ['POST', '/target', '{"name":"no such","target":{"host":"127.0.0.1","port":1}}', {}, 400],
    ['POST', '/target', '{"name":"middle","target":{"host":"127.0.0.1","port":1}}', {}, 404],
    ['POST', '/target', `{"name":"${'x'.repeat(9_000)}"}`, {}, 413],
    ['POST', '/clear', undefined, { origin: 'http://evil.example' }, 403],
  ])('%s %s with %.60s and %j is answered %i', async (method, path, body, headers, status) => {
    const { admin } = await start({ links: [{ name: 'near', roundTripMs: 2 }] });
    const reply = await fetch(`${admin}${path}`, {
      method,
      headers: headers as Record<string, string>,
      ...(body === undefined ? {} : { body }),
    });
    expect(reply.status).toBe(status);
    expect(await reply.json()).toHaveProperty('error.code');
  });

  test('leave nothing behind when a port is taken', async () => {
    const { service } = await start({ links: [{ name: 'near', roundTripMs: 2 }] });
    const taken = service.ports.links.near!;
    const free = await echo();
    closing.pop()!();
    const links = [
      { name: 'first', roundTripMs: 2, listenPort: free.port },
      { name: 'second', roundTripMs: 2, listenPort: taken },
    ];
    await expect(start({ links })).rejects.toThrow(/EADDRINUSE/);
    // The first is not listening any more.
    await start({ links: links.slice(0, 1) });
    await expect(start({ links: [{ name: 'third', roundTripMs: 2 }], admin: taken })).rejects.toThrow(/EADDRINUSE/);
  });
});

describe('the process', () => {
  const children: ChildProcessByStdio<Writable, Readable, null>[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  function launch(config: unknown, ...more: string[]) {
    const path = join(folder, 'config');
    writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config));
    const child = spawn(process.execPath, [modulePath('bench/link/main'), '--config', path, ...more], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
    const line = async () => {
      while (!output.includes('\n')) await once(child.stdout, 'data');
      return JSON.parse(output) as Record<string, unknown>;
    };
    return { child, line, exited: once(child, 'exit') as Promise<[number | null, string | null]> };
  }

  test.each(['spin', 'yielding'])('with pacing %s says in one line that it is ready, relays, and ends on SIGTERM', async (pacing) => {
    const target = await echo();
    const { child, line, exited } = launch({ links: [{ name: 'near', roundTripMs: 10, target }] }, '--pacing', pacing);
    const ready = (await line()) as { pid: number; ports: { admin: number; links: { near: number } } };
    expect(ready).toEqual({
      ready: 1,
      protocol: 1,
      pid: child.pid,
      ports: { admin: expect.any(Number), links: { near: expect.any(Number) } },
    });
    expect(await ask(ready.ports.links.near, 3)).toBeGreaterThanOrEqual(10);
    expect((await stats(`http://127.0.0.1:${ready.ports.admin}`)).pacing).toBe(pacing);
    const open = connect(ready.ports.links.near, '127.0.0.1').resume();
    await once(open, 'connect');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  test('ends when its parent does', async () => {
    const { child, line, exited } = launch({ links: [{ name: 'near', roundTripMs: 10 }] }, '--exit-with-stdin');
    await line();
    child.stdin.end();
    expect(await exited).toEqual([0, null]);
  });

  test.each([
    ['no JSON', 'no JSON', [], /JSON/],
    ['a wrong configuration', { links: [] }, [], /^links: expected 1 to 64 links/],
    [
      'an unknown pacing',
      { links: [{ name: 'near', roundTripMs: 1 }] },
      ['--pacing', 'hybrid'],
      /^--pacing is hybrid, expected spin or yielding/,
    ],
    ['an unknown option', {}, ['--fast'], /--fast/],
  ])('with %s prints the problems and ends with status 2', async (_name, config, more, problem) => {
    const { line, exited } = launch(config, ...more);
    expect(await line()).toEqual({ problems: [expect.stringMatching(problem)] });
    expect(await exited).toEqual([2, null]);
  });
});
