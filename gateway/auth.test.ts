import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Admission } from '../transports/wire.ts';
import { BearerAuth } from './auth.ts';
import { Secret } from './config/secret.ts';
import { type GatekeeperOptions, gatekeeper } from './gatekeeper.ts';

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('bearer authentication', () => {
  const auth = new BearerAuth([new Secret('alpha'), new Secret('beta')]);

  it.each(['alpha', 'beta'])('lets %s in', (token) => {
    expect(auth.admit(bearer(token))).toBeUndefined();
  });

  it.each([
    ['nothing', undefined],
    ['another token', 'Bearer gamma'],
    ['the beginning of a token', 'Bearer alph'],
    ['a token and more', 'Bearer alpha beta'],
    ['another scheme', 'Basic alpha'],
    ['a bare token', 'alpha'],
    ['an empty token', 'Bearer '],
  ])('refuses %s', (_what, authorization) => {
    expect(auth.admit({ headers: { authorization } })).toMatchObject({ status: 401, code: 'unauthorized' });
  });

  it('does not mind the case of the scheme', () => {
    expect(auth.admit({ headers: { authorization: 'bearer alpha' } })).toBeUndefined();
  });

  it('is off without tokens', () => {
    expect(new BearerAuth([]).admit({ headers: {} })).toBeUndefined();
  });
});

describe('a file of tokens', () => {
  it('is read again on demand; a broken one changes nothing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatebench-auth-'));
    try {
      const file = join(folder, 'tokens');
      writeFileSync(file, 'one\n');
      const auth = new BearerAuth([new Secret('fixed')], file);
      expect(auth.admit(bearer('one'))?.status).toBe(401);
      expect(auth.reload()).toBeUndefined();
      expect(auth.admit(bearer('one'))).toBeUndefined();
      writeFileSync(file, 'two\n');
      expect(auth.reload()).toBeUndefined();
      expect(auth.admit(bearer('one'))?.status).toBe(401);
      expect(auth.admit(bearer('two'))).toBeUndefined();
      writeFileSync(file, 'not a token\n');
      expect(auth.reload()).toContain('line 1');
      expect(auth.admit(bearer('two'))).toBeUndefined();
      expect(auth.admit(bearer('fixed'))).toBeUndefined();
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

  it.each([
    ['no origin', {}, undefined],
    ['an allowed origin', { origin: 'https://ok.example' }, undefined],
    ['another origin', { origin: 'https://evil.example' }, 'forbidden_origin'],
    ['a null origin', { origin: 'null' }, 'forbidden_origin'],
  ])('judges pages by their origin: %s', (_what, headers, code) => {
    expect(knock({}, { kind: 'upgrade', headers })?.code).toBe(code);
  });

  it('keeps out transports that the agents do not take', () => {
    expect(knock({ transport: 'websocket' }, {})).toMatchObject({ status: 426, code: 'upgrade_required' });
    expect(knock({ transport: 'websocket' }, { path: '/v1/models' })).toBeUndefined();
    expect(knock({ transport: 'websocket' }, { kind: 'upgrade' })).toBeUndefined();
    expect(knock({ transport: 'http' }, { kind: 'upgrade' })).toMatchObject({ status: 404 });
    expect(knock({ transport: 'http' }, {})).toBeUndefined();
  });

  it('asks for the token first', () => {
    const auth = new BearerAuth([new Secret('t')]);
    expect(knock({ auth, transport: 'websocket' }, {})?.code).toBe('unauthorized');
    expect(knock({ auth }, { headers: { authorization: 'Bearer t' } })).toBeUndefined();
  });
});
