/** Connects: a client for one leg, as a `Handler`. */
import type { SettledOptions } from './connection.ts';
import { ENVELOPE_BY_NAME } from './envelopes/index.ts';
import { ConnectionPool } from './pool.ts';
import { legProblem, sessionProblem, TRANSPORT_BY_NAME } from './registry.ts';
import type { Client, ClientOptions } from './wire.ts';

const DEFAULTS = {
  headers: {},
  keep: 'pool',
  connectionsMax: 4_096,
  streamsPerConnection: 16,
  waitingMax: 10_000,
  connectTimeoutMs: 10_000,
  replyTimeoutMs: 0,
  streamWindowBytes: 256 * 1024,
  messageBytesMax: 100 * 1024 * 1024,
  compression: false,
} as const;

/**
 * No connection is opened until a turn needs one, or `warm` is called.
 * @throws when the leg is not valid: a defect of the caller, who checks with `legProblem` and `sessionProblem`.
 */
export function connect(options: ClientOptions): Client {
  const problem = legProblem(options.leg) ?? (options.session && sessionProblem(options.leg));
  if (problem) throw new Error(problem);
  const envelope = ENVELOPE_BY_NAME[options.leg.envelope];
  const settled: SettledOptions = {
    ...DEFAULTS,
    ...options,
    tls: options.tls,
    session: options.session,
    path: options.path ?? envelope.path,
    envelope,
  };
  return new ConnectionPool(settled, TRANSPORT_BY_NAME[options.leg.transport].open);
}
