import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { OtlpSpan } from '../../dashboards/live/otlp-json.ts';
import { isTraceparent, writeTraceparent } from '../../transports/traceparent.ts';
import { ClientTraces, clientSpan, type TracedTurn } from './client-traces.ts';
import { isTraced, spanIds, turnContext } from './turn-ids.ts';

const RUN = { traceRatio: 0.25, run: 'a' };
const key = (trial: string, number: number) => `${trial}.1.${number}.0`;
const keys = (trial: string) => Array.from({ length: 4_000 }, (_, number) => key(trial, number));

describe('which turns are traced', () => {
  test('is the share that was asked for, none of 0 and all of 1', () => {
    const traced = (traceRatio: number) => keys('x').filter((one) => isTraced(one, { ...RUN, traceRatio })).length;
    expect([traced(0), traced(1)]).toEqual([0, 4_000]);
    // By a hash of fixed keys: 1,000 expected, with a standard deviation of 27.
    expect(Math.abs(traced(0.25) - 1_000)).toBeLessThan(110);
  });

  test('is the same in all trials, and a larger share has those of a smaller one', () => {
    const pick = (trial: string, traceRatio: number) => keys(trial).map((one) => isTraced(one, { run: trial, traceRatio }));
    expect(pick('x', 0.25)).toEqual(pick('y', 0.25));
    const more = pick('x', 0.5);
    for (const [number, traced] of pick('x', 0.25).entries()) if (traced) expect(more[number]).toBe(true);
  });
});

test('ids are those of the turn, the trial and the run, and of no other', () => {
  const ids = ['a', 'b'].flatMap((run) => ['x', 'y'].flatMap((trial) => keys(trial).map((one) => turnContext(one, { ...RUN, run }))));
  expect(new Set(ids.map(({ traceId }) => traceId)).size).toBe(16_000);
  expect(new Set(ids.map(({ spanId }) => spanId)).size).toBe(16_000);
  expect(ids.every((context) => isTraceparent(writeTraceparent(context)))).toBe(true);
  expect(turnContext(key('x', 3), RUN)).toEqual(ids[3]);
  const next = spanIds(key('x', 3), RUN);
  expect(new Set([next(), next(), next(), ids[3]!.spanId]).size).toBe(4);
});

const TURN: TracedTurn = { key: key('x', 1), intendedNs: 100e6, startedNs: 101e6, endedNs: 200e6, outcome: 'completed', agent: 'codex' };

describe('the client’s span', () => {
  test('begins when the turn was due, and is the root of its trace', () => {
    const { traceId, spanId } = turnContext(TURN.key, RUN);
    expect(clientSpan(TURN, RUN)).toEqual({
      traceId,
      spanId,
      name: 'invoke_agent codex',
      kind: 'client',
      startNs: 100e6,
      endNs: 200e6,
      attributes: {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.name': 'codex',
        'gatebench.turn': 'x.1.1.0',
        'gatebench.outcome': 'completed',
        'gatebench.lateness_ms': 1,
      },
    });
  });

  test('of a failed turn says so', () => {
    const failed = clientSpan({ ...TURN, outcome: 'failed', code: 'upstream_error' }, RUN);
    expect(failed).toMatchObject({
      error: 'upstream_error',
      attributes: { 'error.type': 'upstream_error', 'gatebench.outcome': 'failed' },
    });
    expect(clientSpan({ ...TURN, outcome: 'timedOut' }, RUN).error).toBe('timedOut');
    expect(clientSpan({ ...TURN, outcome: 'cancelled' }, RUN)).not.toHaveProperty('error');
  });
});

test('spans are written at the end; beyond the bound they are lost, and counted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-traces-'));
  try {
    const traces = new ClientTraces(RUN, 3);
    for (let number = 0; number < 5; number += 1) traces.ended({ ...TURN, key: key('x', number) });
    expect([traces.sampled, traces.lost]).toEqual([5, 2]);
    traces.save(join(folder, 'spans.jsonl'), '1');
    const lines = readFileSync(join(folder, 'spans.jsonl'), 'utf8').trimEnd().split('\n');
    const spans = lines.map((line) => JSON.parse(line).resourceSpans[0].scopeSpans[0].spans[0] as OtlpSpan);
    const ids = (span: { traceId: string; spanId: string }) => [span.traceId, span.spanId];
    expect(spans.map(ids)).toEqual([0, 1, 2].map((number) => ids(turnContext(key('x', number), RUN))));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
