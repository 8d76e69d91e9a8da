/** The mock LLM as others meet it: its process, its ports, real sockets. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { TokenColumns } from '../ledger/columns.ts';
import type { LedgerRow } from '../ledger/rows.ts';
import { runUpstream, UPSTREAM_HELP } from './cli.ts';
import { UPSTREAM_DEFAULTS, type UpstreamConfig } from './config.ts';
import { startService, type UpstreamService } from './service.ts';
import { loadText } from './text.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatebench-service-'));
afterAll(() => rmSync(folder, { recursive: true }));

const services: UpstreamService[] = [];
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close(0)));
});

async function start(more: Partial<UpstreamConfig> = {}): Promise<{ service: UpstreamService; url: string; admin: string }> {
  const service = await startService({ ...UPSTREAM_DEFAULTS, ...more });
  services.push(service);
  return { service, url: `http://127.0.0.1:${service.ports.upstream}`, admin: `http://127.0.0.1:${service.ports.admin}` };
}

function chat(url: string, content: string, more: object = {}, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'fixed@ttftMs=5,tpotMs=1', messages: [{ role: 'user', content }], ...more }),
  });
}

/** The text of a chat stream's deltas. */
function contentOf(stream: string): string {
  return stream
    .split('\n\n')
    .filter((block) => block.startsWith('data: {'))
    .map((block) => (JSON.parse(block.slice(6)) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? '')
    .join('');
}

describe('the service', () => {
  test('streams a reply and keeps its row: transport, connection, bytes, and a send time for each token', async () => {
    const { url, admin } = await start();
    const reply = await chat(url, '[gatebench key=k1 tokens=30]', { stream: true });
    const expected = (await loadText()).textOf('k1', 30);
    expect(contentOf(await reply.text())).toBe(expected.piece(0, 30));
    const path = join(folder, 'ledger');
    const saved = await fetch(`${admin}/ledger/save`, { method: 'POST', body: JSON.stringify({ path }) });
    expect(await saved.json()).toEqual({ rows: 1, tokens: 30, lostTokens: 0 });
    const columns = TokenColumns.load<LedgerRow>(path);
    const row = columns.rows[0]!;
    expect(row).toMatchObject({ key: 'k1', ordinal: 0, transport: 'sse', envelope: 'chat', outcome: 'completed', count: 30 });
    expect(row.requestBytes).toBe(
      JSON.stringify({
        model: 'fixed@ttftMs=5,tpotMs=1',
        messages: [{ role: 'user', content: '[gatebench key=k1 tokens=30]' }],
        stream: true,
      }).length,
    );
    const sentNs = columns.timesNsOf(row);
    expect(sentNs[0]).toBeGreaterThanOrEqual(row.receivedAtNs + 5e6);
    expect(sentNs[29]).toBeGreaterThanOrEqual(row.receivedAtNs + 34e6);
    expect([...sentNs]).toEqual([...sentNs.toSorted()]);
    expect([...columns.lengthsOf(row)]).toEqual([...expected.cumulativeUnits(30)]);
  });

  test('answers whole replies, and models', async () => {
    const { url } = await start();
    const reply = (await (await chat(url, '[gatebench key=k1 tokens=12]')).json()) as {
      choices: { message: { content: string } }[];
      usage: { completion_tokens: number };
    };
    expect(reply.choices[0]?.message.content).toBe((await loadText()).textOf('k1', 12).piece(0, 12));
    expect(reply.usage.completion_tokens).toBe(12);
    const models = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(models.data.map(({ id }) => id)).toContain('haiku-4.5-like');
  });

  test('faults reach the wire: a status, and a connection that is cut after its tokens', async () => {
    const { url } = await start();
    const busy = await chat(url, '[gatebench key=k1 fault=status@429]', { stream: true });
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '1']);
    await busy.text();
    const cut = await chat(url, '[gatebench key=k2 tokens=9 fault=disconnect@4]', { stream: true });
    let read = '';
    const reading = (async () => {
      for await (const part of cut.body!.pipeThrough(new TextDecoderStream())) read += part;
    })();
    await expect(reading).rejects.toThrow();
    expect(contentOf(read)).toBe((await loadText()).textOf('k2', 9).piece(0, 4));
  });

  test('asks for its token where it has one', async () => {
    const { url } = await start({ requireToken: 'sesame' });
    const statuses = [];
    for (const authorization of [undefined, 'Bearer sesam', 'Bearer sesame!', 'Bearer sesame']) {
      const reply = await chat(url, '[gatebench key=k1 tokens=1]', {}, authorization === undefined ? {} : { authorization });
      await reply.text();
      statuses.push(reply.status);
    }
    expect(statuses).toEqual([401, 401, 401, 200]);
  });

  test('cannot be started twice on one port', async () => {
    const { service } = await start();
    await expect(startService({ ...UPSTREAM_DEFAULTS, ports: { upstream: service.ports.upstream, admin: 0 } })).rejects.toThrow(
      /EADDRINUSE/,
    );
    await expect(startService({ ...UPSTREAM_DEFAULTS, ports: { upstream: 0, admin: service.ports.admin } })).rejects.toThrow(/EADDRINUSE/);
  });
});

describe('the admin port', () => {
  test('gives figures, and forgets them when told to', async () => {
    const { url, admin } = await start();
    await (await chat(url, '[gatebench key=k1 tokens=40]', { stream: true })).text();
    const stats = (await (await fetch(`${admin}/stats`)).json()) as { lateness: { tokens: number } };
    expect(stats).toMatchObject({ turns: 1, inFlight: 0, tokens: 40, ended: { completed: 1 }, lateness: { tokens: 40 } });
    expect((await fetch(`${admin}/ledger/clear`, { method: 'POST' })).status).toBe(200);
    expect(await (await fetch(`${admin}/stats`)).json()).toMatchObject({ tokens: 40, lateness: { tokens: 0, p50Us: null, maxUs: null } });
  });

  test.each([
    ['GET', '/', {}, undefined, 404],
    ['GET', '/ledger/save', {}, undefined, 404],
    ['POST', '/ledger/save', {}, 'nonsense', 400],
    ['POST', '/ledger/save', {}, '{"path":7}', 400],
    ['POST', '/ledger/save', {}, '{"path":"/nowhere/at/all"}', 500],
    ['POST', '/ledger/save', { origin: 'http://evil.example' }, '{"path":"x"}', 403],
    ['POST', '/ledger/save', {}, `{"path":"${'x'.repeat(9_000)}"}`, 413],
  ])('%s %s with %j and %.20s: %i', async (method, path, headers, body, status) => {
    const { admin } = await start();
    const reply = await fetch(`${admin}${path}`, {
      method,
      headers: headers as Record<string, string>,
      ...(body === undefined ? {} : { body }),
    });
    expect(reply.status).toBe(status);
    expect(await reply.json()).toHaveProperty('error.code');
  });
});

describe('the process', () => {
  const children: ChildProcessByStdio<Writable, Readable, null>[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  function launch(config: unknown, ...more: string[]) {
    const path = join(folder, `config-${children.length}`);
    writeFileSync(path, JSON.stringify(config));
    const main = fileURLToPath(new URL('./main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, '--config', path, ...more], { stdio: ['pipe', 'pipe', 'inherit'] });
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

  test('says in one line that it is ready, and ends when its parent does', async () => {
    const { child, line, exited } = launch({ pacing: 'hybrid' }, '--exit-with-stdin');
    const ready = (await line()) as { ready: 1; protocol: 1; pid: number; ports: { upstream: number; admin: number } };
    expect(ready).toEqual({ ready: 1, protocol: 1, pid: child.pid, ports: { upstream: expect.any(Number), admin: expect.any(Number) } });
    const models = await fetch(`http://127.0.0.1:${ready.ports.upstream}/v1/models`, { headers: { connection: 'close' } });
    expect(models.status).toBe(200);
    child.stdin.end();
    expect(await exited).toEqual([0, null]);
  });

  test('ends on SIGTERM, with a turn in flight', async () => {
    const { child, line, exited } = launch({});
    const { ports } = (await line()) as { ports: { upstream: number } };
    const hanging = chat(`http://127.0.0.1:${ports.upstream}`, '[gatebench key=k fault=hang]', { stream: true }).catch(
      (error: Error) => error.message,
    );
    await chat(`http://127.0.0.1:${ports.upstream}`, '[gatebench key=k tokens=1]').then((reply) => reply.text());
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    await hanging;
  });

  test('lists the problems of its configuration and exits 2', async () => {
    const { line, exited } = launch({ pacing: 'none', flush: 1 });
    expect((await line()).problems).toHaveLength(2);
    expect(await exited).toEqual([2, null]);
  });
});

describe('gatebench upstream', () => {
  function io() {
    const stopping = new AbortController();
    const written = { out: '', err: '' };
    return {
      written,
      stopping,
      io: { out: (text: string) => (written.out += text), err: (text: string) => (written.err += text), stopped: stopping.signal },
    };
  }

  test('helps', async () => {
    const { io: toIo, written } = io();
    expect(await runUpstream(['--help'], toIo)).toBe(0);
    expect(written.out).toBe(UPSTREAM_HELP);
    expect(Math.max(...UPSTREAM_HELP.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  test('lists all that is wrong with its options', async () => {
    const { io: toIo, written } = io();
    expect(await runUpstream(['--port', 'high', '--pacing', 'lazy', '--tls-key', join(folder, 'absent')], toIo)).toBe(2);
    expect(written.err).toMatch(/--port.*\n.*tls\.key.*\n.*tls\.cert.*\n.*pacing/);
    expect(await runUpstream(['--speed', '9'], toIo)).toBe(2);
    expect(written.out).toBe('');
  });

  test('runs until it is stopped, ready for machines and explained to people', async () => {
    const { io: toIo, written, stopping } = io();
    const ran = runUpstream(['--port', '0'], toIo);
    while (written.out === '') await new Promise((resolve) => setTimeout(resolve, 10));
    const { ports } = JSON.parse(written.out) as { ports: { upstream: number } };
    expect(written.err).toContain(`mock LLM at http://127.0.0.1:${ports.upstream}`);
    expect(written.err).toMatch(/tokens leave on time: p50 \d+ µs, p99 \d+ µs/);
    const reply = await chat(`http://127.0.0.1:${ports.upstream}`, 'hi [gatebench key=k tokens=3]');
    expect(reply.status).toBe(200);
    await reply.text();
    stopping.abort();
    expect(await ran).toBe(0);
  });
});
