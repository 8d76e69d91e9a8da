/**
 * The links' configuration, read once from `unknown`: every problem is found in one pass, every default stands in one
 * literal, and what comes out is complete and frozen.
 */
import { z } from 'zod';
import { LINK_NAME, LINK_NAME_EXPECTED, LINKS_MAX, ROUND_TRIP_MS_MAX } from './limits.ts';
import type { Endpoint } from './relay.ts';

export interface LinkSettings {
  readonly name: string;
  /** On loopback; 0 takes a free one. */
  readonly listenPort: number;
  readonly roundTripMs: number;
  /** Each direction's, shared by all connections; 0: none. */
  readonly bandwidthBitsPerSecond: number;
  /** Of each connection and direction; 0: whatever is sent is on its way at once. */
  readonly initialWindowBytes: number;
  /** Until there is one, connections are refused. */
  readonly target?: Endpoint | undefined;
}

export interface LinksConfig {
  readonly links: readonly LinkSettings[];
  /** The admin port, on loopback; 0 takes a free one. */
  readonly admin: number;
  /** Of each link; further ones are refused. */
  readonly connectionsMax: number;
}

export const LINK_DEFAULTS = Object.freeze({ listenPort: 0, bandwidthBitsPerSecond: 0, initialWindowBytes: 0 });
export const LINKS_DEFAULTS = Object.freeze({ admin: 0, connectionsMax: 10_000 });

/** Ten segments, as RFC 6928 has them. */
export const INITIAL_WINDOW_BYTES = 14_600;

const port = (min: number) => {
  const error = `a whole number from ${min} to 65535`;
  return z.int(error).min(min, error).max(65_535, error);
};

function orNone(min: number, max: number, unit: string) {
  const error = `0 for none, or ${unit} from ${min} to ${max}`;
  return z.number(error).refine((value) => value === 0 || (value >= min && value <= max), error);
}

const hostExpected = 'a host name or address';
const endpoint = z.strictObject({ host: z.string(hostExpected).min(1, hostExpected), port: port(1) }, 'a host and a port').readonly();

const name = z.string(LINK_NAME_EXPECTED).regex(LINK_NAME, LINK_NAME_EXPECTED);

const roundTripExpected = `milliseconds from 0 to ${ROUND_TRIP_MS_MAX}`;
const link = z
  .strictObject({
    name,
    listenPort: port(0).default(LINK_DEFAULTS.listenPort),
    roundTripMs: z.number(roundTripExpected).min(0, roundTripExpected).max(ROUND_TRIP_MS_MAX, roundTripExpected),
    bandwidthBitsPerSecond: orNone(8_000, 1e12, 'bits a second').default(LINK_DEFAULTS.bandwidthBitsPerSecond),
    initialWindowBytes: orNone(1, 2 ** 30, 'bytes').default(LINK_DEFAULTS.initialWindowBytes),
    target: endpoint.optional(),
  })
  .readonly();

const linksExpected = `1 to ${LINKS_MAX} links, each of another name`;
const connectionsExpected = 'a whole number from 1 to 100000';
const config = z
  .strictObject({
    links: z
      .array(link, linksExpected)
      .min(1, linksExpected)
      .max(LINKS_MAX, linksExpected)
      .refine((links) => new Set(links.map((one) => one.name)).size === links.length, linksExpected)
      .readonly(),
    admin: port(0).default(LINKS_DEFAULTS.admin),
    connectionsMax: z
      .int(connectionsExpected)
      .min(1, connectionsExpected)
      .max(100_000, connectionsExpected)
      .default(LINKS_DEFAULTS.connectionsMax),
  })
  .readonly();

/** What `POST /target` takes. */
const targetChange = z.strictObject({ name, target: endpoint });
export type TargetChange = z.infer<typeof targetChange>;

export type Parsed<T> = { readonly value: T } | { readonly problems: readonly string[] };

export function parseConfig(value: unknown): Parsed<LinksConfig> {
  return parse(config, value);
}

export function parseTargetChange(value: unknown): Parsed<TargetChange> {
  return parse(targetChange, value);
}

function parse<T>(schema: z.ZodType<T>, value: unknown): Parsed<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  const problems = parsed.error.issues.map((issue) => {
    const place = issue.path.length === 0 ? 'the configuration' : issue.path.join('.');
    return `${place}: expected ${issue.code === 'unrecognized_keys' ? `none of the keys ${issue.keys.join(', ')}` : issue.message}`;
  });
  return { problems };
}
