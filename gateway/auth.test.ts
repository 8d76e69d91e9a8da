import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Admission, Admitted } from '../transports/wire.ts';
import { BearerAuth } from './auth.ts';
import { Secret } from './config/secret.ts';
import { type GatekeeperOptions, gatekeeper } from './gatekeeper.ts';

const from = { remoteAddress: '10.0.0.7', subprotocols: [] };
const bearer = (token: string) => ({ ...from, headers: { authorization: `Bearer ${token}` } });
const offering = (...subprotocols: string[]) => ({ ...from, headers: {}, subprotocols });
const encoded = (token: string) => `gatebench.bearer.${Buffer.from(token).toString('base64url')}`;
const clientOf = (admitted: Admitted) => (admitted.ok ? admitted.client : undefined);
const codeOf = (admitted: Admitted) => (admitted.ok ? undefined : admitted.refusal.code);
const nameOf = (token: string) => `token:${createHash('sha256').update(token).digest('hex').slice(0, 12)}`;

describe('bearer authentication', () => {
  const auth = new BearerAuth([new Secret('alpha'), new Secret('beta')]);

  it.each(['alpha', 'beta'])('lets %s in, under a name that does not tell the token', (token) => {
    expect(auth.admit(bearer(token))).toEqual({ ok: true, client: nameOf(token) });
  });

  it.each([
    ['nothing', undefined],
    ['another token', 'Bearer gamma'],
    ['the beginning of a token', 'Bearer alph'],
    ['a token and more', 'Bearer alpha beta'],
    ['another scheme', 'Basic alpha'],
    ['a bare token', 'alpha'],
    ['an empty token', 'Bearer '],
    ['two headers', ['Bearer alpha', 'Bearer alpha']],
  ])('refuses %s', (_what, authorization) => {
    const admitted = auth.admit({ ...from, headers: { authorization } });
    expect(admitted).toMatchObject({ ok: false, refusal: { status: 401, code: 'unauthorized' } });
  });

  it('does not mind the case of the scheme', () => {
    expect(auth.admit({ ...from, headers: { authorization: 'bearer alpha' } }).ok).toBe(true);
  });

  it('takes the token as a subprotocol, as browsers send it', () => {
    expect(clientOf(auth.admit(offering('gatebench.v1', encoded('alpha'))))).toBe(nameOf('alpha'));
    for (const wrong of [encoded('gamma'), 'gatebench.bearer.', 'gatebench.bearer.%%%', 'gatebench.bearer.YWxwaGE=x'])
      expect(codeOf(auth.admit(offering('gatebench.v1', wrong)))).toBe('unauthorized');
    expect(codeOf(auth.admit(offering('gatebench.v1')))).toBe('unauthorized');
  });

  it('lets the header decide where there are both', () => {
    expect(codeOf(auth.admit({ ...bearer('gamma'), subprotocols: ['gatebench.v1', encoded('alpha')] }))).toBe('unauthorized');
  });

  it('says so when nothing but the token is offered, which could never be selected', () => {
    const admitted = auth.admit(offering(encoded('alpha')));
    expect(admitted).toMatchObject({ ok: false, refusal: { status: 400, code: 'invalid_request' } });
    expect(JSON.stringify(admitted)).toContain('gatebench.v1');
    expect(JSON.stringify(admitted)).not.toContain(encoded('alpha'));
  });

  it('is off without tokens, and then knows clients by their address', () => {
    expect(new BearerAuth([]).admit({ ...from, headers: {} })).toEqual({ ok: true, client: 'address:10.0.0.7' });
    expect(clientOf(new BearerAuth([]).admit({ ...from, headers: {}, remoteAddress: '::ffff:127.0.0.1' }))).toBe('address:127.0.0.1');
    expect(clientOf(new BearerAuth([]).admit({ ...from, headers: {}, remoteAddress: '::1' }))).toBe('address:::1');
  });
});

describe('a file of tokens', () => {
  it('is read again on demand; a broken one changes nothing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatebench-auth-'));
    try {
      const file = join(folder, 'tokens');
      writeFileSync(file, 'one\n');
      const auth = new BearerAuth([new Secret('fixed')], file);
      const lets = (token: string) => auth.admit(bearer(token)).ok;
      expect(lets('one')).toBe(false);
      expect(auth.reload()).toBeUndefined();
      expect(lets('one')).toBe(true);
      writeFileSync(file, '# both, while clients change over\none\ntwo\n');
      expect(auth.reload()).toBeUndefined();
      expect([lets('one'), lets('two')]).toEqual([true, true]);
      writeFileSync(file, 'two\n');
      expect(auth.reload()).toBeUndefined();
      expect([lets('one'), lets('two')]).toEqual([false, true]);
      writeFileSync(file, 'not a token\n');
      expect(auth.reload()).toContain('line 1');
      expect([lets('two'), lets('fixed')]).toEqual([true, true]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the gatekeeper', () => {
  const knock = (over: Partial<GatekeeperOptions>, admission: Partial<Admission>) =>
    gatekeeper({ auth: new BearerAuth([]), transport: 'any', allowedOrigins: ['https://ok.example'], ...over })({
      kind: 'request',
      path: '/v1/responses',
      headers: {},
      remoteAddress: '127.0.0.1',
      subprotocols: [],
      ...admission,
    });
  const IN: Admitted = { ok: true, client: 'address:127.0.0.1' };

  it.each([
    ['no origin', {}, undefined],
    ['an allowed origin', { origin: 'https://ok.example' }, undefined],
    ['another origin', { origin: 'https://evil.example' }, 'forbidden_origin'],
    ['a null origin', { origin: 'null' }, 'forbidden_origin'],
  ])('judges pages by their origin: %s', (_what, headers, code) => {
    expect(codeOf(knock({}, { kind: 'upgrade', headers }))).toBe(code);
  });

  it('keeps out transports that the agents do not take', () => {
    expect(knock({ transport: 'websocket' }, {})).toMatchObject({ refusal: { status: 426, code: 'upgrade_required' } });
    expect(knock({ transport: 'websocket' }, { path: '/v1/models' })).toEqual(IN);
    expect(knock({ transport: 'websocket' }, { kind: 'upgrade' })).toEqual(IN);
    expect(knock({ transport: 'http' }, { kind: 'upgrade' })).toMatchObject({ refusal: { status: 404 } });
    expect(knock({ transport: 'http' }, {})).toEqual(IN);
  });

  it('asks for the token first', () => {
    const auth = new BearerAuth([new Secret('t')]);
    expect(codeOf(knock({ auth, transport: 'websocket' }, {}))).toBe('unauthorized');
    expect(clientOf(knock({ auth }, { headers: { authorization: 'Bearer t' } }))).toBe(nameOf('t'));
  });
});
