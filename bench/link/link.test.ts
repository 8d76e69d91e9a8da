/** Links with real sockets at both ends. Times have lower bounds only: how late a busy machine is, is not the link's. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Spinning } from '../driver/waiting.ts';
import { type LinkSettings, parseConfig } from './config.ts';
import { heldBytesMax, Link } from './link.ts';
import { Schedule } from './schedule.ts';

const CONNECTIONS_MAX = 100;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server whose connections the test takes one by one. */
async function listen(): Promise<{ port: number; server: Server; next: () => Promise<Socket> }> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const taken: Socket[] = [];
  const waiting: ((socket: Socket) => void)[] = [];
  server.on('connection', (socket) => {
    closing.push(() => socket.destroy());
    socket.on('error', () => {});
    const waiter = waiting.shift();
    if (waiter) waiter(socket);
    else taken.push(socket);
  });
  closing.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const next = async () => taken.shift() ?? (await new Promise<Socket>((resolve) => waiting.push(resolve)));
  return { port: (server.address() as AddressInfo).port, server, next };
}

async function openLink(settings: Omit<LinkSettings, 'name'>, connectionsMax = CONNECTIONS_MAX): Promise<Link> {
  const schedule = new Schedule(new Spinning(), 0);
  const link = await Link.open({ name: 'link', ...settings }, connectionsMax, schedule);
  closing.push(async () => {
    await link.close();
    schedule.stop();
  });
  return link;
}

/** Settings with what a configuration would add. */
function settings(more: Partial<LinkSettings> & { roundTripMs: number }): LinkSettings {
  const parsed = parseConfig({ links: [{ name: 'link', ...more }] });
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  return parsed.value.links[0]!;
}

function dial(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
  closing.push(() => socket.destroy());
  socket.on('error', () => {});
  return socket;
}

/** A connection through a link, and how long ago it was begun. */
async function pair(more: Partial<LinkSettings> & { roundTripMs: number }) {
  const target = await listen();
  const link = await openLink(settings({ target: { host: '127.0.0.1', port: target.port }, ...more }));
  const begunMs = performance.now();
  const client = dial(link.port);
  const server = await target.next();
  return { link, target, client, server, sinceMs: () => performance.now() - begunMs };
}

/** The next so many bytes, or some more; the socket is not read any further then. */
function read(socket: Socket, bytes: number): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const parts: Buffer[] = [];
  let length = 0;
  const take = (part: Buffer) => {
    parts.push(part);
    length += part.length;
    if (length < bytes) return;
    socket.off('data', take).pause();
    resolve(Buffer.concat(parts));
  };
  socket.on('data', take).resume();
  return promise;
}

async function errorOf(socket: Socket): Promise<string | undefined> {
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  return error.code;
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('a connection', () => {
  test('costs a round trip before what it carries counts, and half a one each way after that', async () => {
    const { client, server, sinceMs } = await pair({ roundTripMs: 20 });
    expect(sinceMs()).toBeGreaterThanOrEqual(10);
    client.write('hello');
    expect((await read(server, 5)).toString()).toBe('hello');
    expect(sinceMs()).toBeGreaterThanOrEqual(30);
    const answeredMs = sinceMs();
    server.write('you');
    expect((await read(client, 3)).toString()).toBe('you');
    expect(sinceMs() - answeredMs).toBeGreaterThanOrEqual(10);
    const asked = sinceMs();
    client.write('again');
    await read(server, 5);
    expect(sinceMs() - asked).toBeGreaterThanOrEqual(10);
  });

  test('brings what a server says first after two round trips', async () => {
    const { client, server, sinceMs } = await pair({ roundTripMs: 20 });
    server.write('welcome');
    await read(client, 7);
    expect(sinceMs()).toBeGreaterThanOrEqual(40);
  });

  test.each([
    { name: 'without a delay', roundTripMs: 0 },
    { name: 'with one', roundTripMs: 6 },
    { name: 'with a congestion window', roundTripMs: 2, initialWindowBytes: 14_600 },
    { name: 'with a bandwidth', roundTripMs: 2, bandwidthBitsPerSecond: 400_000_000 },
  ])('carries what it is given, as it is, both ways at once, $name', async ({ name: _name, ...more }) => {
    const { client, server, link } = await pair(more);
    const [up, down] = [randomBytes(2_000_000), randomBytes(3_000_000)];
    const closed = Promise.all([once(server, 'close'), once(client, 'close')]);
    client.end(up);
    server.end(down);
    const [atServer, atClient] = await Promise.all([read(server, up.length), read(client, down.length)]);
    expect([digest(atServer), digest(atClient)]).toEqual([digest(up), digest(down)]);
    server.resume();
    client.resume();
    await closed;
    const { toTarget, toClient } = link.figures();
    expect([toTarget.bytes, toClient.bytes, toTarget.heldBytes, toClient.heldBytes]).toEqual([up.length, down.length, 0, 0]);
  });

  test('stays half open', async () => {
    const { client, server, link } = await pair({ roundTripMs: 20 });
    const endedMs = performance.now();
    client.end('last words');
    server.resume();
    await once(server, 'end');
    expect(performance.now() - endedMs).toBeGreaterThanOrEqual(10);
    server.write('and yet');
    expect((await read(client, 7)).toString()).toBe('and yet');
    expect(link.figures().connections.open).toBe(1);
    client.resume();
    server.end();
    await once(client, 'end');
    await once(client, 'close');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(link.figures().connections).toEqual({ open: 0, accepted: 1, refused: 0 });
  });

  test.each(['client', 'server'] as const)('passes on the reset of its %s, after the bytes before it', async (dying) => {
    const { client, server } = await pair({ roundTripMs: 20 });
    const [from, to] = dying === 'client' ? [client, server] : [server, client];
    client.write('x');
    await read(server, 1);
    const got = read(to, 4);
    const error = errorOf(to);
    from.write('last', () => from.resetAndDestroy());
    const resetMs = performance.now();
    expect((await got).toString()).toBe('last');
    to.resume();
    expect(await error).toBe('ECONNRESET');
    expect(performance.now() - resetMs).toBeGreaterThanOrEqual(10);
  });

  test('tells a server that goes on sending that its client has gone', async () => {
    const { client, server, link } = await pair({ roundTripMs: 4 });
    client.destroy();
    server.resume();
    const error = errorOf(server);
    const timer = setInterval(() => server.write('token '), 1);
    closing.push(() => clearInterval(timer));
    expect(['ECONNRESET', 'EPIPE']).toContain(await error);
    clearInterval(timer);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(link.figures().connections.open).toBe(0);
  });

  test('to a target that is down is reset after a round trip', async () => {
    const { port, server } = await listen();
    server.close();
    const link = await openLink(settings({ roundTripMs: 20, target: { host: '127.0.0.1', port } }));
    const begunMs = performance.now();
    const client = dial(link.port);
    client.write('anybody there?');
    expect(await errorOf(client)).toBe('ECONNRESET');
    expect(performance.now() - begunMs).toBeGreaterThanOrEqual(20);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(link.figures()).toMatchObject({ connections: { open: 0, accepted: 1, refused: 1 }, toTarget: { bytes: 0, heldBytes: 0 } });
  });

  test('is forgotten when its client goes before there is anything to refuse it', async () => {
    const link = await openLink(settings({ roundTripMs: 20 }));
    const client = dial(link.port);
    client.once('connect', () => client.resetAndDestroy());
    await once(client, 'close');
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(link.figures().connections).toEqual({ open: 0, accepted: 1, refused: 1 });
  });

  test('without a target is refused; with one it goes there, and stays there when the target changes', async () => {
    const link = await openLink(settings({ roundTripMs: 2 }));
    expect(await errorOf(dial(link.port))).toBe('ECONNRESET');
    const [first, second] = [await listen(), await listen()];
    link.target = { host: '127.0.0.1', port: first.port };
    const one = dial(link.port);
    const oneAtServer = await first.next();
    link.target = { host: '127.0.0.1', port: second.port };
    dial(link.port).write('to the second');
    expect((await read(await second.next(), 13)).toString()).toBe('to the second');
    one.write('to the first');
    expect((await read(oneAtServer, 12)).toString()).toBe('to the first');
    expect(link.figures()).toMatchObject({ target: { port: second.port }, connections: { open: 2, accepted: 3, refused: 1 } });
  });

  test('beyond the most that may be is not taken', async () => {
    const target = await listen();
    const link = await openLink(settings({ roundTripMs: 2, target: { host: '127.0.0.1', port: target.port } }), 1);
    dial(link.port);
    await target.next();
    const second = dial(link.port);
    second.resume();
    await once(second, 'end');
    expect(link.figures().connections).toEqual({ open: 1, accepted: 2, refused: 1 });
  });
});

describe('back-pressure', () => {
  test.each([
    { roundTripMs: 0, way: 'toTarget' },
    { roundTripMs: 4, way: 'toTarget' },
    { roundTripMs: 0, way: 'toClient' },
    { roundTripMs: 4, way: 'toClient' },
  ] as const)(
    'over $roundTripMs ms $way reaches the sender when nobody reads, holds no more than the bound, and ends',
    async ({ roundTripMs, way }) => {
      const { client, server, link } = await pair({ roundTripMs });
      const [sender, reader] = way === 'toTarget' ? [client, server] : [server, client];
      const block = randomBytes(1_000_000);
      const blocks = 48;
      for (let n = 0; n < blocks; n += 1) sender.write(block);
      // Until the sender has been stuck for a while: more fits in the kernel's buffers than in the link.
      for (let left = -1; left !== sender.writableLength; ) {
        left = sender.writableLength;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      expect(sender.writableLength).toBeGreaterThan(0);
      const { connectionHeldBytesPeak } = link.figures()[way];
      expect(connectionHeldBytesPeak).toBeGreaterThan(1024 ** 2);
      expect(connectionHeldBytesPeak).toBeLessThanOrEqual(heldBytesMax(0, roundTripMs) + 64 * 1024);
      sender.end();
      const hash = createHash('sha256');
      reader.on('data', (bytes: Buffer) => hash.update(bytes));
      await once(reader, 'end');
      const expected = createHash('sha256');
      for (let n = 0; n < blocks; n += 1) expected.update(block);
      expect(hash.digest('hex')).toBe(expected.digest('hex'));
    },
  );

  test.each([
    [0, 80, 4 * 1024 ** 2],
    // Two round trips' worth …
    [100_000_000, 80, 2_000_000],
    // … within bounds.
    [1_000_000, 20, 256 * 1024],
    [10_000_000_000, 80, 4 * 1024 ** 2],
  ])('at %d bit/s and %d ms holds at most %d bytes a direction', (bitsPerSecond, roundTripMs, bytes) => {
    expect(heldBytesMax(bitsPerSecond, roundTripMs)).toBe(bytes);
  });
});

describe('a link', () => {
  test('cuts its connections when it is closed, those that are being made too', async () => {
    const { client, server, link } = await pair({ roundTripMs: 100 });
    const second = dial(link.port);
    await once(second, 'connect');
    const all = [client, server, second];
    for (const socket of all) socket.resume();
    const ended = all.map((socket) => once(socket, 'end'));
    await link.close();
    await Promise.all(ended);
    expect(link.figures().connections.open).toBe(0);
  });

  test('counts anew when told, and goes on', async () => {
    const { client, server, link } = await pair({ roundTripMs: 2 });
    client.write('one');
    await read(server, 3);
    expect(link.figures()).toMatchObject({ connections: { accepted: 1 }, toTarget: { bytes: 3, deliveries: 1 } });
    link.clear();
    expect(link.figures()).toMatchObject({ connections: { open: 1, accepted: 0 }, toTarget: { bytes: 0, deliveries: 0 } });
    client.write('more');
    await read(server, 4);
    expect(link.figures().toTarget).toMatchObject({ bytes: 4, deliveries: 1 });
  });

  test('lets a large request over a fresh connection take the round trips of slow start', async () => {
    const roundTripMs = 20;
    const initialWindowBytes = 14_600;
    const { client, server, sinceMs } = await pair({ roundTripMs, initialWindowBytes });
    // 1 + 2 + 4 + 8 windows: four rounds, of which the last needs no answer.
    client.write(Buffer.alloc(initialWindowBytes * 15));
    await read(server, initialWindowBytes * 15);
    expect(sinceMs()).toBeGreaterThanOrEqual((1 + 3 + 0.5) * roundTripMs);
    const warmMs = sinceMs();
    client.write(Buffer.alloc(initialWindowBytes * 8));
    await read(server, initialWindowBytes * 8);
    const onceMs = sinceMs() - warmMs;
    expect(onceMs).toBeGreaterThanOrEqual(0.5 * roundTripMs);
    // In one round: the window is wide by now.
    expect(onceMs).toBeLessThan(1.5 * roundTripMs);
  });
});
