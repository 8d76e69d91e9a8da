/**
 * Traces on disk, a line of OTLP JSON each turn, for any tool that imports them. Written in the background; a file
 * that is full is put aside with a number (`traces.jsonl.1` is the one before), and the oldest goes. What waits for the
 * disk is bounded, and what finds no room, or cannot be written, is lost and counted.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { otlpLine, type SpanOrigin, type TraceSpan } from '../../dashboards/live/otlp-json.ts';
import type { SpanSink } from './traces.ts';

export interface TraceFileOptions {
  readonly path: string;
  readonly fileBytesMax: number;
  /** The current one included. */
  readonly filesMax: number;
  readonly origin: SpanOrigin;
  /** Spans that may wait for the disk. */
  readonly waitingMax?: number;
  /** Told of the first failure, and again after one that was followed by a success. */
  readonly onError: (error: unknown) => void;
}

const WAITING_MAX = 65_536;
/** Lines to a write, so that making them does not hold up the event loop. */
const TURNS_PER_WRITE = 64;
/** Turns that end together share a write. */
const DELAY_MS = 100;

export class TraceFile implements SpanSink {
  /** Spans that are not in the file and never will be. */
  readonly lost = { file_failed: 0 };
  readonly #options: TraceFileOptions;
  readonly #waitingMax: number;
  #turns: (readonly TraceSpan[])[] = [];
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #file: FileHandle | undefined;
  #fileBytes = 0;
  #failing = false;

  constructor(options: TraceFileOptions) {
    this.#options = options;
    this.#waitingMax = options.waitingMax ?? WAITING_MAX;
  }

  add(spans: readonly TraceSpan[]): void {
    if (this.#waiting + spans.length > this.#waitingMax) {
      this.lost.file_failed += spans.length;
      return;
    }
    this.#turns.push(spans);
    this.#waiting += spans.length;
    this.#timer ??= setTimeout(() => void this.flush(), DELAY_MS).unref();
  }

  /** Resolves when all that was added has been written, or is lost. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async close(): Promise<void> {
    // What was added during a write that was under way goes with the one after it.
    while (this.#turns.length > 0 || this.#writing) await this.flush();
    await this.#file?.close();
    this.#file = undefined;
  }

  async #write(): Promise<void> {
    while (this.#turns.length > 0) {
      const turns = this.#turns.splice(0, TURNS_PER_WRITE);
      const spans = turns.reduce((sum, turn) => sum + turn.length, 0);
      const lines = Buffer.from(turns.map((turn) => otlpLine(turn, this.#options.origin)).join(''));
      try {
        await this.#append(lines);
        this.#failing = false;
      } catch (error) {
        this.lost.file_failed += spans;
        if (!this.#failing) this.#options.onError(error);
        this.#failing = true;
        await this.#file?.close().catch(() => {});
        this.#file = undefined;
      }
      this.#waiting -= spans;
    }
  }

  async #append(lines: Buffer): Promise<void> {
    if (this.#file && this.#fileBytes + lines.length > this.#options.fileBytesMax) await this.#putAside();
    const file = this.#file ?? (await this.#open());
    if (this.#fileBytes > 0 && this.#fileBytes + lines.length > this.#options.fileBytesMax) {
      await this.#putAside();
      return this.#append(lines);
    }
    await file.appendFile(lines);
    this.#fileBytes += lines.length;
  }

  async #open(): Promise<FileHandle> {
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true });
    this.#file = await open(path, 'a');
    this.#fileBytes = (await this.#file.stat()).size;
    return this.#file;
  }

  async #putAside(): Promise<void> {
    const { path, filesMax } = this.#options;
    await this.#file?.close();
    this.#file = undefined;
    await rm(numbered(path, filesMax - 1), { force: true });
    for (let number = filesMax - 2; number >= 0; number -= 1) {
      await rename(numbered(path, number), numbered(path, number + 1)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
  }
}

function numbered(path: string, number: number): string {
  return number === 0 ? path : `${path}.${number}`;
}
