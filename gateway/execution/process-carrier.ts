/**
 * A process, leader of a group of its own, so that whatever is started in it is ended with it: SIGTERM to the group,
 * SIGKILL after a grace, and once more when the process is gone, for what it has left behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Carrier, CarrierEvents } from './carrier.ts';
import { CHANNEL_FD, url as childUrl } from './child.ts';
import { childMessage } from './child-messages.ts';
import { ToldDeliveries } from './credit.ts';
import { readLines, writeLine } from './lines.ts';
import type { FromChild, HostSettings, ToChild, ToHost, TurnTask } from './messages.ts';
import { groups, killGroup } from './process-groups.ts';
import { processSample } from './process-sample.ts';
import { within } from './time-limit.ts';
import type { UnitSample } from './unit.ts';

const KILL_GRACE_MS = 1_000;
/** Of what it writes to standard error, for the message about its end. */
const LAST_WORDS_MAX = 2_000;
const LAST_WORDS_WITHIN_MS = 100;
export interface ProcessOptions {
  execArgv: readonly string[];
  /** Of one line that it says. */
  lineCharactersMax: number;
}

export class ProcessCarrier implements Carrier {
  readonly kind = 'process';
  readonly threadId = null;
  pid = 0;
  readonly #name: string;
  readonly #options: ProcessOptions;
  readonly #deliveries = new ToldDeliveries((delivered) => this.#send({ delivered }));
  #entered = -1;
  readonly #enteredBytes = Buffer.alloc(4);
  readonly #exited = Promise.withResolvers<void>();
  readonly #ready = Promise.withResolvers<void>();
  #events!: CarrierEvents;
  #child: ChildProcess | undefined;
  #channel: Duplex | undefined;
  #lastWords = '';
  #ending = false;
  #isGone = false;
  #onUsage: (sample: UnitSample) => void = () => {};

  constructor(name: string, options: ProcessOptions) {
    this.#name = name;
    this.#options = options;
    this.#ready.promise.catch(() => {});
  }

  /** Of a process, the thread that it began with. */
  get osThreadId(): number | null {
    return process.platform === 'linux' && this.pid !== 0 ? this.pid : null;
  }

  async begin(settings: HostSettings, events: CarrierEvents): Promise<void> {
    this.#events = events;
    this.#entered = enteredFile();
    const child = this.#spawn();
    this.#child = child;
    this.pid = child.pid ?? 0;
    if (this.pid !== 0) groups.add(this.pid);
    child.on('error', (error) => this.#gone(error));
    child.on('exit', (code, signal) => {
      // Before what it has left behind can keep its standard error open.
      this.#kill('SIGKILL');
      const gone = () => this.#gone(new Error(this.#endOf(code, signal)));
      child.on('close', gone);
      setTimeout(gone, LAST_WORDS_WITHIN_MS).unref();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS_MAX);
    });
    const channel = child.stdio[CHANNEL_FD] as Duplex;
    this.#channel = channel;
    // Its end tells the same.
    channel.on('error', () => {});
    readLines(
      channel,
      this.#options.lineCharactersMax,
      (line) => this.#said(line),
      (problem) => this.#nonsense(problem),
    );
    this.#send({ begin: settings, name: this.#name });
    await this.#ready.promise;
  }

  run(task: TurnTask): void {
    this.#send({ run: task });
  }

  post(message: ToHost): void {
    this.#send(message);
  }

  delivered(): void {
    this.#deliveries.delivered();
  }

  becomeOwn(): void {}

  lastEntered(): number {
    if (this.#isGone || !this.#child) return 0;
    const read = readSync(this.#entered, this.#enteredBytes, 0, 4, 0);
    return read === 4 ? this.#enteredBytes.readInt32LE() : 0;
  }

  computing(): boolean {
    return this.#seen()?.computing ?? false;
  }

  osCpuNs(): number | null {
    return this.#seen()?.cpuNs ?? null;
  }

  async sample(timeoutMs: number): Promise<UnitSample | undefined> {
    if (this.#isGone || this.pid === 0) return undefined;
    if (process.platform === 'linux') return this.#seen();
    const { promise, resolve } = Promise.withResolvers<UnitSample>();
    this.#onUsage = resolve;
    this.#send({ reportUsage: 1 });
    return within(promise, timeoutMs);
  }

  end(): Promise<void> {
    if (this.#ending || !this.#child) return this.#child ? this.#exited.promise : Promise.resolve();
    this.#ending = true;
    this.#kill('SIGTERM');
    const timer = setTimeout(() => this.#kill('SIGKILL'), KILL_GRACE_MS);
    return this.#exited.promise.finally(() => clearTimeout(timer));
  }

  #spawn(): ChildProcess {
    try {
      return spawn(process.execPath, [...this.#options.execArgv, fileURLToPath(childUrl)], {
        // What it needs comes over its channel; the gateway's environment may hold secrets.
        env: {},
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe', 'pipe', this.#entered],
      });
    } catch (error) {
      closeSync(this.#entered);
      throw error;
    }
  }

  #seen(): UnitSample | undefined {
    return this.#isGone ? undefined : processSample(this.pid);
  }

  #send(message: ToChild): void {
    if (this.#channel) writeLine(this.#channel, message);
  }

  #said(line: unknown): void {
    const message: FromChild | undefined = childMessage(line);
    if (!message) this.#nonsense('a message that nothing is known of');
    else if ('ready' in message) this.#ready.resolve();
    else if ('failed' in message) this.#ready.reject(new Error(message.failed));
    else if ('usage' in message) this.#onUsage(message.usage);
    else this.#events.message(message);
  }

  #nonsense(problem: string): void {
    const error = new Error(`it broke the protocol of its channel: ${problem}`);
    this.#ready.reject(error);
    this.#events.gone(error);
    void this.end();
  }

  #endOf(code: number | null, signal: NodeJS.Signals | null): string {
    const how = signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`;
    const why = /^(?:Uncaught )?(\w*Error: .*|FATAL ERROR: .*)$/m.exec(this.#lastWords)?.[1];
    return why === undefined ? how : `${how}: ${why.trim()}`;
  }

  #gone(error: Error): void {
    if (this.#isGone) return;
    this.#isGone = true;
    groups.delete(this.pid);
    closeSync(this.#entered);
    this.#channel?.destroy();
    this.#ready.reject(error);
    this.#events.gone(error);
    this.#exited.resolve();
  }

  #kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.pid !== 0 && !this.#isGone) killGroup(this.pid, signal);
  }
}

/** Open and without a name: shared with one process, gone with both. */
function enteredFile(): number {
  const path = join(tmpdir(), `gatebench-entered-${randomBytes(8).toString('hex')}`);
  const file = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return file;
}
