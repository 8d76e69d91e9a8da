import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../transports/contract.ts';
import { TraceRing, type TurnTrace } from './trace-ring.ts';

let made = 0;

function trace(durationMs: number, outcome: Outcome['kind'] = 'completed', attributes: Record<string, string> = {}): TurnTrace {
  made += 1;
  const traceId = made.toString(16).padStart(32, '0');
  const span = {
    traceId,
    spanId: '1'.repeat(16),
    name: 'turn',
    kind: 'server' as const,
    startNs: made,
    endNs: made + durationMs * 1e6,
    attributes,
  };
  return { traceId, agent: 'codex', outcome, code: undefined, durationMs, spans: [span] };
}

const durations = (ring: TraceRing) => ring.all().map(({ durationMs }) => durationMs);
const LIMITS = { latestMax: 3, failedMax: 2, slowestMax: 2, bytesMax: 1e9 };

describe('the ring of traces', () => {
  test('keeps the latest, and of those before them the slowest and the latest failed', () => {
    const ring = new TraceRing(LIMITS);
    for (const ms of [50, 10, 90, 20, 30]) ring.add(trace(ms));
    for (const ms of [1, 2, 3]) ring.add(trace(ms, 'failed'));
    ring.add(trace(4, 'cancelled'));
    for (const ms of [5, 6, 7]) ring.add(trace(ms));
    // Latest 5, 6, 7; failed 2 and 3, though they were fast; slowest 50 and 90.
    expect(durations(ring)).toEqual([90, 50, 7, 6, 5, 3, 2]);
    expect(ring.count).toBe(7);
  });

  test('is bounded by bytes, whatever stands in the attributes', () => {
    const ring = new TraceRing({ ...LIMITS, latestMax: 1_000, bytesMax: 100_000 });
    for (let index = 0; index < 500; index += 1) ring.add(trace(1, 'completed', { model: 'x'.repeat(5_000) }));
    expect(ring.bytes).toBeLessThanOrEqual(100_000);
    expect(ring.count).toBe(9);
    ring.add(trace(2, 'completed', { model: 'x'.repeat(100_000) }));
    expect([ring.count, ring.bytes]).toEqual([0, 0]);
  });

  test('counts the bytes of what it lets go of back to nothing', () => {
    const ring = new TraceRing({ ...LIMITS, bytesMax: 2_000 });
    for (let index = 0; index < 200; index += 1) ring.add(trace(index % 7, index % 3 === 0 ? 'failed' : 'completed', { a: 'b' }));
    const each = ring.bytes / ring.count;
    expect(Number.isInteger(each)).toBe(true);
    expect(ring.bytes).toBeLessThanOrEqual(2_000);
  });

  test('finds all turns of a trace, the first one first', () => {
    const ring = new TraceRing(LIMITS);
    const first = trace(5);
    const second = { ...trace(1), traceId: first.traceId };
    for (const one of [trace(1), second, first]) ring.add(one);
    expect(ring.find(first.traceId).map(({ spans }) => spans)).toEqual([first.spans, second.spans]);
    expect(ring.find('f'.repeat(32))).toEqual([]);
  });
});
