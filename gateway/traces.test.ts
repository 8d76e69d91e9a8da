/** Traces of turns through whole gateways: the context crosses every wire and thread, and the spans hang together. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { OtlpSpan, OtlpTraces } from '../dashboards/live/otlp-json.ts';
import { connect } from '../transports/client.ts';
import type { Execution, Handler } from '../transports/contract.ts';
import { serve } from '../transports/server.ts';
import { COMPLETED, run } from '../transports/testing/legs.ts';
import { readTraceparent } from '../transports/traceparent.ts';
import type { Leg } from '../transports/wire.ts';
import { startGateway } from './app.ts';
import { describeProblem } from './config/problems.ts';
import { parseConfig } from './config.ts';
import { openLog } from './log.ts';
import { configFor } from './testing/process.ts';

const SSE: Leg = { transport: 'sse', envelope: 'chat', connection: 'kept' };
const WEBSOCKET: Leg = { transport: 'websocket', envelope: 'responses', connection: 'kept' };
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${PARENT}-01`;
const FIRST_TOKEN_MS = 60;

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A gateway before an LLM that takes its time to the first token; `seen` is what context the LLM was told. */
async function relay(over: Record<string, unknown> = {}, upstream: Record<string, unknown> = {}) {
  const seen: (string | undefined)[] = [];
  const handler: Handler = (turn, sink) => {
    seen.push(turn.traceparent);
    const timer = setTimeout(() => {
      sink.push({ type: 'text', text: 'hello' }, 0);
      sink.push(COMPLETED, 0);
    }, FIRST_TOKEN_MS);
    return { resume() {}, cancel: () => clearTimeout(timer) };
  };
  const llm = await serve({ host: '127.0.0.1', port: 0, handler });
  cleanups.push(() => llm.close(0));
  const parsed = parseConfig(configFor(llm.port, over, upstream), { folder: '/', env: {}, allowFaults: false });
  if (!parsed.ok) throw new Error(parsed.problems.map(describeProblem).join('\n'));
  const gateway = await startGateway(parsed.config, await openLog({ ...parsed.config.logging, level: 'silent' }));
  cleanups.push(() => gateway.close());
  const admin = (page: string) => fetch(`http://127.0.0.1:${gateway.ports.admin}/${page}`);
  const ask = async (leg: Leg, traceparent?: string, headers: Record<string, string> = {}) => {
    const client = connect({ leg, host: '127.0.0.1', port: gateway.ports.gateway, headers });
    cleanups.push(() => client.close());
    const { outcome } = await run(client.handler, traceparent === undefined ? {} : { traceparent }).sink.done;
    expect(outcome.kind).toBe('completed');
  };
  const summaries = async () => ((await (await admin('traces')).json()) as { traces: { traceId: string; durationMs: number }[] }).traces;
  const spans = async (traceId: string) => spansOf((await (await admin(`traces/${traceId}`)).json()) as OtlpTraces);
  return { gateway, seen, ask, admin, summaries, spans };
}

function spansOf({ resourceSpans }: OtlpTraces): OtlpSpan[] {
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
}

const ms = ({ startTimeUnixNano, endTimeUnixNano }: OtlpSpan) => Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6;

/** Parents right, children within their parent and one after the other; together nearly all of it. */
function expectWhole([server, ...phases]: OtlpSpan[]): void {
  expect(server).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, kind: 2, status: {} });
  let from = BigInt(server!.startTimeUnixNano);
  for (const phase of phases) {
    expect(phase).toMatchObject({ traceId: TRACE, parentSpanId: server!.spanId, kind: 1 });
    expect(BigInt(phase.startTimeUnixNano)).toBeGreaterThanOrEqual(from);
    from = BigInt(phase.endTimeUnixNano);
  }
  expect(from).toBeLessThanOrEqual(BigInt(server!.endTimeUnixNano));
  const sum = phases.reduce((total, phase) => total + ms(phase), 0);
  expect(ms(server!) - sum).toBeLessThanOrEqual(Math.max(1, 0.05 * ms(server!)));
  expect(ms(phases.find(({ name }) => name === 'upstreamFirstToken')!)).toBeGreaterThan(FIRST_TOKEN_MS - 5);
}

const EXECUTIONS: readonly Execution[] = ['inline', 'thread', 'process'];
const WAYS: readonly [string, Leg, Record<string, unknown>][] = [
  ['sse/chat > sse/chat', SSE, {}],
  ['websocket/responses > websocket/responses', WEBSOCKET, { transport: 'websocket', envelope: 'responses' }],
];

describe.each(EXECUTIONS)('a sampled turn, %s', (execution) => {
  it.each(WAYS)('over %s: one trace from the client to the LLM', async (_name, leg, upstream) => {
    const pools = { threadPool: { maxThreads: 1 }, processPool: { maxProcesses: 1 } };
    const { seen, ask, summaries, spans } = await relay({ agents: { execution, ...pools } }, upstream);
    await ask(leg, SAMPLED);
    expect((await summaries()).map(({ traceId }) => traceId)).toEqual([TRACE]);
    const all = await spans(TRACE);
    expectWhole(all);
    const [server] = all;
    // The LLM's part would hang under the gateway's.
    expect(readTraceparent(seen[0])).toEqual({ traceId: TRACE, spanId: server!.spanId, sampled: true });
    const thread = server!.attributes.find(({ key }) => key === 'thread.name')?.value;
    if (execution === 'inline') expect(thread).toBeUndefined();
    else expect(thread).toMatchObject({ stringValue: expect.stringMatching(/-\d+$/) });
  });
});

describe('the context of a turn', () => {
  const unsampled = SAMPLED.replace(/01$/, '00');

  it('without the flag is passed on as it came, and not traced', async () => {
    const { seen, ask, summaries } = await relay({ telemetry: { traceRatio: 1 } });
    await ask(SSE, unsampled);
    expect([seen, await summaries()]).toEqual([[unsampled], []]);
  });

  it('that did not come is none, unless the gateway itself has it traced', async () => {
    const without = await relay();
    await without.ask(SSE);
    expect([without.seen, await without.summaries()]).toEqual([[undefined], []]);
    const { seen, ask, summaries, spans } = await relay({ telemetry: { traceRatio: 1 } });
    await ask(SSE);
    const [summary] = await summaries();
    const [server] = await spans(summary!.traceId);
    expect(server).not.toHaveProperty('parentSpanId');
    expect(readTraceparent(seen[0])).toEqual({ traceId: summary!.traceId, spanId: server!.spanId, sampled: true });
  });

  it('stands in each message of a WebSocket; that of the handshake is for messages without', async () => {
    const { ask, summaries } = await relay();
    const other = SAMPLED.replace(TRACE, TRACE.replace('0af', '1af'));
    await ask(WEBSOCKET, SAMPLED, { traceparent: other });
    expect((await summaries()).map(({ traceId }) => traceId)).toEqual([TRACE]);
    await ask(WEBSOCKET, undefined, { traceparent: other });
    expect((await summaries()).map(({ traceId }) => traceId).sort()).toEqual([TRACE, other.slice(3, 35)]);
  });

  it.each([
    ['of no trace', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['of the forbidden version', SAMPLED.replace('00-', 'ff-')],
    ['that goes on', `${SAMPLED}${'-00'.repeat(2_000)}`],
    ['in upper case', SAMPLED.toUpperCase()],
    ['of other characters', `00-${TRACE}-${PARENT}-01;<script>`],
  ])('%s is passed over, and the turn runs', async (_name, traceparent) => {
    const { gateway, seen, summaries } = await relay();
    const answer = await fetch(`http://127.0.0.1:${gateway.ports.gateway}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close', traceparent, tracestate: 'vendor=1' },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }),
    });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('hello');
    expect([seen, await summaries()]).toEqual([[undefined], []]);
  });
});

describe('the admin pages', () => {
  it('show each trace; one that is not kept is not found', async () => {
    const { ask, admin, summaries } = await relay();
    await ask(SSE, SAMPLED);
    const [summary] = await summaries();
    expect(summary).toMatchObject({ traceId: TRACE, agent: 'codex', outcome: 'completed', code: null, spans: expect.any(Number) });
    expect(summary!.durationMs).toBeGreaterThan(FIRST_TOKEN_MS - 5);
    for (const id of ['f'.repeat(32), 'x', '%zz', `${TRACE}%00`]) expect((await admin(`traces/${id}`)).status).toBe(404);
    const status = (await (await admin('status')).json()) as { traces: object };
    expect(status.traces).toMatchObject({ turns: 1, kept: 1, spans: { lost: { queue_full: 0, export_failed: 0, file_failed: 0 } } });
  });

  it('show all turns of one trace together, failed ones with their reason', async () => {
    const { gateway, ask, spans } = await relay();
    await ask(SSE, SAMPLED);
    const client = connect({ leg: SSE, host: '127.0.0.1', port: gateway.ports.gateway });
    cleanups.push(() => client.close());
    const { outcome } = await run(client.handler, { traceparent: SAMPLED, agent: 'nobody' }).sink.done;
    expect(outcome.kind).toBe('refused');
    const servers = (await spans(TRACE)).filter(({ kind }) => kind === 2);
    expect(servers.map(({ status }) => status.code ?? 0)).toEqual([0, 2]);
    expect(servers[1]!.attributes).toContainEqual({ key: 'gatebench.outcome', value: { stringValue: 'refused' } });
  });
});

it('traces go to a file where the configuration names one, the last of them before the gateway ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-traces-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const tracesFile = join(folder, 'traces.jsonl');
  const { gateway, ask } = await relay({ telemetry: { tracesFile } });
  await ask(SSE, SAMPLED);
  await ask(SSE);
  await ask(WEBSOCKET, SAMPLED);
  await gateway.close();
  const lines = readFileSync(tracesFile, 'utf8').trimEnd().split('\n');
  expect(lines.length).toBe(2);
  for (const line of lines) expectWhole(spansOf(JSON.parse(line) as OtlpTraces));
});
