/** One emulated link: a port of its own on loopback, the connections that come in there, and what went over it. */
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Bandwidth } from './bandwidth.ts';
import type { LinkSettings } from './config.ts';
import { LINKS_HOST } from './limits.ts';
import { type Endpoint, type Path, Relay } from './relay.ts';
import type { Schedule } from './schedule.ts';
import { Traffic, type TrafficFigures } from './traffic.ts';

export interface LinkFigures {
  name: string;
  roundTripMs: number;
  target: Endpoint | null;
  /** `refused`: could not reach their target, or were more than may be. */
  connections: { open: number; accepted: number; refused: number };
  toTarget: TrafficFigures;
  toClient: TrafficFigures;
}

/**
 * What one direction of a connection may hold: two round trips' worth of the bandwidth, so that a sender who is paused
 * now and then still fills it; without a bandwidth as much as Linux lets a socket have on its way by default.
 */
const HELD_BYTES_MIN = 256 * 1024;
const HELD_BYTES_MAX = 4 * 1024 * 1024;
const HELD_ROUND_TRIPS = 2;

/** As many as a burst of new connections may bring before the event loop comes round. */
const BACKLOG = 4_096;

export class Link {
  readonly name: string;
  readonly #settings: LinkSettings;
  readonly #server: Server;
  readonly #path: Path;
  readonly #relays = new Set<Relay>();
  #target: Endpoint | undefined;
  #accepted = 0;
  #refused = 0;

  private constructor(settings: LinkSettings, connectionsMax: number, schedule: Schedule) {
    const { bandwidthBitsPerSecond, roundTripMs, initialWindowBytes } = settings;
    const way = () => ({
      bandwidth: bandwidthBitsPerSecond > 0 ? new Bandwidth(bandwidthBitsPerSecond) : undefined,
      traffic: new Traffic(),
    });
    this.name = settings.name;
    this.#settings = settings;
    this.#target = settings.target;
    this.#path = {
      roundTripNs: roundTripMs * 1e6,
      initialWindowBytes,
      heldBytesMax: heldBytesMax(bandwidthBitsPerSecond, roundTripMs),
      toTarget: way(),
      toClient: way(),
      schedule,
    };
    this.#server = createServer({ allowHalfOpen: true, noDelay: true });
    this.#server.maxConnections = connectionsMax;
    this.#server.on('drop', () => {
      this.#accepted += 1;
      this.#refused += 1;
    });
    this.#server.on('connection', (client) => {
      this.#accepted += 1;
      const relay = new Relay(client, this.#target, this.#path, {
        refused: () => {
          this.#refused += 1;
        },
        closed: () => this.#relays.delete(relay),
      });
      this.#relays.add(relay);
    });
  }

  /** Rejects when the port cannot be taken. */
  static async open(settings: LinkSettings, connectionsMax: number, schedule: Schedule): Promise<Link> {
    const link = new Link(settings, connectionsMax, schedule);
    const server = link.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: settings.listenPort, host: LINKS_HOST, backlog: BACKLOG }, () => {
        server.off('error', reject);
        // A connection that could not be accepted: this process is out of file descriptors.
        server.on('error', () => {
          link.#refused += 1;
        });
        resolve();
      });
    });
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Of connections to come; those that are open keep theirs. */
  set target(target: Endpoint) {
    this.#target = target;
  }

  figures(): LinkFigures {
    return {
      name: this.name,
      roundTripMs: this.#settings.roundTripMs,
      target: this.#target ?? null,
      connections: { open: this.#relays.size, accepted: this.#accepted, refused: this.#refused },
      toTarget: this.#path.toTarget.traffic.figures(),
      toClient: this.#path.toClient.traffic.figures(),
    };
  }

  /** Begins to count anew; connections that are open stay. */
  clear(): void {
    this.#accepted = 0;
    this.#refused = 0;
    this.#path.toTarget.traffic.clear();
    this.#path.toClient.traffic.clear();
  }

  /** Cuts all connections. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const relay of this.#relays) relay.destroy();
    await closed;
  }
}

export function heldBytesMax(bandwidthBitsPerSecond: number, roundTripMs: number): number {
  if (bandwidthBitsPerSecond === 0) return HELD_BYTES_MAX;
  const wanted = (HELD_ROUND_TRIPS * bandwidthBitsPerSecond * roundTripMs) / 8_000;
  return Math.round(Math.min(HELD_BYTES_MAX, Math.max(HELD_BYTES_MIN, wanted)));
}
