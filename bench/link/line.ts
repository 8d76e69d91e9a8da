/**
 * One direction of one connection over an emulated link: what is read at one end is written at the other when a
 * network would have brought it there. In order, never early, nothing lost, and no more held than the bound.
 *
 *   read → [not before the connection stands] → [congestion window] → [bandwidth of the link] → [delay] → write
 *
 * Each stage counts from the time at which the one before was due, not from when this process came to it: being late
 * at one stage makes nothing later at the next. The end of the stream goes the same way, behind all bytes. A reset
 * does too, but what had not left yet is dropped, as a kernel drops what is left in its send buffer.
 *
 * What is held, the backlog of the socket written to included, pauses the source beyond the bound, and lets it go on
 * below half of it: back-pressure passes through. The bound is overrun by one read at most (64 KiB).
 */
import type { Bandwidth } from './bandwidth.ts';
import { Fifo } from './fifo.ts';
import type { Schedule } from './schedule.ts';
import type { Traffic } from './traffic.ts';
import type { CongestionWindow } from './window.ts';

/** The sockets at both ends. */
export interface LineEnds {
  /** Of the source. */
  pause(): void;
  resume(): void;
  /** To the destination. @param more another piece is written in this very moment. */
  write(bytes: Buffer, more: boolean): void;
  end(): void;
  reset(): void;
  /** Written, but not yet taken by the destination's kernel. */
  backlogBytes(): number;
}

export interface LineOptions {
  readonly delayNs: number;
  readonly roundTripNs: number;
  /** What is read earlier counts as sent then: the connection does not stand before. */
  readonly standsNs: number;
  readonly bandwidth: Bandwidth | undefined;
  readonly window: CongestionWindow | undefined;
  readonly heldBytesMax: number;
  readonly ends: LineEnds;
  readonly schedule: Pick<Schedule, 'nowNs' | 'add'>;
  readonly traffic: Traffic;
}

type Ending = 'end' | 'reset';
type Cargo = Buffer | Ending;

/** Read, and not on its way yet. */
interface Ready {
  readonly cargo: Cargo;
  readonly readNs: number;
}
/** On its way. */
interface Flying {
  readonly cargo: Cargo;
  readonly dueNs: number;
}

export class Line {
  readonly #options: LineOptions;
  /** Nothing to emulate: what is read is written in the same moment. */
  readonly #straight: boolean;
  readonly #ready = new Fifo<Ready>();
  readonly #flying = new Fifo<Flying>();
  readonly #departure = { dueNs: 0, fire: () => this.#onDeparture() };
  readonly #delivery = { dueNs: 0, fire: () => this.#onDelivery() };
  #departureSet = false;
  #deliverySet = false;
  #departedNs = 0;
  #heldBytes = 0;
  #paused = false;
  /** What may still come: after an end a reset, after a reset or `abandon` nothing. */
  #state: 'open' | 'ended' | 'over' = 'open';

  constructor(options: LineOptions) {
    this.#options = options;
    this.#straight = options.delayNs === 0 && options.bandwidth === undefined && options.window === undefined;
  }

  /** Without the destination's backlog. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** @param bytes kept until they are delivered: the caller must not write to them any more. */
  take(bytes: Buffer, nowNs: number): void {
    if (this.#state !== 'open') return;
    if (this.#straight) this.#deliver(bytes, nowNs, false);
    else {
      this.#hold(bytes.length);
      this.#send(bytes, nowNs);
    }
    this.#regulate();
  }

  finish(ending: Ending, nowNs: number): void {
    if (this.#state === 'over' || (this.#state === 'ended' && ending === 'end')) return;
    this.#state = ending === 'end' ? 'ended' : 'over';
    if (ending === 'reset') this.#dropReady();
    if (this.#straight) this.#deliver(ending, nowNs, false);
    else this.#send(ending, nowNs);
  }

  /** The destination is gone: what is held, and what may still come, goes nowhere. */
  abandon(): void {
    this.#state = 'over';
    this.#dropReady();
    this.#flying.clear();
    this.#hold(-this.#heldBytes);
    // So that the source's own end is noticed.
    this.#regulate();
  }

  /** The destination's backlog has shrunk. */
  drained(): void {
    this.#regulate();
  }

  #send(cargo: Cargo, nowNs: number): void {
    this.#ready.push({ cargo, readNs: nowNs });
    this.#depart(nowNs);
    this.#arm();
  }

  /** Sends off what may leave by now, each piece at the time at which it might. */
  #depart(nowNs: number): void {
    const { window, standsNs } = this.#options;
    for (let first = this.#ready.head; first; first = this.#ready.head) {
      const { cargo } = first;
      const windowed = window !== undefined && typeof cargo !== 'string';
      const atNs = Math.max(first.readNs, standsNs, this.#departedNs, windowed ? window.opensNs : 0);
      if (atNs > nowNs) return;
      const roomBytes = windowed ? window.roomBytes(atNs) : Number.POSITIVE_INFINITY;
      this.#departedNs = atNs;
      if (typeof cargo !== 'string' && cargo.length > roomBytes) {
        this.#fly(cargo.subarray(0, roomBytes), atNs);
        this.#ready.replaceHead({ cargo: cargo.subarray(roomBytes), readNs: first.readNs });
      } else {
        this.#ready.shift();
        this.#fly(cargo, atNs);
      }
    }
  }

  #fly(cargo: Cargo, atNs: number): void {
    const { bandwidth } = this.#options;
    if (!bandwidth) return this.#flyAt(cargo, atNs, atNs);
    if (typeof cargo === 'string') return this.#flyAt(cargo, atNs, bandwidth.sentNs(0, atNs));
    for (let begin = 0; begin < cargo.length; begin += bandwidth.pieceBytesMax) {
      const piece = cargo.subarray(begin, begin + bandwidth.pieceBytesMax);
      this.#flyAt(piece, atNs, bandwidth.sentNs(piece.length, atNs));
    }
  }

  /** @param sentNs when its last byte has left. */
  #flyAt(cargo: Cargo, atNs: number, sentNs: number): void {
    const { window, delayNs, roundTripNs } = this.#options;
    if (window && typeof cargo !== 'string') window.sent(cargo.length, atNs, sentNs + roundTripNs);
    this.#flying.push({ cargo, dueNs: sentNs + delayNs });
  }

  #onDeparture(): void {
    this.#departureSet = false;
    this.#depart(this.#options.schedule.nowNs());
    this.#arm();
  }

  #onDelivery(): void {
    this.#deliverySet = false;
    const nowNs = this.#options.schedule.nowNs();
    let next = this.#flying.head;
    while (next && next.dueNs <= nowNs) {
      const { cargo, dueNs } = next;
      this.#flying.shift();
      next = this.#flying.head;
      if (typeof cargo !== 'string') this.#hold(-cargo.length);
      this.#deliver(cargo, dueNs, next !== undefined && next.dueNs <= nowNs && typeof next.cargo !== 'string');
    }
    this.#regulate();
    this.#arm();
  }

  #deliver(cargo: Cargo, dueNs: number, more: boolean): void {
    const { ends, schedule, traffic } = this.#options;
    if (cargo === 'end') ends.end();
    else if (cargo === 'reset') ends.reset();
    else {
      traffic.delivered(cargo.length, schedule.nowNs() - dueNs);
      ends.write(cargo, more);
    }
  }

  #arm(): void {
    const { schedule, window, standsNs } = this.#options;
    const flying = this.#flying.head;
    if (flying && !this.#deliverySet) {
      this.#deliverySet = true;
      this.#delivery.dueNs = flying.dueNs;
      schedule.add(this.#delivery);
    }
    const ready = this.#ready.head;
    if (ready && !this.#departureSet) {
      this.#departureSet = true;
      this.#departure.dueNs = Math.max(standsNs, window?.opensNs ?? 0);
      schedule.add(this.#departure);
    }
  }

  #dropReady(): void {
    let bytes = 0;
    for (let ready = this.#ready.shift(); ready; ready = this.#ready.shift())
      if (typeof ready.cargo !== 'string') bytes += ready.cargo.length;
    this.#hold(-bytes);
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    this.#options.traffic.hold(bytes);
  }

  #regulate(): void {
    const { ends, heldBytesMax, traffic } = this.#options;
    const heldBytes = this.#heldBytes + ends.backlogBytes();
    traffic.connectionHolds(heldBytes);
    if (!this.#paused && heldBytes > heldBytesMax) {
      this.#paused = true;
      ends.pause();
    } else if (this.#paused && (this.#state === 'over' || heldBytes <= heldBytesMax / 2)) {
      this.#paused = false;
      ends.resume();
    }
  }
}
