/**
 * The key of one session: signs and checks JSON Web Tokens (RFC 7519, RFC 7515: HS256 in compact form) and macs.
 *
 * Done by node:crypto, synchronously: a check by a general library costs 90–150 µs, this one 2. It can afford to be
 * narrow. There is one header, compared as text, so that no algorithm is ever negotiated; the signature is compared as
 * text too, since base64url has several spellings of the same bytes and only the canonical one is to pass.
 */
import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';

const HEADER = `${Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')}.`;
/** 32 bytes in base64url. */
const MAC_CHARACTERS = 43;
/** Four claims take 200; more than this is not even hashed. */
const JWT_CHARACTERS_MAX = 1_024;
const DOT = 46;

export class SigningKey {
  readonly #key: KeyObject;

  constructor(secret: Uint8Array) {
    this.#key = createSecretKey(secret);
  }

  /** HMAC-SHA256 in base64url. Who uses it for more than one purpose begins each text so that none can be another's. */
  mac(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }

  isMac(mac: string, text: string): boolean {
    return isSame(mac, this.mac(text));
  }

  /** @param payload JSON text */
  sign(payload: string): string {
    const signed = HEADER + Buffer.from(payload).toString('base64url');
    return `${signed}.${this.mac(signed)}`;
  }

  /** @returns the payload of a token that this key signed, else `undefined`. */
  open(jwt: string): string | undefined {
    const dot = jwt.length - MAC_CHARACTERS - 1;
    if (jwt.length > JWT_CHARACTERS_MAX || !jwt.startsWith(HEADER) || jwt.charCodeAt(dot) !== DOT) return undefined;
    return this.isMac(jwt.slice(dot + 1), jwt.slice(0, dot)) ? decoded(jwt.slice(HEADER.length, dot)) : undefined;
  }
}

/** What a token claims, whoever signed it: good for telling what is wrong with it, and for nothing else. */
export function unverifiedPayload(jwt: string): string | undefined {
  if (jwt.length > JWT_CHARACTERS_MAX) return undefined;
  const parts = jwt.split('.');
  return parts.length === 3 ? decoded(parts[1]!) : undefined;
}

/** SHA-256 in base64url. */
export function digestOf(body: string): string {
  return hash('sha256', body, 'base64url');
}

function decoded(part: string): string | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes.toString('utf8') : undefined;
}

/** In constant time, as far as the lengths are the same. As UTF-8: in latin1, characters beyond it would wrap round. */
function isSame(a: string, b: string): boolean {
  const [aBytes, bBytes] = [Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8')];
  return aBytes.length === bBytes.length && timingSafeEqual(aBytes, bBytes);
}
