/**
 * Child processes of a run: started with their complete configuration, ready when they say so in one line of JSON,
 * spoken to in lines of JSON, stopped by signal. Each has its own process group end with ours: its standard input is
 * a pipe, and every child ends when that closes.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export interface ChildSpec {
  /** For messages: `gateway sse/chat/kept>…`. */
  name: string;
  /** A TypeScript or JavaScript file. */
  module: string;
  arguments: readonly string[];
  /** Command words before `node`, to pin it to cores (`taskset -c 1`); may be empty. */
  prefix: readonly string[];
  nodeOptions?: readonly string[];
  /** Besides this process's own environment. */
  env?: Readonly<Record<string, string>>;
  /** The folder that it starts in. */
  cwd?: string;
  /** A folder in which children of one kind find what the first of them compiled: a start costs half as much. */
  compileCache?: string;
  /** In a process group of its own, which a terminal's Ctrl-C does not reach. */
  detached?: boolean;
  readyTimeoutMs: number;
}

export class ChildError extends Error {}

const STDERR_CHARACTERS_KEPT = 4_000;
const STOP_GRACE_MS = 3_000;

export class Child<Ready, Line = never, Command = never> {
  readonly name: string;
  readonly pid: number;
  readonly ready: Ready;
  /** Settles when the process is gone; with what it ended. */
  readonly exited: Promise<string>;
  onLine: (line: Line) => void = () => {};
  #process: ChildProcessByStdio<Writable, Readable, Readable>;
  #over = false;

  private constructor(name: string, child: ChildProcessByStdio<Writable, Readable, Readable>, ready: Ready, exited: Promise<string>) {
    this.name = name;
    this.pid = child.pid!;
    this.#process = child;
    this.ready = ready;
    this.exited = exited.then((how) => {
      this.#over = true;
      return how;
    });
  }

  /** @throws ChildError when it ends, or says nothing, before it is ready. */
  static async start<Ready, Line = never, Command = never>(spec: ChildSpec): Promise<Child<Ready, Line, Command>> {
    const words = [...spec.prefix, process.execPath, ...(spec.nodeOptions ?? []), spec.module, ...spec.arguments];
    const child = spawn(words[0]!, words.slice(1), {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: spec.detached ?? false,
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      env: { ...process.env, ...spec.env, ...(spec.compileCache === undefined ? {} : { NODE_COMPILE_CACHE: spec.compileCache }) },
    });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-STDERR_CHARACTERS_KEPT);
    });
    // A child that is gone cannot be told anything; its exit says so.
    child.stdin.on('error', () => {});
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) =>
        resolve(`ended with ${signal ?? `status ${code}`}${errors === '' ? '' : `; it said: ${errors.trim()}`}`),
      );
    });
    const lines = createInterface({ input: child.stdout });
    let self: Child<Ready, Line, Command> | undefined;
    const ready = new Promise<Ready>((resolve) => {
      lines.on('line', (line) => {
        const value = parseLine(line);
        if (value === undefined) return;
        if (self) self.onLine(value as Line);
        else if ('ready' in value) resolve(value as Ready);
      });
    });
    const timer = timeout(spec.readyTimeoutMs);
    const first = await Promise.race([ready.then((value) => ({ value })), exited, timer.promise]);
    timer.clear();
    if (typeof first === 'string') {
      child.kill('SIGKILL');
      throw new ChildError(
        `${spec.name} ${first === '' ? `was not ready within ${spec.readyTimeoutMs} ms${errors === '' ? '' : `; it said: ${errors.trim()}`}` : first}`,
      );
    }
    self = new Child<Ready, Line, Command>(spec.name, child, first.value, exited);
    return self;
  }

  send(command: Command): void {
    if (!this.#over) this.#process.stdin.write(`${JSON.stringify(command)}\n`);
  }

  /** Asks, waits, and then does not ask. */
  async stop(graceMs = STOP_GRACE_MS): Promise<void> {
    if (this.#over) return;
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), graceMs);
    await this.exited;
    clearTimeout(timer);
  }
}

function parseLine(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // Not one of ours: something that a library printed.
    return undefined;
  }
}

function timeout(ms: number): { promise: Promise<string>; clear: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(''), ms);
  });
  return { promise, clear: () => clearTimeout(timer) };
}
