/**
 * The challenges of one connection that its peer has not answered. Two may be open, so that a slow way does not look
 * like a dead peer; when a third is due, two were missed.
 */
import { randomBytes } from 'node:crypto';

const OPEN_MAX = 2;

export class Heartbeats {
  readonly #open: string[] = [];

  /** @returns a nonce that nobody can foretell, or `undefined` when two are missed. */
  next(): string | undefined {
    if (this.#open.length === OPEN_MAX) return undefined;
    const nonce = randomBytes(12).toString('base64url');
    this.#open.push(nonce);
    return nonce;
  }

  /** An answer counts for those before it too. @returns false when it answers none that is open. */
  answered(nonce: string): boolean {
    const at = this.#open.indexOf(nonce);
    if (at === -1) return false;
    this.#open.splice(0, at + 1);
    return true;
  }
}
