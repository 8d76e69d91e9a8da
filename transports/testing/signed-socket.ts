/**
 * A client of `gatebench.session.v1` written by hand from its description, with nothing of ours: what our own client
 * would never send can be sent by it.
 */
import { createHash, createHmac } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { until } from './legs.ts';

export interface SessionGiven {
  token: string;
  key: string;
  sid: string;
  issued_at: number;
  expires_at: number;
  heartbeat_interval_ms: number;
}

/** What to put in place of what is right. */
export interface Forgery {
  sid?: string;
  seq?: unknown;
  exp?: unknown;
  key?: string;
  header?: string;
}

const base64url = (text: string) => Buffer.from(text).toString('base64url');

export function macOf(key: string, text: string): string {
  return createHmac('sha256', Buffer.from(key, 'base64url')).update(text).digest('base64url');
}

export class SignedSocket {
  readonly socket: WebSocket;
  /** Beneath it. */
  readonly raw: Socket;
  session: SessionGiven = { token: '', key: '', sid: '', issued_at: 0, expires_at: 0, heartbeat_interval_ms: 0 };
  /** All that the server sent, in order, but for challenges. */
  readonly messages: Record<string, unknown>[] = [];
  readonly challenges: { nonce: string; mac: string }[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  onChallenge: (challenge: { nonce: string; mac: string }) => void = ({ nonce }) => this.answer(nonce);
  seq = 0;

  private constructor(socket: WebSocket, raw: Socket) {
    this.socket = socket;
    this.raw = raw;
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message.type === 'gatebench.session') this.session = message;
      if (message.type !== 'gatebench.heartbeat') this.messages.push(message);
      else {
        this.challenges.push(message);
        this.onChallenge(message);
      }
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })));
  }

  /** Connected, and with its session, but without a hello yet. */
  static async connect(port: number, path = '/v1/responses', protocols: string[] = []): Promise<SignedSocket> {
    const raw = connect({ host: '127.0.0.1', port, noDelay: true });
    const url = `ws://127.0.0.1:${port}${path}`;
    const made = new SignedSocket(new WebSocket(url, ['gatebench.session.v1', ...protocols], { createConnection: () => raw }), raw);
    await until(() => made.messages.length === 1 || made.socket.readyState === WebSocket.CLOSED);
    return made;
  }

  /** The next message in the sequence, unless told otherwise. */
  signed(body: string, forgery: Forgery = {}): { jwt: string; body: string } {
    const { sid, issued_at, key } = this.session;
    this.seq += 1;
    const dig = createHash('sha256').update(body).digest('base64url');
    const { header = '{"alg":"HS256","typ":"JWT"}', key: by = key, ...claims } = forgery;
    const payload = JSON.stringify({ sid, seq: this.seq, dig, exp: issued_at + 600, ...claims });
    const input = `${base64url(header)}.${base64url(payload)}`;
    return { jwt: `${input}.${macOf(by, input)}`, body };
  }

  say(body: string, forgery: Forgery = {}): void {
    this.send(this.signed(body, forgery));
  }

  hello(more: Record<string, unknown> = {}, forgery: Forgery = {}): void {
    this.say(JSON.stringify({ type: 'gatebench.hello', token: this.session.token, ...more }), forgery);
  }

  ask(input: string, streamId?: string): void {
    this.say(JSON.stringify({ type: 'response.create', model: 'm', input, stream_id: streamId }));
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  answer(nonce: string, mac = macOf(this.session.key, `gatebench.heartbeat.client.${this.session.sid}.${nonce}`)): void {
    if (this.socket.readyState === WebSocket.OPEN) this.send({ type: 'gatebench.heartbeat', nonce, mac });
  }

  /** Codes of the errors that the server sent. */
  get errors(): unknown[] {
    return this.messages.filter(({ type }) => type === 'error').map(({ error }) => (error as { code: unknown }).code);
  }

  get completed(): number {
    return this.messages.filter(({ type }) => type === 'response.completed').length;
  }
}
