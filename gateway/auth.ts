/**
 * Bearer authentication. Only digests of tokens are kept, and they are compared in constant time, so that neither a
 * memory dump nor the time of an answer tells a token.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { Refusal } from '../transports/contract.ts';
import type { Admission } from '../transports/wire.ts';
import type { Secret } from './config/secret.ts';
import { readTokensFile } from './tokens.ts';

const UNAUTHORIZED: Refusal = { status: 401, code: 'unauthorized', message: 'a valid bearer token is required', param: 'authorization' };

export class BearerAuth {
  readonly #fixed: readonly Buffer[];
  readonly #file: string | undefined;
  #fromFile: readonly Buffer[] = [];

  /** Without tokens and file, everybody is let in: configuration allows that on loopback alone. */
  constructor(tokens: readonly Secret[], file?: string) {
    this.#fixed = tokens.map((token) => digest(token.reveal()));
    this.#file = file;
  }

  /** Reads the file of tokens (again). @returns what is wrong with it; the tokens from before then stay valid. */
  reload(): string | undefined {
    if (this.#file === undefined) return undefined;
    const read = readTokensFile(this.#file);
    if (!read.ok) return read.problem;
    this.#fromFile = read.tokens.map(digest);
    return undefined;
  }

  admit({ headers }: Pick<Admission, 'headers'>): Refusal | undefined {
    if (this.#fixed.length === 0 && this.#file === undefined) return undefined;
    const { authorization } = headers;
    const token = typeof authorization === 'string' ? /^Bearer +([^ ]+) *$/i.exec(authorization)?.[1] : undefined;
    if (token === undefined) return UNAUTHORIZED;
    const offered = digest(token);
    let valid = false;
    for (const known of this.#fixed) valid = timingSafeEqual(known, offered) || valid;
    for (const known of this.#fromFile) valid = timingSafeEqual(known, offered) || valid;
    return valid ? undefined : UNAUTHORIZED;
  }
}

function digest(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
