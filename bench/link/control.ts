/**
 * The links' process, as those who use it see it: how it is configured for a list of round-trip times, what it says when
 * it is ready, and a client of its admin port. What comes over that port is checked here, once.
 */
import { z } from 'zod';
import { PACINGS } from '../driver/waiting.ts';
import type { LinkUse } from '../trial.ts';
import type { LinkStats } from './admin.ts';
import { type LinkSettings, type LinksConfig, type Parsed, parseConfig } from './config.ts';
import { LINKS_HOST } from './limits.ts';
import type { Endpoint } from './relay.ts';

/** The first line of the process on its standard output. */
export interface LinksReady {
  ready: 1;
  protocol: number;
  pid: number;
  ports: { admin: number; links: Readonly<Record<string, number>> };
}

/** One link for each round-trip time, named after it (`rtt20`), on free ports; without targets, until they are set. */
export function linksConfig(
  roundTripsMs: readonly number[],
  shape: Partial<Pick<LinkSettings, 'bandwidthBitsPerSecond' | 'initialWindowBytes'>> = {},
): Parsed<LinksConfig> {
  return parseConfig({ links: roundTripsMs.map((roundTripMs) => ({ name: `rtt${roundTripMs}`, roundTripMs, ...shape })) });
}

/** What a trial is given of links that are ready. @throws when one of them has no port: it is another process's line. */
export function linkUses({ links }: LinksConfig, { ports }: Pick<LinksReady, 'ports'>): LinkUse[] {
  return links.map(({ name, roundTripMs }) => {
    const port = ports.links[name];
    if (port === undefined) throw new Error(`link ${name} has no port`);
    return { name, port, roundTripMs };
  });
}

export type LinkControlCode =
  /** Nothing answers on the port, or not in HTTP. */
  | 'unreachable'
  | 'timeout'
  /** The admin port says no: a link of this name is not there, say. */
  | 'refused'
  /** An answer, but none that an admin port of links gives. */
  | 'bad_answer';

export class LinkControlError extends Error {
  readonly code: LinkControlCode;

  constructor(code: LinkControlCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const TIMEOUT_MS = 5_000;

/** Every call rejects with a `LinkControlError`. */
export class LinkControl {
  readonly #port: number;
  readonly #timeoutMs: number;

  constructor(adminPort: number, timeoutMs = TIMEOUT_MS) {
    this.#port = adminPort;
    this.#timeoutMs = timeoutMs;
  }

  /** Where the link's connections go from now on; those that are open stay where they are. */
  async setTarget(name: string, { host, port }: Endpoint): Promise<void> {
    await this.#ask('POST', '/target', nothing, { name, target: { host, port } });
  }

  /** All links begin to count anew. */
  async clear(): Promise<void> {
    await this.#ask('POST', '/clear', nothing);
  }

  stats(): Promise<LinkStats> {
    return this.#ask('GET', '/stats', stats);
  }

  async #ask<T>(method: string, path: string, expected: z.ZodType<T>, body?: object): Promise<T> {
    const what = `${method} ${path} at the links' admin port ${this.#port}`;
    const { status, text } = await this.#fetch(what, path, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    const answer = parseJson(text);
    if (status !== 200) {
      const parsed = failure.safeParse(answer);
      if (!parsed.success) throw new LinkControlError('bad_answer', `${what} was answered with status ${status}`);
      throw new LinkControlError('refused', `${what} was refused: ${parsed.data.error.message}`);
    }
    const parsed = expected.safeParse(answer);
    if (!parsed.success) throw new LinkControlError('bad_answer', `${what}: ${z.prettifyError(parsed.error)}`);
    return parsed.data;
  }

  async #fetch(what: string, path: string, request: RequestInit): Promise<{ status: number; text: string }> {
    // Holds until the answer's last byte.
    const signal = AbortSignal.timeout(this.#timeoutMs);
    try {
      const reply = await fetch(`http://${LINKS_HOST}:${this.#port}${path}`, { ...request, signal });
      return { status: reply.status, text: await reply.text() };
    } catch (error) {
      if (signal.aborted) throw new LinkControlError('timeout', `${what} was not answered within ${this.#timeoutMs} ms`, error);
      throw new LinkControlError('unreachable', `${what} failed`, error);
    }
  }
}

/** `undefined`, which is no answer either, for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const nothing = z.strictObject({});
const failure = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

const count = z.int().min(0);
const traffic = z.object({
  bytes: count,
  deliveries: count,
  error: z.object({ p50Us: z.number().nullable(), p99Us: z.number().nullable(), maxUs: z.number().nullable(), histogram: z.string() }),
  heldBytes: count,
  heldBytesPeak: count,
  connectionHeldBytesPeak: count,
});
const stats: z.ZodType<LinkStats> = z.object({
  pacing: z.enum(PACINGS),
  links: z.array(
    z.object({
      name: z.string(),
      roundTripMs: z.number(),
      target: z.object({ host: z.string(), port: z.int() }).nullable(),
      connections: z.object({ open: count, accepted: count, refused: count }),
      toTarget: traffic,
      toClient: traffic,
    }),
  ),
  cpuUs: z.number(),
  uptimeMs: z.number(),
});
