/**
 * Every query of panels, variables, annotations and rules, in a real Prometheus that reads a real run: a gateway with a
 * pool, the mock LLM and the generator, each a process. What is empty then is listed below, with the reason.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { emptyPlaces, questions, RULES } from '../testing/asking.ts';
import { Process } from '../testing/processes.ts';
import { missing, Prometheus } from '../testing/prometheus.ts';

interface Ready {
  ports: { gateway: number; upstream: number; metrics: number };
}

/** Where nothing must be seen, since nothing of the kind happens here. */
const EMPTY: Readonly<Record<string, string>> = {
  'gatebench-gateway › annotation Gateway drains': 'it does not end while it is looked at',
  'gatebench-compare › annotation Gateway drains': 'it does not end while it is looked at',
  'gatebench-tuning › annotation Gateway drains': 'it does not end while it is looked at',
};

const reason = missing('prometheus');

it.skipIf(reason !== undefined)(
  reason ?? 'every query shows something of a real run, or is listed',
  async () => {
    await using upstream = new Process('bench/upstream/main.ts', [], { ports: { upstream: 0, admin: 0, metrics: 0 } });
    const llm = await upstream.line<Ready>();
    await using gateway = new Process('gateway/main.ts', [], {
      gateway: { port: 0, adminPort: 0 },
      // Two turns at once: others wait for the thread.
      agents: { execution: 'thread', threadPool: { maxThreads: 1, turnsPerThread: 2 } },
      upstream: { url: `http://127.0.0.1:${llm.ports.upstream}` },
      telemetry: { metrics: true, metricsPort: 0, traceRatio: 1 },
      logging: { level: 'error' },
    });
    const { ports } = await gateway.line<Ready>();
    await using generator = new Process('bench/generator/main.ts', ['--metrics-port', '0']);
    const load = await generator.line<Ready>();
    const run = { run_id: 'run-1' };
    await using prometheus = await Prometheus.start(
      {
        gateway: [{ port: ports.metrics, labels: { ...run, arm: 'sse/chat/kept', transport: 'sse' } }],
        generator: [{ port: load.ports.metrics, labels: run }],
        upstream: [{ port: llm.ports.metrics, labels: run }],
      },
      RULES,
    );
    generator.tell({ trial: trial(ports.gateway) });
    const enough = new AbortController();
    const wrong = goWrong(ports.gateway, enough.signal);
    try {
      // A first reading without load, then some with it.
      await prometheus.scraped(10, 30_000);
      expect(questions().queries.length).toBeGreaterThan(100);
      expect((await emptyPlaces(prometheus, { seconds: 15, phase: 'agent' })).toSorted()).toEqual(Object.keys(EMPTY).toSorted());
      // Nothing was lost, and each value had its label.
      for (const name of ['gatebench_telemetry_label_overflow_total', 'gatebench_telemetry_spans_lost_total']) {
        expect(await prometheus.query(`${name} > 0`)).toEqual([]);
      }

      // What panels ask for, to draw dots that lead to traces.
      const [turns] = await prometheus.exemplars(
        'histogram_quantile(0.99, sum by (le) (rate(gatebench_gateway_turn_duration_seconds_bucket{}[5s])))',
      );
      expect(turns?.exemplars[0]?.labels.trace_id).toMatch(/^[0-9a-f]{32}$/);
    } finally {
      enough.abort();
      await wrong;
    }
  },
  58_000,
);

/** Load for longer than the test takes. */
function trial(port: number): object {
  return {
    id: 'run',
    seed: 1,
    client: { leg: { transport: 'sse', envelope: 'chat', connection: 'kept' }, host: '127.0.0.1', port },
    workload: {
      model: 'fast',
      turnsPerSession: 1,
      thinkMs: { kind: 'fixed', value: 0 },
      inputTokens: { kind: 'fixed', value: 10 },
      outputTokens: { kind: 'fixed', value: 20 },
      history: 'full',
      phases: false,
    },
    load: { kind: 'open', sessionsPerSecond: 25, arrivals: { process: 'poisson' } },
    warmupMs: 0,
    measureMs: 60_000,
    drainMs: 1_000,
    turnTimeoutMs: 30_000,
    inFlightMax: 1_000,
    seriesBinMs: 0,
  };
}

/** Turns that are refused, and turns that fail, for the errors among the queries. */
async function goWrong(port: number, signal: AbortSignal): Promise<void> {
  const hello = { messages: [{ role: 'user', content: 'hello' }] };
  const broken = { messages: [{ role: 'user', content: '[gatebench key=broken tokens=9 fault=error-mid@5]' }] };
  // The gateway gives a model a label of its own once it has answered.
  expect(await ask(port, hello)).toBe(200);
  while (!signal.aborted) {
    expect(await ask(port, broken)).toBeGreaterThanOrEqual(400);
    expect(await ask(port, { ...hello, metadata: { 'gatebench.agent': 'nobody' } })).toBe(404);
    await sleep(200);
  }
}

async function ask(port: number, body: object): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fast', ...body }),
  });
  await response.text();
  return response.status;
}
