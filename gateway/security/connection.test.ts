/**
 * The security of connections as an operator meets it: the gateway as a process, with clients that are not ours
 * (`wscat`, `openai`, a browser's WebSocket, one that signs with `jose`), let in, refused, and told why.
 */
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SignJWT } from 'jose';
import OpenAI from 'openai';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket as RawWebSocket } from 'ws';
import { connect } from '../../transports/client.ts';
import { serve } from '../../transports/server.ts';
import { COMPLETED, run, says, until } from '../../transports/testing/legs.ts';
import type { ClientOptions, Leg, Server } from '../../transports/wire.ts';
import { configFor, GatewayProcess } from '../testing/process.ts';

const TOKEN = 'a-token-for-this-test';
const AUTHORIZATION = `Bearer ${TOKEN}`;
const WSCAT = join(dirname(createRequire(import.meta.url).resolve('wscat/package.json')), 'bin', 'wscat');
const WEBSOCKET: Leg = { transport: 'websocket', envelope: 'responses', connection: 'kept' };
const ASK = '{"type":"response.create","model":"m","input":"x"}';

let upstream: Server;

beforeAll(async () => {
  upstream = await serve({
    host: '127.0.0.1',
    port: 0,
    handler: says({ type: 'started', responseId: 'r' }, { type: 'text', text: 'fine' }, COMPLETED),
  });
});

afterAll(() => upstream.close(0));

function gatewayWith(over: Record<string, unknown> = {}, gateway: Record<string, unknown> = {}, websocket: Record<string, unknown> = {}) {
  return new GatewayProcess(
    configFor(upstream.port, {
      gateway: { port: 0, adminPort: 0, ...gateway },
      auth: { tokens: [TOKEN] },
      security: { websocket: { enabled: true, messageAuth: 'JWT', ...websocket } },
      logging: { level: 'debug' },
      ...over,
    }),
  );
}

async function codes(adminPort: number): Promise<Record<string, number>> {
  const status = (await (await fetch(`http://127.0.0.1:${adminPort}/status`)).json()) as { turns: { codes: Record<string, number> } };
  return status.turns.codes;
}

async function outcome(port: number, options: Partial<ClientOptions>, leg = WEBSOCKET) {
  const client = connect({ leg, host: '127.0.0.1', port, ...options });
  const { outcome: ended } = await run(client.handler).sink.done;
  await client.close();
  return ended;
}

function wscat(port: number, ...args: string[]): Promise<{ code: number | null; out: string; errors: string }> {
  // It ends when its standard input does, so that stays open.
  const child = spawn(process.execPath, [WSCAT, '-c', `ws://127.0.0.1:${port}`, '-w', '1', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, errors })));
}

/** Node's own WebSocket is the browsers': it sets no headers, and fails where none of its subprotocols is selected. */
function browser(port: number, protocols: string[]): Promise<{ protocol: string; first: string } | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/responses`, protocols);
  return new Promise((resolve) => {
    socket.onerror = () => resolve(undefined);
    socket.onopen = () => {
      if (socket.protocol !== 'gatebench.session.v1') socket.send(ASK);
    };
    socket.onmessage = ({ data }) => {
      socket.close();
      resolve({ protocol: socket.protocol, first: JSON.parse(String(data)).type });
    };
  });
}

const bearerSubprotocol = (token: string) => `gatebench.bearer.${Buffer.from(token).toString('base64url')}`;

describe('clients that are not ours', () => {
  let gateway: GatewayProcess;
  let port: number;
  let admin: number;

  beforeAll(async () => {
    gateway = gatewayWith();
    ({ gateway: port, admin } = (await gateway.ready()).ports);
  });

  afterAll(() => gateway[Symbol.asyncDispose]());

  it('wscat talks with a token, and without one hears 401', async () => {
    const inside = await wscat(port, '-H', `Authorization: ${AUTHORIZATION}`, '-x', ASK);
    expect(inside.out).toContain('"delta":"fine"');
    expect(inside.out).toContain('response.completed');
    const outside = await wscat(port, '-x', ASK);
    expect(outside).toMatchObject({ code: 255, out: '', errors: expect.stringContaining('Unexpected server response: 401') });
    const wrong = await wscat(port, '-H', 'Authorization: Bearer another', '-x', ASK);
    expect(wrong.errors).toContain('401');
  });

  it('a page of a stranger is kept out, whatever token it has', async () => {
    const { errors, out } = await wscat(port, '-H', `Authorization: ${AUTHORIZATION}`, '-o', 'https://evil.example', '-x', ASK);
    expect([out, errors]).toEqual(['', expect.stringContaining('403')]);
  });

  it('wscat cannot sign, and is told so when it offers to', async () => {
    const { out } = await wscat(port, '-H', `Authorization: ${AUTHORIZATION}`, '-s', 'gatebench.session.v1', '-x', ASK);
    expect(out).toContain('"code":"message_unsigned"');
    expect(out).not.toContain('fine');
  });

  it('openai over HTTP and WebSocket talks with a token, and without a valid one is told so', async () => {
    const baseURL = `http://127.0.0.1:${port}/v1`;
    const inside = new OpenAI({ apiKey: TOKEN, baseURL, maxRetries: 0 });
    expect((await inside.responses.create({ model: 'm', input: 'x' })).output_text).toBe('fine');
    const outside = new OpenAI({ apiKey: 'wrong', baseURL, maxRetries: 0 });
    await expect(outside.responses.create({ model: 'm', input: 'x' })).rejects.toMatchObject({
      status: 401,
      code: 'unauthorized',
      message: expect.stringContaining('a valid bearer token is required'),
    });
    const talking = new ResponsesWS(inside);
    const completed = new Promise((resolve) => talking.on('response.completed', resolve));
    talking.on('error', () => {});
    talking.send({ type: 'response.create', model: 'm', input: 'x' });
    await completed;
    talking.close();
    const refused = new ResponsesWS(outside);
    const error = await new Promise<Error>((resolve) => refused.on('error', resolve));
    expect(error.message).toContain('401');
  });

  it('a browser sends its token as a subprotocol, and gets another one selected', async () => {
    expect(await browser(port, ['gatebench.v1', bearerSubprotocol(TOKEN)])).toEqual({
      protocol: 'gatebench.v1',
      first: 'response.created',
    });
    expect(await browser(port, [bearerSubprotocol(TOKEN), 'gatebench.session.v1'])).toEqual({
      protocol: 'gatebench.session.v1',
      first: 'gatebench.session',
    });
    expect(await browser(port, ['gatebench.v1', bearerSubprotocol('wrong')])).toBeUndefined();
    expect(await browser(port, ['gatebench.v1'])).toBeUndefined();
    expect(await browser(port, [bearerSubprotocol(TOKEN)])).toBeUndefined();
  });

  it('one that signs with a library for JSON Web Tokens is understood', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/responses`, ['gatebench.session.v1', bearerSubprotocol(TOKEN)]);
    const messages: { type: string; delta?: string }[] = [];
    let seq = 0;
    const say = async (session: { key: string; sid: string }, body: string) => {
      seq += 1;
      const dig = createHash('sha256').update(body).digest('base64url');
      const jwt = await new SignJWT({ sid: session.sid, seq, dig })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setExpirationTime('30s')
        .sign(Buffer.from(session.key, 'base64url'));
      socket.send(JSON.stringify({ jwt, body }));
    };
    socket.onmessage = async ({ data }) => {
      const message = JSON.parse(String(data));
      messages.push(message);
      if (message.type !== 'gatebench.session') return;
      await say(message, JSON.stringify({ type: 'gatebench.hello', token: message.token }));
      await say(message, ASK);
    };
    await until(() => messages.at(-1)?.type === 'response.completed');
    expect(messages.find(({ type }) => type === 'response.output_text.delta')?.delta).toBe('fine');
    socket.close();
  });

  it('whoever is refused is counted by code, and no token is in the log', async () => {
    expect(await codes(admin)).toMatchObject({ unauthorized: expect.any(Number), message_unsigned: 1, invalid_request: 1 });
    for (const secret of [TOKEN, Buffer.from(TOKEN).toString('base64url'), 'eyJhbGciOiJIUzI1NiI'])
      expect(gateway.errors).not.toContain(secret);
    expect(gateway.errors).toContain('message_unsigned');
  });
});

describe('the configuration', () => {
  it('lets in only who signs, where it requires so', async () => {
    await using gateway = gatewayWith({}, {}, { requireMessageAuth: true, allowedEnv: ['LANG'] });
    const { ports } = await gateway.ready();
    const headers = { authorization: AUTHORIZATION };
    expect(await outcome(ports.gateway, { headers, session: { env: { LANG: 'de' } } })).toMatchObject({ kind: 'completed' });
    expect(await outcome(ports.gateway, { headers })).toMatchObject({ code: 'connect_failed', message: expect.stringContaining('401') });
    const secret = randomUUID();
    expect(await outcome(ports.gateway, { headers, session: { env: { LD_PRELOAD: secret } } })).toMatchObject({
      kind: 'refused',
      code: 'env_not_allowed',
      message: expect.stringContaining('LD_PRELOAD'),
    });
    expect(await outcome(ports.gateway, { headers }, { ...WEBSOCKET, transport: 'sse' })).toMatchObject({ kind: 'completed' });
    expect(await codes(ports.admin)).toMatchObject({ message_auth_required: 1, env_not_allowed: 1 });
    expect(gateway.errors).not.toContain(secret);
    expect(gateway.errors).not.toContain('"de"');
  });

  it('sends heartbeats, and disconnects who does not answer', async () => {
    await using gateway = gatewayWith({}, {}, { heartbeatInterval: 50 });
    const { ports } = await gateway.ready();
    const deaf = new RawWebSocket(`ws://127.0.0.1:${ports.gateway}`, { headers: { authorization: AUTHORIZATION }, autoPong: false });
    const client = connect({
      leg: WEBSOCKET,
      host: '127.0.0.1',
      port: ports.gateway,
      headers: { authorization: AUTHORIZATION },
      session: {},
    });
    await client.warm(1);
    expect(await new Promise((resolve) => deaf.once('close', resolve))).toBe(4408);
    expect((await run(client.handler).sink.done).outcome.kind).toBe('completed');
    expect(client.meter().connections).toBe(1);
    await client.close();
    expect(await codes(ports.admin)).toMatchObject({ heartbeat_missed: 1 });
  });

  it('limits connections and turns of a client, apart from those of others', async () => {
    const tokens = { auth: { tokens: [TOKEN, 'another-token'] } };
    await using gateway = gatewayWith(tokens, { connectionsPerClientMax: 1, turnsPerSecondMax: 1 });
    const { ports } = await gateway.ready();
    const [mine, other] = [TOKEN, 'another-token'].map((token) => {
      const leg: Leg = { ...WEBSOCKET, connection: 'multiplexed' };
      return connect({ leg, host: '127.0.0.1', port: ports.gateway, headers: { authorization: `Bearer ${token}` } });
    });
    // Both at once.
    const [first, beyond] = [run(mine!.handler), run(mine!.handler)];
    expect((await first.sink.done).outcome.kind).toBe('completed');
    expect((await beyond.sink.done).outcome).toMatchObject({ kind: 'refused', status: 429, code: 'rate_limited', retryAfterS: 1 });
    expect((await run(other!.handler).sink.done).outcome.kind).toBe('completed');
    const second = await fetch(`http://127.0.0.1:${ports.gateway}/v1/models`, { headers: { authorization: AUTHORIZATION } });
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '1']);
    for (const client of [mine!, other!]) await client.close();
    expect((await codes(ports.admin)).rate_limited).toBeGreaterThanOrEqual(2);
  });

  it('limits connections of an address', async () => {
    await using gateway = gatewayWith({}, { connectionsPerSecondMax: 1 });
    const { ports } = await gateway.ready();
    const statuses = await Promise.all(
      Array.from({ length: 40 }, () =>
        fetch(`http://127.0.0.1:${ports.gateway}/v1/models`, { headers: { authorization: AUTHORIZATION, connection: 'close' } }).then(
          ({ status }) => status,
          () => 'cut',
        ),
      ),
    );
    expect(statuses).toContain(200);
    expect(statuses).toContain(429);
    expect(statuses).toContain('cut');
    expect((await codes(ports.admin)).rate_limited).toBeGreaterThan(10);
  });

  it('takes tokens away without a restart, from WebSockets too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatebench-tokens-'));
    try {
      const tokensFile = join(folder, 'tokens');
      writeFileSync(tokensFile, 'old-token\n');
      await using gateway = gatewayWith({ auth: { tokensFile } });
      const { ports } = await gateway.ready();
      const kinds = async () => {
        const found = [];
        for (const token of ['old-token', 'new-token'])
          found.push((await outcome(ports.gateway, { headers: { authorization: `Bearer ${token}` }, session: {} })).kind);
        return found;
      };
      expect(await kinds()).toEqual(['completed', 'failed']);
      writeFileSync(tokensFile, 'new-token\n');
      gateway.child.kill('SIGHUP');
      await until(() => gateway.errors.includes('tokens read again'));
      expect(await kinds()).toEqual(['failed', 'completed']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
