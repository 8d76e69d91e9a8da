/**
 * What the gateway under trial says of itself, once a second, for the run's live page: its own feed, read from its admin
 * port while its trial lasts. A gateway that has none (an older one, a hand-written relay) is shown without.
 */
import { type ClientRequest, request } from 'node:http';
import { z } from 'zod';
import type { LiveGateway } from '../../dashboards/live/feed.ts';
import { LineCutter } from '../generator/commands.ts';

const quantiles = z.object({ p50: z.number(), p90: z.number(), p99: z.number(), max: z.number() });
const sampleSchema = z.object({
  type: z.literal('sample'),
  sample: z.object({
    gateway: z.object({
      loopDelayMs: quantiles,
      loopUtilisation: z.number(),
      cpu: z.number(),
      rssBytes: z.number(),
      connections: z.number(),
      inFlight: z.number(),
      waiting: z.number(),
      units: z.array(z.object({ name: z.string(), state: z.string(), turns: z.number(), cpu: z.number().nullable() })).max(10_000),
    }),
  }),
});

const LINE_CHARACTERS_MAX = 4 * 1024 * 1024;
const DATA = 'data: ';

export class GatewayFeed {
  readonly #onSample: (gateway: LiveGateway) => void;
  readonly #request: ClientRequest;

  constructor(adminPort: number, onSample: (gateway: LiveGateway) => void) {
    this.#onSample = onSample;
    const lines = new LineCutter(LINE_CHARACTERS_MAX);
    this.#request = request({ host: '127.0.0.1', port: adminPort, path: '/live?past=0', agent: false }, (response) => {
      response.on('error', () => {});
      if (response.statusCode !== 200 || !/^text\/event-stream\b/.test(response.headers['content-type'] ?? '')) {
        response.destroy();
        return;
      }
      response.setEncoding('utf8').on('data', (text: string) => {
        const complete = lines.push(text);
        if (complete) for (const line of complete) this.#take(line);
        else response.destroy();
      });
    });
    // Gone, or never there: then there is nothing to show of it.
    this.#request.on('error', () => {});
    this.#request.end();
  }

  close(): void {
    this.#request.destroy();
  }

  #take(line: string): void {
    if (!line.startsWith(DATA)) return;
    let value: unknown;
    try {
      value = JSON.parse(line.slice(DATA.length));
    } catch {
      return;
    }
    const read = sampleSchema.safeParse(value);
    if (read.success) this.#onSample(read.data.sample.gateway);
  }
}
