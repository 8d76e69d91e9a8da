/** The gateway's end of the watcher: started with the first command, told of every process group, ended with the gateway. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Marker } from './descendants.ts';
import { WATCH, url as watcherUrl } from './watcher.ts';

const EXIT_TIMEOUT_MS = 5_000;

export class Watch {
  readonly #marker: Marker;
  readonly #folder: string | undefined;
  readonly #onError: (error: Error) => void;
  readonly #groups = new Set<number>();
  #watcher: ChildProcess | undefined;

  /** @param folder to be removed when the gateway is gone */
  constructor(marker: Marker, folder: string | undefined, onError: (error: Error) => void) {
    this.#marker = marker;
    this.#folder = folder;
    this.#onError = onError;
  }

  get pid(): number | undefined {
    return this.#watcher?.pid;
  }

  started(group: number): void {
    this.#groups.add(group);
    if (this.#watcher) this.#tell(`+${group}\n`);
    else this.#start();
  }

  gone(group: number): void {
    if (this.#groups.delete(group)) this.#tell(`-${group}\n`);
  }

  async close(): Promise<void> {
    const watcher = this.#watcher;
    if (!watcher) return;
    this.#watcher = undefined;
    const exited = new Promise((resolve) => watcher.once('exit', resolve));
    const timer = setTimeout(() => watcher.kill('SIGKILL'), EXIT_TIMEOUT_MS);
    watcher.stdin?.end('close\n');
    await exited;
    clearTimeout(timer);
  }

  #start(): void {
    const { name, value } = this.#marker;
    const args = [fileURLToPath(watcherUrl), WATCH, name, value, ...(this.#folder === undefined ? [] : [this.#folder])];
    // A group of its own: what kills the gateway's group must not reach it. Its environment has no marker.
    const watcher = spawn(process.execPath, args, { detached: true, env: {}, stdio: ['pipe', 'ignore', 'ignore'] });
    this.#watcher = watcher;
    watcher.unref();
    (watcher.stdin as Socket).unref();
    watcher.stdin?.on('error', () => {});
    watcher.on('error', (error) => {
      if (watcher.pid === undefined) this.#watcher = undefined;
      this.#onError(error);
    });
    watcher.on('exit', (status, signal) => {
      if (this.#watcher !== watcher) return;
      // Started again with the next command.
      this.#watcher = undefined;
      this.#onError(new Error(`the watcher of commands ended (${signal ?? status})`));
    });
    for (const group of this.#groups) this.#tell(`+${group}\n`);
  }

  #tell(line: string): void {
    this.#watcher?.stdin?.write(line);
  }
}
