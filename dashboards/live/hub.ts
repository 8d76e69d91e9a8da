/**
 * The feed between its source and its viewers: keeps the last ten minutes for those who come later, and writes each
 * event to all who watch. Bounded whatever they do: so many viewers, so many samples, and a viewer that does not read
 * is cut off; its page comes back by itself.
 */
import type { ServerResponse } from 'node:http';
import { LIVE_SAMPLES_MAX, type LiveArm, type LiveEvent, type LiveHello, type LiveSample, type LiveTurn } from './feed.ts';
import { WorstTurns } from './worst.ts';

export const VIEWERS_MAX = 16;
/** What a viewer has not taken yet; all that is known when it comes is at most about 2 MB. */
export const UNREAD_BYTES_MAX = 8 * 1024 * 1024;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

export type LiveSource = Pick<LiveHello, 'source' | 'title' | 'version'>;

export class LiveHub {
  readonly #source: () => LiveSource;
  readonly #startedAtMs: number;
  readonly #samples: LiveSample[] = [];
  readonly #worst = new WorstTurns();
  #arms: readonly LiveArm[] = [];
  readonly #viewers = new Set<ServerResponse>();
  #ended: LiveEvent | undefined;

  constructor(source: () => LiveSource, startedAtMs: number = Date.now()) {
    this.#source = source;
    this.#startedAtMs = startedAtMs;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /**
   * @param withPast false: for one who wants only what comes.
   * @returns false when there are too many already; nothing was written then.
   */
  watch(response: ServerResponse, withPast = true): boolean {
    if (this.#viewers.size >= VIEWERS_MAX) return false;
    response.writeHead(200, HEADERS);
    response.on('error', () => {}).on('close', () => this.#viewers.delete(response));
    this.#viewers.add(response);
    this.#write(response, textOf({ type: 'hello', hello: this.#hello(withPast) }));
    if (this.#ended) {
      this.#write(response, textOf(this.#ended));
      response.end();
    }
    return true;
  }

  sample(sample: LiveSample, turns: readonly LiveTurn[]): void {
    this.#samples.push(sample);
    if (this.#samples.length > LIVE_SAMPLES_MAX) this.#samples.shift();
    this.#worst.expire(sample.atMs);
    this.#worst.add(turns);
    this.#tell({ type: 'sample', sample, turns });
  }

  arms(arms: readonly LiveArm[]): void {
    this.#arms = arms;
    this.#tell({ type: 'arms', arms });
  }

  /** The last event; viewers are let go, and whoever still comes gets it too. */
  end(how: string, reports: readonly string[]): void {
    if (this.#ended) return;
    this.#ended = { type: 'ended', atMs: Date.now(), how, reports };
    this.#tell(this.#ended);
    for (const viewer of this.#viewers) viewer.end();
  }

  /** Cuts all viewers off. */
  close(): void {
    for (const viewer of this.#viewers) viewer.destroy();
  }

  #hello(withPast: boolean): LiveHello {
    return {
      ...this.#source(),
      startedAtMs: this.#startedAtMs,
      samples: withPast ? this.#samples : [],
      turns: withPast ? this.#worst.list() : [],
      arms: this.#arms,
    };
  }

  #tell(event: LiveEvent): void {
    if (this.#viewers.size === 0) return;
    const text = textOf(event);
    for (const viewer of this.#viewers) this.#write(viewer, text);
  }

  #write(viewer: ServerResponse, text: string): void {
    viewer.write(text);
    if (viewer.writableLength > UNREAD_BYTES_MAX) viewer.destroy();
  }
}

/** JSON has no line breaks of its own. */
function textOf(event: LiveEvent): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}
