/** Whole gateways with metrics on: what the page says is held against the catalogue, and against what was done. */
import { createServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CATALOG, OTHER, prometheusLabel } from '../../dashboards/catalog.ts';
import { collectGarbage } from '../../dashboards/testing/garbage.ts';
import { figureOf, metricOf, notShown, samplesOf, unlisted } from '../../dashboards/testing/samples.ts';
import { connect } from '../../transports/client.ts';
import { REFUSAL_CODES, TURN_ERROR_CODES } from '../../transports/codes.ts';
import { ENVELOPES, EXECUTIONS, type Handler, TRANSPORTS } from '../../transports/contract.ts';
import { GATEWAY_PHASES } from '../../transports/phases.ts';
import { serve } from '../../transports/server.ts';
import { COMPLETED, run, until } from '../../transports/testing/legs.ts';
import type { Leg } from '../../transports/wire.ts';
import { AGENT_NAMES } from '../agents/names.ts';
import { startGateway } from '../app.ts';
import { describeProblem } from '../config/problems.ts';
import { parseConfig } from '../config.ts';
import { openLog } from '../log.ts';
import { configFor } from '../testing/process.ts';
import { LOSS_REASONS } from './traces.ts';

const CHAT: Leg = { transport: 'sse', envelope: 'chat', connection: 'kept' };
const BUFFERED: Leg = { transport: 'http', envelope: 'chat', connection: 'per-turn' };
const H2: Leg = { transport: 'sse-h2', envelope: 'responses', connection: 'multiplexed' };
const SOCKET: Leg = { transport: 'websocket', envelope: 'responses', connection: 'kept' };

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Answers with a few words; a model called `broken` fails. */
const answering: Handler = (turn, sink) => {
  sink.push({ type: 'started', responseId: 'up' }, 0);
  for (const text of ['How ', 'do ', 'you ', 'do']) sink.push({ type: 'text', text }, 0);
  const failed = { type: 'end', outcome: { kind: 'failed', code: 'upstream_error', message: 'on request' } } as const;
  sink.push(turn.model === 'broken' ? failed : { ...COMPLETED, usage: { inputTokens: 7, outputTokens: 4 } }, 0);
  return { resume() {}, cancel() {} };
};

async function measured({ handler = answering, over = {}, telemetry = {} }: { handler?: Handler; over?: object; telemetry?: object } = {}) {
  const llm = await serve({ host: '127.0.0.1', port: 0, handler });
  cleanups.push(() => llm.close(0));
  const input = configFor(llm.port, { telemetry: { metrics: true, metricsPort: 0, ...telemetry }, ...over });
  const parsed = parseConfig(input, { folder: '/', env: {}, allowFaults: true });
  if (!parsed.ok) throw new Error(parsed.problems.map(describeProblem).join('\n'));
  const gateway = await startGateway(parsed.config, await openLog({ ...parsed.config.logging, level: 'silent' }));
  let open = true;
  const close = async () => {
    if (open) await gateway.close();
    open = false;
  };
  cleanups.push(close);
  const turn = async (leg: Leg, over: Parameters<typeof run>[1] = {}) => {
    const client = connect({ leg, host: '127.0.0.1', port: gateway.ports.gateway });
    const end = await run(client.handler, { input: [{ role: 'user', content: 'hi' }], ...over }).sink.done;
    await client.close();
    return end;
  };
  const port = gateway.ports.metrics!;
  return { gateway, close, turn, port, page: (accept?: string) => pageOf(port, accept) };
}

async function pageOf(port: number, accept = 'application/openmetrics-text') {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

const THREADS = { agents: { execution: 'thread', allowExecutionOverride: true, threadPool: { maxThreads: 1 } } };

describe('the metrics page of a gateway', () => {
  it.each(['latest', 'previous'] as const)('has all of the catalogue and nothing else, by the %s names', async (genAiNames) => {
    const { turn, page } = await measured({ over: THREADS, telemetry: { genAiNames } });
    for (const leg of [CHAT, BUFFERED, H2, SOCKET]) await turn(leg);
    await turn(CHAT, { model: 'broken' });
    await turn(CHAT, { agent: 'nobody' });
    await turn(SOCKET, { execution: 'inline' });
    collectGarbage();
    let text = '';
    await eventually(async () => {
      text = (await page()).text;
      return (
        text.includes('v8js_gc_duration_seconds_count') &&
        text.includes('telemetry_scrape_duration') &&
        text.includes('gatebench_gateway_thread_heap_used_bytes')
      );
    });
    expect(unlisted(text)).toEqual([]);
    expect(notShown(text, 'gateway', genAiNames)).toEqual([]);
  });

  it('counts what was done', async () => {
    const { turn, page } = await measured();
    await turn(CHAT);
    await turn(CHAT);
    await turn(SOCKET);
    await turn(CHAT, { model: 'broken' });
    const { text } = await page();
    const of = (name: string, labels?: Record<string, string>) => figureOf(text, name, labels);
    expect(
      of('gatebench_gateway_turns_total', { via: 'sse', envelope: 'chat', outcome: 'completed', agent: 'codex', execution: 'inline' }),
    ).toBe(2);
    expect(of('gatebench_gateway_turns_total', { via: 'websocket', envelope: 'responses', outcome: 'completed' })).toBe(1);
    expect(of('gatebench_gateway_turns_total', { outcome: 'failed' })).toBe(1);
    expect(of('gatebench_gateway_errors_total', { code: 'upstream_error' })).toBe(1);
    expect(of('gatebench_gateway_tokens_total', { direction: 'input' })).toBe(21);
    expect(of('gatebench_gateway_tokens_total', { direction: 'output' })).toBe(12);
    // One for each text of each turn, or fewer: those that come in one read may be put together.
    expect(of('gatebench_gateway_text_events_total', { via: 'sse' })).toBeGreaterThanOrEqual(3);
    expect(of('gatebench_gateway_text_events_total', { via: 'sse' })).toBeLessThanOrEqual(12);
    expect(of('gatebench_gateway_turn_duration_seconds_count', { via: 'sse', outcome: 'completed' })).toBe(2);
    expect(of('gatebench_gateway_turn_phase_duration_seconds_count', { phase: 'upstreamFirstToken' })).toBe(4);
    expect(of('gatebench_gateway_turn_phase_duration_seconds_count', { phase: 'queue' })).toBeUndefined();
    expect(of('gen_ai_client_inference_duration_seconds_count', { gen_ai_request_model: 'm' })).toBe(3);
    expect(
      of('http_server_request_duration_seconds_count', {
        http_route: '/v1/chat/completions',
        http_response_status_code: '200',
        error_type: 'upstream_error',
      }),
    ).toBe(1);
    expect(of('gatebench_gateway_turns_in_flight')).toBe(0);
    expect(of('gatebench_gateway_draining')).toBe(0);
  });

  it('answers in either format, with the same series', async () => {
    const { turn, page } = await measured();
    await turn(CHAT);
    const plain = await page('text/plain');
    const open = await page();
    expect(plain.type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(open.type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(plain.text).not.toContain('# EOF');
    expect(open.text.endsWith('\n# EOF\n')).toBe(true);
    const series = (text: string) => samplesOf(text).map(({ name, labels }) => JSON.stringify([name, labels]));
    // What comes between the two readings: they tell of each other, and of what happens by itself.
    const own = /telemetry_scrape|gc_duration|eventloop_delay_seconds_/;
    expect(series(open.text).filter((one) => !own.test(one))).toEqual(series(plain.text).filter((one) => !own.test(one)));
  });

  it('leads from a latency to a trace', async () => {
    const { turn, page } = await measured();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    await turn(CHAT, { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    const { text } = await page();
    const carrying = text.split('\n').filter((line) => line.includes(`# {span_id="`) && line.includes(`trace_id="${traceId}"`));
    const names = new Set(carrying.map((line) => line.slice(0, line.indexOf('_bucket'))));
    expect([...names].sort()).toEqual(
      CATALOG.filter(({ exemplars }) => exemplars)
        .map(({ prometheus }) => prometheus)
        .sort(),
    );
    await turn(CHAT, { traceparent: '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' });
    expect((await page()).text).not.toContain('1af7651916cd43dd8448eb211c80319c');
  });

  it('takes what clients name into its labels only so far', async () => {
    const { turn, page } = await measured({
      handler: (turn, sink) => {
        if (turn.model.startsWith('good')) return answering(turn, sink);
        sink.push({ type: 'end', outcome: { kind: 'refused', status: 404, code: 'model_not_found', message: 'no' } }, 0);
        return { resume() {}, cancel() {} };
      },
    });
    const hostile = ['a"b\\c\nd', '{}', 'x'.repeat(300), 'é', '\u0000', 'le="1"'];
    for (const model of hostile) await turn(CHAT, { model });
    for (let index = 0; index < 40; index += 1) await turn(CHAT, { model: `good-${index}`, agent: 'codex', session: `session-${index}` });
    for (const agent of ['Codex', 'evil"agent']) await turn(CHAT, { agent });
    const { text } = await page();
    const models = new Set(
      samplesOf(text)
        .map(({ labels }) => labels.gen_ai_request_model)
        .filter((model) => model !== undefined),
    );
    expect(models.size).toBe(33);
    expect(models).toContain(OTHER);
    expect(figureOf(text, 'gatebench_telemetry_label_overflow_total', { label: 'gen_ai.request.model' })).toBeGreaterThanOrEqual(
      8 + hostile.length - 1,
    );
    expect(text).not.toMatch(/session-|evil|xxxx/);
    for (const metric of CATALOG) {
      const series = samplesOf(text).filter((sample) => metricOf(sample) === metric);
      for (const { name: label, bound } of metric.labels) {
        const values = new Set(
          series.map(({ labels }) => labels[prometheusLabel(label)]).filter((value) => value !== undefined && value !== OTHER),
        );
        expect(values.size, `${metric.name} ${label}`).toBeLessThanOrEqual(bound);
      }
    }
  });

  it('holds no secrets', async () => {
    const { gateway, turn, page } = await measured({ over: { auth: { tokens: ['s3cret-token-of-a-client'] } } });
    await turn(CHAT);
    const client = connect({
      leg: CHAT,
      host: '127.0.0.1',
      port: gateway.ports.gateway,
      headers: { authorization: 'Bearer s3cret-token-of-a-client' },
    });
    cleanups.push(() => client.close());
    await run(client.handler, { input: [{ role: 'user', content: 'a-private-word' }] }).sink.done;
    const { text } = await page();
    expect(figureOf(text, 'gatebench_gateway_turns_total')).toBe(1);
    expect(figureOf(text, 'gatebench_gateway_errors_total', { code: 'unauthorized' })).toBe(1);
    expect(text).not.toMatch(/s3cret|private|argv|vitest/);
  });

  it('answers while the gateway drains, and is gone afterwards', async () => {
    let end = () => {};
    const { turn, page, close } = await measured({
      handler: (_turn, sink) => {
        end = () => void sink.push(COMPLETED, 0);
        return { resume() {}, cancel() {} };
      },
    });
    const over = turn(CHAT);
    await eventually(async () => figureOf((await page()).text, 'gatebench_gateway_turns_in_flight') === 1);
    const closed = close();
    await eventually(async () => figureOf((await page()).text, 'gatebench_gateway_draining') === 1);
    end();
    await over;
    await closed;
    await expect(page()).rejects.toThrow();
  });

  it('answers while the gateway starts', async () => {
    const taken = createTcpServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    await new Promise<void>((resolve) => taken.close(() => resolve()));
    let ready = false;
    // Loading a thread takes longer than a page does.
    const starting = measured({ over: THREADS, telemetry: { metricsPort: port } }).then(() => {
      ready = true;
    });
    let early = '';
    while (!ready && early === '')
      early = await pageOf(port).then(
        ({ text }) => text,
        () => '',
      );
    await starting;
    expect(early).toContain('process_cpu_time_seconds_total');
    expect(early).not.toContain('gatebench_gateway_connections');
    expect((await pageOf(port)).text).toContain('gatebench_gateway_connections 0');
  });

  it('is for loopback, for reading, and at one place', async () => {
    const { port } = await measured();
    const at = async (path: string, init: RequestInit = {}) => (await fetch(`http://127.0.0.1:${port}${path}`, init)).status;
    expect(await at('/')).toBe(404);
    expect(await at('/metrics', { method: 'POST' })).toBe(405);
    expect(await at('/metrics?x=1', { method: 'HEAD' })).toBe(200);
    const foreign = await new Promise<number | undefined>((resolve) => {
      import('node:http').then(({ get }) =>
        get({ host: '127.0.0.1', port, path: '/metrics', headers: { host: 'evil.example' } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }),
      );
    });
    expect(foreign).toBe(403);
  });

  it('is not there unless asked for', async () => {
    const { gateway } = await measured({ telemetry: { metrics: false } });
    expect(gateway.ports.metrics).toBeNull();
  });

  it('is an error at the start where its port is taken, and nothing stays', async () => {
    const { port } = await measured();
    await expect(measured({ telemetry: { metricsPort: port } })).rejects.toThrow(/the metrics page: .*EADDRINUSE/);
  });
});

describe('a collector that', () => {
  const variables = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_METRIC_EXPORT_INTERVAL', 'OTEL_METRIC_EXPORT_TIMEOUT'] as const;
  afterEach(() => {
    for (const name of variables) delete process.env[name];
  });

  function collectorAt(port: number): void {
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${port}`;
    process.env.OTEL_METRIC_EXPORT_INTERVAL = '100';
    process.env.OTEL_METRIC_EXPORT_TIMEOUT = '100';
  }

  async function listening(server: HttpServer | ReturnType<typeof createTcpServer>): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(
      () =>
        new Promise((resolve) => {
          if ('closeAllConnections' in server) server.closeAllConnections();
          server.close(() => resolve());
        }),
    );
    return (server.address() as AddressInfo).port;
  }

  it('is named by the standard variables gets the figures', async () => {
    const paths: string[] = [];
    const bodies: Buffer[] = [];
    collectorAt(
      await listening(
        createServer((request, response) => {
          paths.push(request.url ?? '');
          const chunks: Buffer[] = [];
          request
            .on('data', (chunk: Buffer) => chunks.push(chunk))
            .on('end', () => {
              bodies.push(Buffer.concat(chunks));
              response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
            });
        }),
      ),
    );
    const { turn, page } = await measured();
    await turn(CHAT);
    await until(() => bodies.some((body) => body.includes('gatebench.gateway.turns')));
    expect(new Set(paths)).toContain('/v1/metrics');
    expect(figureOf((await page()).text, 'gatebench_gateway_turns_total')).toBe(1);
    const all = Buffer.concat(bodies).toString('latin1');
    expect(all).toContain('gatebench-gateway');
    expect(all).not.toMatch(/process\.command|vitest/);
  });

  it.each([
    [
      'is down',
      async () => {
        const server = createTcpServer();
        const port = await listening(server);
        await new Promise<void>((resolve) => server.close(() => resolve()));
        return port;
      },
    ],
    [
      'refuses',
      () =>
        listening(
          createServer((request, response) => {
            request.resume();
            response.writeHead(400).end();
          }),
        ),
    ],
    ['never answers', () => listening(createServer((request) => void request.resume()))],
  ])('%s costs no turn, is counted, and holds up no end', async (_what, start) => {
    collectorAt(await start());
    const { turn, page, close } = await measured();
    for (let index = 0; index < 5; index += 1) expect((await turn(CHAT)).outcome.kind).toBe('completed');
    await eventually(async () => (figureOf((await page()).text, 'gatebench_telemetry_export_failures_total') ?? 0) >= 2);
    expect(figureOf((await page()).text, 'gatebench_gateway_turns_total')).toBe(5);
    await close();
  });
});

describe('the catalogue', () => {
  const valuesOf = (name: string, label: string) =>
    CATALOG.find((metric) => metric.name === name)?.labels.find((one) => one.name === label)?.values;

  it('knows what the gateway knows', () => {
    expect(valuesOf('gatebench.gateway.turn.phase.duration', 'phase')).toEqual(GATEWAY_PHASES);
    expect(valuesOf('gatebench.gateway.turns', 'via')).toEqual(TRANSPORTS);
    expect(valuesOf('gatebench.gateway.turns', 'envelope')).toEqual(ENVELOPES);
    expect(valuesOf('gatebench.gateway.turns', 'execution')).toEqual(EXECUTIONS);
    expect(valuesOf('gatebench.gateway.turns', 'agent')).toEqual([...AGENT_NAMES, 'none']);
    expect(valuesOf('gatebench.telemetry.spans.lost', 'reason')).toEqual(LOSS_REASONS);
    const bound = CATALOG.find(({ name }) => name === 'gatebench.gateway.errors')!.labels[0]!.bound;
    expect(bound).toBeGreaterThanOrEqual(Object.keys({ ...REFUSAL_CODES, ...TURN_ERROR_CODES }).length);
  });
});
