import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { LinkControl, type LinksReady, linksConfig, linkUses } from '../link/control.ts';
import { startService } from '../link/service.ts';
import { Child, ChildError } from './children.ts';
import { Links } from './links.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A child only in name: the links run in this process. */
async function childOf(ready: LinksReady): Promise<Child<LinksReady>> {
  const line = JSON.stringify(JSON.stringify(ready));
  const child = await Child.start<LinksReady>({
    name: 'links',
    module: '-e',
    arguments: [`console.log(${line}); process.stdin.resume()`],
    prefix: [],
    readyTimeoutMs: 20_000,
  });
  closing.push(() => child.stop());
  return child;
}

async function target(text: string): Promise<number> {
  const server = createServer((_request, response) => response.end(text)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function links(): Promise<Links> {
  const parsed = linksConfig([0, 30]);
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  const service = await startService(parsed.value, 'yielding');
  closing.push(() => service.close());
  const ready: LinksReady = { ready: 1, protocol: 1, pid: process.pid, ports: { admin: service.ports.admin, links: service.ports.links } };
  return new Links(await childOf(ready), new LinkControl(ready.ports.admin), linkUses(parsed.value, ready));
}

const ask = async (port: number) => (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();

describe('the links of a run', () => {
  it('lead where the trial’s gateway is, and tell how late they were of those that it used', async () => {
    const [first, second] = [await target('first'), await target('second')];
    const made = await links();
    const both = made.of([30, 0]);
    expect(both.map(({ roundTripMs }) => roundTripMs)).toEqual([30, 0]);
    await made.aim(both, first);
    expect(await ask(both[1]!.port)).toBe('first');
    const beganMs = performance.now();
    expect(await ask(both[0]!.port)).toBe('first');
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(60);
    await made.aim(both, second);
    expect(await ask(both[0]!.port)).toBe('second');
    const [slow, all] = [await made.facts([both[0]!]), await made.facts(both)];
    expect(slow).toMatchObject({ roundTripsMs: [30], refused: 0 });
    expect(slow.lateness.count).toBeGreaterThanOrEqual(2);
    // Aimed anew, they had counted anew; only the slow one was used since.
    expect(all.lateness.count).toBe(slow.lateness.count);
  });

  it('are a defect of the caller where there is none of a round-trip time', async () => {
    const made = await links();
    expect(() => made.of([20])).toThrow('this run has no link of 20 ms');
  });

  it('are trouble of the run where they no longer answer', async () => {
    const parsed = linksConfig([0]);
    if ('problems' in parsed) throw new Error(parsed.problems.join());
    const ready: LinksReady = { ready: 1, protocol: 1, pid: 1, ports: { admin: 1, links: { rtt0: 2 } } };
    const made = new Links(await childOf(ready), new LinkControl(1), linkUses(parsed.value, ready));
    await expect(made.aim(made.of([0]), 9)).rejects.toBeInstanceOf(ChildError);
    await expect(made.facts(made.of([0]))).rejects.toBeInstanceOf(ChildError);
  });
});
