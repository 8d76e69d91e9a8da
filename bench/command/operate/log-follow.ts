/**
 * Follows a log as it grows, over changes of its file: what is left of the old one is read before the new one is begun.
 * Looks a few times a second: notifications of file systems are not the same everywhere, and miss what a mount changes.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { logFilesOf } from './log-files.ts';

export const FOLLOW_INTERVAL_MS = 250;
const READ_BYTES = 64 * 1024;
/** A longer one is handed on in pieces: it cannot be a gateway's. */
const LINE_CHARACTERS_MAX = 16 * 1024 * 1024;

/** Reads a file from an offset on; one that shrank was begun anew. */
class Tail {
  readonly path: string;
  #offset: number;
  #rest = '';
  readonly #decoder = new StringDecoder('utf8');
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);

  constructor(path: string, offset: number) {
    this.path = path;
    this.#offset = offset;
  }

  /** Lines that have become complete; with `last`, also what has no newline, since nothing comes after it. */
  read(last: boolean): string[] {
    this.#fill();
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest !== '' && (last || this.#rest.length > LINE_CHARACTERS_MAX)) {
      lines.push(this.#rest);
      this.#rest = '';
    }
    return lines;
  }

  #fill(): void {
    let file: number;
    try {
      file = openSync(this.path, 'r');
    } catch {
      // Not there yet, or not any more.
      return;
    }
    try {
      if (fstatSync(file).size < this.#offset) this.#offset = 0;
      while (this.#rest.length <= LINE_CHARACTERS_MAX) {
        const bytes = readSync(file, this.#buffer, 0, READ_BYTES, this.#offset);
        if (bytes === 0) return;
        this.#offset += bytes;
        this.#rest += this.#decoder.write(this.#buffer.subarray(0, bytes));
      }
    } finally {
      closeSync(file);
    }
  }
}

export class LogFollower {
  readonly #file: string;
  #tail: Tail | undefined;

  /**
   * @param file as configured.
   * @param shown how much of which file has been shown already, by its path, oldest first.
   */
  constructor(file: string, shown: ReadonlyMap<string, number>) {
    this.#file = file;
    const [path, offset] = [...shown].at(-1) ?? [];
    if (path !== undefined) this.#tail = new Tail(path, offset ?? 0);
  }

  /** Lines that came since the last call. */
  read(): string[] {
    const files = logFilesOf(this.#file);
    // Several may have been filled since, and the one that was read may be gone.
    const newer = files.slice(files.indexOf(this.#tail?.path ?? '') + 1);
    const lines = this.#tail?.read(newer.length > 0) ?? [];
    for (const [index, path] of newer.entries()) {
      this.#tail = new Tail(path, 0);
      lines.push(...this.#tail.read(index < newer.length - 1));
    }
    return lines;
  }
}
