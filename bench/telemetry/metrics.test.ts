/** The instrument's own metrics, of a mock LLM and a generator at work: held against the catalogue, and against what was done. */
import { afterEach, describe, expect, test } from 'vitest';
import { collectGarbage } from '../../dashboards/testing/garbage.ts';
import { figureOf, notShown, unlisted } from '../../dashboards/testing/samples.ts';
import type { Handler } from '../../transports/contract.ts';
import { serve } from '../../transports/server.ts';
import { SPEC, WORKLOAD } from '../driver/testing/trials.ts';
import { Spinning } from '../driver/waiting.ts';
import { runTrial } from '../generator/trial.ts';
import { isBesideKey, readMarker } from '../ledger/rows.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { TrialSpec } from '../trial.ts';
import { UPSTREAM_DEFAULTS } from '../upstream/config.ts';
import { startService } from '../upstream/service.ts';
import { GeneratorMetrics } from './generator-metrics.ts';
import { startMetrics } from './metrics.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function pageAt(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept: 'application/openmetrics-text' } });
  expect(response.status).toBe(200);
  return response.text();
}

/** Collections of garbage are told of a moment later; the first reading is told of by the second. */
async function settledPageAt(port: number): Promise<string> {
  collectGarbage();
  for (;;) {
    const text = await pageAt(port);
    if (text.includes('v8js_gc_duration') && text.includes('telemetry_scrape_duration')) return text;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('the mock LLM', () => {
  async function start(metrics?: number) {
    const service = await startService({
      ...UPSTREAM_DEFAULTS,
      ports: { upstream: 0, admin: 0, ...(metrics === undefined ? {} : { metrics }) },
    });
    cleanups.push(() => service.close(0));
    const ask = (content: string, model = 'fixed@ttftMs=1,tpotMs=1') =>
      fetch(`http://127.0.0.1:${service.ports.upstream}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content }] }),
      }).then((response) => response.text());
    return { service, ask };
  }

  test('has no page unless asked for', async () => {
    expect((await start()).service.ports).not.toHaveProperty('metrics');
  });

  test('tells all of the catalogue and nothing else, and the counts are right', async () => {
    const { service, ask } = await start(0);
    await ask('[gatebench key=a tokens=7]');
    await ask('[gatebench key=b tokens=5]');
    await ask('hi', 'no such model');
    const text = await settledPageAt(service.ports.metrics!);
    expect(unlisted(text)).toEqual([]);
    expect(notShown(text, 'upstream')).toEqual([]);
    expect(figureOf(text, 'gatebench_upstream_requests_total')).toBe(3);
    expect(figureOf(text, 'gatebench_upstream_tokens_total')).toBe(12);
    expect(figureOf(text, 'gatebench_upstream_replies_total', { outcome: 'completed' })).toBe(2);
    expect(figureOf(text, 'gatebench_upstream_replies_total', { outcome: 'refused' })).toBe(1);
    expect(figureOf(text, 'gatebench_upstream_lateness_seconds_count')).toBe(service.upstream.ledger.lateness.count);
    expect(figureOf(text, 'gatebench_upstream_lateness_seconds_bucket', { le: '+Inf' })).toBe(service.upstream.ledger.lateness.count);
    expect(text).not.toContain('no such model');
  });
});

describe('the generator', () => {
  /** Answers measured turns with a word, and refuses the others. */
  const handler: Handler = (turn, sink) => {
    const beside = isBesideKey(readMarker(turn.input.at(-1)?.content ?? '')?.key ?? '');
    if (!beside) sink.push({ type: 'text', text: 'word' }, 0);
    sink.push(
      {
        type: 'end',
        outcome: beside ? { kind: 'refused', status: 429, code: 'queue_full', message: 'full' } : { kind: 'completed', finish: 'stop' },
        usage: { inputTokens: 1, outputTokens: 3 },
      },
      0,
    );
    return { resume() {}, cancel() {} };
  };

  async function start() {
    const server = await serve({ host: '127.0.0.1', port: 0, handler });
    cleanups.push(() => server.close(0));
    const metrics = new GeneratorMetrics();
    const page = await startMetrics('generator', 0, metrics);
    cleanups.push(() => page.close());
    const load = (sessionsPerSecond: number) => ({ kind: 'open', sessionsPerSecond, arrivals: { process: 'constant' } }) as const;
    const run = async (more: Partial<TrialSpec> = {}, onWindow: () => void = () => {}) => {
      const spec: TrialSpec = {
        ...SPEC,
        client: { ...SPEC.client, port: server.port },
        measureMs: 200,
        load: load(50),
        beside: { workload: WORKLOAD, load: load(100) },
        ...more,
      };
      const inputText = (seed: string, tokens: number) => `${seed} ${tokens}`;
      return runTrial(spec, { waiting: new Spinning(), inputText, onWindow, metrics, signal: new AbortController().signal });
    };
    return { page, run };
  }

  test('tells all of the catalogue and nothing else, and the counts add up over trials', async () => {
    const { page, run } = await start();
    await run();
    await run();
    const text = await settledPageAt(page.port);
    expect(unlisted(text)).toEqual([]);
    expect(notShown(text, 'generator')).toEqual([]);
    const measured = { role: 'measured' };
    expect(figureOf(text, 'gatebench_generator_turns_offered_total', measured)).toBe(20);
    expect(figureOf(text, 'gatebench_generator_turns_started_total', measured)).toBe(20);
    expect(figureOf(text, 'gatebench_generator_turns_ended_total', { ...measured, outcome: 'completed' })).toBe(20);
    expect(figureOf(text, 'gatebench_generator_tokens_total', measured)).toBe(60);
    expect(figureOf(text, 'gatebench_generator_turns_in_flight', measured)).toBe(0);
    expect(figureOf(text, 'gatebench_generator_turn_duration_seconds_count', measured)).toBe(20);
    expect(figureOf(text, 'gatebench_generator_lateness_seconds_count', measured)).toBe(20);
    expect(figureOf(text, 'gatebench_generator_turns_ended_total', { role: 'beside', outcome: 'refused' })).toBe(40);
    expect(figureOf(text, 'gatebench_generator_errors_total', { role: 'beside', code: 'queue_full' })).toBe(40);
  });

  test('tells of a trial while it runs, and of the measured load before there was any', async () => {
    const { page, run } = await start();
    expect(figureOf(await pageAt(page.port), 'gatebench_generator_turns_offered_total', { role: 'measured' })).toBe(0);
    let during: Promise<string> | undefined;
    // At the end of the window, with all turns offered and the trial not over.
    let edges = 0;
    await run({}, () => {
      edges += 1;
      if (edges === 2) during = pageAt(page.port);
    });
    expect(figureOf(await during!, 'gatebench_generator_turns_offered_total', { role: 'measured' })).toBe(10);
  });
});

test('a histogram of microseconds in buckets of seconds loses nothing', () => {
  const histogram = new LatencyHistogram();
  for (const us of [1, 49, 50, 51, 999, 1_000, 1_001, 5_000_000]) histogram.recordUs(us);
  expect(histogram.within([50, 1_000])).toEqual([3, 3, 2]);
  expect(histogram.within([])).toEqual([8]);
  expect(new LatencyHistogram().within([1, 2])).toEqual([0, 0, 0]);
});
