import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { SessionTokens } from './session-tokens.ts';

const START_MS = 1_800_000_000_400;

function tokens(lifetimeMs = 60_000) {
  let nowMs = START_MS;
  return { made: new SessionTokens({ lifetimeMs, allowedEnv: ['LANG'], nowMs: () => nowMs }), at: (ms: number) => (nowMs = START_MS + ms) };
}

describe('a session token', () => {
  it('says whose it is, and from when until when', async () => {
    const { token, issuedAtS, expiresAtS } = await tokens().made.issue('sid-1', 'token:0123456789ab');
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(decodeJwt(token)).toEqual({
      sid: 'sid-1',
      sub: 'token:0123456789ab',
      iss: 'gatebench',
      aud: 'gatebench.session.v1',
      iat: issuedAtS,
      exp: expiresAtS,
    });
    expect([issuedAtS, expiresAtS]).toEqual([1_800_000_000, 1_800_000_061]);
  });

  it('holds for its connection, for its lifetime', async () => {
    const { made, at } = tokens();
    const { token } = await made.issue('sid-1', 'c');
    expect(await made.check(token, 'sid-1')).toBe('valid');
    expect(await made.check(token, 'sid-2')).toBe('foreign');
    at(60_000);
    expect(await made.check(token, 'sid-1')).toBe('valid');
    at(60_600);
    expect(await made.check(token, 'sid-1')).toBe('expired');
    expect(await made.check(token, 'sid-2')).toBe('expired');
  });

  it('is none when it was made by somebody else, altered, or is no token', async () => {
    const { made } = tokens();
    const { token } = await made.issue('sid-1', 'c');
    const another = await tokens().made.issue('sid-1', 'c');
    const [header, payload, signature] = token.split('.');
    const forged = Buffer.from(JSON.stringify({ ...decodeJwt(token), exp: 2_000_000_000 })).toString('base64url');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    for (const wrong of [
      another.token,
      `${header}.${forged}.${signature}`,
      unsigned,
      `${token}x`,
      `${header}.${payload}`,
      '',
      'x'.repeat(4_096),
    ])
      expect(await made.check(wrong, 'sid-1')).toBe('invalid');
  });

  it('is none of ours when it is for another purpose, even by a key that somebody guessed', async () => {
    const { made } = tokens();
    const guessed = new SignJWT({ sid: 'sid-1', sub: 'c', iat: 1_800_000_000, exp: 1_900_000_000 });
    const token = await guessed.setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32));
    expect(await made.check(token, 'sid-1')).toBe('invalid');
  });
});
