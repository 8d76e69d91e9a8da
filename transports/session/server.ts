/**
 * The server's side of `gatebench.session.v1`, one a connection: what may pass, and in which order.
 *
 * Every message is checked when it comes, also while the session token of the hello is still being checked (which is
 * asynchronous); what has passed waits for that. After the first fault nothing passes any more.
 */
import { randomBytes } from 'node:crypto';
import type { RefusalCode } from '../codes.ts';
import type { Refusal } from '../contract.ts';
import { type JsonObject, parseObject } from '../envelopes/json.ts';
import type { SessionIssuer } from '../wire.ts';
import { readClaims, readHeartbeat, readHello, type SessionMessage, writeHeartbeat } from './protocol.ts';
import { digestOf, SigningKey, unverifiedPayload } from './signing.ts';

/** The connection that a session guards. */
export interface SessionHost {
  /** Sends a message as it is. */
  send(message: string): void;
  /** Takes a message of the envelope that had to wait. */
  deliver(body: string, messageBytes: number): void;
  /** The peer has answered a challenge. @returns false when that one is not open. */
  answered(nonce: string): boolean;
  /** Says why, and closes with 4401. */
  refuse(refusal: Refusal): void;
  /** The issuer rejected: a defect of this side. */
  failed(error: unknown): void;
  /** Stops and goes on reading. */
  pause(): void;
  resume(): void;
}

export interface ServerSessionOptions {
  issuer: SessionIssuer;
  client: string;
  host: SessionHost;
  heartbeatIntervalMs: number;
  /** From the upgrade to the hello. */
  helloTimeoutMs: number;
  /** Messages that may wait while the token is checked. */
  waitingMax: number;
  /** Milliseconds since 1970. */
  nowMs: () => number;
}

type State = 'issuing' | 'hello' | 'checking' | 'open' | 'over';

export class ServerSession {
  readonly #options: ServerSessionOptions;
  readonly #sid = randomBytes(16).toString('base64url');
  readonly #secret = randomBytes(32);
  readonly #key = new SigningKey(this.#secret);
  readonly #waiting: { body: string; messageBytes: number }[] = [];
  readonly #helloTimer: NodeJS.Timeout;
  #state: State = 'issuing';
  /** Of the last message that passed. */
  #seq = 0;
  #expiresAtS = 0;
  #env: Readonly<Record<string, string>> | undefined;

  constructor(options: ServerSessionOptions) {
    this.#options = options;
    this.#helloTimer = setTimeout(
      () => this.#refuse('hello_expected', `no gatebench.hello came within ${options.helloTimeoutMs} ms`),
      options.helloTimeoutMs,
    );
    this.#helloTimer.unref();
    this.#issue().catch(this.#defect);
  }

  /** Of the hello; `undefined` before it, and where it brought none. */
  get env(): Readonly<Record<string, string>> | undefined {
    return this.#env;
  }

  /** @returns the message of the envelope, where it is one and is to be taken now. */
  open(text: string, messageBytes: number): string | undefined {
    if (this.#state === 'over') return undefined;
    const message = parseObject(text);
    const jwt = message?.jwt;
    const body = message?.body;
    if (typeof jwt !== 'string' || typeof body !== 'string') {
      if (message?.type === 'gatebench.heartbeat') this.#heartbeat(message);
      else this.#refuse('message_unsigned', 'a message of the form {"jwt", "body"} was due');
      return undefined;
    }
    if (!this.#passes(jwt, body)) return undefined;
    if (this.#state === 'open') return body;
    if (this.#state === 'hello') this.#hello(body);
    else this.#wait(body, messageBytes);
    return undefined;
  }

  /** @returns the message, or `undefined` while the client has no key yet. */
  challenge(nonce: string): string | undefined {
    if (this.#state === 'issuing' || this.#state === 'over') return undefined;
    return writeHeartbeat(this.#key, 'server', this.#sid, nonce);
  }

  close(): void {
    this.#state = 'over';
    clearTimeout(this.#helloTimer);
    this.#waiting.length = 0;
  }

  async #issue(): Promise<void> {
    const { issuer, client, host, heartbeatIntervalMs } = this.#options;
    const { token, issuedAtS, expiresAtS } = await issuer.issue(this.#sid, client);
    if (this.#state !== 'issuing') return;
    this.#state = 'hello';
    this.#expiresAtS = expiresAtS;
    const message: SessionMessage = {
      type: 'gatebench.session',
      token,
      key: this.#secret.toString('base64url'),
      sid: this.#sid,
      issued_at: issuedAtS,
      expires_at: expiresAtS,
      heartbeat_interval_ms: heartbeatIntervalMs,
    };
    host.send(JSON.stringify(message));
  }

  #passes(jwt: string, body: string): boolean {
    const payload = this.#key.open(jwt);
    const claims = payload === undefined ? undefined : readClaims(payload);
    if (!claims) return this.#refuseUnread(jwt);
    if (claims.sid !== this.#sid) return this.#refuse('message_foreign', 'the message belongs to another connection');
    const nowS = this.#options.nowMs() / 1_000;
    if (nowS >= this.#expiresAtS) return this.#refuse('session_expired', 'the session is over; connect anew');
    const due = this.#seq + 1;
    if (claims.seq < due) return this.#refuse('message_replayed', `message ${claims.seq} came again: ${due} is due`);
    if (claims.seq > due) return this.#refuse('message_out_of_order', `message ${claims.seq} came while ${due} is due`);
    if (nowS >= claims.exp) return this.#refuse('message_expired', 'the message came after its exp');
    // A lone surrogate has no UTF-8 of its own: it would have the digest of U+FFFD.
    if (digestOf(body) !== claims.dig || !body.isWellFormed())
      return this.#refuse('message_altered', 'the body is not the one that was signed');
    this.#seq = due;
    return true;
  }

  /** No token of this session's key. What it claims is not to be trusted, but tells a mix-up from a forgery. */
  #refuseUnread(jwt: string): false {
    const payload = unverifiedPayload(jwt);
    const claims = payload === undefined ? undefined : readClaims(payload);
    if (claims && claims.sid !== this.#sid) return this.#refuse('message_foreign', 'the message belongs to another connection');
    return this.#refuse('message_forged', 'the jwt is none by the key of this session with the claims sid, seq, dig and exp');
  }

  #hello(body: string): void {
    const hello = readHello(body);
    if (typeof hello === 'string') {
      this.#refuse('hello_expected', hello);
      return;
    }
    const { issuer, host } = this.#options;
    const names = Object.keys(hello.env);
    const strange = names.filter((name) => !issuer.allowedEnv.has(name));
    if (strange.length > 0) {
      this.#refuse('env_not_allowed', `variables that may not be set here: ${strange.join(', ')}`, 'env');
      return;
    }
    this.#state = 'checking';
    clearTimeout(this.#helloTimer);
    host.pause();
    issuer
      .check(hello.token, this.#sid)
      .then((verdict) => {
        if (this.#state !== 'checking') return;
        host.resume();
        if (verdict === 'foreign') this.#refuse('message_foreign', 'the session token belongs to another connection');
        else if (verdict === 'expired') this.#refuse('session_expired', 'the session is over; connect anew');
        else if (verdict === 'invalid') this.#refuse('session_token_invalid', 'the session token is none of this server');
        else this.#begin(names.length === 0 ? undefined : Object.freeze(hello.env));
      })
      .catch(this.#defect);
  }

  #begin(env: Readonly<Record<string, string>> | undefined): void {
    this.#env = env;
    this.#state = 'open';
    for (const { body, messageBytes } of this.#waiting.splice(0)) this.#options.host.deliver(body, messageBytes);
  }

  #wait(body: string, messageBytes: number): void {
    if (this.#waiting.length < this.#options.waitingMax) this.#waiting.push({ body, messageBytes });
    else this.#refuse('queue_full', `${this.#waiting.length} messages wait for the check of the session token already`);
  }

  #heartbeat(message: JsonObject): void {
    const nonce = readHeartbeat(this.#key, 'client', this.#sid, message);
    if (nonce === undefined) this.#refuse('message_forged', 'the mac of a heartbeat is not by the key of this session');
    else if (!this.#options.host.answered(nonce)) this.#refuse('message_replayed', 'a heartbeat answers no open challenge');
  }

  #refuse(code: RefusalCode, message: string, param?: string): false {
    if (this.#state === 'over') return false;
    this.close();
    const status = code === 'env_not_allowed' ? 403 : code === 'queue_full' ? 429 : 401;
    this.#options.host.refuse({ status, code, message, ...(param === undefined ? {} : { param }) });
    return false;
  }

  /** An issuer that rejects. */
  readonly #defect = (error: unknown): void => {
    if (this.#state === 'over') return;
    this.close();
    this.#options.host.failed(error);
  };
}
