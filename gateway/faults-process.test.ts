/**
 * Each fault makes a real gateway worse by what was asked, and by nothing that a client would stumble over. Times are
 * lower bounds, and hold on the slowest machine.
 */
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../transports/client.ts';
import { nowNs } from '../transports/clock.ts';
import type { Handler } from '../transports/contract.ts';
import { serve } from '../transports/server.ts';
import { Collector, turn } from '../transports/testing/legs.ts';
import type { Client, Server } from '../transports/wire.ts';
import { configFor, GatewayProcess, type Ready } from './testing/process.ts';

const TOKENS = 20;
const WAIT_MS = 40;
/** Timers count from the last time that their loop looked at the clock, in whole milliseconds. */
const TIMER_MS = 2;

/** When the upstream got the turn, and when it said its first word. */
const seen = { askedAtNs: 0, saidAtNs: 0 };
const upstreamModel: Handler = (_turn, sink) => {
  seen.askedAtNs = nowNs();
  sink.push({ type: 'started', responseId: 'u1' }, 0);
  seen.saidAtNs = nowNs();
  let token = 0;
  // Each in a pass of its own, so that it is a message of its own.
  const next = () => {
    if (token === TOKENS) sink.push({ type: 'end', outcome: { kind: 'completed', finish: 'stop' } }, 0);
    else {
      sink.push({ type: 'text', text: `t${token} ` }, 0);
      token += 1;
      setImmediate(next);
    }
  };
  next();
  return { resume() {}, cancel() {} };
};
const SAID = Array.from({ length: TOKENS }, (_, token) => `t${token} `).join('');

let upstream: Server;
let gateway: GatewayProcess | undefined;
const clients: Client[] = [];
beforeEach(async () => {
  upstream = await serve({ host: '127.0.0.1', port: 0, handler: upstreamModel });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await gateway?.[Symbol.asyncDispose]();
  gateway = undefined;
  await upstream.close(0);
});

async function startWith(faults: Record<string, unknown>, mode = 'inline'): Promise<Ready['ports']> {
  gateway = new GatewayProcess(configFor(upstream.port, { faults }), ['--allow-faults', '--mode', mode]);
  return (await gateway.ready()).ports;
}

/** One turn, after one that has opened the connections. */
async function measure(port: number): Promise<{ sentAtNs: number; firstAtNs: number; text: string }> {
  const client = connect({ leg: { transport: 'sse', envelope: 'chat', connection: 'kept' }, host: '127.0.0.1', port });
  clients.push(client);
  for (let warm = true; ; warm = false) {
    const sink = new Collector();
    let firstAtNs = 0;
    sink.onEvent = (event) => {
      if (event.type === 'text') firstAtNs ||= sink.readAtNs.at(-1)!;
    };
    const sentAtNs = nowNs();
    client.handler(turn(), sink);
    expect((await sink.done).outcome).toEqual({ kind: 'completed', finish: 'stop' });
    if (!warm) return { sentAtNs, firstAtNs, text: sink.text };
  }
}

describe('a delay', () => {
  it.each([
    ['admission', 'inline'],
    ['dispatch', 'inline'],
    ['agent', 'inline'],
    ['agent', 'thread'],
    ['agent', 'process'],
    ['upstream', 'inline'],
    ['upstream', 'thread'],
    ['upstream', 'process'],
  ])('of %s comes before the upstream is asked (%s)', async (phase, mode) => {
    const { gateway: port } = await startWith({ delayMs: { [phase]: WAIT_MS } }, mode);
    const { sentAtNs, text } = await measure(port);
    expect(text).toBe(SAID);
    expect((seen.askedAtNs - sentAtNs) / 1e6).toBeGreaterThan(WAIT_MS - TIMER_MS);
  });

  it('of serialise comes after the upstream has answered', async () => {
    const { gateway: port } = await startWith({ delayMs: { serialise: WAIT_MS } });
    const { firstAtNs, text } = await measure(port);
    expect(text).toBe(SAID);
    expect((firstAtNs - seen.saidAtNs) / 1e6).toBeGreaterThan(WAIT_MS - TIMER_MS);
  });

  it('of each phase adds to those of the others', async () => {
    const phases = ['admission', 'dispatch', 'agent', 'upstream', 'serialise'];
    const { gateway: port } = await startWith({ delayMs: Object.fromEntries(phases.map((phase) => [phase, WAIT_MS])) });
    const { sentAtNs, firstAtNs } = await measure(port);
    expect((seen.askedAtNs - sentAtNs) / 1e6).toBeGreaterThan(4 * (WAIT_MS - TIMER_MS));
    expect((firstAtNs - sentAtNs) / 1e6).toBeGreaterThan(5 * (WAIT_MS - TIMER_MS));
  });
});

describe('CPU', () => {
  it('is burnt for each token', async () => {
    const ports = await startWith({ cpuMicrosPerToken: 5_000 });
    const cpuMs = async () => {
      const { cpu } = (await (await fetch(`http://127.0.0.1:${ports.admin}/status`)).json()) as {
        cpu: { userMicros: number; systemMicros: number };
      };
      return (cpu.userMicros + cpu.systemMicros) / 1_000;
    };
    const before = await cpuMs();
    const { text } = await measure(ports.gateway);
    expect(text).toBe(SAID);
    // Two turns. A core that others share counts less than the time that passes.
    expect((await cpuMs()) - before).toBeGreaterThan(0.3 * 2 * TOKENS * 5);
  });
});

describe('extra bytes', () => {
  const EXTRA = 300;
  const request = { model: 'm', messages: [{ role: 'user' as const, content: 'x' }] };

  /** Of all messages of a reply. */
  function padding(text: string): number {
    return [...text.matchAll(/"obfuscation":"(x*)"/g)].reduce((sum, [, padding]) => sum + padding!.length, 0);
  }

  it.each([
    ['/v1/chat/completions', { ...request, stream: true }],
    ['/v1/chat/completions', request],
    ['/v1/responses', { model: 'm', input: 'x', stream: true }],
    ['/v1/responses', { model: 'm', input: 'x' }],
  ])('come with each token at %s, %j', async (path, body) => {
    const ask = async (port: number) => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).text();
    };
    const { gateway: port } = await startWith({ extraBytesPerToken: EXTRA });
    expect(padding(await ask(port))).toBe(TOKENS * EXTRA);
  });

  it('are passed over by OpenAI’s client, and by ours, whose meter has them', async () => {
    const { gateway: port } = await startWith({ extraBytesPerToken: EXTRA });
    const openai = new OpenAI({ apiKey: 'none', baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0 });
    const chat = await openai.chat.completions.stream(request).finalChatCompletion();
    expect(chat.choices[0]?.message.content).toBe(SAID);
    expect((await openai.chat.completions.create(request)).choices[0]?.message.content).toBe(SAID);
    const streamed = await openai.responses.stream({ model: 'm', input: 'x' }).finalResponse();
    expect(streamed.output_text).toBe(SAID);
    expect((await openai.responses.create({ model: 'm', input: 'x' })).output_text).toBe(SAID);
    expect((await measure(port)).text).toBe(SAID);
    const [ours] = clients;
    const { contentBytes, envelopeBytes } = ours!.meter();
    expect(contentBytes).toBe(2 * SAID.length);
    expect(envelopeBytes).toBeGreaterThan(2 * TOKENS * EXTRA);
  });
});

describe('faults', () => {
  it('are refused where the command line does not allow them', async () => {
    gateway = new GatewayProcess(configFor(upstream.port, { faults: { cpuMicrosPerToken: 1 } }));
    expect(await gateway.firstLine).toMatchObject({ error: 'configuration', problems: [{ path: 'faults' }] });
    expect(await gateway.exited).toEqual({ code: 2, signal: null });
  });
});
