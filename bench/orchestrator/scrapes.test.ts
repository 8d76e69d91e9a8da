import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Scrapes, scrapeProblems } from './scrapes.ts';

let server: Server | undefined;
afterEach(() => void server?.close());

async function page(answer: (reading: number) => { status: number; text: string }): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  server = createServer(({ url, headers }, response) => {
    asked.push(`${url} ${headers.accept}`);
    const { status, text } = answer(asked.length);
    response.writeHead(status).end(text);
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, asked };
}

describe('readings of a metrics page', () => {
  it('are made as Prometheus makes them, and once more at the end', async () => {
    const { port, asked } = await page(() => ({ status: 200, text: 'ünits 1\n' }));
    const scrapes = new Scrapes(port, 5);
    scrapes.start();
    while (asked.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    const facts = await scrapes.stop();
    expect(facts).toEqual({ done: asked.length, failed: 0, bytes: 9 });
    expect(await scrapes.stop()).toBe(facts);
    for (const request of asked) expect(request).toMatch(/^\/metrics application\/openmetrics-text/);
    expect(scrapeProblems(facts)).toEqual([]);
  });

  it('that fail are counted, and spoil a trial', async () => {
    const { port } = await page((reading) => ({ status: reading === 1 ? 503 : 200, text: '' }));
    const scrapes = new Scrapes(port, 60_000);
    scrapes.start();
    const facts = await scrapes.stop();
    expect(facts).toEqual({ done: 1, failed: 1, bytes: 0 });
    expect(scrapeProblems(facts)).toEqual(['1 of 2 readings of the gateway’s metrics failed']);
  });
});
