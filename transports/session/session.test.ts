/**
 * `gatebench.session.v1` against clients that break it, one rule each: the offender is told by code and closed with
 * 4401, nothing that it sends after that is taken, and its neighbours go on.
 */
import { connect as connectTcp } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { connect } from '../client.ts';
import type { Handler, Turn } from '../contract.ts';
import { sessionProblem } from '../registry.ts';
import { serve } from '../server.ts';
import { COMPLETED, driven, run, says, until } from '../testing/legs.ts';
import { type TestIssuerOptions, testIssuer } from '../testing/sessions.ts';
import { macOf, SignedSocket } from '../testing/signed-socket.ts';
import type { ClientOptions, Leg, ServeOptions, Server } from '../wire.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const OK: Handler = says({ type: 'started', responseId: 'r1' }, { type: 'text', text: 'fine' }, COMPLETED);
const KEPT: Leg = { transport: 'websocket', envelope: 'responses', connection: 'kept' };

interface World {
  server: Server;
  port: number;
  /** Told to the log and the counts. */
  peerErrors: { code: string; message: string }[];
  turns: Turn[];
}

async function start({
  handler = OK,
  issuer = {},
  ...options
}: Partial<Omit<ServeOptions, 'sessions'>> & { issuer?: TestIssuerOptions } = {}): Promise<World> {
  const peerErrors: World['peerErrors'] = [];
  const turns: Turn[] = [];
  const server = await serve({
    host: '127.0.0.1',
    port: 0,
    handler: (turn, sink) => {
      turns.push(turn);
      return handler(turn, sink);
    },
    sessions: testIssuer(issuer),
    onPeerError: (code, message) => peerErrors.push({ code, message }),
    ...options,
  });
  open.push({ close: () => server.close(0) });
  return { server, port: server.port, peerErrors, turns };
}

async function stranger(port: number, path?: string, protocols?: string[]): Promise<SignedSocket> {
  const socket = await SignedSocket.connect(port, path, protocols);
  open.push({ close: async () => socket.socket.terminate() });
  return socket;
}

function client(port: number, options: Partial<ClientOptions> = {}) {
  const made = connect({ leg: KEPT, host: '127.0.0.1', port, session: {}, ...options });
  open.push(made);
  return made;
}

const BODY = '{"type":"response.create","model":"m","input":"x"}';
/** Also a body in which a character stands that has two spellings in JSON and one digest. */
const REPLACED = '{"type":"response.create","model":"m","input":"\ufffd"}';

describe('a message that', () => {
  it.each<[string, string, (socket: SignedSocket, other: SignedSocket) => void]>([
    ['is not signed', 'message_unsigned', (socket) => socket.send(BODY)],
    ['has no token', 'message_unsigned', (socket) => socket.send({ body: BODY })],
    ['has no body', 'message_unsigned', (socket) => socket.send({ jwt: socket.signed(BODY).jwt })],
    ['has a body that is no string', 'message_unsigned', (socket) => socket.send({ ...socket.signed(BODY), body: {} })],
    ['is no JSON', 'message_unsigned', (socket) => socket.send('{"jwt":')],
    ['is a list', 'message_unsigned', (socket) => socket.send('[]')],
    ['is signed by another key', 'message_forged', (socket) => socket.say(BODY, { key: 'A'.repeat(43) })],
    ['is signed by nothing', 'message_forged', (socket) => socket.say(BODY, { header: '{"alg":"none","typ":"JWT"}' })],
    ['has another header', 'message_forged', (socket) => socket.say(BODY, { header: '{"typ":"JWT","alg":"HS256"}' })],
    ['has a token cut short', 'message_forged', (socket) => socket.send({ jwt: socket.signed(BODY).jwt.slice(0, -1), body: BODY })],
    ['has claims moved to the next place', 'message_forged', (socket) => socket.send(moved(socket.signed(BODY)))],
    ['has a place that is no number', 'message_forged', (socket) => socket.say(BODY, { seq: 'next' })],
    ['has no end', 'message_forged', (socket) => socket.say(BODY, { exp: null })],
    ['has another body', 'message_altered', (socket) => socket.send({ ...socket.signed(BODY), body: BODY.replace('x', 'y') })],
    ['has a body with a space more', 'message_altered', (socket) => socket.send({ ...socket.signed(BODY), body: `${BODY} ` })],
    [
      'has a body of the same bytes and another text',
      'message_altered',
      (socket) => socket.send(`{"jwt":"${socket.signed(REPLACED).jwt}","body":${JSON.stringify(REPLACED).replace('\ufffd', '\\ud800')}}`),
    ],
    ['comes twice', 'message_replayed', (socket) => twice(socket, socket.signed('{"type":"response.cancel"}'))],
    ['comes after the next one', 'message_out_of_order', (socket) => reversed(socket)],
    ['leaves one out', 'message_out_of_order', (socket) => socket.say(BODY, { seq: socket.seq + 2 })],
    ['takes a place of long ago', 'message_replayed', (socket) => socket.say(BODY, { seq: 0 })],
    ['belongs to another connection', 'message_foreign', (socket, other) => socket.send(other.signed(BODY))],
    ['names another connection', 'message_foreign', (socket, other) => socket.say(BODY, { sid: other.session.sid })],
    ['came too late', 'message_expired', (socket) => socket.say(BODY, { exp: socket.session.issued_at - 1 })],
    ['says hello again', 'unsupported_event', (socket) => socket.hello()],
  ])('%s is refused as %s', async (_what, code, wrong) => {
    const { port, peerErrors, turns } = await start();
    const [offender, neighbour] = [await stranger(port), await stranger(port)];
    for (const socket of [offender, neighbour]) socket.hello();
    offender.ask('before');
    await until(() => offender.completed === 1);
    wrong(offender, neighbour);
    await until(() => offender.errors.length === 1);
    expect(offender.errors).toEqual([code]);
    expect(peerErrors.map((error) => error.code)).toEqual([code]);
    if (code === 'unsupported_event') return;
    offender.ask('after');
    expect(await offender.closed).toEqual({ code: 4401, reason: code });
    neighbour.seq = 1;
    neighbour.ask('neighbour');
    await until(() => neighbour.completed === 1);
    expect(turns.map((turn) => turn.input.at(-1)?.content)).toEqual(['before', 'neighbour']);
  });

  function moved({ jwt, body }: { jwt: string; body: string }) {
    const [header, payload, mac] = jwt.split('.');
    const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString());
    const next = Buffer.from(JSON.stringify({ ...claims, seq: claims.seq + 1 })).toString('base64url');
    return { jwt: `${header}.${next}.${mac}`, body };
  }

  function twice(socket: SignedSocket, message: unknown): void {
    socket.send(message);
    socket.send(message);
  }

  function reversed(socket: SignedSocket): void {
    const [first, second] = [socket.signed(BODY), socket.signed(BODY)];
    socket.send(second);
    socket.send(first);
  }

  it('is binary is refused too', async () => {
    const { port } = await start();
    const socket = await stranger(port);
    socket.hello();
    socket.socket.send(Buffer.from(JSON.stringify(socket.signed(BODY))));
    expect(await socket.closed).toMatchObject({ code: 4401 });
    expect(socket.errors).toEqual(['unexpected_binary']);
  });

  it('comes after the end of the session is refused, however long it may be on its way', async () => {
    let nowMs = 1_800_000_000_000;
    const clock = { wallMs: () => nowMs, monotonicMs: () => performance.now() };
    const { port } = await start({ clock, issuer: { lifetimeS: 900, nowMs: clock.wallMs } });
    const socket = await stranger(port);
    expect(socket.session.expires_at - socket.session.issued_at).toBe(900);
    socket.hello({}, { exp: 2_000_000_000 });
    nowMs += 899_999;
    socket.say(BODY, { exp: 2_000_000_000 });
    await until(() => socket.completed === 1);
    nowMs += 1;
    socket.say(BODY, { exp: 2_000_000_000 });
    expect(await socket.closed).toEqual({ code: 4401, reason: 'session_expired' });
    expect(socket.errors).toEqual(['session_expired']);
  });

  it('is refused ends the turns of its connection at once, also where the peer does not take leave', async () => {
    const { handler, next } = driven();
    const { port, server } = await start({ handler });
    const socket = await stranger(port);
    socket.hello();
    socket.ask('one', 'a');
    socket.ask('two', 'b');
    const turns = [await next(), await next()];
    socket.socket.send(BODY);
    socket.socket.pause();
    await until(() => turns.every(({ cancels }) => cancels === 1) && server.counts().turns === 0);
    await until(() => server.counts().connections === 0);
  });
});

describe('a hello that', () => {
  const withToken = (change: (token: string) => unknown) => (socket: SignedSocket) => socket.hello({ token: change(socket.session.token) });

  it.each<[string, string, (socket: SignedSocket, other: SignedSocket) => void]>([
    ['is something else', 'hello_expected', (socket) => socket.say(BODY)],
    ['is no JSON', 'hello_expected', (socket) => socket.say('hello')],
    ['has no token', 'hello_expected', withToken(() => undefined)],
    ['has a token of another kind', 'hello_expected', withToken(() => 7)],
    ['has an altered token', 'session_token_invalid', withToken((token) => `${token.slice(0, -2)}xx`)],
    ['has its own key for a token', 'session_token_invalid', (socket) => socket.hello({ token: socket.session.key })],
    ['has the token of another connection', 'message_foreign', (socket, other) => socket.hello({ token: other.session.token })],
    ['sets env to a list', 'hello_expected', (socket) => socket.hello({ env: ['A'] })],
    ['sets a variable to a number', 'hello_expected', (socket) => socket.hello({ env: { LANG: 1 } })],
    ['sets a variable to what no variable holds', 'hello_expected', (socket) => socket.hello({ env: { LANG: 'a\0b' } })],
    ['sets a variable of no name', 'hello_expected', (socket) => socket.hello({ env: { 'A B': 'x' } })],
    ['sets many variables', 'hello_expected', (socket) => socket.hello({ env: variables(65) })],
    ['sets large variables', 'hello_expected', (socket) => socket.hello({ env: { LANG: 'x'.repeat(70_000) } })],
  ])('%s is refused as %s', async (_what, code, wrong) => {
    const { port, turns, peerErrors } = await start({ issuer: { allowedEnv: ['LANG'] } });
    const [offender, neighbour] = [await stranger(port), await stranger(port)];
    wrong(offender, neighbour);
    offender.ask('after');
    expect(await offender.closed).toEqual({ code: 4401, reason: code });
    expect(offender.errors).toEqual([code]);
    expect(peerErrors.map((error) => error.code)).toEqual([code]);
    expect(turns).toEqual([]);
  });

  function variables(count: number): Record<string, string> {
    return Object.fromEntries(Array.from({ length: count }, (_, index) => [`V${index}`, 'x']));
  }

  it('sets variables that are not allowed is refused by their names, and their values are told to nobody', async () => {
    const { port, peerErrors } = await start({ issuer: { allowedEnv: ['LANG'] } });
    const socket = await stranger(port);
    socket.hello({ env: { LANG: 'de', LD_PRELOAD: 'confidential-1', __proto__x: 'confidential-2' } });
    expect(await socket.closed).toEqual({ code: 4401, reason: 'env_not_allowed' });
    const said = JSON.stringify([socket.messages.slice(1), peerErrors]);
    expect(socket.messages[1]).toMatchObject({ status: 403, error: { code: 'env_not_allowed', param: 'env' } });
    expect(said).toContain('LD_PRELOAD, __proto__x');
    expect(said).not.toContain('LANG');
    expect(said).not.toContain('confidential');
  });

  it('does not come in time is not waited for', async () => {
    const { port, server } = await start({ limits: { handshakeTimeoutMs: 80 } });
    const socket = await stranger(port);
    expect(await socket.closed).toEqual({ code: 4401, reason: 'hello_expected' });
    await until(() => server.counts().connections === 0);
  });

  it('is being checked lets what follows wait, in order and within bounds', async () => {
    let pass: () => void = () => {};
    const checking = () => new Promise<void>((resolve) => (pass = resolve));
    const { port, turns } = await start({ issuer: { checking }, limits: { streamsWaitingMax: 3 } });
    const patient = await stranger(port);
    patient.hello();
    for (const input of ['one', 'two', 'three']) patient.ask(input);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(turns).toEqual([]);
    pass();
    await until(() => patient.completed === 3);
    expect(turns.map((turn) => turn.input[0]?.content)).toEqual(['one', 'two', 'three']);
    const greedy = await stranger(port);
    // In one write, since the server stops reading while it checks.
    const messages = [JSON.stringify({ type: 'gatebench.hello', token: greedy.session.token }), BODY, BODY, BODY, BODY];
    greedy.raw.cork();
    for (const message of messages) greedy.say(message);
    greedy.raw.uncork();
    expect(await greedy.closed).toEqual({ code: 4401, reason: 'queue_full' });
    pass();
    expect(turns).toHaveLength(3);
  });

  it('brings variables gives them to the turns of its connection, and to no others', async () => {
    const { port, turns } = await start({ issuer: { allowedEnv: ['LANG', 'TEAM'] } });
    const [first, second, bare] = [{ env: { LANG: 'de', TEAM: 'blue' } }, { env: { LANG: 'fr' } }, {}].map((session) =>
      client(port, { session }),
    );
    for (const one of [first!, second!, bare!, first!]) expect((await run(one.handler).sink.done).outcome.kind).toBe('completed');
    expect(turns.map((turn) => turn.env)).toEqual([{ LANG: 'de', TEAM: 'blue' }, { LANG: 'fr' }, undefined, { LANG: 'de', TEAM: 'blue' }]);
    expect(Object.isFrozen(turns[0]?.env)).toBe(true);
    const refused = await run(client(port, { session: { env: { PATH: '/evil' } } }).handler).sink.done;
    expect(refused.outcome).toMatchObject({ kind: 'refused', status: 403, code: 'env_not_allowed' });
  });
});

describe('an upgrade', () => {
  /** What it got: the subprotocol, or the reply in its place. */
  function upgrade(port: number, path: string, protocols: string[]): Promise<string> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols);
    open.push({ close: async () => socket.terminate() });
    return new Promise((resolve) => {
      socket.once('open', () => resolve(socket.protocol));
      socket.once('error', (error) => resolve(error.message));
      socket.once('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve(`${response.statusCode} ${JSON.parse(body).error.code}`));
      });
    });
  }
  const SESSION = 'gatebench.session.v1';

  it.each([
    ['/v1/responses', [SESSION], SESSION],
    ['/', [SESSION], SESSION],
    ['/v1/chat/completions', ['gatebench.v1', SESSION], SESSION],
    ['/v1/turns', ['gatebench.compact.v1', SESSION], SESSION],
    ['/v1/turns', ['gatebench.compact.v1', 'gatebench.v1'], 'gatebench.compact.v1'],
    ['/v1/turns', ['gatebench.binary.v1', SESSION], '400 message_auth_impossible'],
    ['/v1/turns', [SESSION], '404 not_found'],
    ['/v1/responses', ['gatebench.v1'], 'gatebench.v1'],
    ['/v1/responses', [], ''],
  ])('to %s with %j gets %s', async (path, protocols, got) => {
    const { port } = await start();
    expect(await upgrade(port, path, protocols)).toBe(got);
  });

  it('without a session is refused where messages must be signed, and requests are not concerned', async () => {
    const { port, peerErrors } = await start({ requireMessageAuth: true });
    expect(await upgrade(port, '/v1/responses', [])).toBe('401 message_auth_required');
    expect(await upgrade(port, '/v1/turns', ['gatebench.binary.v1'])).toBe('401 message_auth_required');
    expect(await upgrade(port, '/v1/responses', [SESSION])).toBe(SESSION);
    expect(peerErrors.map(({ code }) => code)).toEqual(['message_auth_required', 'message_auth_required']);
    const body = '{"model":"m","messages":[{"role":"user","content":"x"}]}';
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: 'POST', headers, body })).status).toBe(200);
    const unsigned = await run(connectPlain(port).handler).sink.done;
    expect(unsigned.outcome).toMatchObject({ kind: 'failed', code: 'connect_failed', message: expect.stringContaining('401') });
  });

  it('with a session to a server that has none is chosen as without it', async () => {
    const server = await serve({ host: '127.0.0.1', port: 0, handler: OK });
    open.push({ close: () => server.close(0) });
    expect(await upgrade(server.port, '/v1/turns', [SESSION, 'gatebench.compact.v1'])).toBe('gatebench.compact.v1');
    const compact = client(server.port, { leg: { ...KEPT, envelope: 'compact' } });
    expect((await run(compact.handler).sink.done).outcome).toMatchObject({
      kind: 'failed',
      code: 'connect_failed',
      message: expect.stringContaining('does not take signed messages'),
    });
  });

  function connectPlain(port: number) {
    const made = connect({ leg: KEPT, host: '127.0.0.1', port });
    open.push(made);
    return made;
  }
});

describe('our client', () => {
  /** A server that begins a session and then says this, whatever it is asked. */
  async function liar(then: string[], first?: string): Promise<number> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'gatebench.session.v1' });
    await new Promise((resolve) => server.once('listening', resolve));
    open.push({ close: () => new Promise((resolve) => server.close(resolve)) });
    const session = { token: 't', key: 'A'.repeat(43), sid: 's', issued_at: 1, expires_at: 1_000, heartbeat_interval_ms: 0 };
    server.on('connection', (socket) => {
      open.push({ close: async () => socket.terminate() });
      socket.send(first ?? JSON.stringify({ type: 'gatebench.session', ...session }));
      let heard = 0;
      socket.on('message', () => {
        heard += 1;
        if (heard === 2) for (const message of then) socket.send(message);
      });
    });
    return (server.address() as { port: number }).port;
  }
  const challenge = (mac: string) => JSON.stringify({ type: 'gatebench.heartbeat', nonce: 'n', mac });
  const DONE = '{"type":"response.completed","response":{"id":"r","output":[]}}';

  it('answers a challenge of the holder of the key, and leaves who only pretends to be', async () => {
    const right = challenge(macOf('A'.repeat(43), 'gatebench.heartbeat.server.s.n'));
    expect((await run(client(await liar([right, DONE])).handler).sink.done).outcome.kind).toBe('completed');
    for (const wrong of [challenge('B'.repeat(43)), challenge(macOf('A'.repeat(43), 'gatebench.heartbeat.client.s.n'))]) {
      const end = await run(client(await liar([wrong, DONE])).handler).sink.done;
      expect(end.outcome).toMatchObject({ kind: 'failed', code: 'bad_reply' });
    }
  });

  it.each([
    ['no session', '{"type":"hello"}'],
    ['a key that is none', '{"type":"gatebench.session","token":"t","key":"short","sid":"s","issued_at":1,"expires_at":2}'],
    ['no JSON', 'hello'],
  ])('does not begin a session with %s', async (_what, first) => {
    const end = await run(client(await liar([], first)).handler).sink.done;
    expect(end.outcome).toMatchObject({ kind: 'failed', code: 'connect_failed', message: expect.stringContaining('begins no session') });
  });

  it('waits for the session no longer than for a connection', async () => {
    const { port } = await start({ issuer: {}, admit: () => ({ ok: true, client: 'x' }) });
    const silent = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'gatebench.session.v1' });
    await new Promise((resolve) => silent.once('listening', resolve));
    open.push({ close: () => new Promise((resolve) => silent.close(resolve)) });
    const late = client((silent.address() as { port: number }).port, { connectTimeoutMs: 100 });
    expect((await run(late.handler).sink.done).outcome).toMatchObject({ kind: 'failed', code: 'connect_timeout' });
    expect((await run(client(port, { connectTimeoutMs: 5_000 }).handler).sink.done).outcome.kind).toBe('completed');
  });

  it('takes a new connection when its session is over, and lets turns on the old one finish', async () => {
    const { handler, next } = driven();
    const { port, server } = await start({ handler, issuer: { lifetimeS: 1 } });
    const made = client(port);
    const first = run(made.handler);
    const running = await next();
    running.sink.push({ type: 'started', responseId: 'r' }, 0);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const second = run(made.handler);
    const fresh = await next();
    expect(fresh.turn.arrival?.connection).not.toBe(running.turn.arrival?.connection);
    for (const { sink } of [running, fresh]) sink.push(COMPLETED, 0);
    expect((await first.sink.done).outcome.kind).toBe('completed');
    expect((await second.sink.done).outcome.kind).toBe('completed');
    await until(() => server.counts().connections <= 1);
  });

  it('counts its tokens as part of the request, and the first message of the server as handshake', async () => {
    const { port } = await start();
    const [signed, plain] = [client(port), connect({ leg: KEPT, host: '127.0.0.1', port })];
    open.push(plain);
    for (const one of [signed, plain]) await run(one.handler).sink.done;
    const [withIt, without] = [signed.meter(), plain.meter()];
    // {"jwt":"…","body":"…"} with its escapes.
    const request = '{"type":"response.create","model":"m","input":[{"type":"message","role":"user","content":"hello"}]}';
    const added = withIt.requestBodyBytes - without.requestBodyBytes;
    expect(added).toBeGreaterThan(200);
    expect(added).toBeLessThan(300 + request.length);
    expect(withIt.headerBytes - without.headerBytes).toBeGreaterThan(250);
    expect(withIt.envelopeBytes).toBe(without.envelopeBytes);
  });

  it('cannot sign what has no signed form', () => {
    const leg = (transport: Leg['transport'], envelope: Leg['envelope']): Leg => ({ transport, envelope, connection: 'kept' });
    expect(sessionProblem(leg('websocket', 'binary'))).toContain('binary');
    for (const transport of ['http', 'sse', 'sse-h2', 'memory'] as const)
      expect(sessionProblem(leg(transport, 'chat'))).toContain(transport);
    for (const envelope of ['chat', 'responses', 'compact'] as const) expect(sessionProblem(leg('websocket', envelope))).toBeUndefined();
    expect(() => connect({ leg: leg('sse', 'chat'), host: 'x', port: 1, session: {} })).toThrow('signed messages over sse');
  });
});

it.each(['issuing', 'checking'] as const)('an issuer that fails at %s is a defect of the server, told to its log alone', async (when) => {
  const fails = async () => {
    throw new Error('the vault is closed');
  };
  const { port, server, peerErrors, turns } = await start({ issuer: { [when]: fails } });
  const socket = when === 'checking' ? await stranger(port) : new WebSocket(`ws://127.0.0.1:${port}`, 'gatebench.session.v1');
  if (socket instanceof SignedSocket) {
    socket.hello();
    socket.ask('x');
  }
  const closed =
    socket instanceof SignedSocket ? socket.closed.then(({ code }) => code) : new Promise((resolve) => socket.once('close', resolve));
  expect(await closed).toBe(1011);
  expect(turns).toEqual([]);
  expect(peerErrors.map(({ code }) => code)).toEqual(['internal_error']);
  expect(peerErrors[0]?.message).toContain('the vault is closed');
  await until(() => server.counts().connections === 0);
});

it('a connection that dies while its session is made or checked leaves nothing behind', async () => {
  let pass: () => void = () => {};
  const { port, server, peerErrors } = await start({ issuer: { checking: () => new Promise<void>((resolve) => (pass = resolve)) } });
  const socket = await stranger(port);
  socket.hello();
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.socket.terminate();
  pass();
  const raw = connectTcp(port, '127.0.0.1');
  raw.write(
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: gatebench.session.v1\r\n\r\n',
  );
  raw.once('data', () => raw.destroy());
  await until(() => server.counts().connections === 0);
  expect(peerErrors.filter(({ code }) => code === 'internal_error')).toEqual([]);
});
