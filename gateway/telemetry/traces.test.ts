import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TraceSpan } from '../../dashboards/live/otlp-json.ts';
import { GATEWAY_PHASES } from '../../transports/phases.ts';
import { recordOf } from '../testing/records.ts';
import { TraceFile } from './trace-file.ts';
import { RING_LIMITS } from './trace-ring.ts';
import { type SpanSink, Traces } from './traces.ts';

class Kept implements SpanSink {
  readonly spans: TraceSpan[] = [];
  readonly lost = { queue_full: 2 };
  add(spans: readonly TraceSpan[]): void {
    this.spans.push(...spans);
  }
  async flush(): Promise<void> {}
  async close(): Promise<void> {}
}

let sink: Kept;
let traces: Traces;
beforeEach(() => {
  sink = new Kept();
  traces = new Traces([sink]);
});

describe('a sampled turn', () => {
  test('has a span of the gateway under the client’s, and one for each phase under that', () => {
    traces.observe(recordOf(0));
    const [server, ...phases] = sink.spans;
    expect(server).toMatchObject({
      traceId: `${'0'.repeat(31)}1`,
      spanId: `${'0'.repeat(15)}1`,
      parentSpanId: '00000000000000aa',
      name: 'invoke_agent codex',
      kind: 'server',
    });
    expect(new Set(phases.map(({ name }) => name))).toEqual(new Set(GATEWAY_PHASES));
    expect(phases.map(({ name, startNs, endNs }) => [name, (startNs - 1e12) / 1e6, (endNs - 1e12) / 1e6])).toEqual([
      ['admission', 0, 2],
      ['queue', 2, 5],
      ['dispatch', 5, 7],
      ['agent', 7, 12],
      ['upstreamFirstToken', 12, 62],
      ['upstreamStreaming', 62, 92],
      ['backPressure', 92, 97],
      ['serialise', 97, 100],
    ]);
    for (const span of phases) expect(span).toMatchObject({ traceId: server!.traceId, parentSpanId: server!.spanId });
    expect(new Set(sink.spans.map(({ spanId }) => spanId)).size).toBe(9);
  });

  test('says what is known of it, by the names of the conventions', () => {
    traces.observe(recordOf(0));
    expect(sink.spans[0]!.attributes).toEqual({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'codex',
      'gen_ai.request.model': 'm',
      'gen_ai.conversation.id': 's',
      'gen_ai.usage.input_tokens': 3,
      'gen_ai.usage.output_tokens': 20,
      'http.request.method': 'POST',
      'http.request.body.size': 321,
      'network.protocol.name': 'http',
      'thread.name': 'agent-1',
      'gatebench.turn': 't0',
      'gatebench.outcome': 'completed',
      'gatebench.execution': 'thread',
      'gatebench.transport': 'sse',
      'gatebench.envelope': 'chat',
      'gatebench.connection': 7,
      'gatebench.text_events': 20,
    });
  });

  test('that was refused before it ran has its code and status, and the phases that it came to', () => {
    const none = Object.fromEntries(GATEWAY_PHASES.map((phase) => [phase, 0]));
    traces.observe(
      recordOf(0, {
        agent: '',
        unit: null,
        usage: undefined,
        phases: { ...(none as ReturnType<typeof recordOf>['phases']), admission: 1 },
        outcome: { kind: 'refused', status: 429, code: 'queue_full', message: 'no room' },
      }),
    );
    expect(sink.spans.map(({ name }) => name)).toEqual(['invoke_agent', 'admission']);
    expect(sink.spans[0]).toMatchObject({ error: 'no room', attributes: { 'error.type': 'queue_full', 'http.response.status_code': 429 } });
  });

  test('keeps little of what is long from outside', () => {
    const long = 'x'.repeat(1_000_000);
    const { turn } = recordOf(0);
    traces.observe(
      recordOf(0, { turn: { ...turn, model: long, session: long }, outcome: { kind: 'failed', code: 'agent_error', message: long } }),
    );
    expect(JSON.stringify(sink.spans).length).toBeLessThan(4_000);
  });
});

test('a turn that is not sampled leaves nothing', () => {
  traces.observe(recordOf(0, { span: undefined, sampled: false }));
  expect([sink.spans.length, traces.turns, traces.ring.count, traces.counts().made]).toEqual([0, 0, 0, 0]);
});

test('what sinks lost is counted, by why', () => {
  const file: SpanSink = { add() {}, lost: { file_failed: 3 }, flush: async () => {}, close: async () => {} };
  const all = new Traces([sink, file]);
  all.observe(recordOf(0));
  expect(all.counts()).toEqual({ made: 9, lost: { queue_full: 2, export_failed: 0, file_failed: 3 } });
});

describe('5,000 turns, all traced', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatebench-traces-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('lose no span, and are kept in bounds', async () => {
    const origin = { resource: {}, scope: { name: 'gatebench', version: '0' }, wallOffsetNs: 0n };
    const path = join(folder, 'traces.jsonl');
    const file = new TraceFile({ path, fileBytesMax: 1e9, filesMax: 1, origin, onError: () => {} });
    const all = new Traces([file]);
    for (let number = 0; number < 5_000; number += 1) all.observe(recordOf(number));
    await all.close();
    expect(all.counts()).toEqual({ made: 45_000, lost: { queue_full: 0, export_failed: 0, file_failed: 0 } });
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.length).toBe(5_000);
    expect(lines.reduce((sum, line) => sum + JSON.parse(line).resourceSpans[0].scopeSpans[0].spans.length, 0)).toBe(45_000);
    expect(all.ring.count).toBe(RING_LIMITS.latestMax + RING_LIMITS.slowestMax);
    expect(all.ring.bytes).toBeLessThanOrEqual(RING_LIMITS.bytesMax);
  });
});
