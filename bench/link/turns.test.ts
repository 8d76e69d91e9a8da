/**
 * What a link does to turns, with a real server and real clients: a fresh connection costs one round trip more than
 * one that is kept, two with TLS 1.3, to the millisecond.
 *
 * What the ends themselves spend on a fresh connection (handshakes are arithmetic) is taken off by the same difference
 * over a link of 0 ms. The least of several turns counts: nothing can make a turn shorter than the link does, and a
 * busy machine only makes some longer, so turns are added until the least ones are undisturbed.
 */
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { connect } from '../../transports/client.ts';
import { nowNs } from '../../transports/clock.ts';
import { serve } from '../../transports/server.ts';
import { COMPLETED, run, says, testCertificate } from '../../transports/testing/legs.ts';
import type { Client } from '../../transports/wire.ts';
import { parseConfig } from './config.ts';
import { startService } from './service.ts';

const closing: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

const ROUND_TRIPS_MS = [0, 20, 80];
const TURNS_MAX = 60;
const TIMEOUT_MS = 60_000;

async function turnMs(client: Client): Promise<number> {
  const startNs = nowNs();
  const { sink } = run(client.handler);
  expect((await sink.done).outcome.kind).toBe('completed');
  return (sink.readAtNs.at(-1)! - startNs) / 1e6;
}

/** The shortest turns so far over one link. */
class Comparison {
  perTurnMs = Number.POSITIVE_INFINITY;
  keptMs = Number.POSITIVE_INFINITY;
  readonly #perTurn: Client;
  readonly #kept: Client;

  constructor(client: (connection: 'per-turn' | 'kept') => Client) {
    this.#perTurn = client('per-turn');
    this.#kept = client('kept');
  }

  async open(): Promise<void> {
    await this.#kept.warm(1);
  }

  async turn(): Promise<void> {
    this.perTurnMs = Math.min(this.perTurnMs, await turnMs(this.#perTurn));
    this.keptMs = Math.min(this.keptMs, await turnMs(this.#kept));
  }

  get differenceMs(): number {
    return this.perTurnMs - this.keptMs;
  }
}

describe.each([
  { name: 'plain', tls: false, handshakes: 1 },
  { name: 'TLS 1.3', tls: true, handshakes: 2 },
])('a turn on a fresh connection, $name', ({ tls, handshakes }) => {
  test(`takes ${handshakes} more ${handshakes === 1 ? 'round trip' : 'round trips'} than on a kept one`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    const certificate = tls ? testCertificate() : undefined;
    const handler = says({ type: 'started', responseId: 'r1' }, { type: 'text', text: 'hello' }, COMPLETED);
    const server = await serve({ host: '127.0.0.1', port: 0, handler, ...(certificate ? { tls: certificate } : {}) });
    closing.push({ close: () => server.close(0) });
    const target = { host: '127.0.0.1', port: server.port };
    const parsed = parseConfig({ links: ROUND_TRIPS_MS.map((roundTripMs) => ({ name: `rtt${roundTripMs}`, roundTripMs, target })) });
    if ('problems' in parsed) throw new Error(parsed.problems.join());
    const service = await startService(parsed.value, 'spin');
    closing.push(service);
    const compare = (roundTripMs: number) =>
      new Comparison((connection) => {
        const leg = { transport: 'sse', envelope: 'chat', connection } as const;
        const port = service.ports.links[`rtt${roundTripMs}`]!;
        const client = connect({ leg, host: '127.0.0.1', port, ...(certificate ? { tls: { ca: certificate.cert } } : {}) });
        closing.push(client);
        return client;
      });
    if (certificate) {
      const socket = connectTls({ port: service.ports.links.rtt0!, host: '127.0.0.1', servername: 'localhost', ca: certificate.cert });
      await once(socket, 'secureConnect');
      expect(socket.getProtocol()).toBe('TLSv1.3');
      socket.destroy();
    }
    const [none, ...links] = ROUND_TRIPS_MS.map((roundTripMs) => ({ roundTripMs, comparison: compare(roundTripMs) }));
    for (const { comparison } of [none!, ...links]) await comparison.open();
    const offMs = ({ roundTripMs, comparison }: (typeof links)[number]) =>
      comparison.differenceMs - none!.comparison.differenceMs - handshakes * roundTripMs;
    for (let turns = 0; turns < TURNS_MAX; turns += 1) {
      await Promise.all(links.map(({ comparison }) => comparison.turn()));
      await none!.comparison.turn();
      if (turns >= 4 && links.every((link) => Math.abs(offMs(link)) <= 1)) break;
    }
    for (const link of links) {
      expect(Math.abs(offMs(link)), `${link.roundTripMs} ms`).toBeLessThanOrEqual(1);
      const { keptMs, perTurnMs } = link.comparison;
      expect(keptMs).toBeGreaterThanOrEqual(link.roundTripMs);
      expect(perTurnMs).toBeGreaterThanOrEqual((1 + handshakes) * link.roundTripMs);
    }
  });
});
