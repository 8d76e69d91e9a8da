/**
 * Peers that misbehave, on both sides: the offender gets a clear answer with a stable code, everyone else's turns go
 * on, and nothing is left behind.
 */

import type { AddressInfo } from 'node:net';
import { connect as connectTcp, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connect } from './client.ts';
import type { Handler } from './contract.ts';
import { serve } from './server.ts';
import { COMPLETED, driven, run, says, until } from './testing/legs.ts';
import type { ClientOptions, Leg, ServeOptions, Server } from './wire.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const OK: Handler = says({ type: 'started', responseId: 'r1' }, { type: 'text', text: 'fine' }, COMPLETED);

async function start(handler: Handler = OK, options: Partial<ServeOptions> = {}): Promise<Server> {
  const server = await serve({ host: '127.0.0.1', port: 0, handler, ...options });
  open.push({ close: () => server.close(0) });
  return server;
}

function client(port: number, leg: Leg, options: Partial<ClientOptions> = {}) {
  const made = connect({ leg, host: '127.0.0.1', port, ...options });
  open.push(made);
  return made;
}

function post(
  port: number,
  path: string,
  body: string,
  headers: Record<string, string> = { 'content-type': 'application/json' },
  method = 'POST',
) {
  return fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...(method === 'GET' ? {} : { body }) });
}

/** Sends these bytes and collects what comes until the server closes. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connectTcp(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  socket.on('error', () => {});
  socket.write(bytes);
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}

async function webSocket(
  port: number,
  path = '/v1/responses',
  protocols: string[] = [],
): Promise<{ socket: WebSocket; messages: Record<string, unknown>[]; closed: Promise<number> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols);
  const messages: Record<string, unknown>[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(String(data))));
  socket.on('error', () => {});
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  open.push({ close: async () => socket.terminate() });
  await new Promise((resolve) => socket.once('open', resolve));
  return { socket, messages, closed };
}

const TURN = '{"model":"m","messages":[{"role":"user","content":"x"}]}';

describe('a client over HTTP that', () => {
  it.each([
    ['sends no JSON', '/v1/chat/completions', '{"model":', 'application/json', 400, 'invalid_json'],
    [
      'sends unknown fields',
      '/v1/chat/completions',
      '{"model":"m","messages":[],"colour":1,"size":2}',
      'application/json',
      400,
      'unknown_parameter',
    ],
    ['leaves fields out', '/v1/responses', '{}', 'application/json', 400, 'invalid_request'],
    [
      'sends pictures',
      '/v1/responses',
      '{"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":"x"}]}]}',
      'application/json',
      400,
      'unsupported_content',
    ],
    ['sends the wrong content type', '/v1/chat/completions', TURN, 'text/plain', 415, 'unsupported_content_type'],
    ['asks for a path that is not there', '/v1/nothing', TURN, 'application/json', 404, 'not_found'],
    ['names a response that is not there on another path', '/v1/chat', TURN, 'application/json', 404, 'not_found'],
  ])('%s is told so', async (_what, path, body, type, status, code) => {
    const { port } = await start();
    const reply = await post(port, path, body, { 'content-type': type });
    expect(reply.status).toBe(status);
    expect(((await reply.json()) as { error: { code: string } }).error.code).toBe(code);
  });

  it('uses the wrong method, or forgets to upgrade, is told what to use', async () => {
    const { port } = await start();
    const put = await post(port, '/v1/responses', TURN, { 'content-type': 'application/json' }, 'PUT');
    expect([put.status, ((await put.json()) as { error: { code: string } }).error.code]).toEqual([405, 'method_not_allowed']);
    const get = await post(port, '/v1/responses', '', {}, 'GET');
    expect([get.status, ((await get.json()) as { error: { code: string } }).error.code]).toEqual([426, 'upgrade_required']);
  });

  it('sends too much is refused before it is read, declared or not', async () => {
    const { port } = await start(OK, { limits: { messageBytesMax: 1_000 } });
    const declared = await raw(
      port,
      `POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n{`,
    );
    expect(declared).toMatch(/^HTTP\/1\.1 413 /);
    expect(declared).toContain('message_too_large');
    const chunk = `400\r\n${'x'.repeat(1_024)}\r\n`;
    const undeclared = await raw(
      port,
      `POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(4)}`,
    );
    expect(undeclared).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('speaks no HTTP gets 400, and headers beyond the bound 431', async () => {
    const { port } = await start();
    expect(await raw(port, 'BLAH\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(port, `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('stalls before its request or upgrade is complete is cut off, while others are served', async () => {
    const server = await start(OK, { limits: { handshakeTimeoutMs: 200 } });
    const stalled = [
      raw(server.port, ''),
      raw(server.port, 'PR'),
      raw(server.port, 'GET /v1/responses HTTP/1.1\r\nHost: x\r\nUpgr'),
      raw(server.port, 'PRI * HTTP/2.0\r\n\r\n'),
    ];
    const sse = client(server.port, { transport: 'sse', envelope: 'chat', connection: 'kept' });
    expect((await run(sse.handler).sink.done).outcome.kind).toBe('completed');
    await sse.close();
    await Promise.all(stalled.slice(0, 3));
    await until(() => server.counts().connections <= 1);
  });

  it('reads nothing is cut off after the stall time, and its turn cancelled, while others go on', async () => {
    const { handler, next } = driven();
    const server = await start(handler, { limits: { stallTimeoutMs: 300 } });
    const socket = connectTcp(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.pause();
    const body = '{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}';
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const stuck = await next();
    stuck.sink.push({ type: 'started', responseId: 'r' }, 0);
    const piece = 'x'.repeat(64 * 1_024);
    while (stuck.sink.push({ type: 'text', text: piece }, 0)) await new Promise((resolve) => setImmediate(resolve));
    const other = run(client(server.port, { transport: 'sse', envelope: 'chat', connection: 'kept' }).handler);
    const fine = await next();
    fine.sink.push({ type: 'started', responseId: 'r' }, 0);
    fine.sink.push({ type: 'text', text: 'meanwhile' }, 0);
    await until(() => other.sink.text === 'meanwhile');
    await until(() => stuck.cancels === 1);
    fine.sink.push(COMPLETED, 0);
    expect((await other.sink.done).outcome.kind).toBe('completed');
    socket.destroy();
  });
});

describe('a client over WebSocket that', () => {
  it.each([
    ['sends no JSON', 'not json', 'invalid_json'],
    ['sends an unknown event', '{"type":"response.dance"}', 'unsupported_event'],
    ['sends unknown fields', '{"type":"response.create","model":"m","input":"x","colour":1}', 'unknown_parameter'],
    ['uses a bad stream id', '{"type":"response.create","model":"m","input":"x","stream_id":"a b"}', 'invalid_stream_id'],
  ])('%s is told so, and may go on', async (_what, message, code) => {
    const { port } = await start();
    const { socket, messages } = await webSocket(port);
    socket.send(message);
    await until(() => messages.length === 1);
    expect(messages[0]).toMatchObject({ type: 'error', status: 400, error: { code } });
    socket.send('{"type":"response.create","model":"m","input":"x"}');
    await until(() => messages.at(-1)?.type === 'response.completed');
  });

  it('sends binary where text is due is told so', async () => {
    const { port } = await start();
    const { socket, messages } = await webSocket(port);
    socket.send(Buffer.from('{}'));
    await until(() => messages.length === 1);
    expect(messages[0]).toMatchObject({ type: 'error', error: { code: 'unexpected_binary' } });
  });

  it('sends too much is closed with 1009, and text that is no UTF-8 with 1007', async () => {
    const server = await start(OK, { limits: { messageBytesMax: 1_000 } });
    const large = await webSocket(server.port);
    large.socket.send('x'.repeat(1_001));
    expect(await large.closed).toBe(1009);
    const broken = await webSocket(server.port);
    broken.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect(await broken.closed).toBe(1007);
    await until(() => server.counts().connections === 0);
  });

  it('uses more than 32 names is told so by name, and the old names go on', async () => {
    const { port } = await start();
    const { socket, messages } = await webSocket(port);
    for (let index = 0; index < 33; index += 1) socket.send(`{"type":"response.create","model":"m","input":"x","stream_id":"s${index}"}`);
    await until(() => messages.filter(({ type }) => type === 'response.completed').length === 32);
    await until(() => messages.some(({ type }) => type === 'error'));
    expect(messages.find(({ type }) => type === 'error')).toMatchObject({
      stream_id: 's32',
      error: { code: 'websocket_stream_limit_reached' },
    });
    socket.send('{"type":"response.create","model":"m","input":"x","stream_id":"s0"}');
    await until(() => messages.filter(({ type }) => type === 'response.completed').length === 33);
  });

  it('has 17 turns in flight finds one waiting, and turns of one stream in order', async () => {
    const { handler, turns, next } = driven();
    const { port } = await start(handler);
    const { socket, messages } = await webSocket(port);
    for (let index = 0; index < 17; index += 1) socket.send(`{"type":"response.create","model":"m","input":"x","stream_id":"s${index}"}`);
    const first = await next();
    for (let index = 1; index < 16; index += 1) await next();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(turns).toHaveLength(16);
    socket.send('{"type":"response.create","model":"m","input":"second of s1","stream_id":"s1"}');
    first.sink.push({ type: 'started', responseId: 'r' }, 0);
    first.sink.push(COMPLETED, 0);
    await next();
    await until(() => messages.some(({ type, stream_id }) => type === 'response.completed' && stream_id === 's0'));
    expect(turns).toHaveLength(17);
    turns[1]!.sink.push({ type: 'started', responseId: 'r' }, 0);
    turns[1]!.sink.push(COMPLETED, 0);
    expect((await next()).turn.input[0]?.content).toBe('second of s1');
    socket.terminate();
    await until(() => turns.filter(({ cancels }) => cancels === 1).length === 16);
  });

  it('has reached its lifetime is told so and closed when its turns are over', async () => {
    const { handler, next } = driven();
    const { port } = await start(handler, { limits: { connectionLifetimeMs: 150 } });
    const { socket, messages, closed } = await webSocket(port);
    socket.send('{"type":"response.create","model":"m","input":"x"}');
    const running = await next();
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.send('{"type":"response.create","model":"m","input":"x","stream_id":"late"}');
    await until(() => messages.length === 1);
    expect(messages[0]).toMatchObject({ stream_id: 'late', error: { code: 'websocket_connection_limit_reached' } });
    running.sink.push({ type: 'started', responseId: 'r' }, 0);
    running.sink.push(COMPLETED, 0);
    expect(await closed).toBe(1000);
    expect(messages.at(-1)).toMatchObject({ type: 'response.completed' });
  });

  it('answers no ping is cut off', async () => {
    const server = await start(OK, { keepAliveIntervalMs: 40 });
    const socket = connectTcp(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      'GET /v1/responses HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    // What it is sent it takes, but it never answers.
    socket.resume();
    const { socket: lively } = await webSocket(server.port);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(lively.readyState).toBe(WebSocket.OPEN);
  });

  it('asks for a path that is not there gets 404 instead of an upgrade; / is an alias of Responses', async () => {
    const { port } = await start();
    expect(
      await raw(
        port,
        'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      ),
    ).toMatch(/^HTTP\/1\.1 404 /);
    const { socket, messages } = await webSocket(port, '/');
    socket.send('{"type":"response.create","model":"m","input":"x"}');
    await until(() => messages.at(-1)?.type === 'response.completed');
  });
});

/** A peer that answers each connection's first bytes with these, and closes where told. */
async function liar(answer: string, close: boolean): Promise<number> {
  const sockets = new Set<Socket>();
  const server: TcpServer = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => {
      if (close) socket.end(answer);
      else socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  return (server.address() as AddressInfo).port;
}

const SSE_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (data: string) => `${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n`;
const DELTA =
  'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"hal"},"finish_reason":null}]}\n\n';

describe('an upstream that', () => {
  const SSE: Leg = { transport: 'sse', envelope: 'chat', connection: 'kept' };
  const HTTP: Leg = { transport: 'http', envelope: 'chat', connection: 'kept' };
  const WS: Leg = { transport: 'websocket', envelope: 'responses', connection: 'kept' };
  it.each([
    ['sends what is no JSON', SSE, `${SSE_HEAD}${chunk(`${DELTA}data: {"broken\n\n`)}`, false, 'bad_reply'],
    ['ends its stream too early', SSE, `${SSE_HEAD}${chunk(DELTA)}0\r\n\r\n`, false, 'connection_lost'],
    ['closes in mid-stream', SSE, `${SSE_HEAD}${chunk(DELTA)}`, true, 'connection_lost'],
    ['breaks its chunks', SSE, `${SSE_HEAD}zz\r\n`, false, 'bad_reply'],
    ['answers with a page', SSE, 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>', false, 'bad_reply'],
    [
      'answers whole what was to be a stream',
      SSE,
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
      false,
      'bad_reply',
    ],
    [
      'answers with a status of its own',
      SSE,
      'HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\noops',
      false,
      'upstream_status',
    ],
    ['speaks no HTTP', SSE, 'SSH-2.0-OpenSSH\r\n', false, 'bad_reply'],
    [
      'answers with what is no completion',
      HTTP,
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
      false,
      'bad_reply',
    ],
    [
      'says less than it promised',
      HTTP,
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{}',
      true,
      'connection_lost',
    ],
    ['does not upgrade', WS, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', false, 'connect_failed'],
  ] as const)('%s fails the turn with a code', async (_what, leg, answer, close, code) => {
    const made = client(await liar(answer, close), leg);
    const { sink } = run(made.handler);
    expect((await sink.done).outcome).toMatchObject({ kind: 'failed', code });
    expect(sink.ends).toBe(1);
  });

  it('never answers times out, and so does one that stalls in mid-stream', async () => {
    for (const answer of ['', `${SSE_HEAD}${chunk(DELTA)}`]) {
      const made = client(await liar(answer, false), SSE, { replyTimeoutMs: 120 });
      expect((await run(made.handler).sink.done).outcome.kind).toBe('timedOut');
    }
    const refusing = client(await liar('', false), WS, { connectTimeoutMs: 120 });
    expect((await run(refusing.handler).sink.done).outcome).toMatchObject({ kind: 'failed', code: 'connect_timeout' });
  });

  it('sends an event beyond the bound fails the turn with reply_too_large', async () => {
    const huge = chunk(`data: ${'x'.repeat(3_000)}\n\n`);
    const made = client(await liar(`${SSE_HEAD}${huge}`, false), SSE, { messageBytesMax: 2_000 });
    expect((await run(made.handler).sink.done).outcome).toMatchObject({ kind: 'failed', code: 'reply_too_large' });
    const socketed = client(
      (await start(says({ type: 'started', responseId: 'r' }, { type: 'text', text: 'x'.repeat(3_000) }, COMPLETED))).port,
      WS,
      { messageBytesMax: 2_000 },
    );
    expect((await run(socketed.handler).sink.done).outcome).toMatchObject({ kind: 'failed', code: 'reply_too_large' });
  });
});

describe('nothing is left behind', () => {
  it('after turns that completed, failed, were cancelled or cut, on every streaming transport', async () => {
    const before = process
      .getActiveResourcesInfo()
      .filter((name) => name !== 'Immediate')
      .sort();
    const cut: Handler = says(
      { type: 'started', responseId: 'r' },
      { type: 'end', outcome: { kind: 'failed', code: 'connection_lost', message: '' } },
    );
    const waits = driven();
    let round = 0;
    const handler: Handler = (turn, sink) => {
      round += 1;
      return [OK, cut, waits.handler][round % 3]!(turn, sink);
    };
    const server = await serve({ host: '127.0.0.1', port: 0, handler, keepAliveIntervalMs: 1_000 });
    for (const transport of ['http', 'sse', 'sse-h2', 'websocket'] as const) {
      const made = connect({
        leg: { transport, envelope: 'chat', connection: 'kept' },
        host: '127.0.0.1',
        port: server.port,
        replyTimeoutMs: 10_000,
      });
      const turns = Array.from({ length: 12 }, () => run(made.handler));
      setTimeout(() => {
        for (const { running } of turns) running.cancel();
      }, 150);
      for (const { sink } of turns) await sink.done;
      await made.close();
      await until(() => made.connections() === 0);
    }
    await until(() => server.counts().turns === 0 && server.counts().connections === 0);
    await server.close(0);
    await until(() => {
      const now = process
        .getActiveResourcesInfo()
        .filter((name) => name !== 'Immediate')
        .sort();
      return now.filter((name) => name !== 'Timeout').length <= before.filter((name) => name !== 'Timeout').length;
    });
    expect(process.listenerCount('uncaughtException')).toBeLessThan(3);
  });
});
