/** Gateway, mock LLM and generator as the processes that they are: started, known by their first line, ended with the test. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '../..');

export class Process implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<unknown>;
  readonly #lines: AsyncIterator<string>;
  readonly #folder = mkdtempSync(join(tmpdir(), 'gatebench-process-'));
  #errors = '';

  /** @param config written to a file that `--config` names */
  constructor(main: string, args: readonly string[], config?: unknown) {
    const file = join(this.#folder, 'config.json');
    if (config !== undefined) writeFileSync(file, JSON.stringify(config));
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.#child = spawn(process.execPath, [join(ROOT, main), ...(config === undefined ? [] : ['--config', file]), ...args], { env });
    this.#exited = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4_000);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws where it ended instead */
  async line<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`no line: ${this.#errors}`);
    return JSON.parse(value) as T;
  }

  tell(command: object): void {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
