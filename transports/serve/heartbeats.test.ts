/** Heartbeats of both kinds, against peers that answer rightly, wrongly, late, and not at all. */
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connect } from '../client.ts';
import type { Handler } from '../contract.ts';
import { serve } from '../server.ts';
import { COMPLETED, driven, run, says, until } from '../testing/legs.ts';
import { testIssuer } from '../testing/sessions.ts';
import { macOf, SignedSocket } from '../testing/signed-socket.ts';
import type { ServeOptions } from '../wire.ts';
import { Heartbeats } from './heartbeats.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const OK: Handler = says({ type: 'started', responseId: 'r1' }, { type: 'text', text: 'fine' }, COMPLETED);
/** Two are missed when the third is due. */
const INTERVAL_MS = 60;

async function start(handler: Handler = OK, options: Partial<ServeOptions> = {}) {
  const peerErrors: string[] = [];
  const server = await serve({
    host: '127.0.0.1',
    port: 0,
    handler,
    sessions: testIssuer(),
    heartbeatIntervalMs: INTERVAL_MS,
    onPeerError: (code) => peerErrors.push(code),
    ...options,
  });
  open.push({ close: () => server.close(0) });
  return { server, port: server.port, peerErrors };
}

async function stranger(port: number): Promise<SignedSocket> {
  const socket = await SignedSocket.connect(port);
  open.push({ close: async () => socket.socket.terminate() });
  return socket;
}

describe('open challenges', () => {
  it('are two at most, all different, and answered by the last', () => {
    const heartbeats = new Heartbeats();
    const [first, second] = [heartbeats.next(), heartbeats.next()];
    expect(new Set([first, second, undefined]).size).toBe(3);
    expect(heartbeats.next()).toBeUndefined();
    expect(heartbeats.answered(second!)).toBe(true);
    expect(heartbeats.answered(first!)).toBe(false);
    expect(heartbeats.answered(second!)).toBe(false);
    const third = heartbeats.next();
    expect(heartbeats.next()).toBeDefined();
    expect(heartbeats.answered(third!)).toBe(true);
    expect(heartbeats.next()).toBeDefined();
    expect(heartbeats.next()).toBeUndefined();
    expect(heartbeats.answered('')).toBe(false);
  });
});

describe('a signing client that', () => {
  it('answers stays, is challenged anew each time by the holder of the key, and its sequence is its own', async () => {
    const { port, peerErrors } = await start();
    const socket = await stranger(port);
    expect(socket.session.heartbeat_interval_ms).toBe(INTERVAL_MS);
    // Also before the hello.
    await until(() => socket.challenges.length === 2);
    socket.hello();
    await until(() => socket.challenges.length === 6);
    socket.ask('x');
    await until(() => socket.completed === 1);
    expect(new Set(socket.challenges.map(({ nonce }) => nonce)).size).toBe(socket.challenges.length);
    const { key, sid } = socket.session;
    for (const { nonce, mac } of socket.challenges) expect(mac).toBe(macOf(key, `gatebench.heartbeat.server.${sid}.${nonce}`));
    expect(peerErrors).toEqual([]);
  });

  it('does not answer two is closed with 4408, and its turns are over', async () => {
    const { handler, next } = driven();
    const { port, peerErrors, server } = await start(handler);
    const socket = await stranger(port);
    socket.onChallenge = () => {};
    socket.hello();
    socket.ask('x');
    const turn = await next();
    expect(await socket.closed).toMatchObject({ code: 4408 });
    expect(turn.cancels).toBe(1);
    expect(socket.challenges).toHaveLength(2);
    expect(peerErrors).toEqual(['heartbeat_missed']);
    await until(() => server.counts().connections === 0 && server.counts().turns === 0);
  });

  it('answers each challenge only when the next one has come stays', async () => {
    const { port, peerErrors } = await start();
    const socket = await stranger(port);
    socket.onChallenge = () => {
      const before = socket.challenges.at(-2);
      if (before) socket.answer(before.nonce);
    };
    await until(() => socket.challenges.length === 6);
    expect(peerErrors).toEqual([]);
  });

  it.each<[string, string, (socket: SignedSocket, nonce: string, mac: string) => void]>([
    ['sends the mac of another key', 'message_forged', (socket, nonce) => socket.answer(nonce, macOf('A'.repeat(43), nonce))],
    ['sends back the mac of the challenge', 'message_forged', (socket, nonce, mac) => socket.answer(nonce, mac)],
    ['sends no mac', 'message_forged', (socket, nonce) => socket.send({ type: 'gatebench.heartbeat', nonce })],
    ['sends no nonce', 'message_forged', (socket) => socket.send({ type: 'gatebench.heartbeat', mac: 'A'.repeat(43) })],
    ['makes up a challenge', 'message_replayed', (socket) => socket.answer('AAAAAAAAAAAAAAAA')],
    ['answers twice', 'message_replayed', (socket, nonce) => [socket.answer(nonce), socket.answer(nonce)]],
  ])('%s is refused as %s', async (_what, code, wrong) => {
    const { port, peerErrors } = await start();
    const socket = await stranger(port);
    socket.onChallenge = ({ nonce, mac }) => wrong(socket, nonce, mac);
    expect(await socket.closed).toEqual({ code: 4401, reason: code });
    expect(socket.errors).toEqual([code]);
    expect(peerErrors).toEqual([code]);
  });
});

describe('another client that', () => {
  /** Answers pings as told. */
  async function plain(port: number, pong: (payload: Buffer) => Buffer | undefined): Promise<{ socket: WebSocket; pings: string[] }> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/responses`, { autoPong: false });
    const pings: string[] = [];
    socket.on('error', () => {});
    socket.on('ping', (payload) => {
      pings.push(payload.toString());
      const answer = pong(payload);
      if (answer) socket.pong(answer);
    });
    open.push({ close: async () => socket.terminate() });
    await new Promise((resolve) => socket.once('open', resolve));
    return { socket, pings };
  }

  it('echoes the nonce of each ping stays', async () => {
    const { port, peerErrors } = await start();
    const { socket, pings } = await plain(port, (payload) => payload);
    await until(() => pings.length === 6);
    expect(new Set(pings).size).toBe(6);
    expect(pings.every((nonce) => nonce.length === 16)).toBe(true);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    expect(peerErrors).toEqual([]);
  });

  it.each<[string, (payload: Buffer) => Buffer | undefined]>([
    ['echoes nothing', () => undefined],
    ['echoes something else', () => Buffer.from('pong')],
    ['answers without a payload', () => Buffer.alloc(0)],
    ['echoes half of it', (payload) => payload.subarray(0, 8)],
  ])('%s is closed with 4408', async (_what, pong) => {
    const { port, peerErrors, server } = await start();
    const { socket, pings } = await plain(port, pong);
    expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(4408);
    expect(pings).toHaveLength(2);
    expect(peerErrors).toEqual(['heartbeat_missed']);
    await until(() => server.counts().connections === 0);
  });
});

describe.each([
  ['signing', { session: {} }],
  ['plain', {}],
])('our client, %s,', (_what, more) => {
  it('stays through many heartbeats, idle and at work', async () => {
    const { handler, next } = driven();
    const { port, peerErrors } = await start(handler, { keepAliveIntervalMs: 1 });
    const client = connect({
      leg: { transport: 'websocket', envelope: 'chat', connection: 'multiplexed' },
      host: '127.0.0.1',
      port,
      ...more,
    });
    open.push(client);
    await client.warm(1);
    await new Promise((resolve) => setTimeout(resolve, 4 * INTERVAL_MS));
    const { sink } = run(client.handler);
    const turn = await next();
    turn.sink.push({ type: 'started', responseId: 'r' }, 0);
    for (let count = 0; count < 8; count += 1) {
      turn.sink.push({ type: 'text', text: 'x' }, 0);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS / 2));
    }
    turn.sink.push(COMPLETED, 0);
    expect((await sink.done).outcome.kind).toBe('completed');
    expect(sink.text).toBe('xxxxxxxx');
    expect(client.meter().connections).toBe(1);
    expect(peerErrors).toEqual([]);
    const meter = client.meter();
    expect(meter.contentBytes + meter.envelopeBytes + meter.framingBytes + meter.headerBytes).toBe(meter.readBytes);
  });
});

it('a connection whose peer takes nothing is not challenged: the stall time judges it', async () => {
  const { handler, next } = driven();
  const { port, peerErrors } = await start(handler, { limits: { stallTimeoutMs: 10 * INTERVAL_MS } });
  const socket = await stranger(port);
  socket.hello();
  socket.ask('x');
  const turn = await next();
  socket.socket.pause();
  const piece = 'x'.repeat(64 * 1_024);
  while (turn.sink.push({ type: 'text', text: piece }, 0)) await new Promise((resolve) => setImmediate(resolve));
  await until(() => turn.cancels === 1);
  expect(peerErrors).toEqual(['peer_stalled']);
});
