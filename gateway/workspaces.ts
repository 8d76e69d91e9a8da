/**
 * The folders in which sessions have their files: which there are on disk, and how they go away. A folder is not made
 * here but by the first tool that needs it, so that turns without files cost nothing.
 *
 * A folder that is to go is first renamed, at once, and then removed in its own time: whoever gets the same name next
 * begins with nothing. Only names of the form that is given out here are ever touched, and only directly below the
 * root; symbolic links are removed and not followed. Programs have the gateway's own rights, so one that exchanges a
 * folder for a link while it is removed could as well have deleted what is behind it itself.
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, realpathSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface WorkspacesOptions {
  /** Parent of all workspaces, which stays. Default: a temporary folder, which goes when this closes. */
  folder?: string | undefined;
  /** One folder for all sessions instead, never removed. */
  fixed?: string | undefined;
  /** Whether any agent can leave files; where none can, no folder is made. */
  files: boolean;
  /** A folder could not be removed. */
  onError: (error: Error) => void;
}

/** Of a session, by its key. */
const OF_SESSION = /^[0-9a-f]{32}$/;
/** Of a turn without a session. */
const OF_TURN = /^turn-[0-9a-f]{16}-\d+$/;
const REMOVED = /^removed-[0-9a-f]{16}-\d+$/;

export class Workspaces {
  /** Absolute; of a fixed folder, that one. */
  readonly root: string;
  /** Goes with the gateway. */
  readonly temporary: boolean;
  /** Told apart from leftovers of a gateway before this one. */
  readonly #run = randomBytes(8).toString('hex');
  readonly #fixed: boolean;
  readonly #files: boolean;
  readonly #onError: (error: Error) => void;
  readonly #removals = new Set<Promise<void>>();
  #turns = 0;
  #removed = 0;

  /** Throws when the folder cannot be made. */
  constructor({ folder, fixed, files, onError }: WorkspacesOptions) {
    this.#fixed = fixed !== undefined;
    this.#files = files;
    this.#onError = onError;
    this.temporary = fixed === undefined && folder === undefined;
    const root = fixed ?? folder ?? join(realpathSync(tmpdir()), `gatebench-${this.#run}`);
    if (files) mkdirSync(root, { recursive: !this.temporary, mode: 0o700 });
    this.root = files ? realpathSync(root) : root;
  }

  /** @param key of 32 hexadecimal digits */
  ofSession(key: string): string {
    return this.#fixed ? this.root : join(this.root, key);
  }

  ofTurn(): string {
    if (this.#fixed) return this.root;
    this.#turns += 1;
    return `${this.root}/turn-${this.#run}-${this.#turns}`;
  }

  /** Whether a program may start there. */
  owns(path: string): boolean {
    if (!this.#files) return false;
    if (this.#fixed) return path === this.root;
    const name = nameBelow(this.root, path);
    return OF_SESSION.test(name) || OF_TURN.test(name);
  }

  /** Keys of sessions whose files a gateway before this one left; what it left of turns is removed. */
  leftovers(): string[] {
    if (!this.#files || this.#fixed || this.temporary) return [];
    const names = readdirSync(this.root);
    for (const name of names.filter((one) => OF_TURN.test(one) || REMOVED.test(one))) this.#remove(join(this.root, name));
    return names.filter((name) => OF_SESSION.test(name));
  }

  /** The workspace is no longer anybody's. Its files go in their own time. */
  discard(path: string): void {
    if (this.#fixed || !this.owns(path) || !lstatSync(path, { throwIfNoEntry: false })) return;
    this.#removed += 1;
    const away = join(this.root, `removed-${this.#run}-${this.#removed}`);
    try {
      renameSync(path, away);
    } catch (error) {
      return this.#onError(error as Error);
    }
    this.#remove(away);
  }

  /** When everything that was discarded is gone. */
  async settled(): Promise<void> {
    while (this.#removals.size > 0) await Promise.all(this.#removals);
  }

  async close(): Promise<void> {
    await this.settled();
    if (this.#files && this.temporary) this.#remove(this.root);
    await this.settled();
  }

  #remove(path: string): void {
    const removal = rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 })
      .catch((error: Error) => this.#onError(error))
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }
}

/** The name of a session's folder, and of the session itself wherever it is told: says nothing of who it is. */
export function keyOf(identity: string): string {
  return createHash('sha256').update(identity).digest('hex').slice(0, 32);
}

function nameBelow(root: string, path: string): string {
  return dirname(path) === root ? path.slice(root.length + 1) : '';
}
