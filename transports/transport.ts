/** What a transport is to the registry: its name, what it combines with, and how a client's connection is opened. */
import type { OpenConnection } from './connection.ts';
import type { ConnectionMode, EnvelopeName, TransportName } from './contract.ts';

export interface Transport {
  readonly name: TransportName;
  readonly envelopes: readonly EnvelopeName[];
  readonly connections: readonly ConnectionMode[];
  /** Whether tokens arrive while they are generated. */
  readonly streams: boolean;
  readonly open: OpenConnection;
}
