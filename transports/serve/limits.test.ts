/** Limits for each client and address, over real sockets: floods are refused, counted and cut, and others go on. */
import { connect as connectH2 } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connect } from '../client.ts';
import type { Handler, Turn } from '../contract.ts';
import { serve } from '../server.ts';
import { COMPLETED, driven, run, says, testCertificate, until } from '../testing/legs.ts';
import type { Admitted, Leg, ServeLimits, ServeOptions } from '../wire.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const OK: Handler = says({ type: 'started', responseId: 'r1' }, { type: 'text', text: 'fine' }, COMPLETED);

/** Time stands still until the test moves it. */
async function start(limits: Partial<ServeLimits>, options: Partial<ServeOptions> = {}, handler: Handler = OK) {
  const peerErrors: string[] = [];
  const turns: Turn[] = [];
  let nowMs = 0;
  const server = await serve({
    host: '127.0.0.1',
    port: 0,
    handler: (turn, sink) => {
      turns.push(turn);
      return handler(turn, sink);
    },
    limits,
    // Whoever says who he is, is.
    admit: ({ headers }): Admitted =>
      headers.authorization === 'nobody'
        ? { ok: false, refusal: { status: 401, code: 'unauthorized', message: 'not you' } }
        : { ok: true, client: String(headers.authorization ?? 'a') },
    onPeerError: (code) => peerErrors.push(code),
    clock: { wallMs: () => Date.now(), monotonicMs: () => nowMs },
    ...options,
  });
  open.push({ close: () => server.close(0) });
  return { server, port: server.port, peerErrors, turns, wait: (ms: number) => (nowMs += ms) };
}

interface Reply {
  status: number;
  retryAfter: string | null;
  code: string | undefined;
}

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';

/** A connection of its own, with one request; `undefined` when it is cut without a word. */
function request(port: number, { as = 'a', upgrade = false, tls = false } = {}): Promise<{ reply: Reply | undefined; socket: Socket }> {
  const socket = tls ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }) : connectTcp(port, '127.0.0.1');
  open.push({ close: async () => socket.destroy() });
  const path = upgrade ? '/v1/responses' : '/v1/models';
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${as}\r\n${upgrade ? `${UPGRADE}\r\n` : ''}\r\n`);
  return new Promise((resolve) => {
    let text = '';
    socket.on('error', () => {});
    socket.on('close', () => resolve({ reply: undefined, socket }));
    socket.on('data', (chunk) => {
      text += chunk;
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
      if (!text.includes('\r\n\r\n') || (status >= 400 && !text.endsWith('}'))) return;
      resolve({
        reply: { status, retryAfter: /Retry-After: (\d+)/i.exec(text)?.[1] ?? null, code: /"code":"(\w+)"/.exec(text)?.[1] },
        socket,
      });
    });
  });
}

async function replies(count: number, port: number, how?: Parameters<typeof request>[1]): Promise<(Reply | undefined)[]> {
  const all: (Reply | undefined)[] = [];
  for (let index = 0; index < count; index += 1) all.push((await request(port, how)).reply);
  return all;
}

const GRANTED = { status: 200, retryAfter: null, code: undefined };
const UPGRADED = { status: 101, retryAfter: null, code: undefined };
const REFUSED = { status: 429, retryAfter: '1', code: 'rate_limited' };

describe('connections of one address in a second', () => {
  it.each([
    ['requests', { upgrade: false, tls: false }, GRANTED],
    ['upgrades', { upgrade: true, tls: false }, UPGRADED],
    ['requests under TLS', { upgrade: false, tls: true }, GRANTED],
    ['upgrades under TLS', { upgrade: true, tls: true }, UPGRADED],
  ])('beyond the limit are told so, as many as were granted, and then cut: %s', async (_what, how, granted) => {
    const tls = how.tls ? { tls: testCertificate() } : {};
    const { port, peerErrors, wait } = await start({ connectionsPerSecondMax: 3 }, tls);
    expect(await replies(8, port, how)).toEqual([granted, granted, granted, REFUSED, REFUSED, REFUSED, undefined, undefined]);
    expect(peerErrors.filter((code) => code === 'rate_limited')).toHaveLength(5);
    wait(1_000);
    expect(await replies(4, port, how)).toEqual([granted, granted, granted, REFUSED]);
  });

  it('are counted when they come, whatever they send', async () => {
    const { port, server } = await start({ connectionsPerSecondMax: 2 });
    const silent = [connectTcp(port, '127.0.0.1'), connectTcp(port, '127.0.0.1')];
    for (const socket of silent) open.push({ close: async () => socket.destroy() });
    await until(() => server.counts().connections === 2);
    expect((await request(port)).reply).toEqual(REFUSED);
  });

  it.each<[string, boolean, (port: number) => Socket]>([
    ['silent', false, (port) => connectTcp(port, '127.0.0.1')],
    ['silent over HTTP/2', false, (port) => connectTcp(port, '127.0.0.1')],
    ['silent before TLS', true, (port) => connectTcp(port, '127.0.0.1')],
    ['silent under TLS', true, (port) => connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })],
    [
      'silent over HTTP/2 under TLS',
      true,
      (port) => connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] }),
    ],
  ])('that stay %s are not waited for, with a limit as without', async (what, tls, dial) => {
    for (const connectionsPerSecondMax of [0, 100]) {
      const { port, server } = await start({ connectionsPerSecondMax, handshakeTimeoutMs: 100 }, tls ? { tls: testCertificate() } : {});
      const socket = dial(port);
      socket.on('error', () => {});
      socket.resume();
      if (what.includes('HTTP/2') && !tls) socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      await new Promise((resolve) => socket.once('close', resolve));
      await until(() => server.counts().connections === 0);
    }
  });

  it('do not touch connections that are there', async () => {
    const { port } = await start({ connectionsPerSecondMax: 1 });
    const client = connect({ leg: { transport: 'websocket', envelope: 'chat', connection: 'kept' }, host: '127.0.0.1', port });
    open.push(client);
    expect((await run(client.handler).sink.done).outcome.kind).toBe('completed');
    await replies(4, port);
    expect((await run(client.handler).sink.done).outcome.kind).toBe('completed');
  });

  it('are refused over HTTP/2 too, and their session ends', async () => {
    const { port, server } = await start({ connectionsPerSecondMax: 1 });
    await replies(1, port);
    const session = connectH2(`http://127.0.0.1:${port}`);
    session.on('error', () => {});
    const stream = session.request({ ':path': '/v1/models' });
    stream.on('error', () => {});
    const status = await new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])));
    expect(status).toBe(429);
    stream.resume();
    await new Promise((resolve) => session.once('close', resolve));
    await until(() => server.counts().connections <= 1);
  });

  it('have no limit by default', async () => {
    const { port } = await start({});
    expect(await replies(30, port)).toEqual(Array(30).fill(GRANTED));
  });
});

describe('connections of one client at once', () => {
  it('are limited; those of others are not; one that closes leaves its place', async () => {
    const { port, peerErrors, server } = await start({ connectionsPerClientMax: 2 });
    const first = await request(port, { upgrade: true });
    expect(first.reply).toEqual(UPGRADED);
    expect((await request(port)).reply).toEqual(GRANTED);
    expect(await replies(2, port, { upgrade: true })).toEqual([REFUSED, REFUSED]);
    expect((await request(port)).reply).toEqual(REFUSED);
    expect(peerErrors).toEqual(['rate_limited', 'rate_limited', 'rate_limited']);
    expect(await replies(2, port, { as: 'b', upgrade: true })).toEqual([UPGRADED, UPGRADED]);
    first.socket.destroy();
    await until(() => server.counts().connections === 3);
    expect((await request(port, { upgrade: true })).reply).toEqual(UPGRADED);
    expect((await request(port, { upgrade: true })).reply).toEqual(REFUSED);
  });

  it('count once, however many requests come on them', async () => {
    const { port } = await start({ connectionsPerClientMax: 1 });
    for (const transport of ['sse', 'sse-h2'] as const) {
      const client = connect({ leg: { transport, envelope: 'chat', connection: 'kept' }, host: '127.0.0.1', port });
      for (let turn = 0; turn < 3; turn += 1) expect((await run(client.handler).sink.done).outcome.kind).toBe('completed');
      expect(client.meter().connections).toBe(1);
      const second = connect({ leg: { transport, envelope: 'chat', connection: 'kept' }, host: '127.0.0.1', port });
      expect((await run(second.handler).sink.done).outcome).toMatchObject({
        kind: 'refused',
        status: 429,
        code: 'rate_limited',
        retryAfterS: 1,
      });
      for (const one of [client, second]) await one.close();
      await until(() => client.connections() + second.connections() === 0);
    }
  });

  it('of somebody who is not let in take nobody’s place', async () => {
    const { port } = await start({ connectionsPerClientMax: 1 });
    for (const reply of await replies(3, port, { as: 'nobody' })) expect(reply?.status).toBe(401);
    expect((await request(port, { as: 'nobody', upgrade: true })).reply?.status).toBe(401);
    expect((await request(port)).reply).toEqual(GRANTED);
  });
});

describe('turns of one client in a second', () => {
  const LEGS: Leg[] = [
    { transport: 'http', envelope: 'chat', connection: 'per-turn' },
    { transport: 'sse', envelope: 'responses', connection: 'kept' },
    { transport: 'sse-h2', envelope: 'compact', connection: 'multiplexed' },
    { transport: 'websocket', envelope: 'chat', connection: 'kept' },
    { transport: 'websocket', envelope: 'binary', connection: 'multiplexed' },
  ];

  it.each(LEGS)('are limited over $transport/$envelope/$connection, and others are not concerned', async (leg) => {
    const { port, turns, peerErrors, wait } = await start({ turnsPerSecondMax: 2 });
    const [mine, other] = [{}, { headers: { authorization: 'b' } }].map((more) => connect({ leg, host: '127.0.0.1', port, ...more }));
    open.push(mine!, other!);
    const outcomes = [];
    for (let index = 0; index < 4; index += 1) outcomes.push((await run(mine!.handler).sink.done).outcome);
    for (const outcome of outcomes.slice(0, 2)) expect(outcome.kind).toBe('completed');
    for (const outcome of outcomes.slice(2))
      expect(outcome).toMatchObject({ kind: 'refused', status: 429, code: 'rate_limited', retryAfterS: 1 });
    expect((await run(other!.handler).sink.done).outcome.kind).toBe('completed');
    expect(turns.map(({ arrival }) => arrival?.client)).toEqual(['a', 'a', 'b']);
    expect(peerErrors).toEqual(['rate_limited', 'rate_limited']);
    wait(500);
    expect((await run(mine!.handler).sink.done).outcome.kind).toBe('completed');
    expect((await run(mine!.handler).sink.done).outcome).toMatchObject({ code: 'rate_limited' });
  });

  it('are refused by their stream over WebSocket, and who floods on is closed with 4429', async () => {
    const { handler, next } = driven();
    const { port, peerErrors, server } = await start({ turnsPerSecondMax: 2 }, {}, handler);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/responses`);
    open.push({ close: async () => socket.terminate() });
    const messages: Record<string, unknown>[] = [];
    socket.on('message', (data) => messages.push(JSON.parse(String(data))));
    await new Promise((resolve) => socket.once('open', resolve));
    for (let index = 0; index < 4; index += 1) socket.send(`{"type":"response.create","model":"m","input":"x","stream_id":"s${index}"}`);
    await until(() => messages.length === 2);
    expect(messages.map(({ stream_id, status }) => [stream_id, status])).toEqual([
      ['s2', 429],
      ['s3', 429],
    ]);
    expect(messages[0]?.error).toMatchObject({ code: 'rate_limited', retry_after: 1 });
    const running = [await next(), await next()];
    // To stop a turn is no turn.
    socket.send('{"type":"response.cancel","stream_id":"s0"}');
    await until(() => running[0]!.cancels === 1);
    // What is no turn either, but costs as much, counts.
    socket.send('{"type":"response.dance"}');
    expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(4429);
    expect(running[1]!.cancels).toBe(1);
    expect(peerErrors).toEqual(['rate_limited', 'rate_limited', 'rate_limited']);
    await until(() => server.counts().connections === 0 && server.counts().turns === 0);
  });
});

it('a peer that asks and asks and takes no answers is cut', async () => {
  const { port, server } = await start({ streamsWaitingMax: 100 });
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`GET /v1/responses HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n\r\n`);
  socket.pause();
  const text = '{"type":"response.dance"}';
  // A masked frame; the mask is zeros.
  const frame = Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
  const frames = Buffer.concat(Array(1_000).fill(frame));
  let closed = false;
  socket.on('close', () => (closed = true));
  while (!closed) {
    if (!socket.writableNeedDrain) socket.write(frames);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => server.counts().connections === 0);
});

it('a lane whose turns were cancelled while they waited runs its next ones in order all the same', async () => {
  const { handler, next, turns } = driven();
  const { port } = await start({ streamsInFlightMax: 1 }, {}, handler);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/responses`);
  open.push({ close: async () => socket.terminate() });
  await new Promise((resolve) => socket.once('open', resolve));
  const ask = (input: string, stream: string) =>
    socket.send(`{"type":"response.create","model":"m","input":"${input}","stream_id":"${stream}"}`);
  ask('first', 'a');
  ask('cancelled', 'b');
  socket.send('{"type":"response.cancel","stream_id":"b"}');
  ask('second', 'b');
  ask('third', 'b');
  ask('fourth', 'c');
  for (const expected of ['first', 'second', 'fourth', 'third']) {
    const turn = await next();
    expect(turn.turn.input[0]?.content).toBe(expected);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(turns.at(-1)).toBe(turn);
    turn.sink.push(COMPLETED, 0);
  }
});

it('without admission a client is known by its address, over every transport', async () => {
  const turns: Turn[] = [];
  const handler: Handler = (turn, sink) => {
    turns.push(turn);
    return OK(turn, sink);
  };
  const server = await serve({ host: '127.0.0.1', port: 0, handler });
  open.push({ close: () => server.close(0) });
  for (const transport of ['http', 'sse', 'sse-h2', 'websocket', 'memory'] as const) {
    const client = connect({ leg: { transport, envelope: 'chat', connection: 'kept' }, host: '127.0.0.1', port: server.port });
    open.push(client);
    await run(client.handler).sink.done;
  }
  const address = 'address:127.0.0.1';
  expect(turns.map(({ arrival }) => arrival?.client)).toEqual([address, address, address, address, 'address:memory']);
});
