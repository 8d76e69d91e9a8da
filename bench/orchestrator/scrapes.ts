/**
 * Reads a gateway's metrics page during a trial, as a Prometheus would: what that costs is a part of what metrics cost.
 * Once a second, so that every measured window has as many readings; a Prometheus asks every 15 s, if nobody changed it.
 */
export interface ScrapeFacts {
  done: number;
  failed: number;
  /** Of the last reading. */
  bytes: number;
}

const EVERY_MS = 1_000;
const TIMEOUT_MS = 5_000;
/** As a Prometheus asks, which prefers the format that has exemplars. */
const ACCEPT = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

export class Scrapes {
  readonly #url: string;
  readonly #everyMs: number;
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #facts: ScrapeFacts = { done: 0, failed: 0, bytes: 0 };
  #ended: Promise<ScrapeFacts> | undefined;

  constructor(port: number, everyMs = EVERY_MS) {
    this.#url = `http://127.0.0.1:${port}/metrics`;
    this.#everyMs = everyMs;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** With one last reading, once, however often it is called. */
  stop(): Promise<ScrapeFacts> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<ScrapeFacts> {
    this.#stopped.abort();
    await this.#running;
    await this.#read();
    return this.#facts;
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const dueMs = performance.now() + this.#everyMs;
      await this.#read();
      await pause(dueMs - performance.now(), this.#stopped.signal);
    }
  }

  async #read(): Promise<void> {
    try {
      const reply = await fetch(this.#url, { headers: { accept: ACCEPT }, signal: AbortSignal.timeout(TIMEOUT_MS) });
      const text = await reply.text();
      if (!reply.ok) throw new Error(`status ${reply.status}`);
      this.#facts = { ...this.#facts, done: this.#facts.done + 1, bytes: Buffer.byteLength(text) };
    } catch {
      this.#facts = { ...this.#facts, failed: this.#facts.failed + 1 };
    }
  }
}

/** Why a trial is not what it says it is: metrics that nobody reads cost less. */
export function scrapeProblems({ done, failed }: ScrapeFacts): string[] {
  return failed > 0 ? [`${failed} of ${done + failed} readings of the gateway’s metrics failed`] : [];
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || ms <= 0) return resolve();
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener('abort', over);
  });
}
