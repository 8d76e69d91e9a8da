import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { serve } from '../../../transports/server.ts';
import { testCertificate } from '../../../transports/testing/legs.ts';
import type { Admission, Server } from '../../../transports/wire.ts';
import { placeOf, tryHandshake, tryPort } from './handshake.ts';

let server: Server | undefined;
afterEach(async () => {
  await server?.close(0);
  server = undefined;
});

const kinds: string[] = [];

async function listen(over: { tls?: boolean; httpOnly?: boolean; host?: string } = {}): Promise<Server> {
  kinds.length = 0;
  server = await serve({
    host: over.host ?? '127.0.0.1',
    port: 0,
    ...(over.tls ? { tls: testCertificate() } : {}),
    handler: () => {
      throw new Error('a handshake is no turn');
    },
    admit: ({ kind, path, headers }: Admission) => {
      kinds.push(`${kind} ${path}`);
      if (headers.authorization !== 'Bearer good') return { ok: false, refusal: { status: 401, code: 'unauthorized', message: 'no' } };
      if (kind === 'upgrade' && over.httpOnly) return { ok: false, refusal: { status: 404, code: 'not_found', message: 'no' } };
      return { ok: true, client: 'x' };
    },
  });
  return server;
}

describe('a token', () => {
  it.each([
    ['plain', {}, ['upgrade /v1/responses']],
    ['under TLS', { tls: true }, ['upgrade /v1/responses']],
    ['of agents that take HTTP only', { httpOnly: true }, ['upgrade /v1/responses', 'request /v1/models']],
  ])('is accepted or not, %s', async (_what, over, asked) => {
    const { port } = await listen(over);
    const place = placeOf('127.0.0.1', port, 'tls' in over);
    expect(await tryHandshake(place, 'good')).toEqual({ kind: 'accepted' });
    expect(kinds).toEqual(asked);
    expect(await tryHandshake(place, 'wrong')).toEqual({ kind: 'refused', status: 401 });
    expect(await tryHandshake(place, undefined)).toEqual({ kind: 'refused', status: 401 });
    expect(server!.counts().turns).toBe(0);
  });

  it('cannot be tried where nobody listens, or something else does', async () => {
    const { port } = await listen();
    await server!.close(0);
    server = undefined;
    expect(await tryHandshake(placeOf('127.0.0.1', port, false), 'good')).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    const other = createServer((socket) => socket.end('220 mail\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port: otherPort } = other.address() as { port: number };
    expect(await tryHandshake(placeOf('127.0.0.1', otherPort, false), 'good')).toMatchObject({ kind: 'failed' });
    other.close();
  });
});

describe('a port', () => {
  it('accepts, or says why not', async () => {
    const { port } = await listen({ host: '0.0.0.0' });
    expect(placeOf('0.0.0.0', port, false)).toEqual({ host: '127.0.0.1', port, tls: false });
    expect(placeOf('::', port, false).host).toBe('::1');
    expect(placeOf('gateway.example', port, true).host).toBe('gateway.example');
    expect(await tryPort(placeOf('0.0.0.0', port, false))).toBeUndefined();
    await server!.close(0);
    server = undefined;
    expect(await tryPort(placeOf('127.0.0.1', port, false))).toContain('ECONNREFUSED');
  });
});
