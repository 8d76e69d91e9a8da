import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf, SigningKey, unverifiedPayload } from './signing.ts';

const key = new SigningKey(new Uint8Array(32).fill(7));
const payload = '{"sid":"abcdefghijklmnopqrstuv","seq":7,"dig":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU","exp":1800000000}';
const jwt = key.sign(payload);

describe('a signed token', () => {
  it('is the one of RFC 7515, appendix A.1, but for the order of its header', () => {
    const secret = Buffer.from('AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow', 'base64url');
    const input =
      'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
    expect(new SigningKey(secret).mac(input)).toBe('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk');
    expect(new SigningKey(secret).open(`${input}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`)).toBeUndefined();
  });

  it('opens by its key alone', () => {
    expect(key.open(jwt)).toBe(payload);
    expect(new SigningKey(new Uint8Array(32).fill(8)).open(jwt)).toBeUndefined();
    expect(unverifiedPayload(jwt)).toBe(payload);
  });

  it('opens whatever the payload', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
        expect(key.open(key.sign(text))).toBe(text.toWellFormed());
      }),
    );
  });

  it('never opens once a character is another, gone, doubled or added', () => {
    const character = fc.oneof(
      fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ '),
      // In latin1 these wrap round to ASCII.
      fc.integer({ min: 0x100, max: 0xffff }).map((code) => String.fromCharCode(code)),
    );
    fc.assert(
      fc.property(fc.nat(jwt.length - 1), character, fc.constantFrom('replace', 'insert', 'remove', 'append'), (at, by, how) => {
        const end = how === 'replace' || how === 'remove' ? at + 1 : at;
        const mutated = how === 'append' ? jwt + by : jwt.slice(0, at) + (how === 'remove' ? '' : by) + jwt.slice(end);
        fc.pre(mutated !== jwt);
        expect(key.open(mutated)).toBeUndefined();
      }),
      { numRuns: 5_000 },
    );
  });

  it('has one spelling: the four base64url texts of the same last byte are not the same', () => {
    const last = jwt.at(-1)!;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const same = [...alphabet].filter(
      (other) => Buffer.from(jwt.slice(-43, -1) + other, 'base64url').equals(Buffer.from(jwt.slice(-43), 'base64url')) && other !== last,
    );
    expect(same).toHaveLength(3);
    for (const other of same) expect(key.open(jwt.slice(0, -1) + other)).toBeUndefined();
  });

  it.each([
    ['no algorithm', '{"alg":"none","typ":"JWT"}'],
    ['another algorithm', '{"alg":"HS512","typ":"JWT"}'],
    ['more in the header', '{"alg":"HS256","typ":"JWT","crit":["x"]}'],
  ])('is not opened with %s, even where the signature is right', (_what, header) => {
    const signed = `${Buffer.from(header).toString('base64url')}.${jwt.split('.')[1]}`;
    expect(key.open(`${signed}.${key.mac(signed)}`)).toBeUndefined();
    expect(key.open(`${signed}.`)).toBeUndefined();
  });

  it('is not even hashed beyond 1024 characters', () => {
    const at = key.sign('x'.repeat(707));
    expect(at).toHaveLength(1_024);
    expect(key.open(at)).toHaveLength(707);
    expect(key.open(key.sign('x'.repeat(708)))).toBeUndefined();
    expect(unverifiedPayload(key.sign('x'.repeat(708)))).toBeUndefined();
  });

  it('is not opened when its payload is not spelled canonically', () => {
    for (const part of ['e30=', 'e3', 'e31', '']) {
      const signed = `${jwt.split('.')[0]}.${part}`;
      const opened = key.open(`${signed}.${key.mac(signed)}`);
      expect(opened).toBe(part === '' ? '' : undefined);
    }
  });
});

describe('a digest', () => {
  it('is SHA-256 in base64url', () => {
    expect(digestOf('')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU');
    expect(digestOf('世界')).toBe(
      Buffer.from('33650a369521ec29f2e26c43d25967535bcb26436755f536735d1ef6e84a1ec5', 'hex').toString('base64url'),
    );
  });
});
