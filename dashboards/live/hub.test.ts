import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIVE_SAMPLES_MAX, type LiveEvent, type LiveSample, type LiveTurn } from './feed.ts';
import { LiveHub, UNREAD_BYTES_MAX, VIEWERS_MAX } from './hub.ts';

let hub: LiveHub;
let server: Server;
let answered: ServerResponse[];
beforeEach(async () => {
  hub = new LiveHub(() => ({ source: 'gateway', title: 'gateway here', version: '1.2.3' }), 5);
  answered = [];
  server = createServer((_request, response) => {
    answered.push(response);
    if (!hub.watch(response)) response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  hub.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const sample = (atMs: number): LiveSample => ({ atMs, spanMs: 1_000, trial: null, load: null, gateway: null });

function turn(key: string, durationMs: number, over: Partial<LiveTurn> = {}): LiveTurn {
  return { key, arm: null, atMs: 0, durationMs, firstTokenMs: null, outcome: 'completed', code: null, spans: [], ...over };
}

function ask(): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => get({ port, agent: false }, resolve).on('error', reject));
}

/** All events until the stream ends, and as they come. */
function eventsOf(response: IncomingMessage): { events: LiveEvent[]; over: Promise<LiveEvent[]> } {
  const events: LiveEvent[] = [];
  let text = '';
  response.setEncoding('utf8').on('data', (part: string) => {
    const blocks = (text + part).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) events.push(JSON.parse(block.replace(/^data: /, '')) as LiveEvent);
  });
  return { events, over: new Promise((resolve) => response.on('close', () => resolve(events))) };
}

describe('the feed', () => {
  it('tells whoever comes what was, then what comes, and that it has ended', async () => {
    hub.sample(sample(1), [turn('slow', 90)]);
    const response = await ask();
    expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const { over } = eventsOf(response);
    hub.sample(sample(2), [turn('slower', 95)]);
    hub.end('as it should', ['report.html']);
    const events = await over;
    expect(events).toEqual([
      {
        type: 'hello',
        hello: {
          source: 'gateway',
          title: 'gateway here',
          version: '1.2.3',
          startedAtMs: 5,
          samples: [sample(1)],
          turns: [turn('slow', 90)],
          arms: [],
        },
      },
      { type: 'sample', sample: sample(2), turns: [turn('slower', 95)] },
      { type: 'ended', atMs: expect.any(Number), how: 'as it should', reports: ['report.html'] },
    ]);
    const late = await eventsOf(await ask()).over;
    expect(late.map(({ type }) => type)).toEqual(['hello', 'ended']);
  });

  it(`keeps the last ${LIVE_SAMPLES_MAX} samples`, async () => {
    for (let at = 0; at < LIVE_SAMPLES_MAX + 7; at += 1) hub.sample(sample(at), []);
    const { events } = eventsOf(await ask());
    await expect.poll(() => events.length).toBe(1);
    const [hello] = events;
    const samples = hello?.type === 'hello' ? hello.hello.samples : [];
    expect([samples.length, samples[0]?.atMs]).toEqual([LIVE_SAMPLES_MAX, 7]);
  });

  it(`has at most ${VIEWERS_MAX} viewers, and room again when one leaves`, async () => {
    const viewers = await Promise.all(Array.from({ length: VIEWERS_MAX }, ask));
    expect((await ask()).statusCode).toBe(503);
    viewers[0]!.destroy();
    await expect.poll(() => hub.viewers).toBe(VIEWERS_MAX - 1);
    expect((await ask()).statusCode).toBe(200);
  });

  it('cuts off a viewer that does not read, and no other', async () => {
    const [slow, quick] = [await ask(), await ask()];
    slow.pause();
    slow.on('error', () => {});
    quick.resume();
    const large = turn('x', 1, { spans: [{ name: 'y'.repeat(1_000_000), startMs: 0, durationMs: 0, parent: null, attributes: {} }] });
    let unread = 0;
    // Until what it has not taken is more than it may be, the kernel's buffers aside.
    for (let at = 0; at < 64 && hub.viewers === 2; at += 1) {
      hub.sample(sample(at), [large]);
      unread = Math.max(unread, ...answered.map(({ writableLength }) => writableLength));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(hub.viewers).toBe(1);
    expect(unread).toBeLessThan(UNREAD_BYTES_MAX + 1_100_000);
    expect(answered[1]?.destroyed).toBe(false);
  });
});
