import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connect } from '../transports/client.ts';
import { serve } from '../transports/server.ts';
import { COMPLETED, driven, run, until } from '../transports/testing/legs.ts';
import type { Leg } from '../transports/wire.ts';
import { configSchema } from './config.ts';
import { configFor, GatewayProcess } from './testing/process.ts';

const SHARED: Leg = { transport: 'websocket', envelope: 'responses', connection: 'multiplexed' };
const CHAT: Leg = { transport: 'sse', envelope: 'chat', connection: 'kept' };
/** Nothing listens there. */
const NOWHERE = 9;

function page(port: number, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`);
}

describe('the process', () => {
  it('prints its ports when it is ready, shows its status, and ends by SIGTERM', async () => {
    await using gateway = new GatewayProcess(configFor(NOWHERE, { auth: { tokens: ['hidden-token'] } }));
    let printed = '';
    gateway.child.stdout?.on('data', (data: Buffer) => {
      printed += data;
    });
    const ready = await gateway.ready();
    expect(ready).toEqual({
      ready: 1,
      protocol: 1,
      pid: gateway.child.pid,
      ports: { gateway: expect.any(Number), metrics: null, admin: expect.any(Number) },
    });
    const status = await (await page(ready.ports.admin, '/status')).text();
    expect(JSON.parse(status)).toMatchObject({
      state: 'running',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      port: ready.ports.gateway,
      connections: 0,
      turns: { inFlight: 0 },
      log: { file: null, errorsLogged: 0 },
      window: { loopDelayMs: { max: expect.any(Number) } },
    });
    expect(status).not.toContain('hidden-token');
    expect(await (await page(ready.ports.admin, '/threads')).json()).toMatchObject({
      threads: [{ name: 'main', osThreadId: ready.pid, state: 'running' }],
    });
    expect(await (await page(ready.ports.admin, '/healthz')).json()).toEqual({ ok: true });
    const begun = await fetch(`http://127.0.0.1:${ready.ports.admin}/window`, { method: 'POST' });
    expect(await begun.json()).toEqual({ begun: true });
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    expect(gateway.errors).not.toContain('hidden-token');
    expect(printed).toBe(`${JSON.stringify(ready)}\n`);
  });

  it('is reached as localhost, also where that names ::1 first', async () => {
    await using gateway = new GatewayProcess(configFor(NOWHERE));
    const { ports } = await gateway.ready();
    const lookup: LookupFunction = (_name, _options, found) =>
      found(null, [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]);
    const socket = new WebSocket(`ws://localhost:${ports.gateway}`, { lookup });
    await once(socket, 'open');
    expect(socket.protocol).toBe('');
    expect(await (await page(ports.admin, '/status')).json()).toMatchObject({ connections: 1 });
    socket.terminate();
  });

  it('refuses a bad configuration with all problems at once, for programs and for people', async () => {
    await using gateway = new GatewayProcess({ gatway: {}, gateway: { port: -1 }, upstream: { url: 'x' }, faults: {} });
    const problems = ['faults', 'gateway.port', 'gatway', 'upstream.url'].map((path) => ({ path }));
    expect(await gateway.firstLine).toMatchObject({ error: 'configuration', problems });
    expect(await gateway.exited).toEqual({ code: 2, signal: null });
    expect(gateway.errors.trim().split('\n').length).toBe(5);
    expect(gateway.errors).toContain('gatway: saw an unknown key');
    expect(gateway.errors).toContain('did you mean "gateway"?');
  });

  it('says why it could not start', async () => {
    await using first = new GatewayProcess(configFor(NOWHERE));
    const { ports } = await first.ready();
    await using second = new GatewayProcess({ ...configFor(NOWHERE), gateway: { port: ports.gateway, adminPort: 0 } });
    expect(await second.firstLine).toMatchObject({ error: 'startup', message: expect.stringContaining('EADDRINUSE') });
    expect(await second.exited).toEqual({ code: 1, signal: null });
  });

  it('takes faults where the command line allows them, and ends with its parent, seen by its standard input', async () => {
    await using gateway = new GatewayProcess(configFor(NOWHERE, { faults: { cpuMicrosPerToken: 1 } }), [
      '--allow-faults',
      '--exit-with-stdin',
    ]);
    await gateway.ready();
    gateway.child.stdin?.end();
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
  });

  it.each(['thread', 'thread-bound'])('runs agents where --mode %s says, above its configuration', async (mode) => {
    await using gateway = new GatewayProcess(configFor(NOWHERE, { agents: { execution: 'inline', threadPool: { maxThreads: 1 } } }), [
      '--mode',
      mode,
    ]);
    const { ports } = await gateway.ready();
    expect(await (await page(ports.admin, '/status')).json()).toMatchObject({
      config: { agents: { execution: 'thread' } },
      pools: { thread: { units: 1, died: 0 } },
    });
    expect(await (await page(ports.admin, '/threads')).json()).toMatchObject({
      threads: [
        { name: 'main', kind: 'main' },
        { kind: 'thread', state: 'idle', turns: 0 },
      ],
    });
  });

  it('checks its configuration with the mode that it is given', async () => {
    const config = configFor(NOWHERE, { agents: { threadPool: { maxThreads: 8 } } }, { connectionsMax: 4 });
    await using inline = new GatewayProcess(config, ['--mode', 'inline']);
    await inline.ready();
    await using thread = new GatewayProcess(config, ['--mode', 'thread']);
    expect(await thread.firstLine).toMatchObject({ error: 'configuration', problems: [{ path: 'upstream.connectionsMax' }] });
    await using other = new GatewayProcess(config, ['--mode', 'tread']);
    expect(await other.exited).toEqual({ code: 2, signal: null });
    expect(other.errors).toContain('[--mode inline|thread|process|thread-bound]');
  });

  it('logs to a file of its owner’s alone, to the last line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatebench-log-'));
    const file = join(folder, 'gateway.log');
    try {
      await using gateway = new GatewayProcess(configFor(NOWHERE, { logging: { file } }));
      const { ports } = await gateway.ready();
      const [current] = readdirSync(folder);
      expect(await (await page(ports.admin, '/status')).json()).toMatchObject({ log: { file, currentFile: join(folder, current!) } });
      gateway.child.kill('SIGTERM');
      await gateway.exited;
      expect(gateway.errors).toBe('');
      expect(statSync(join(folder, current!)).mode & 0o777).toBe(0o600);
      const logged = readFileSync(join(folder, current!), 'utf8').trim().split('\n');
      expect(logged.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(
        expect.arrayContaining(['ready', 'stopping', 'stopped']),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('prints its schema, and its usage when called wrongly', () => {
    const main = fileURLToPath(new URL('./main.ts', import.meta.url));
    expect(JSON.parse(execFileSync(process.execPath, [main, '--print-schema'], { encoding: 'utf8' }))).toEqual(configSchema());
    expect(() => execFileSync(process.execPath, [main, '--conifg', 'x'], { stdio: 'pipe' })).toThrow('usage: gateway --config FILE');
  });
});

describe('at SIGTERM', () => {
  it('lets turns in flight finish, and takes no new ones', async () => {
    const { handler, next } = driven();
    const upstream = await serve({ host: '127.0.0.1', port: 0, handler });
    await using gateway = new GatewayProcess(configFor(upstream.port));
    const { ports } = await gateway.ready();
    const client = connect({ leg: SHARED, host: '127.0.0.1', port: ports.gateway });
    const { sink } = run(client.handler);
    const turn = await next();
    turn.sink.push({ type: 'text', text: 'A' }, 0);
    await until(() => sink.text === 'A');
    gateway.child.kill('SIGTERM');
    await until(() => gateway.errors.includes('stopping'));
    const health = await page(ports.admin, '/healthz');
    expect({ status: health.status, body: await health.json() }).toEqual({ status: 503, body: { ok: false } });
    const late = await run(client.handler).sink.done;
    expect(late.outcome).toMatchObject({ kind: 'refused', status: 503, code: 'shutting_down' });
    turn.sink.push({ type: 'text', text: 'B' }, 0);
    turn.sink.push(COMPLETED, 0);
    expect((await sink.done).outcome).toEqual({ kind: 'completed', finish: 'stop' });
    expect(sink.text).toBe('AB');
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    await client.close();
    await upstream.close(0);
  });

  it.each([
    ['cuts what is left after the timeout', 100, 1, 0],
    ['a second one ends it at once', 60_000, 2, 1],
  ])('%s', async (_what, shutdownTimeoutMs, signals, code) => {
    const { handler, next } = driven();
    const upstream = await serve({ host: '127.0.0.1', port: 0, handler });
    await using gateway = new GatewayProcess(configFor(upstream.port, { gateway: { port: 0, adminPort: 0, shutdownTimeoutMs } }));
    const { ports } = await gateway.ready();
    const client = connect({ leg: CHAT, host: '127.0.0.1', port: ports.gateway });
    const { sink } = run(client.handler);
    await next();
    gateway.child.kill('SIGTERM');
    await until(() => gateway.errors.includes('stopping'));
    if (signals === 2) gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toEqual({ code, signal: null });
    expect((await sink.done).outcome).toMatchObject({ kind: 'failed', code: 'connection_lost' });
    await client.close();
    await upstream.close(0);
  });
});

describe('at SIGHUP', () => {
  it('takes new tokens without a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatebench-tokens-'));
    const tokensFile = join(folder, 'tokens');
    writeFileSync(tokensFile, 'old\n');
    await using gateway = new GatewayProcess(configFor(NOWHERE, { auth: { tokensFile } }));
    const { ports } = await gateway.ready();
    const models = async (token: string) =>
      (await fetch(`http://127.0.0.1:${ports.gateway}/v1/models`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect([await models('old'), await models('new')]).toEqual([200, 401]);
    writeFileSync(tokensFile, 'new\n');
    gateway.child.kill('SIGHUP');
    await until(() => gateway.errors.includes('tokens read again'));
    expect([await models('old'), await models('new')]).toEqual([401, 200]);
    rmSync(folder, { recursive: true });
  });
});
