/**
 * Session tokens: JSON Web Tokens that say which connection they were given to, signed with a secret that this process
 * makes at its start and tells nobody. They end with it, as the connections do that they belong to.
 */
import { createSecretKey, randomBytes } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { SessionIssuer } from '../../transports/wire.ts';

export interface SessionTokensOptions {
  lifetimeMs: number;
  allowedEnv: readonly string[];
  /** Milliseconds since 1970. */
  nowMs?: () => number;
}

const ALGORITHM = 'HS256';
const ISSUER = 'gatebench';
const AUDIENCE = 'gatebench.session.v1';

export class SessionTokens implements SessionIssuer {
  readonly allowedEnv: ReadonlySet<string>;
  readonly #lifetimeMs: number;
  readonly #nowMs: () => number;
  readonly #secret = createSecretKey(randomBytes(32));

  constructor({ lifetimeMs, allowedEnv, nowMs = Date.now }: SessionTokensOptions) {
    this.allowedEnv = new Set(allowedEnv);
    this.#lifetimeMs = lifetimeMs;
    this.#nowMs = nowMs;
  }

  async issue(sid: string, client: string): Promise<{ token: string; issuedAtS: number; expiresAtS: number }> {
    const nowMs = this.#nowMs();
    const issuedAtS = Math.floor(nowMs / 1_000);
    const expiresAtS = Math.ceil((nowMs + this.#lifetimeMs) / 1_000);
    const token = await new SignJWT({ sid })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(client)
      .setIssuedAt(issuedAtS)
      .setExpirationTime(expiresAtS)
      .sign(this.#secret);
    return { token, issuedAtS, expiresAtS };
  }

  async check(token: string, sid: string): Promise<'valid' | 'invalid' | 'expired' | 'foreign'> {
    try {
      const { payload } = await jwtVerify(token, this.#secret, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        requiredClaims: ['sid', 'sub', 'iat', 'exp'],
        currentDate: new Date(this.#nowMs()),
      });
      return payload.sid === sid ? 'valid' : 'foreign';
    } catch (error) {
      if (error instanceof errors.JWTExpired) return 'expired';
      if (error instanceof errors.JOSEError) return 'invalid';
      throw error;
    }
  }
}
