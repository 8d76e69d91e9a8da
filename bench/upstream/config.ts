/**
 * The mock LLM's configuration, read once from `unknown`: every problem is found in one pass, every default stands in
 * one literal, and what comes out is complete and frozen.
 */
import { readFileSync } from 'node:fs';
import { SERVE_LIMITS, type ServeLimits } from '../../transports/wire.ts';
import { PACINGS, type Pacing } from './pacer.ts';

export interface UpstreamConfig {
  readonly host: string;
  /** 0 takes a free one. Those of the admin pages and of the metrics are on loopback, whatever `host` is; no metrics without a port. */
  readonly ports: { readonly upstream: number; readonly admin: number; readonly metrics?: number };
  /** PEM; in the file they are given as paths. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly pacing: Pacing;
  readonly flushMs: number;
  readonly compression: boolean;
  readonly ledgerTokensMax: number;
  readonly limits: Partial<ServeLimits>;
  /** Requests must bring it as a bearer token. */
  readonly requireToken?: string;
}

export const UPSTREAM_DEFAULTS: UpstreamConfig = Object.freeze({
  host: '127.0.0.1',
  ports: Object.freeze({ upstream: 0, admin: 0 }),
  pacing: 'hybrid',
  flushMs: 0,
  compression: false,
  ledgerTokensMax: 1_000_000,
  limits: Object.freeze({}),
});

/** 1.6 GB of columns. */
const LEDGER_TOKENS_MAX = 100_000_000;

export type ParsedConfig = { config: UpstreamConfig } | { problems: string[] };

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads fields of one object and remembers what was wrong, and which it was not asked for. */
class Reader {
  readonly #problems: string[];
  readonly #path: string;
  readonly #fields: Fields;
  readonly #asked = new Set<string>();

  constructor(value: unknown, path: string, problems: string[]) {
    this.#problems = problems;
    this.#path = path;
    this.#fields = isFields(value) ? value : {};
    if (!isFields(value)) problems.push(`${path === '' ? 'the configuration' : path} is no object`);
  }

  has(name: string): boolean {
    this.#asked.add(name);
    return this.#fields[name] !== undefined;
  }

  part(name: string): Reader {
    return new Reader(this.#fields[name], this.#at(name), this.#problems);
  }

  get names(): string[] {
    return Object.keys(this.#fields);
  }

  field<Value>(name: string, fallback: Value, expected: string, accepts: (value: unknown) => value is Value): Value {
    if (!this.has(name)) return fallback;
    const value = this.#fields[name];
    if (accepts(value)) return value;
    // The value itself is not repeated: it may be a secret in the wrong place.
    this.#problems.push(`${this.#at(name)}: expected ${expected}`);
    return fallback;
  }

  number(name: string, fallback: number, min: number, max: number): number {
    const accepts = (value: unknown): value is number => typeof value === 'number' && value >= min && value <= max;
    return this.field(name, fallback, `a number from ${min} to ${max}`, accepts);
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const accepts = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
    return this.field(name, fallback, `a whole number from ${min} to ${max}`, accepts);
  }

  text(name: string, fallback: string): string {
    return this.field(name, fallback, 'a text that is not empty', (value): value is string => typeof value === 'string' && value !== '');
  }

  /** Of the file that is named. */
  fileText(name: string): string {
    const path = this.text(name, '');
    if (path === '') {
      if (!this.has(name)) this.#problems.push(`${this.#at(name)} is missing`);
      return '';
    }
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      this.#problems.push(`${this.#at(name)}: ${error instanceof Error ? error.message : 'cannot be read'}`);
      return '';
    }
  }

  done(): void {
    for (const name of this.names)
      if (!this.#asked.has(name)) this.#problems.push(`${this.#at(name)} is no key here (known: ${[...this.#asked].join(', ')})`);
  }

  #at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}

export function parseConfig(value: unknown): ParsedConfig {
  const problems: string[] = [];
  const reader = new Reader(value, '', problems);
  const defaults = UPSTREAM_DEFAULTS;
  const config: UpstreamConfig = {
    host: reader.text('host', defaults.host),
    ports: reader.has('ports') ? readPorts(reader.part('ports')) : defaults.ports,
    ...(reader.has('tls') ? { tls: readTls(reader.part('tls')) } : {}),
    pacing: reader.field('pacing', defaults.pacing, PACINGS.join(' or '), (pacing): pacing is Pacing =>
      PACINGS.some((name) => name === pacing),
    ),
    flushMs: reader.number('flushMs', defaults.flushMs, 0, 1_000),
    compression: reader.field('compression', defaults.compression, 'true or false', (flag): flag is boolean => typeof flag === 'boolean'),
    ledgerTokensMax: reader.integer('ledgerTokensMax', defaults.ledgerTokensMax, 1, LEDGER_TOKENS_MAX),
    limits: reader.has('limits') ? readLimits(reader.part('limits')) : defaults.limits,
    ...(reader.has('requireToken') ? { requireToken: reader.text('requireToken', '') } : {}),
  };
  reader.done();
  return problems.length > 0 ? { problems } : { config: Object.freeze(config) };
}

function readPorts(reader: Reader): UpstreamConfig['ports'] {
  const port = (name: string) => reader.integer(name, 0, 0, 65_535);
  const ports = { upstream: port('upstream'), admin: port('admin'), ...(reader.has('metrics') ? { metrics: port('metrics') } : {}) };
  reader.done();
  return Object.freeze(ports);
}

function readTls(reader: Reader): { key: string; cert: string } {
  const tls = { key: reader.fileText('key'), cert: reader.fileText('cert') };
  reader.done();
  return Object.freeze(tls);
}

function readLimits(reader: Reader): Partial<ServeLimits> {
  const limits: Partial<ServeLimits> = {};
  for (const name of Object.keys(SERVE_LIMITS) as (keyof ServeLimits)[]) {
    if (reader.has(name)) limits[name] = reader.integer(name, SERVE_LIMITS[name], 1, Number.MAX_SAFE_INTEGER);
  }
  reader.done();
  return Object.freeze(limits);
}
