/**
 * One direction of a link that carries so many bits a second, one after another, whichever connection they are of:
 * what wants to leave while others are leaving goes after them. Only the connections' bytes count; headers of TCP and
 * IP, acknowledgements and handshakes take no time here.
 */

/** How long the sending of one piece may take: a longer one is cut, so that its front arrives before its end has left. */
const PIECE_NS_MAX = 1_000_000;
/** But not into less than a segment, as it fits an Ethernet frame. */
const PIECE_BYTES_MIN = 1_460;

export class Bandwidth {
  readonly pieceBytesMax: number;
  readonly #nsPerByte: number;
  #freeNs = 0;

  constructor(bitsPerSecond: number) {
    this.#nsPerByte = 8e9 / bitsPerSecond;
    this.pieceBytesMax = Math.max(PIECE_BYTES_MIN, Math.floor(PIECE_NS_MAX / this.#nsPerByte));
  }

  /** Takes the next bytes, which are ready to leave at `atNs`. @returns when the last of them has left. */
  sentNs(bytes: number, atNs: number): number {
    this.#freeNs = Math.max(this.#freeNs, atNs) + bytes * this.#nsPerByte;
    return this.#freeNs;
  }
}
