/**
 * What is decided of a request or upgrade before its body is read: whether its address connects too often, who it is,
 * and whether that client has connections left. What is not limited costs nothing.
 */
import type { Socket } from 'node:net';
import type { Refusal } from '../contract.ts';
import type { Admission, Admitted, ServeLimits, ServeOptions } from '../wire.ts';
import { type Rate, RateLimit } from './rates.ts';
import { type Closable, Seats } from './seats.ts';

const RETRY_AFTER_S = 1;

/** The name of a client that is known by nothing else. */
export function addressClient(remoteAddress: string): string {
  return `address:${plainAddress(remoteAddress)}`;
}

/** Of IPv4 in IPv6's notation, the IPv4 address. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

/** One host has as many IPv6 addresses as it likes within its /64: they share. */
export function networkOf(remoteAddress: string): string {
  const address = plainAddress(remoteAddress);
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = tail === undefined ? [] : Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return [...front, ...middle, ...back].slice(0, 4).join(':');
}

export class Admissions {
  readonly #admit: ServeOptions['admit'];
  readonly #limits: ServeLimits;
  readonly #connections: RateLimit | undefined;
  readonly #turns: RateLimit | undefined;
  readonly #seats: Seats | undefined;
  /** Connections beyond the rate, which are to be told so, by address and port: what TLS shows is another object. */
  readonly #hasty = new Set<string>();

  constructor(admit: ServeOptions['admit'], limits: ServeLimits, nowMs: () => number) {
    this.#admit = admit;
    this.#limits = limits;
    const { connectionsPerSecondMax, connectionsPerClientMax, turnsPerSecondMax } = limits;
    if (connectionsPerSecondMax > 0) this.#connections = new RateLimit(connectionsPerSecondMax, nowMs);
    if (turnsPerSecondMax > 0) this.#turns = new RateLimit(turnsPerSecondMax, nowMs);
    if (connectionsPerClientMax > 0) this.#seats = new Seats(connectionsPerClientMax);
  }

  get limitsConnections(): boolean {
    return this.#connections !== undefined;
  }

  /** @returns false for a connection that is not worth a word, nor a TLS handshake. */
  accept(socket: Socket): boolean {
    const rate = this.#connections?.take(networkOf(socket.remoteAddress ?? '')) ?? 'ok';
    if (rate === 'ok') return true;
    if (rate === 'flood') return false;
    const peer = peerOf(socket);
    this.#hasty.add(peer);
    socket.once('close', () => this.#hasty.delete(peer));
    return true;
  }

  /** @param connection what the request came on: the socket, or the HTTP/2 session. */
  admit(admission: Admission, socket: Socket, connection: Closable): Admitted {
    if (this.#hasty.size > 0 && this.#hasty.has(peerOf(socket))) {
      return tooMany(`more than ${this.#limits.connectionsPerSecondMax} connections in a second from this address`);
    }
    const admitted = this.identify(admission);
    if (!admitted.ok || !this.#seats || this.#seats.take(connection, admitted.client)) return admitted;
    return tooMany(`this client has ${this.#limits.connectionsPerClientMax} connections already`);
  }

  /** Who it is, whatever the limits. */
  identify(admission: Admission): Admitted {
    return this.#admit?.(admission) ?? { ok: true, client: addressClient(admission.remoteAddress) };
  }

  turn(client: string): Rate {
    return this.#turns?.take(client) ?? 'ok';
  }

  get turnRefusal(): Refusal {
    return {
      status: 429,
      code: 'rate_limited',
      message: `more than ${this.#limits.turnsPerSecondMax} turns in a second from this client`,
      retryAfterS: RETRY_AFTER_S,
    };
  }
}

function tooMany(message: string): Admitted {
  return { ok: false, refusal: { status: 429, code: 'rate_limited', message, retryAfterS: RETRY_AFTER_S } };
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}|${remotePort}`;
}
