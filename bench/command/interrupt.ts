/** Ctrl-C, and being told to end, as an `AbortSignal`. */

export interface Interrupt extends Disposable {
  readonly signal: AbortSignal;
}

/** While it lives, the first SIGINT or SIGTERM aborts; a second one ends the process as if nobody listened. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const abort = () => {
    stop();
    controller.abort();
  };
  const stop = () => {
    for (const name of signals) process.off(name, abort);
  };
  for (const name of signals) process.on(name, abort);
  return { signal: controller.signal, [Symbol.dispose]: stop };
}

/** Resolves after this long, or as soon as it is interrupted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener('abort', over);
  });
}
