/** How many connections each client has: one that is counted leaves when it closes. */

/** A socket or an HTTP/2 session. */
export interface Closable {
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

export class Seats {
  readonly #max: number;
  readonly #taken = new Map<string, number>();
  readonly #seated = new WeakSet<Closable>();

  constructor(max: number) {
    this.#max = max;
  }

  /** A connection counts once, for the client that it came with first. @returns false when that client has all of its own. */
  take(connection: Closable, client: string): boolean {
    if (this.#seated.has(connection) || connection.destroyed) return true;
    const taken = this.#taken.get(client) ?? 0;
    if (taken >= this.#max) return false;
    this.#taken.set(client, taken + 1);
    this.#seated.add(connection);
    connection.once('close', () => this.#leave(client));
    return true;
  }

  /** Clients with connections. */
  get size(): number {
    return this.#taken.size;
  }

  #leave(client: string): void {
    const left = (this.#taken.get(client) ?? 0) - 1;
    if (left > 0) this.#taken.set(client, left);
    else this.#taken.delete(client);
  }
}
