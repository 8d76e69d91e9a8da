/** Spans on their way to a collector: one that takes them, and those that do not. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OtlpSpan, OtlpTraces, TraceSpan } from '../../dashboards/live/otlp-json.ts';
import { otlpTraces } from '../../dashboards/live/otlp-json.ts';
import { recordOf } from '../testing/records.ts';
import { Collector } from './collector.ts';
import { sendsTraces, startSpanExport } from './sdk.ts';
import { type SpanSink, Traces } from './traces.ts';

let server: Server | undefined;
let received: OtlpSpan[];
let bodies: string[];
const problems: string[] = [];

beforeEach(() => {
  received = [];
  bodies = [];
  problems.length = 0;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

async function listening(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void): Promise<number> {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function takes(_request: IncomingMessage, response: ServerResponse, body: string): void {
  bodies.push(body);
  received.push(...(JSON.parse(body) as OtlpTraces).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
}

function collectorAt(port: number, env: Record<string, string> = {}): Collector {
  const all = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', ...env };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
  expect(sendsTraces(process.env)).toBe(true);
  const onProblem = (message: string) => problems.push(message);
  return new Collector(startSpanExport({ serviceName: 'gateway', version: '1', env: process.env, onProblem }), 1_790_000_000_000_000_000n);
}

/** What is under way at one moment, so that what a slice leaves over shows. */
async function observe(traces: Traces, turns: number, slice: number): Promise<void> {
  for (let number = 0; number < turns; number += 1) {
    traces.observe(recordOf(number));
    if (number % slice === slice - 1) await setImmediate();
  }
}

describe('a collector that takes spans', () => {
  test('gets them as they are in the ring: ids, parents, times, attributes, errors', async () => {
    const collector = collectorAt(await listening(takes));
    const kept: TraceSpan[] = [];
    const keeping: SpanSink = { add: (spans) => kept.push(...spans), lost: {}, flush: async () => {}, close: async () => {} };
    const traces = new Traces([collector, keeping]);
    traces.observe(recordOf(0));
    traces.observe(recordOf(1, { traceparent: undefined, outcome: { kind: 'failed', code: 'agent_error', message: 'broken' } }));
    await traces.close();
    const origin = { resource: {}, scope: { name: 'gatebench', version: '1' }, wallOffsetNs: 1_790_000_000_000_000_000n };
    const expected = otlpTraces(kept, origin).resourceSpans[0]!.scopeSpans[0]!.spans;
    const shown = ({ traceId, spanId, parentSpanId, name, kind, startTimeUnixNano, endTimeUnixNano, status }: OtlpSpan) => ({
      ids: [traceId, spanId, parentSpanId],
      name,
      kind,
      times: [startTimeUnixNano, endTimeUnixNano],
      status: [status.code ?? 0, status.message],
    });
    expect(received.map(shown)).toEqual(expected.map(shown));
    const names = ({ attributes }: OtlpSpan) => attributes.map(({ key }) => key);
    expect(received.map(names)).toEqual(expected.map(names));
    expect(bodies.join('')).toContain('"gateway"');
    expect(traces.counts().lost).toEqual({ queue_full: 0, export_failed: 0, file_failed: 0 });
  });

  test('gets all spans of 5,000 turns', async () => {
    const traces = new Traces([collectorAt(await listening(takes))]);
    await observe(traces, 5_000, 5);
    await traces.close();
    expect(traces.counts()).toEqual({ made: 45_000, lost: { queue_full: 0, export_failed: 0, file_failed: 0 } });
    expect(new Set(received.map(({ traceId, spanId }) => traceId + spanId)).size).toBe(45_000);
  });
});

describe('a collector that does not', () => {
  test('refuses them: they are lost, counted, and said so', async () => {
    const port = await listening((_request, response) => response.writeHead(400).end());
    const traces = new Traces([collectorAt(port)]);
    await observe(traces, 10, 10);
    await traces.flush();
    expect(traces.counts()).toEqual({ made: 90, lost: { queue_full: 0, export_failed: 90, file_failed: 0 } });
    await traces.close();
    expect(problems.length).toBeGreaterThan(0);
  });

  test('never answers: the queue holds what it may, the rest is lost at once, and the end waits for nothing', async () => {
    const traces = new Traces([
      collectorAt(await listening(() => {}), { OTEL_BSP_MAX_QUEUE_SIZE: '100', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '50' }),
    ]);
    await observe(traces, 1_000, 1_000);
    await traces.flush();
    // One batch is under way, and 100 spans wait at most.
    expect(traces.counts().lost.queue_full).toBeGreaterThanOrEqual(9_000 - 150);
    await traces.close();
    const { lost } = traces.counts();
    expect(lost.queue_full + lost.export_failed).toBe(9_000);
  });

  test('is not there: they are lost when it ends, and counted', async () => {
    const port = await listening(takes);
    await new Promise((resolve) => server!.close(resolve));
    server = undefined;
    const traces = new Traces([collectorAt(port)]);
    await observe(traces, 10, 10);
    await traces.close();
    expect(traces.counts()).toEqual({ made: 90, lost: { queue_full: 0, export_failed: 90, file_failed: 0 } });
  });
});

test.each([
  [{}, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c' }, true],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_TRACES_EXPORTER: 'none' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_TRACES_EXPORTER: 'otlp' }, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_SDK_DISABLED: 'true' }, false],
])('with the variables %j traces are sent: %s', (env, sent) => {
  expect(sendsTraces(env)).toBe(sent);
});
