/** An issuer of sessions for tests: its tokens name their session, their client and their end, and are signed. */
import { randomBytes } from 'node:crypto';
import { parseObject } from '../envelopes/json.ts';
import { SigningKey, unverifiedPayload } from '../session/signing.ts';
import type { SessionIssuer } from '../wire.ts';

export interface TestIssuerOptions {
  allowedEnv?: readonly string[];
  lifetimeS?: number;
  nowMs?: () => number;
  /** Called first; may hold back, or throw. */
  issuing?: () => Promise<void>;
  checking?: () => Promise<void>;
}

export function testIssuer({
  allowedEnv = [],
  lifetimeS = 3_600,
  nowMs = Date.now,
  issuing,
  checking,
}: TestIssuerOptions = {}): SessionIssuer {
  const key = new SigningKey(randomBytes(32));
  const nowS = () => Math.floor(nowMs() / 1_000);
  return {
    allowedEnv: new Set(allowedEnv),
    issue: async (sid, client) => {
      await issuing?.();
      const [issuedAtS, expiresAtS] = [nowS(), Math.ceil(nowMs() / 1_000) + lifetimeS];
      return { token: key.sign(JSON.stringify({ sid, client, exp: expiresAtS })), issuedAtS, expiresAtS };
    },
    check: async (token, sid) => {
      await checking?.();
      if (key.open(token) === undefined) return 'invalid';
      const claims = parseObject(unverifiedPayload(token) ?? '');
      if (claims?.sid !== sid) return 'foreign';
      return Number(claims.exp) > nowS() ? 'valid' : 'expired';
    },
  };
}
