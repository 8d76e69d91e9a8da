/**
 * When events leave: writes are put off until others can share them, but never past the work at hand.
 *
 * A connection that carries one stream is written at the end of the callback that made its events (nothing
 * else could join it later in the pass). A multiplexed one is written once a pass of the event loop, after
 * all sockets that were readable have been read: tokens of many streams then share one system call. With a
 * flush delay, both wait for the delay instead. The write system call is the largest cost of a token.
 */
export interface Flushable {
  /** Writes what is pending. Called once for each time it was scheduled. */
  flush(): void;
}

class Batch {
  #items: Flushable[] = [];
  #spare: Flushable[] = [];

  /** @returns whether this is the first item since the last run. */
  add(item: Flushable): boolean {
    return this.#items.push(item) === 1;
  }

  readonly run = (): void => {
    const items = this.#items;
    this.#items = this.#spare;
    this.#spare = items;
    for (let index = 0; index < items.length; index += 1) items[index]!.flush();
    items.length = 0;
  };
}

const callback = new Batch();
const pass = new Batch();

/** How a server's connections share writes. */
export interface FlushPolicy {
  /** For a connection with one stream. */
  single(item: Flushable): void;
  /** For a connection with many. */
  shared(item: Flushable): void;
  /** Drops the timer, if any; what is pending is written. */
  stop(): void;
}

const AT_ONCE: FlushPolicy = Object.freeze({
  single(item: Flushable) {
    if (callback.add(item)) process.nextTick(callback.run);
  },
  shared(item: Flushable) {
    if (pass.add(item)) setImmediate(pass.run);
  },
  stop() {},
});

/** @param flushMs 0: what piles up in one callback or pass; else how long the first event may wait for others. */
export function flushPolicy(flushMs: number): FlushPolicy {
  if (flushMs <= 0) return AT_ONCE;
  const delayed = new Batch();
  let timer: NodeJS.Timeout | undefined;
  const fire = () => {
    timer = undefined;
    delayed.run();
  };
  const add = (item: Flushable) => {
    if (delayed.add(item)) timer = setTimeout(fire, flushMs);
  };
  return {
    single: add,
    shared: add,
    stop() {
      clearTimeout(timer);
      fire();
    },
  };
}

/** Writes everything that waits for the end of a callback or pass. For producers that pace themselves. */
export function flushNow(): void {
  callback.run();
  pass.run();
}
