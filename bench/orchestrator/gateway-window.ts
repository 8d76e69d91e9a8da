/**
 * What a gateway says of itself over the measured window: how late its main thread was, how busy, and how long turns
 * waited for an agent. One request at each edge of the window, on the status page's port: the first empties the
 * gateway's distributions, the second reads them. A gateway that cannot (an older one, a hand-written relay) has no
 * such figures, which is no failure.
 *
 * Both requests are answered by the thread that is measured, in about a third of a millisecond each. The first falls
 * into the window, in which it is the same for all arms; the second comes when the window is over.
 */

/** Milliseconds, `max` apart from quantiles. */
export interface GatewayWindow {
  /** What an event that came at a random moment had to wait for the main thread. */
  loopDelayMs: Readonly<Record<'p50' | 'p90' | 'p99' | 'max', number>>;
  loopUtilisation: number | null;
  /** From the pool's decision to the turn's first step in its thread or process; `null` where agents run inline. */
  dispatchMs: Readonly<Record<'p50' | 'p99', number>> | null;
  queueWaitMs: Readonly<Record<'p50' | 'p99', number>> | null;
  /** Of turns that it traced: spans that it made, and that did not get where they should. Absent where it does not tell. */
  spans?: Readonly<Record<'made' | 'lost', number>>;
}

/** A main thread that computes for a second answers after that. */
const TIMEOUT_MS = 10_000;

export class GatewayWatch {
  readonly #adminPort: number | null;
  #begun: Promise<boolean> = Promise.resolve(false);
  #status: Promise<unknown> = Promise.resolve(undefined);

  /** @param adminPort `null`: there is nobody to ask. */
  constructor(adminPort: number | null) {
    this.#adminPort = adminPort;
  }

  begin(): void {
    this.#begun = this.#ask('POST', '/window').then((answer) => answer !== undefined);
  }

  end(): void {
    this.#status = this.#ask('GET', '/status');
  }

  /** Of the last window that was begun and ended. */
  async figures(): Promise<GatewayWindow | undefined> {
    const [begun, status] = await Promise.all([this.#begun, this.#status]);
    return begun ? readWindow(status) : undefined;
  }

  /** `undefined`: no such page, no answer, or none in time. */
  async #ask(method: 'GET' | 'POST', path: string): Promise<unknown> {
    if (this.#adminPort === null) return undefined;
    try {
      const reply = await fetch(`http://127.0.0.1:${this.#adminPort}${path}`, { method, signal: AbortSignal.timeout(TIMEOUT_MS) });
      const answer: unknown = await reply.json();
      return reply.ok ? answer : undefined;
    } catch {
      return undefined;
    }
  }
}

/** `undefined` where the status has no figures of a window, or none of its main thread. */
export function readWindow(status: unknown): GatewayWindow | undefined {
  const window = field(status, 'window');
  const loopDelayMs = numbers(field(window, 'loopDelayMs'), ['p50', 'p90', 'p99', 'max']);
  if (!loopDelayMs) return undefined;
  const loopUtilisation = field(window, 'loopUtilisation');
  const dispatch = numbers(field(window, 'dispatchMicros'), ['p50', 'p99']);
  const spans = numbers(field(window, 'spans'), ['made', 'lost']);
  return {
    loopDelayMs,
    loopUtilisation: isNumber(loopUtilisation) ? loopUtilisation : null,
    dispatchMs: dispatch ? { p50: dispatch.p50 / 1e3, p99: dispatch.p99 / 1e3 } : null,
    queueWaitMs: numbers(field(window, 'queueWaitMs'), ['p50', 'p99']) ?? null,
    ...(spans ? { spans } : {}),
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function numbers<Name extends string>(value: unknown, names: readonly Name[]): Record<Name, number> | undefined {
  const found = names.map((name) => [name, field(value, name)] as const);
  return found.every(([, number]) => isNumber(number)) ? (Object.fromEntries(found) as Record<Name, number>) : undefined;
}
