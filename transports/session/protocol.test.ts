/** Both sides of the protocol without a connection: whatever is signed comes through, whatever is not does not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Refusal } from '../contract.ts';
import { testIssuer } from '../testing/sessions.ts';
import { ClientSession } from './client.ts';
import { isHeartbeat, readClaims, readHeartbeat, readHello, readSessionMessage, writeClaims, writeHeartbeat } from './protocol.ts';
import { ServerSession } from './server.ts';
import { SigningKey } from './signing.ts';

/** A server's session that is open, and the client's own. */
async function opened() {
  const refusals: Refusal[] = [];
  let told: (message: string) => void = () => {};
  const first = new Promise<string>((resolve) => (told = resolve));
  const resumed = { done: () => {} };
  const checked = new Promise<void>((resolve) => (resumed.done = resolve));
  const server = new ServerSession({
    issuer: testIssuer(),
    client: 'c',
    heartbeatIntervalMs: 0,
    helloTimeoutMs: 60_000,
    waitingMax: 0,
    nowMs: Date.now,
    host: {
      send: (message) => told(message),
      deliver: () => {},
      answered: () => false,
      refuse: (refusal) => refusals.push(refusal),
      failed: (error) => {
        throw error;
      },
      pause: () => {},
      resume: () => resumed.done(),
    },
  });
  const client = ClientSession.begin(await first)!;
  expect(server.open(client.hello({}), 1)).toBeUndefined();
  await checked;
  return { server, client, refusals };
}

const json = fc.jsonValue().map((value) => JSON.stringify(value));

describe('a session', () => {
  it('brings every body as it was, in order', async () => {
    const body = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      json,
      fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(body, { maxLength: 20 }), async (bodies) => {
        const { server, client, refusals } = await opened();
        expect(bodies.map((one) => server.open(client.sign(one), 1))).toEqual(bodies);
        expect(refusals).toEqual([]);
        server.close();
      }),
      { numRuns: 50 },
    );
  });

  it('brings nothing else, says so once, and then nothing at all', async () => {
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom('gatebench.heartbeat', 'gatebench.hello'), fc.string());
    const near = fc.record({ jwt: field, body: field, type: field, nonce: field, mac: field }, { requiredKeys: [] });
    const message = fc.oneof(
      fc.string(),
      json,
      near.map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(message, async (text) => {
        const { server, client, refusals } = await opened();
        expect(server.open(text, 1)).toBeUndefined();
        expect(refusals).toHaveLength(1);
        expect(server.open(client.sign('{}'), 1)).toBeUndefined();
        expect(refusals).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });

  it('brings nothing of a message of which one character was changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.string({ minLength: 1, maxLength: 1 }),
        async (where, by) => {
          const { server, client } = await opened();
          const signed = client.sign('{"type":"response.create","model":"m","input":"x"}');
          const at = Math.floor(where * signed.length);
          const changed = signed.slice(0, at) + by + signed.slice(at + 1);
          // What still says the same (a space for nothing, an escape) may pass: by value, not by spelling.
          const same = (text: string) => {
            try {
              const { jwt, body } = JSON.parse(text);
              return JSON.stringify([jwt, body]);
            } catch {
              return undefined;
            }
          };
          fc.pre(same(changed) !== same(signed));
          expect(server.open(changed, 1)).toBeUndefined();
          server.close();
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the readers', () => {
  it('take anything without an exception', () => {
    const key = new SigningKey(new Uint8Array(32));
    fc.assert(
      fc.property(fc.oneof(fc.string(), json), (text) => {
        readSessionMessage(text);
        readClaims(text);
        readHello(text);
        isHeartbeat(Buffer.from(text));
        readHeartbeat(key, 'client', 's', { nonce: text, mac: text });
      }),
    );
  });

  it('read what the writers wrote', () => {
    const claims = { sid: 'abc-_', seq: 7, dig: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU', exp: 1_800_000_000 };
    expect(readClaims(writeClaims(claims))).toEqual(claims);
    const key = new SigningKey(new Uint8Array(32));
    const heartbeat = writeHeartbeat(key, 'server', 's', 'n');
    expect(isHeartbeat(Buffer.from(heartbeat))).toBe(true);
    expect(readHeartbeat(key, 'server', 's', JSON.parse(heartbeat))).toBe('n');
    for (const [side, sid] of [
      ['client', 's'],
      ['server', 't'],
    ] as const)
      expect(readHeartbeat(key, side, sid, JSON.parse(heartbeat))).toBeUndefined();
  });

  it('tell challenges from messages of every envelope', () => {
    for (const message of [
      '{"type":"gatebench.session","token":"t"}',
      '{"type":"response.created"}',
      '{"s":1,"d":"gatebench.heartbeat"}',
      '{"id":"chatcmpl-1"}',
      '',
      '{',
    ])
      expect(isHeartbeat(Buffer.from(message))).toBe(false);
  });

  it('take variables to their bounds', () => {
    const hello = (env: unknown) => readHello(JSON.stringify({ type: 'gatebench.hello', token: 't', env }));
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`V${index}`, '']));
    expect(hello(many(64))).toEqual({ token: 't', env: many(64) });
    expect(hello(many(65))).toContain('more than 64');
    expect(hello({ [`A${'x'.repeat(127)}`]: '' })).toMatchObject({ token: 't' });
    expect(hello({ [`A${'x'.repeat(128)}`]: '' })).toContain('a name that no variable can have');
    expect(hello({ A: 'x'.repeat(65_535) })).toMatchObject({ token: 't' });
    expect(hello({ A: 'x'.repeat(65_536) })).toContain('larger than 65536');
    expect(hello(undefined)).toEqual({ token: 't', env: {} });
    expect(readHello('{"type":"gatebench.hello","token":"t","env":{"__proto__":"x"}}')).toContain('a name that no variable can have');
  });
});
