/**
 * One connection over an emulated link: the client's socket, the target's, and a line for each direction.
 *
 * Loopback connects in no time, so the handshake's round trip is emulated: the target is dialled when the client's
 * first packet would reach it (half a round trip), what the client sends counts from a whole round trip on, when it
 * would learn that the connection stands, and what the target sends from one and a half. A target that refuses is
 * told of by a reset, which reaches the client after one round trip.
 *
 * Bytes pass as they are: TLS is between client and target. An end is passed on by itself, so half-closed connections
 * work. Left out: while a socket is not read, for back-pressure, its end or reset is noticed only when it is read
 * again; and what the kernels' buffers take from a sender before back-pressure reaches it.
 */
import { connect, type Socket } from 'node:net';
import { nowNs } from '../../transports/clock.ts';
import type { Bandwidth } from './bandwidth.ts';
import { Line, type LineEnds } from './line.ts';
import type { Schedule } from './schedule.ts';
import type { Traffic } from './traffic.ts';
import { CongestionWindow } from './window.ts';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** One direction of a link, as its connections share it. */
export interface Way {
  readonly bandwidth: Bandwidth | undefined;
  readonly traffic: Traffic;
}

export interface Path {
  readonly roundTripNs: number;
  /** 0: no congestion window. */
  readonly initialWindowBytes: number;
  readonly heldBytesMax: number;
  readonly toTarget: Way;
  readonly toClient: Way;
  readonly schedule: Schedule;
}

export interface RelayEvents {
  /** The target could not be reached. */
  refused(): void;
  /** Both sockets are closed; comes once. */
  closed(): void;
}

/** Loopback either answers at once or is not taken from its queue. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Reads happen one at a time and are copied at once, so all dialled sockets share what they read into. */
const sharedChunk = Buffer.allocUnsafeSlow(64 * 1024);

export class Relay {
  readonly #path: Path;
  readonly #events: RelayEvents;
  readonly #client: Socket;
  readonly #toTarget: Line;
  readonly #toClient: Line;
  #target: Socket | undefined;
  /** There is no target's socket, and will not be. */
  #over = false;

  /** @param target `undefined`: as one that refuses. */
  constructor(client: Socket, target: Endpoint | undefined, path: Path, events: RelayEvents) {
    const acceptedNs = nowNs();
    const { roundTripNs, schedule } = path;
    this.#path = path;
    this.#events = events;
    this.#client = client;
    const clientOf = () => client;
    const targetOf = () => this.#target;
    this.#toTarget = this.#line(path.toTarget, acceptedNs + roundTripNs, clientOf, targetOf);
    this.#toClient = this.#line(path.toClient, acceptedNs + 1.5 * roundTripNs, targetOf, clientOf);
    this.#attach(client, this.#toTarget, this.#toClient);
    client.on('data', (bytes: Buffer) => this.#read(this.#toTarget, bytes)).on('close', () => this.#closed());
    if (roundTripNs === 0) this.#dial(target);
    else schedule.add({ dueNs: acceptedNs + roundTripNs / 2, fire: () => this.#dial(target) });
  }

  /** Cuts both sockets, at once. */
  destroy(): void {
    this.#toTarget.abandon();
    this.#toClient.abandon();
    this.#client.destroy();
    if (this.#target) this.#target.destroy();
    // Not dialled yet, and will not be.
    else this.#over = true;
  }

  #line(way: Way, standsNs: number, source: () => Socket | undefined, destination: () => Socket | undefined): Line {
    const { roundTripNs, initialWindowBytes, heldBytesMax, schedule } = this.#path;
    const ends: LineEnds = {
      pause: () => source()?.pause(),
      resume: () => source()?.resume(),
      write(bytes, more) {
        const socket = destination();
        if (!socket?.writable) return;
        if (more && socket.writableCorked === 0) socket.cork();
        socket.write(bytes);
        if (!more && socket.writableCorked > 0) socket.uncork();
      },
      end: () => destination()?.end(),
      reset: () => destination()?.resetAndDestroy(),
      backlogBytes: () => destination()?.writableLength ?? 0,
    };
    return new Line({
      delayNs: roundTripNs / 2,
      roundTripNs,
      standsNs,
      bandwidth: way.bandwidth,
      window: initialWindowBytes > 0 ? new CongestionWindow(initialWindowBytes, roundTripNs) : undefined,
      heldBytesMax,
      ends,
      schedule,
      traffic: way.traffic,
    });
  }

  #read(line: Line, bytes: Buffer): void {
    const readNs = nowNs();
    line.take(bytes, readNs);
    this.#path.schedule.afterReads(readNs);
  }

  /**
   * @param from takes what is read from this socket
   * @param to brings what is written to it
   */
  #attach(socket: Socket, from: Line, to: Line): void {
    socket.on('end', () => from.finish('end', nowNs()));
    socket.on('drain', () => to.drained());
    socket.on('error', () => {
      from.finish('reset', nowNs());
      to.abandon();
    });
  }

  #dial(endpoint: Endpoint | undefined): void {
    if (this.#over) return;
    if (!endpoint) {
      this.#over = true;
      this.#refuse();
      return this.#closed();
    }
    const onread = {
      buffer: sharedChunk,
      callback: (bytes: number) => {
        this.#read(this.#toClient, Buffer.from(sharedChunk.subarray(0, bytes)));
        return true;
      },
    };
    const target = connect({ host: endpoint.host, port: endpoint.port, noDelay: true, allowHalfOpen: true, onread });
    this.#target = target;
    const onError = () => this.#refuse();
    target.on('error', onError).on('close', () => this.#closed());
    target.setTimeout(CONNECT_TIMEOUT_MS, () => target.destroy(new Error('the target did not take the connection in time')));
    target.once('connect', () => {
      target.setTimeout(0);
      target.off('error', onError);
      this.#attach(target, this.#toClient, this.#toTarget);
    });
  }

  /** The client hears of it half a round trip later. */
  #refuse(): void {
    const { schedule, roundTripNs } = this.#path;
    this.#toTarget.abandon();
    this.#events.refused();
    schedule.add({ dueNs: schedule.nowNs() + roundTripNs / 2, fire: () => this.#client.resetAndDestroy() });
  }

  #closed(): void {
    if (this.#client.closed && (this.#target?.closed ?? this.#over)) this.#events.closed();
  }
}
