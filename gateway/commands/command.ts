/**
 * One command: a process group from its start to the end of the last of its processes. Its output is read only as it
 * is taken, so that a program whose output nobody takes stops at a full pipe.
 *
 * A command is told to stop by SIGTERM, and killed when its first process has not ended after a grace. What it started
 * in the background is killed when that process has ended, whatever its end: nothing of a command stays.
 */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { CommandEvent, CommandRequest, CommandResult, RunningCommand } from '../agents/agent.ts';
import { kill, killMarked, type Marker } from './descendants.ts';
import type { Program } from './programs.ts';

/** A process that was not found may hold the pipe open for ever: it is left to it after so long in which output was taken. */
const OUTPUT_GRACE_MS = 1_000;

export interface CommandHost {
  /** Makes the workspace ready, and says what is to be started. */
  prepare(request: CommandRequest): Promise<Program>;
  readonly marker: Marker;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Absent: all of it. */
  readonly outputBytesMax: number | undefined;
  readonly killGraceMs: number;
  started(group: number): void;
  /** None of its processes is left. */
  gone(group: number | undefined): void;
  onError(error: Error): void;
}

interface OutputStream {
  readonly name: 'stdout' | 'stderr';
  readonly readable: Readable;
  readonly decoder: StringDecoder;
}

type Stop = 'cancelled' | 'timedOut';

export class Command implements RunningCommand {
  readonly #request: CommandRequest;
  readonly #host: CommandHost;
  readonly #onEvent: (event: CommandEvent) => void;
  readonly ended: Promise<void>;
  #settle!: () => void;
  /** Also the id of its first process. */
  #group: number | undefined;
  readonly #streams: OutputStream[] = [];
  #paused = false;
  #state: 'running' | 'exited' | 'gone' | 'over' = 'running';
  #stop: Stop | undefined;
  #keptBytes = 0;
  #droppedBytes = 0;
  #timeout: NodeJS.Timeout | undefined;
  #killing: NodeJS.Timeout | undefined;
  #outputGrace: NodeJS.Timeout | undefined;

  constructor(request: CommandRequest, host: CommandHost, onEvent: (event: CommandEvent) => void) {
    this.#request = request;
    this.#host = host;
    this.#onEvent = onEvent;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async start(): Promise<void> {
    try {
      const program = await this.#host.prepare(this.#request);
      if (this.#stop) this.#refuse({ kind: 'cancelled' });
      else if (program.ok) this.#spawn(program);
      else this.#refuse({ kind: 'refused', message: program.problem });
    } catch (error) {
      // Of words with a NUL character, say.
      this.#refuse({ kind: 'refused', message: `it could not be started: ${(error as Error).message}` });
    }
  }

  pause(): void {
    this.#paused = true;
    this.#awaitOutput();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    for (const stream of this.#streams) this.#read(stream);
    this.#awaitOutput();
  }

  cancel(): void {
    this.#halt('cancelled');
    // Nobody takes it any more.
    for (const { readable } of this.#streams) readable.destroy();
  }

  #spawn({ file, args }: Program & { ok: true }): void {
    const { workspace } = this.#request;
    const { env, timeoutMs } = this.#host;
    const child = spawn(file, args, { cwd: workspace, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) this.#refuse({ kind: 'refused', message: `it could not be started: ${error.code}` });
    });
    if (child.pid === undefined) return;
    const group = child.pid;
    this.#group = group;
    this.#host.started(group);
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = { name, readable: child[name]!, decoder: new StringDecoder('utf8') };
      this.#streams.push(stream);
      // Not in flowing mode, into which Node puts the output of a process that has ended, paused or not.
      stream.readable.on('readable', () => this.#read(stream));
    }
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.once('exit', (status, signal) => void this.#exited(group, closed).then(() => this.#end(this.#resultOf(status, signal))));
    this.#timeout = setTimeout(() => this.#halt('timedOut'), timeoutMs);
    this.#timeout.unref();
  }

  #halt(stop: Stop): void {
    this.#stop ??= stop;
    const group = this.#group;
    if (group === undefined || this.#killing || this.#state !== 'running') return;
    kill(-group, 'SIGTERM');
    this.#killing = setTimeout(() => kill(-group, 'SIGKILL'), this.#host.killGraceMs);
  }

  /** Resolves when nothing is left of it, and its output has been taken. */
  async #exited(group: number, closed: Promise<void>): Promise<void> {
    this.#state = 'exited';
    clearTimeout(this.#timeout);
    clearTimeout(this.#killing);
    kill(-group, 'SIGKILL');
    const left = await killMarked(this.#host.marker);
    if (left > 0) this.#host.onError(new Error(`${left} processes of a command are left: they start others faster than they are killed`));
    this.#host.gone(group);
    this.#state = 'gone';
    this.#awaitOutput();
    await closed;
  }

  #resultOf(status: number | null, signal: NodeJS.Signals | null): CommandResult {
    if (this.#stop === 'cancelled') return { kind: 'cancelled' };
    if (this.#stop === 'timedOut') return { kind: 'timedOut', afterMs: this.#host.timeoutMs };
    return signal === null ? { kind: 'exited', status: status ?? 0 } : { kind: 'signalled', signal };
  }

  #read({ name, readable, decoder }: OutputStream): void {
    while (!this.#paused) {
      const chunk = readable.read() as Buffer | null;
      if (chunk === null) return;
      const text = decoder.write(this.#kept(chunk));
      if (text !== '') this.#onEvent({ type: 'output', stream: name, text });
    }
  }

  #kept(chunk: Buffer): Buffer {
    const { outputBytesMax } = this.#host;
    if (outputBytesMax === undefined) return chunk;
    const kept = chunk.subarray(0, outputBytesMax - this.#keptBytes);
    this.#keptBytes += kept.length;
    this.#droppedBytes += chunk.length - kept.length;
    return kept;
  }

  /** Of processes that are gone, as far as they were found. */
  #awaitOutput(): void {
    clearTimeout(this.#outputGrace);
    if (this.#state !== 'gone' || this.#paused) return;
    this.#outputGrace = setTimeout(() => {
      for (const { readable } of this.#streams) readable.destroy();
    }, OUTPUT_GRACE_MS);
  }

  #refuse(result: CommandResult): void {
    this.#host.gone(undefined);
    this.#end(result);
  }

  #end(result: CommandResult): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    clearTimeout(this.#outputGrace);
    for (const { name, decoder } of this.#streams) {
      const text = decoder.end();
      if (text !== '' && this.#stop !== 'cancelled') this.#onEvent({ type: 'output', stream: name, text });
    }
    const dropped = this.#droppedBytes;
    this.#onEvent({ type: 'ended', result, ...(dropped === 0 ? {} : { outputDroppedBytes: dropped }) });
    this.#settle();
  }
}
