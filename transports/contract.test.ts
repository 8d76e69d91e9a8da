/**
 * The contract, held against every transport × envelope × connection that can be built, plain and under TLS, and with
 * signed messages where they can be signed: order, refusal, failure in mid-stream, cancelling, back-pressure, limits, the death of either peer, and that
 * nothing is left behind.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from './client.ts';
import { nowNs } from './clock.ts';
import { type Handler, OVER, type TurnEvent } from './contract.ts';
import { sessionProblem, TRANSPORT_BY_NAME } from './registry.ts';
import { serve } from './server.ts';
import { COMPLETED, Collector, driven, legName, run, says, testCertificate, turn, until, VALID_LEGS } from './testing/legs.ts';
import { testIssuer } from './testing/sessions.ts';
import type { Client, ClientOptions, Leg, ServeOptions, Server } from './wire.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

interface Case {
  leg: Leg;
  tls: boolean;
  /** Messages are signed. */
  session: boolean;
}

async function pair(
  { leg, tls, session }: Case,
  handler: Handler,
  serveOptions: Partial<ServeOptions> = {},
  clientOptions: Partial<ClientOptions> = {},
): Promise<{ server: Server; client: Client }> {
  const certificate = tls ? testCertificate() : undefined;
  const server = await serve({
    host: '127.0.0.1',
    port: 0,
    handler,
    ...(certificate ? { tls: certificate } : {}),
    ...(session ? { sessions: testIssuer(), requireMessageAuth: true } : {}),
    ...serveOptions,
  });
  open.push({ close: () => server.close(0) });
  const client = connect({
    leg,
    host: '127.0.0.1',
    port: server.port,
    ...(certificate ? { tls: { ca: certificate.cert } } : {}),
    ...(session ? { session: {} } : {}),
    ...clientOptions,
  });
  open.push(client);
  return { server, client };
}

const CASES = VALID_LEGS.flatMap((leg) =>
  [false, true].flatMap((session) =>
    [false, true]
      .filter((tls) => !(tls && leg.transport === 'memory') && !(session && sessionProblem(leg)))
      .map((tls) => ({ leg, tls, session, name: `${legName(leg)}${session ? ' signed' : ''}${tls ? ' over TLS' : ''}` })),
  ),
);

describe.each(CASES)('$name', ({ leg, tls, session }) => {
  const one: Case = { leg, tls, session };
  const streams = TRANSPORT_BY_NAME[leg.transport].streams;
  const text = (value: string): TurnEvent => ({ type: 'text', text: value });

  it('carries events in order, with content, usage and end as they were', async () => {
    const content = ['Hal', 'lo, ', '世界', ' "quoted"\n', '\u{1F600}', '\\ end'];
    const call: TurnEvent = { type: 'toolCall', index: 0, id: 'c1', name: 'look', arguments: '{"a":"b"}' };
    const calling: TurnEvent = { ...COMPLETED, outcome: { kind: 'completed', finish: 'toolCalls' } };
    const { server, client } = await pair(one, says({ type: 'started', responseId: 'r1' }, ...content.map(text), call, calling));
    const { sink } = run(client.handler);
    const end = await sink.done;
    expect(end.outcome).toEqual({ kind: 'completed', finish: 'toolCalls' });
    expect(end.usage).toEqual({ inputTokens: 3, outputTokens: 2 });
    expect(sink.text).toBe(content.join(''));
    // A call may come in fragments: the first names it, all of them make its arguments.
    const calls = sink.events.filter((event) => event.type === 'toolCall');
    expect(calls[0]).toMatchObject({ index: 0, id: 'c1', name: 'look' });
    expect(calls.map((fragment) => fragment.arguments).join('')).toBe('{"a":"b"}');
    expect(sink.events.at(0)?.type).toBe('started');
    expect(sink.events.at(-1)?.type).toBe('end');
    if (leg.transport !== 'memory') expect(sink.readAtNs.every((stamp) => stamp > 0)).toBe(true);
    await client.close();
    await until(() => server.counts().turns === 0 && server.counts().connections === 0);
  });

  it('tells the handler when the request was read, and brings phases back', async () => {
    const phases = { agent: 1.5, upstreamFirstToken: 0, receivedAtMs: 123_456_789.012 };
    const calls: { readAtNs: number; calledAtNs: number }[] = [];
    const handler: Handler = (asked, sink) => {
      calls.push({ readAtNs: asked.arrival!.readAtNs, calledAtNs: nowNs() });
      sink.push(text('a'), 0);
      sink.push({ ...COMPLETED, phases }, 0);
      return OVER;
    };
    const { client } = await pair(one, handler);
    // The second finds a connection that stands, where connections are kept.
    for (let ordinal = 0; ordinal < 2; ordinal += 1) {
      const askedAtNs = nowNs();
      const end = await run(client.handler, { want: { phases: true } }).sink.done;
      expect(end.phases).toEqual(phases);
      expect(calls[ordinal]!.readAtNs).toBeGreaterThan(askedAtNs);
      expect(calls[ordinal]!.readAtNs).toBeLessThanOrEqual(calls[ordinal]!.calledAtNs);
    }
    expect(client.meter().diagnosticsBytes).toBeGreaterThan(0);
  });

  it('accounts for every byte by layer', async () => {
    const { client } = await pair(one, says({ type: 'started', responseId: 'r1' }, text('abcdé'), text('fgh'), COMPLETED));
    await run(client.handler).sink.done;
    await client.close();
    await until(() => client.connections() === 0);
    const meter = client.meter();
    expect(meter.contentBytes).toBe(9);
    expect(meter).toMatchObject({ turns: 1, connections: 1, diagnosticsBytes: 0 });
    expect(meter.contentBytes + meter.envelopeBytes + meter.framingBytes + meter.headerBytes).toBe(meter.readBytes);
    for (const layer of [meter.envelopeBytes, meter.framingBytes, meter.headerBytes]) expect(layer).toBeGreaterThanOrEqual(0);
    expect(meter.requestBodyBytes).toBeGreaterThan(0);
    if (tls) expect(meter.wireReadBytes).toBeGreaterThan(meter.readBytes);
    else expect(meter.wireReadBytes).toBe(meter.readBytes);
  });

  it('brings a refusal before the start with its status, code and field', async () => {
    const { client } = await pair(
      one,
      says({ type: 'end', outcome: { kind: 'refused', status: 404, code: 'model_not_found', message: 'no model m', param: 'model' } }),
    );
    const end = await run(client.handler).sink.done;
    expect(end.outcome).toMatchObject({ kind: 'refused', status: 404, code: 'model_not_found', message: 'no model m' });
  });

  it('never takes a failure in mid-stream for a success', async () => {
    const failed: TurnEvent = { type: 'end', outcome: { kind: 'failed', code: 'upstream_error', message: 'the model fell over' } };
    const { client } = await pair(one, says({ type: 'started', responseId: 'r1' }, text('par'), failed));
    const { sink } = run(client.handler);
    const end = await sink.done;
    expect(end.outcome.kind).toBe('failed');
    if (streams) expect(sink.text).toBe('par');
  });

  it('serves many turns at once and one after another', async () => {
    const handler: Handler = (asked, sink) =>
      says({ type: 'started', responseId: 'r1' }, text(asked.input.at(-1)!.content), COMPLETED)(asked, sink);
    const { server, client } = await pair(one, handler);
    for (let round = 0; round < 2; round += 1) {
      const sinks = Array.from(
        { length: 20 },
        (_, index) => run(client.handler, { input: [{ role: 'user', content: `turn ${round}.${index}` }] }).sink,
      );
      for (const [index, sink] of sinks.entries()) {
        expect((await sink.done).outcome.kind).toBe('completed');
        expect(sink.text).toBe(`turn ${round}.${index}`);
        expect(sink.ends).toBe(1);
      }
    }
    if (leg.connection === 'multiplexed') expect(client.meter().connections).toBeLessThanOrEqual(2);
    if (leg.connection === 'kept') expect(client.meter().connections).toBeLessThanOrEqual(20);
    if (leg.connection === 'per-turn') expect(client.meter().connections).toBe(40);
    expect(server.counts().turns).toBe(0);
  });

  it('brings a cancel in mid-stream to the handler, and ends once', async () => {
    const { handler, next } = driven();
    const { server, client } = await pair(one, handler);
    const { sink, running } = run(client.handler);
    const remote = await next();
    remote.sink.push({ type: 'started', responseId: 'r1' }, 0);
    remote.sink.push(text('a'), 0);
    if (streams) await until(() => sink.text === 'a');
    running.cancel();
    running.cancel();
    expect((await sink.done).outcome.kind).toBe('cancelled');
    await until(() => remote.cancels === 1);
    remote.sink.push(text('too late'), 0);
    await until(() => server.counts().turns === 0);
    running.resume();
    running.cancel();
    expect(sink.ends).toBe(1);
    expect(sink.text).toBe(streams ? 'a' : '');
    // The client is as good as new.
    const again = run(client.handler);
    const second = await next();
    second.sink.push({ type: 'started', responseId: 'r2' }, 0);
    second.sink.push(COMPLETED, 0);
    expect((await again.sink.done).outcome.kind).toBe('completed');
  });

  it('tells the handler when the client is gone', async () => {
    const { handler, next } = driven();
    const { server, client } = await pair(one, handler);
    const { sink } = run(client.handler);
    const remote = await next();
    remote.sink.push({ type: 'started', responseId: 'r1' }, 0);
    await client.close();
    expect((await sink.done).outcome).toMatchObject({ kind: 'failed', code: 'connection_lost' });
    await until(() => remote.cancels === 1 && server.counts().turns === 0 && server.counts().connections === 0);
  });

  it('tells the client when the server cuts the connection in mid-stream', async () => {
    const cut: TurnEvent = { type: 'end', outcome: { kind: 'failed', code: 'connection_lost', message: '' } };
    const { handler, next } = driven();
    const { client } = await pair(one, handler);
    const { sink } = run(client.handler);
    const remote = await next();
    remote.sink.push({ type: 'started', responseId: 'r1' }, 0);
    remote.sink.push(text('half'), 0);
    if (streams) await until(() => sink.text === 'half');
    remote.sink.push(cut, 0);
    const end = await sink.done;
    expect(end.outcome.kind).toBe('failed');
    if (leg.transport !== 'memory') expect(end.outcome).toMatchObject({ code: 'connection_lost' });
  });

  it('fails the turn, not the process, when nobody listens', async () => {
    const { server, client } = await pair(one, says(COMPLETED));
    await server.close(0);
    const end = await run(client.handler).sink.done;
    expect(end.outcome).toMatchObject({ kind: 'failed', code: 'connect_failed' });
    expect(client.connections()).toBe(0);
  });

  if (leg.transport !== 'memory') {
    it('takes a request at the limit and refuses one beyond it', async () => {
      const limit = 4_096;
      const { server, client } = await pair(one, says({ type: 'started', responseId: 'r1' }, text('ok'), COMPLETED), {
        limits: { messageBytesMax: limit },
      });
      // Find by bisection the longest content that passes: its request is exactly at the limit.
      const sizeOf = async (length: number) => {
        const before = client.meter().requestBodyBytes;
        const end = await run(client.handler, { input: [{ role: 'user', content: 'x'.repeat(length) }] }).sink.done;
        return { bytes: client.meter().requestBodyBytes - before, outcome: end.outcome };
      };
      const small = await sizeOf(1_000);
      expect(small.outcome.kind).toBe('completed');
      // Length prefixes of the binary form may grow by a byte on the way; one correction is enough.
      let length = 1_000 + limit - small.bytes;
      const near = await sizeOf(length - 2);
      length += limit - 2 - near.bytes;
      const at = await sizeOf(length);
      expect(at).toMatchObject({ bytes: limit, outcome: { kind: 'completed' } });
      const beyond = await sizeOf(length + 1);
      expect(beyond.bytes).toBe(limit + 1);
      if (leg.transport === 'websocket') expect(beyond.outcome).toMatchObject({ kind: 'failed', code: 'connection_lost' });
      else expect(beyond.outcome).toMatchObject({ kind: 'refused', status: 413, code: 'message_too_large' });
      expect((await sizeOf(10)).outcome.kind).toBe('completed');
      await until(() => server.counts().turns === 0);
    });
  }

  if (streams) {
    it('makes the producer pause for a slow reader, and loses nothing', async () => {
      const piece = 'x'.repeat(16 * 1024);
      const { handler, next } = driven();
      const { client } = await pair(one, handler);
      const sink = new Collector();
      const running = client.handler(turn(), sink);
      const remote = await next();
      remote.sink.push({ type: 'started', responseId: 'r1' }, 0);
      sink.takes = false;
      let pushed = 0;
      let paused = false;
      // 64 MiB is more than all socket buffers on the way: a producer that never hears "pause" has no back-pressure.
      while (!paused && pushed < 4_096) {
        paused = !remote.sink.push(text(piece), 0);
        pushed += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(paused).toBe(true);
      // One that multiplexes may hand over what it has read (bounded); none may take everything.
      expect(sink.text.length).toBeLessThan(pushed * piece.length + 1);
      sink.takes = true;
      running.resume();
      await until(() => remote.resumes > 0);
      remote.sink.push(COMPLETED, 0);
      expect((await sink.done).outcome.kind).toBe('completed');
      expect(sink.text.length).toBe(pushed * piece.length);
    });
  }
});
