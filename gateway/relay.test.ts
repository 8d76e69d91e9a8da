/** Whole gateways, in this process: client → gateway → upstream, over real sockets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connect } from '../transports/client.ts';
import type { Execution, Handler, Turn } from '../transports/contract.ts';
import { serve } from '../transports/server.ts';
import { COMPLETED, driven, run, testCertificate, until } from '../transports/testing/legs.ts';
import type { Client, Leg } from '../transports/wire.ts';
import { type Gateway, startGateway } from './app.ts';
import { describeProblem } from './config/problems.ts';
import { parseConfig } from './config.ts';
import { openLog } from './log.ts';
import { configFor } from './testing/process.ts';

const CHAT: Leg = { transport: 'sse', envelope: 'chat', connection: 'kept' };
const RESPONSES: Leg = { transport: 'websocket', envelope: 'responses', connection: 'kept' };

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(input: unknown, folder = '/'): Promise<Gateway> {
  const parsed = parseConfig(input, { folder, env: {}, allowFaults: false });
  if (!parsed.ok) throw new Error(parsed.problems.map(describeProblem).join('\n'));
  const gateway = await startGateway(parsed.config, await openLog({ ...parsed.config.logging, level: 'silent' }));
  cleanups.push(() => gateway.close());
  return gateway;
}

/** A gateway before an upstream with this handler, and a client of it. */
async function relay(
  handler: Handler,
  { over = {}, upstream = {} }: { over?: Record<string, unknown>; upstream?: Record<string, unknown> } = {},
) {
  const llm = await serve({ host: '127.0.0.1', port: 0, handler });
  cleanups.push(() => llm.close(0));
  const gateway = await start(configFor(llm.port, over, upstream));
  const client = (leg: Leg, headers: Record<string, string> = {}): Client => {
    const made = connect({ leg, host: '127.0.0.1', port: gateway.ports.gateway, headers });
    cleanups.push(() => made.close());
    return made;
  };
  const status = async (page: string) =>
    (await (await fetch(`http://127.0.0.1:${gateway.ports.admin}/${page}`)).json()) as Record<string, unknown>;
  return { gateway, client, status };
}

const EXECUTIONS: readonly Execution[] = ['inline', 'thread'];
const LEGS: readonly [string, Leg, Record<string, unknown>][] = [
  ['sse/chat > sse/chat', CHAT, {}],
  ['websocket/responses > sse/chat', RESPONSES, {}],
  ['websocket/responses > websocket/responses', RESPONSES, { transport: 'websocket', envelope: 'responses' }],
];

describe.each(EXECUTIONS)('%s', (execution) => {
  const pool = { agents: { execution, threadPool: { maxThreads: 1 } } };

  it.each(LEGS)('relays %s: text as it comes, tool calls, usage', async (_name, leg, upstream) => {
    const { handler, next } = driven();
    const { client } = await relay(handler, { over: pool, upstream });
    const { sink } = run(client(leg).handler, { input: [{ role: 'user', content: 'hi' }] });
    const turn = await next();
    expect(turn.turn.input).toEqual([{ role: 'user', content: 'hi' }]);
    turn.sink.push({ type: 'started', responseId: 'up1' }, 0);
    turn.sink.push({ type: 'text', text: 'Grüß ' }, 0);
    await until(() => sink.text === 'Grüß ');
    turn.sink.push({ type: 'text', text: 'Gott' }, 0);
    turn.sink.push({ type: 'toolCall', index: 0, id: 'c1', name: 'ls', arguments: '{}' }, 0);
    turn.sink.push({ type: 'end', outcome: { kind: 'completed', finish: 'toolCalls' }, usage: { inputTokens: 7, outputTokens: 3 } }, 0);
    const end = await sink.done;
    expect(end).toMatchObject({ outcome: { kind: 'completed', finish: 'toolCalls' }, usage: { inputTokens: 7, outputTokens: 3 } });
    expect(end.responseId).toMatch(/^resp_/);
    expect(sink.text).toBe('Grüß Gott');
    const calls = sink.events.filter((event) => event.type === 'toolCall');
    expect(calls[0]).toMatchObject({ index: 0, id: 'c1', name: 'ls' });
    expect(calls.map((call) => call.arguments).join('')).toBe('{}');
  });

  it.each(LEGS)('tells the upstream of %s when its client wants no more', async (_name, leg, upstream) => {
    const { handler, next } = driven();
    const { client, status } = await relay(handler, { over: pool, upstream });
    const { sink, running } = run(client(leg).handler);
    const turn = await next();
    turn.sink.push({ type: 'text', text: 'A' }, 0);
    await until(() => sink.text === 'A');
    running.cancel();
    expect((await sink.done).outcome).toEqual({ kind: 'cancelled' });
    // Not by anything that the upstream sends: it learns it by itself.
    await until(() => turn.cancels > 0);
    expect(await status('status')).toMatchObject({ turns: { inFlight: 0, ended: { cancelled: 1 } } });
  });

  it('says what went wrong upstream', async () => {
    const { handler, next } = driven();
    const { client } = await relay(handler, { over: pool });
    const { sink } = run(client(CHAT).handler);
    const turn = await next();
    turn.sink.push({ type: 'end', outcome: { kind: 'refused', status: 429, code: 'rate_limited', message: 'slow down' } }, 0);
    expect((await sink.done).outcome).toMatchObject({ kind: 'refused', status: 429, code: 'rate_limited' });
  });

  it('hands a long reply through a client that does not read, whole and in order', async () => {
    const { handler, next } = driven();
    const { client } = await relay(handler, { over: pool });
    const { sink, running } = run(client(CHAT).handler);
    sink.takes = false;
    const turn = await next();
    let expected = '';
    let paused = false;
    for (let index = 0; index < 40_000 && !paused; index += 1) {
      const text = `${index} `.repeat(500);
      expected += text;
      paused = !turn.sink.push({ type: 'text', text }, 0);
      if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(paused).toBe(true);
    sink.takes = true;
    running.resume();
    await until(() => turn.resumes > 0);
    turn.sink.push(COMPLETED, 0);
    await sink.done;
    expect(sink.text.length).toBe(expected.length);
    expect(sink.text).toBe(expected);
  });
});

it('speaks TLS on both legs', async () => {
  const { key, cert } = testCertificate();
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-tls-'));
  cleanups.push(async () => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'key.pem'), key);
  writeFileSync(join(folder, 'cert.pem'), cert);
  const { handler, next } = driven();
  const llm = await serve({ host: '127.0.0.1', port: 0, tls: { key, cert }, handler });
  cleanups.push(() => llm.close(0));
  const gateway = await start(
    {
      gateway: { port: 0, adminPort: 0, tls: { key: 'key.pem', cert: 'cert.pem' } },
      upstream: { url: `https://localhost:${llm.port}`, tls: { caFile: 'cert.pem' } },
    },
    folder,
  );
  const client = connect({ leg: RESPONSES, host: 'localhost', port: gateway.ports.gateway, tls: { ca: cert } });
  cleanups.push(() => client.close());
  const { sink } = run(client.handler);
  const turn = await next();
  turn.sink.push({ type: 'text', text: 'secret' }, 0);
  turn.sink.push(COMPLETED, 0);
  expect((await sink.done).outcome.kind).toBe('completed');
  expect(sink.text).toBe('secret');
});

describe('history', () => {
  const turns: Turn[] = [];
  const answering: Handler = (turn, sink) => {
    turns.push(turn);
    sink.push({ type: 'started', responseId: `up${turns.length}` }, 0);
    sink.push({ type: 'text', text: `answer ${turns.length}` }, 0);
    sink.push({ ...COMPLETED, responseId: `up${turns.length}` }, 0);
    return { resume() {}, cancel() {} };
  };

  it.each([
    ['is expanded for an upstream that has none', { history: 'full' }, 3, undefined],
    ['is translated for one that has', { transport: 'websocket', envelope: 'responses', history: 'delta' }, 1, 'up1'],
  ])('%s', async (_what, upstream, messages, id) => {
    turns.length = 0;
    const { client } = await relay(answering, { upstream });
    const { handler } = client(RESPONSES);
    const first = await run(handler).sink.done;
    expect(first.responseId).toMatch(/^resp_[0-9a-f]{32}$/);
    const second = await run(handler, { previousResponseId: first.responseId! }).sink.done;
    expect(second.outcome.kind).toBe('completed');
    expect(turns[1]?.input.length).toBe(messages);
    expect(turns[1]?.previousResponseId).toBe(id);
    const unknown = await run(handler, { previousResponseId: 'resp_0' }).sink.done;
    expect(unknown.outcome).toMatchObject({ kind: 'refused', code: 'previous_response_not_found' });
  });
});

describe('admission', () => {
  it('asks for a token, over HTTP and at the upgrade', async () => {
    const { handler } = driven();
    const { client, gateway, status } = await relay(handler, { over: { auth: { tokens: ['good'] } } });
    const refused = await run(client(CHAT, { authorization: 'Bearer bad' }).handler).sink.done;
    expect(refused.outcome).toMatchObject({ kind: 'refused', status: 401, code: 'unauthorized' });
    const upgrade = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${gateway.ports.gateway}/v1/responses`, { headers });
        socket.on('error', () => {});
        socket.on('unexpected-response', (_request, response) =>
          resolve(response.headers['www-authenticate'] ? response.statusCode : undefined),
        );
        socket.on('open', () => {
          socket.terminate();
          resolve(101);
        });
      });
    expect([await upgrade({}), await upgrade({ authorization: 'Bearer good' })]).toEqual([401, 101]);
    expect(await status('status')).toMatchObject({ turns: { codes: { unauthorized: 2 } } });
  });

  it('lets a turn choose its execution only where the configuration says so', async () => {
    const { handler, next } = driven();
    const strict = await relay(handler);
    const refused = await run(strict.client(CHAT).handler, { execution: 'thread' }).sink.done;
    expect(refused.outcome).toMatchObject({ kind: 'refused', code: 'execution_not_allowed' });
    const free = await relay(handler, { over: { agents: { allowExecutionOverride: true, threadPool: { maxThreads: 1 } } } });
    const { sink } = run(free.client(CHAT).handler, { execution: 'thread' });
    const turn = await next();
    expect(await free.status('threads')).toMatchObject({
      threads: [
        { kind: 'main', turns: 1 },
        { kind: 'thread', state: 'busy', turns: 1 },
        { kind: 'process', state: 'idle', turns: 0 },
      ],
    });
    turn.sink.push(COMPLETED, 0);
    await sink.done;
    const elsewhere = run(free.client(CHAT).handler, { execution: 'process' });
    (await next()).sink.push(COMPLETED, 0);
    expect((await elsewhere.sink.done).outcome).toMatchObject({ kind: 'completed' });
  });

  it('lists the models that it serves, and refuses others', async () => {
    const { handler } = driven();
    const { client, gateway } = await relay(handler, { upstream: { models: ['fast'] } });
    const listed = (await (await fetch(`http://127.0.0.1:${gateway.ports.gateway}/v1/models`)).json()) as { data: { id: string }[] };
    expect(listed.data.map(({ id }) => id)).toEqual(['fast']);
    const { outcome } = await run(client(CHAT).handler, { model: 'slow' }).sink.done;
    expect(outcome).toMatchObject({ kind: 'refused', status: 404, code: 'model_not_found' });
  });
});

it('ends a turn that takes longer than turnTimeoutMs, on both sides', async () => {
  const { handler, next } = driven();
  const { client } = await relay(handler, { over: { turnTimeoutMs: 50 } });
  const { sink } = run(client(CHAT).handler);
  const turn = await next();
  await sink.done;
  expect(sink.events.at(-1)).toMatchObject({ outcome: { kind: 'timedOut' } });
  await until(() => turn.cancels > 0);
});
