/**
 * The page's end of the feed: connects, connects again when the stream breaks, and says how fresh what it has is. The
 * browser's own reconnection gives up at an answer that is no stream (too many viewers, a gateway that is starting), so
 * it is done here.
 */
import type { LiveEvent } from '../feed.ts';

export type Freshness = 'waiting' | 'live' | 'stale' | 'lost' | 'over';

/** Samples come once a second. */
const STALE_MS = 3_500;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 10_000;

export class Feed {
  readonly #onEvent: (event: LiveEvent) => void;
  readonly #onFreshness: (freshness: Freshness, words: string) => void;
  #source: EventSource | undefined;
  #heardMs = Number.NaN;
  #retryMs = RETRY_MS_MIN;
  #retryAtMs = 0;
  #freshness: Freshness = 'waiting';

  constructor(onEvent: (event: LiveEvent) => void, onFreshness: (freshness: Freshness, words: string) => void) {
    this.#onEvent = onEvent;
    this.#onFreshness = onFreshness;
  }

  start(): void {
    this.#connect();
    setInterval(() => this.#look(), 500);
  }

  #connect(): void {
    const source = new EventSource('live');
    this.#source = source;
    source.onmessage = ({ data }) => {
      // Written by the same version that served this page.
      const event = JSON.parse(String(data)) as LiveEvent;
      this.#heardMs = Date.now();
      this.#retryMs = RETRY_MS_MIN;
      this.#onEvent(event);
      if (event.type === 'ended') {
        source.close();
        this.#tell('over', 'ended');
      } else this.#tell('live', 'live');
    };
    source.onerror = () => {
      source.close();
      if (this.#freshness === 'over') return;
      this.#source = undefined;
      this.#retryAtMs = Date.now() + this.#retryMs;
      this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
      this.#look();
    };
  }

  #look(): void {
    if (this.#freshness === 'over') return;
    const nowMs = Date.now();
    if (!this.#source) {
      const waitS = Math.ceil((this.#retryAtMs - nowMs) / 1e3);
      if (waitS <= 0) this.#connect();
      else this.#tell('lost', `connection lost, again in ${waitS} s`);
    } else if (nowMs - this.#heardMs > STALE_MS)
      this.#tell('stale', `stale, last heard ${Math.round((nowMs - this.#heardMs) / 1e3)} s ago`);
  }

  #tell(freshness: Freshness, words: string): void {
    this.#freshness = freshness;
    this.#onFreshness(freshness, words);
  }
}
