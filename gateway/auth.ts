/**
 * Bearer authentication. Only digests of tokens are kept, and they are compared in constant time, so that neither a
 * memory dump nor the time of an answer tells a token. A client is known by the beginning of its token's digest.
 *
 * Connections outlive the token that they were opened with, as they do everywhere: who takes a token away waits for
 * `gateway.connectionLifetimeMs`, or starts the gateway anew.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { Refusal } from '../transports/contract.ts';
import { addressClient } from '../transports/serve/admission.ts';
import type { Admission, Admitted } from '../transports/wire.ts';
import type { Secret } from './config/secret.ts';
import { readTokensFile } from './tokens.ts';

const UNAUTHORIZED: Refusal = { status: 401, code: 'unauthorized', message: 'a valid bearer token is required', param: 'authorization' };
/** Browsers cannot set headers of a WebSocket: they offer the token, in base64url, as a subprotocol. It is never selected. */
const BEARER_SUBPROTOCOL = 'gatebench.bearer.';
const UNSELECTABLE: Refusal = {
  status: 400,
  code: 'invalid_request',
  message: 'offer the subprotocol gatebench.v1 beside the bearer token: the token itself is never selected',
  param: 'sec-websocket-protocol',
};
const CLIENT_HEX_DIGITS = 12;

interface Known {
  digest: Buffer;
  admitted: Admitted;
}

export class BearerAuth {
  readonly #fixed: readonly Known[];
  readonly #file: string | undefined;
  #fromFile: readonly Known[] = [];

  /** Without tokens and file, everybody is let in: configuration allows that on loopback alone. */
  constructor(tokens: readonly Secret[], file?: string) {
    this.#fixed = tokens.map((token) => known(token.reveal()));
    this.#file = file;
  }

  /** Reads the file of tokens (again). @returns what is wrong with it; the tokens from before then stay valid. */
  reload(): string | undefined {
    if (this.#file === undefined) return undefined;
    const read = readTokensFile(this.#file);
    if (!read.ok) return read.problem;
    this.#fromFile = read.tokens.map(known);
    return undefined;
  }

  admit({ headers, remoteAddress, subprotocols }: Pick<Admission, 'headers' | 'remoteAddress' | 'subprotocols'>): Admitted {
    if (subprotocols.length > 0 && subprotocols.every((name) => name.startsWith(BEARER_SUBPROTOCOL))) return refused(UNSELECTABLE);
    if (this.#fixed.length === 0 && this.#file === undefined) return { ok: true, client: addressClient(remoteAddress) };
    const token = headers.authorization === undefined ? tokenOfferedBy(subprotocols) : tokenIn(headers.authorization);
    if (token === undefined) return refused(UNAUTHORIZED);
    const offered = digestOf(token);
    let valid: Known | undefined;
    for (const one of this.#fixed) valid = timingSafeEqual(one.digest, offered) ? one : valid;
    for (const one of this.#fromFile) valid = timingSafeEqual(one.digest, offered) ? one : valid;
    return valid?.admitted ?? refused(UNAUTHORIZED);
  }
}

function known(token: string): Known {
  const digest = digestOf(token);
  return { digest, admitted: Object.freeze({ ok: true, client: `token:${digest.toString('hex').slice(0, CLIENT_HEX_DIGITS)}` }) };
}

function tokenIn(authorization: string | string[]): string | undefined {
  return typeof authorization === 'string' ? /^Bearer +([^ ]+) *$/i.exec(authorization)?.[1] : undefined;
}

function tokenOfferedBy(subprotocols: readonly string[]): string | undefined {
  const written = subprotocols.find((name) => name.startsWith(BEARER_SUBPROTOCOL))?.slice(BEARER_SUBPROTOCOL.length);
  if (written === undefined) return undefined;
  const bytes = Buffer.from(written, 'base64url');
  return bytes.toString('base64url') === written ? bytes.toString('utf8') : undefined;
}

function refused(refusal: Refusal): Admitted {
  return { ok: false, refusal };
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
