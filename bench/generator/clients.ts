/**
 * The clients of one load, one for each of the trial's links: what goes over one shares no connection with what goes
 * over another, as if the links' users sat at different places. Without links there is one client.
 */
import { connect } from '../../transports/client.ts';
import type { Client, Meter } from '../../transports/wire.ts';
import type { Load, TrialSpec } from '../trial.ts';

export class LoadClients {
  /** In the order of the links. */
  readonly targets: readonly Client[];
  readonly #spec: Pick<TrialSpec, 'client' | 'links'>;
  #before: readonly Meter[] = [];

  constructor(spec: Pick<TrialSpec, 'client' | 'links'>) {
    const { client, links } = spec;
    this.#spec = spec;
    this.targets = links ? links.map(({ port }) => connect({ ...client, port })) : [connect(client)];
  }

  /** Opens the connections that this load has ahead; their handshakes are in no meter. */
  async begin(load: Load): Promise<void> {
    const ahead = connectionsAhead({ ...this.#spec, load });
    await Promise.all(this.targets.map((client) => client.warm(ahead)));
    this.#before = this.targets.map((client) => client.meter());
  }

  /** Since the beginning, by link. */
  meters(): Meter[] {
    return this.targets.map((client, link) => combine(client.meter(), this.#before[link]!, -1));
  }

  async close(): Promise<void> {
    await Promise.all(this.targets.map((client) => client.close()));
  }
}

/** Of one meter at least. */
export function sumOf(meters: readonly Meter[]): Meter {
  return meters.reduce((sum, meter) => combine(sum, meter, 1));
}

function combine(one: Meter, other: Meter, sign: 1 | -1): Meter {
  const combined = { ...one };
  for (const name of Object.keys(combined) as (keyof Meter)[]) combined[name] += sign * other[name];
  return combined;
}

/**
 * How many connections to open before the trial, over each link. Those of a shared pool, or multiplexed, outlive any
 * one turn; opened by the first turns they would charge handshakes to whoever comes first, and in a closed loop all at
 * once. A session's own connection and one a turn are part of what is measured and are never opened ahead; how many an
 * open loop will need is its target's doing, so there they open as they are needed, in the warm-up.
 */
export function connectionsAhead({ load, client, links }: Pick<TrialSpec, 'load' | 'client' | 'links'>): number {
  const { connection } = client.leg;
  if (load.kind !== 'closed' || connection === 'per-turn' || (connection === 'kept' && client.keep === 'session')) return 0;
  const users = load.users / (links?.length ?? 1);
  const places = connection === 'multiplexed' ? (client.streamsPerConnection ?? STREAMS_DEFAULT) : 1;
  return Math.ceil(users / places);
}

/** Of a client that is not told otherwise. */
const STREAMS_DEFAULT = 16;
