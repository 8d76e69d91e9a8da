/** The client's side of `gatebench.session.v1`: signs what goes out, and answers challenges that are the server's own. */
import { parseObject } from '../envelopes/json.ts';
import { MESSAGE_LIFETIME_S, readHeartbeat, readSessionMessage, type SessionMessage, writeClaims, writeHeartbeat } from './protocol.ts';
import { digestOf, SigningKey } from './signing.ts';

const MARGIN_MS = 2_000;

export class ClientSession {
  readonly #message: SessionMessage;
  readonly #key: SigningKey;
  /** By a clock that nobody sets; the server's own is known at this moment alone. */
  readonly #beganMs = performance.now();
  #seq = 0;

  constructor(message: SessionMessage) {
    this.#message = message;
    this.#key = new SigningKey(Buffer.from(message.key, 'base64url'));
  }

  /** @returns `undefined` when that is no first message of a server. */
  static begin(text: string): ClientSession | undefined {
    const message = readSessionMessage(text);
    return message && new ClientSession(message);
  }

  /**
   * How long to use the session, from its first message on. Less than it lives: that message took a while to come,
   * and its seconds are whole ones.
   */
  get lifetimeMs(): number {
    const lifetimeMs = (this.#message.expires_at - this.#message.issued_at) * 1_000;
    return Math.max(lifetimeMs - MARGIN_MS, lifetimeMs / 2);
  }

  /** The first message to send. */
  hello(env: Readonly<Record<string, string>> | undefined): string {
    return this.sign(JSON.stringify({ type: 'gatebench.hello', token: this.#message.token, ...(env ? { env } : {}) }));
  }

  /** To be sent in the order in which they are signed. */
  sign(body: string): string {
    this.#seq += 1;
    const exp = Math.floor(this.#message.issued_at + (performance.now() - this.#beganMs) / 1_000) + MESSAGE_LIFETIME_S;
    const claims = writeClaims({ sid: this.#message.sid, seq: this.#seq, dig: digestOf(body), exp });
    return `{"jwt":"${this.#key.sign(claims)}","body":${JSON.stringify(body)}}`;
  }

  /** @returns the answer to a challenge, or `undefined` when it is not by the holder of the key. */
  answer(text: string): string | undefined {
    const challenge = parseObject(text);
    const nonce = challenge && readHeartbeat(this.#key, 'server', this.#message.sid, challenge);
    return nonce === undefined ? undefined : writeHeartbeat(this.#key, 'client', this.#message.sid, nonce);
  }
}
