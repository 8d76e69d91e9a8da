import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { LINK_DEFAULTS, LINKS_DEFAULTS } from './config.ts';
import { LinkControl, LinkControlError, linksConfig, linkUses } from './control.ts';
import { startService } from './service.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(roundTripsMs: number[]) {
  const parsed = linksConfig(roundTripsMs);
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  const service = await startService(parsed.value, 'spin');
  closing.push(() => service.close());
  return { config: parsed.value, service, control: new LinkControl(service.ports.admin) };
}

/** An admin port that is none. */
async function impostor(listener: RequestListener): Promise<LinkControl> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return new LinkControl((server.address() as AddressInfo).port, 200);
}

async function failureOf(call: Promise<unknown>): Promise<LinkControlError> {
  const error = await call.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LinkControlError);
  return error as LinkControlError;
}

describe('a configuration of round-trip times', () => {
  test('has a link for each, named after it, and is complete', () => {
    expect(linksConfig([0, 20, 0.5], { bandwidthBitsPerSecond: 1e8, initialWindowBytes: 14_600 })).toEqual({
      value: {
        ...LINKS_DEFAULTS,
        links: [
          ['rtt0', 0],
          ['rtt20', 20],
          ['rtt0.5', 0.5],
        ].map(([name, roundTripMs]) => ({
          ...LINK_DEFAULTS,
          name,
          roundTripMs,
          bandwidthBitsPerSecond: 1e8,
          initialWindowBytes: 14_600,
        })),
      },
    });
    expect(linksConfig([80])).toEqual({ value: { ...LINKS_DEFAULTS, links: [{ ...LINK_DEFAULTS, name: 'rtt80', roundTripMs: 80 }] } });
  });

  test.each([
    ['none', [], {}, 'links: expected 1 to 64 links'],
    ['one twice', [20, 20], {}, 'links: expected 1 to 64 links, each of another name'],
    ['a negative one', [-1], {}, 'links.0.roundTripMs: expected milliseconds from 0 to 10000'],
    ['a window of half a byte', [1], { initialWindowBytes: 0.5 }, 'links.0.initialWindowBytes: expected 0 for none'],
  ])('of %s has problems', (_name, roundTripsMs, shape, problem) => {
    const parsed = linksConfig(roundTripsMs, shape);
    expect('problems' in parsed && parsed.problems.join()).toContain(problem);
  });

  test('and its process’s ports make what a trial is given', async () => {
    const { config, service } = await start([0, 20]);
    const { rtt0, rtt20 } = service.ports.links;
    expect(linkUses(config, service)).toEqual([
      { name: 'rtt0', port: rtt0, roundTripMs: 0 },
      { name: 'rtt20', port: rtt20, roundTripMs: 20 },
    ]);
    expect(rtt0).not.toBe(rtt20);
    expect(() => linkUses(config, { ports: { admin: 1, links: { rtt0: 1 } } })).toThrow('link rtt20 has no port');
  });
});

describe('the control', () => {
  test('says where a link’s connections go, reads its figures, and lets them begin anew', async () => {
    const { service, control } = await start([0, 2]);
    const server = createServer((_request, response) => void response.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => server.close());
    const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    await control.setTarget('rtt2', target);
    const socket = connect(service.ports.links.rtt2!, '127.0.0.1');
    closing.push(() => socket.destroy());
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    const [near, far] = (await control.stats()).links;
    expect(near).toMatchObject({ name: 'rtt0', target: null, connections: { accepted: 0 } });
    expect(far).toMatchObject({ name: 'rtt2', roundTripMs: 2, target, connections: { accepted: 1, refused: 0 }, toTarget: { bytes: 27 } });
    expect(far!.toClient.bytes).toBeGreaterThan(27);
    await control.clear();
    expect((await control.stats()).links[1]).toMatchObject({ connections: { open: 1, accepted: 0 }, toTarget: { bytes: 0 } });
  });

  test('is refused what the port refuses', async () => {
    const { control } = await start([0]);
    const target = { host: '127.0.0.1', port: 1 };
    const unknown = await failureOf(control.setTarget('rtt20', target));
    expect([unknown.code, unknown.message]).toEqual(['refused', expect.stringContaining('there are rtt0')]);
    expect((await failureOf(control.setTarget('rtt0', { ...target, port: 0 }))).code).toBe('refused');
  });

  test('cannot reach a process that is gone', async () => {
    const { service, control } = await start([0]);
    await service.close();
    expect((await failureOf(control.stats())).code).toBe('unreachable');
  });

  test.each([
    ['nothing', () => {}],
    ['half of it', (response: Parameters<RequestListener>[1]) => void response.write('{')],
  ])('waits for an answer only so long: %s', async (_name, answer) => {
    const control = await impostor((_request, response) => answer(response));
    const { code, message } = await failureOf(control.clear());
    expect([code, message]).toEqual(['timeout', expect.stringContaining('within 200 ms')]);
  });

  test.each([
    ['no JSON', 200, 'hello'],
    ['another shape', 200, '{"pacing":"spin","links":[{"name":"x"}],"cpuUs":1,"uptimeMs":1}'],
    ['another process’s figures', 200, '{"counts":{}}'],
    ['an error of another form', 500, '{"error":"x"}'],
  ])('takes no answer that is none: %s', async (_name, status, body) => {
    const control = await impostor((_request, response) => void response.writeHead(status).end(body));
    expect((await failureOf(control.stats())).code).toBe('bad_answer');
  });
});
