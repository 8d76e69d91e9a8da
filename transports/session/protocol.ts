/**
 * The protocol `gatebench.session.v1`: every message of a client is signed, bound to its connection, its place in the
 * sequence, and its content.
 *
 * It lies around a text envelope on a WebSocket. A client offers `gatebench.session.v1` beside the envelope's own
 * subprotocol, if that has one, and the server selects it. Then
 *
 *     server   {"type":"gatebench.session","token","key","sid","issued_at","expires_at","heartbeat_interval_ms"}
 *     client   {"jwt","body"}     body: {"type":"gatebench.hello","token","env"?: {"NAME":"value"}}
 *     client   {"jwt","body"}     body: a message of the envelope; any number
 *     server   messages of the envelope, unsigned
 *
 * and, whenever the server likes and the client's answer to it,
 *
 *     server   {"type":"gatebench.heartbeat","nonce","mac"}
 *     client   {"type":"gatebench.heartbeat","nonce","mac"}
 *
 * `key` is 32 bytes in base64url. `jwt` is a JSON Web Token by that key: its header is {"alg":"HS256","typ":"JWT"}
 * written exactly so, its payload {"sid","seq","dig","exp"}: the connection's `sid`; 1, 2, 3, … without a gap; the
 * SHA-256 of `body` in UTF-8, in base64url; and the second, by the server's clock, from which on the message is not
 * taken any more. Times are seconds since 1970. A client reckons from `issued_at`, so that clocks need not agree.
 * The server refuses a message that does not hold with an error of the envelope and closes with 4401. The `token` in
 * the hello is the one that the server gave; its form is the server's own business.
 *
 * `mac` is HMAC-SHA256 by `key`, in base64url, of `gatebench.heartbeat.server.SID.NONCE` in the challenge and
 * `gatebench.heartbeat.client.SID.NONCE` in the answer, so that each side proves that it holds the key and neither can
 * be fed its own words. Answers are apart from the sequence: they bring nothing that needs an order, cost one hash
 * instead of two, and are told from messages by the one parse that there is anyhow.
 *
 * What it protects from: a proxy or library between the two that alters, repeats, reorders, drops or mixes up messages
 * of clients after the handshake. What it does not: whoever reads the first message has the key. Use TLS.
 */
import { isObject, type JsonObject, parseObject } from '../envelopes/json.ts';
import type { SigningKey } from './signing.ts';

export const SESSION_SUBPROTOCOL = 'gatebench.session.v1';
/** Says nothing. Browsers want one of the subprotocols that they offer selected, and may offer only a bearer token besides. */
export const PLAIN_SUBPROTOCOL = 'gatebench.v1';

/** How long a message may be on its way. */
export const MESSAGE_LIFETIME_S = 60;

export interface SessionMessage {
  type: 'gatebench.session';
  token: string;
  key: string;
  sid: string;
  issued_at: number;
  expires_at: number;
  heartbeat_interval_ms: number;
}

const TOKEN_CHARACTERS_MAX = 4_096;
const KEY = /^[\w-]{43}$/;
const SID = /^[\w-]{1,128}$/;

export function readSessionMessage(text: string): SessionMessage | undefined {
  const message = parseObject(text);
  if (message?.type !== 'gatebench.session') return undefined;
  const { token, key, sid, issued_at, expires_at, heartbeat_interval_ms } = message;
  if (typeof token !== 'string' || token.length > TOKEN_CHARACTERS_MAX) return undefined;
  if (typeof key !== 'string' || !KEY.test(key) || typeof sid !== 'string' || !SID.test(sid)) return undefined;
  if (!isCount(issued_at) || !isCount(expires_at) || !isCount(heartbeat_interval_ms)) return undefined;
  return { type: 'gatebench.session', token, key, sid, issued_at, expires_at, heartbeat_interval_ms };
}

/** What a message's token claims. */
export interface Claims {
  readonly sid: string;
  readonly seq: number;
  /** Of the body. */
  readonly dig: string;
  readonly exp: number;
}

export function writeClaims({ sid, seq, dig, exp }: Claims): string {
  return `{"sid":"${sid}","seq":${seq},"dig":"${dig}","exp":${exp}}`;
}

export function readClaims(payload: string): Claims | undefined {
  const claims = parseObject(payload);
  return claims && isClaims(claims) ? claims : undefined;
}

function isClaims(claims: JsonObject): claims is JsonObject & Claims {
  return typeof claims.sid === 'string' && isCount(claims.seq) && typeof claims.dig === 'string' && isCount(claims.exp);
}

export interface Hello {
  token: string;
  env: Readonly<Record<string, string>>;
}

const ENV_VARIABLES_MAX = 64;
const ENV_CHARACTERS_MAX = 64 * 1024;
const ENV_NAME = /^[A-Za-z_]\w{0,127}$/;

/** @returns what is wrong with it where it is none; never holds values. */
export function readHello(body: string): Hello | string {
  const hello = parseObject(body);
  if (hello?.type !== 'gatebench.hello') return 'the first message must be gatebench.hello';
  const { token, env = {} } = hello;
  if (typeof token !== 'string' || token.length > TOKEN_CHARACTERS_MAX) return 'gatebench.hello needs the session token as a string';
  if (!isObject(env)) return 'env of gatebench.hello must be an object of strings';
  const variables = Object.entries(env);
  if (variables.length > ENV_VARIABLES_MAX) return `env of gatebench.hello has more than ${ENV_VARIABLES_MAX} variables`;
  const read: Record<string, string> = {};
  let characters = 0;
  for (const [name, value] of variables) {
    if (!ENV_NAME.test(name) || name === '__proto__') return 'env of gatebench.hello has a name that no variable can have';
    if (typeof value !== 'string' || value.includes('\0')) return `env.${name} of gatebench.hello must be a string without NUL`;
    characters += name.length + value.length;
    read[name] = value;
  }
  if (characters > ENV_CHARACTERS_MAX) return `env of gatebench.hello is larger than ${ENV_CHARACTERS_MAX} characters`;
  return { token, env: read };
}

export type Side = 'server' | 'client';

const NONCE_CHARACTERS_MAX = 128;
const HEARTBEAT = '{"type":"gatebench.heartbeat"';
/** Within `HEARTBEAT`, and where hardly a message of an envelope has the same. */
const TELLTALE_AT = 10;

export function writeHeartbeat(key: SigningKey, side: Side, sid: string, nonce: string): string {
  return `${HEARTBEAT},"nonce":"${nonce}","mac":"${key.mac(proof(side, sid, nonce))}"}`;
}

/** @param heartbeat parsed. @returns its nonce, when it is one of that side and of this session. */
export function readHeartbeat(key: SigningKey, side: Side, sid: string, heartbeat: { nonce?: unknown; mac?: unknown }): string | undefined {
  const { nonce, mac } = heartbeat;
  if (typeof nonce !== 'string' || typeof mac !== 'string' || nonce.length > NONCE_CHARACTERS_MAX) return undefined;
  return key.isMac(mac, proof(side, sid, nonce)) ? nonce : undefined;
}

/** Whether a message of the server is a challenge: asked for every message, so answered by a byte where it is not. */
export function isHeartbeat(data: Buffer): boolean {
  return data[TELLTALE_AT] === HEARTBEAT.charCodeAt(TELLTALE_AT) && data.toString('latin1', 0, HEARTBEAT.length) === HEARTBEAT;
}

function proof(side: Side, sid: string, nonce: string): string {
  return `gatebench.heartbeat.${side}.${sid}.${nonce}`;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
