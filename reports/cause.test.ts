import { describe, expect, test } from 'vitest';
import { causeLines, modelLines, whatChanged } from './cause.ts';
import type { PhaseSplit, Scenario } from './report.ts';
import { BEST_HTTP, exampleArm, HTTP, WEBSOCKET } from './testing/arms.ts';
import { exampleComparison, exampleReport } from './testing/example.ts';

const split = (meanMs: Record<string, number>, over: Partial<PhaseSplit> = {}): PhaseSplit => ({
  among: 'p50',
  turns: 100,
  meanMs: { transit: 1, queue: 0, agent: 2, upstreamStreaming: 20, ...meanMs },
  residualMs: 0.1,
  ...over,
});

describe('what changed', () => {
  test('the phase that the time went to is the cause, with its share', () => {
    const { ms, cause, changes } = whatChanged(split({}), split({ queue: 50, transit: 0.5 }));
    expect(cause).toEqual({ phase: 'queue', ms: 50 });
    expect(ms).toBeCloseTo(49.5, 9);
    expect(changes.map(({ phase }) => phase)).toEqual(['queue', 'transit', 'agent', 'upstreamStreaming', 'residual']);
  });

  test('also of a time that shrank; a phase that one of the two lacks is 0 there', () => {
    const { queue: _, ...without } = split({}).meanMs;
    expect(whatChanged(split({ queue: 30 }), split({}, { meanMs: without })).cause).toEqual({ phase: 'queue', ms: -30 });
  });

  test('no phase is the cause of what several make, of what another took back, or of what nobody accounts for', () => {
    expect(whatChanged(split({}), split({ queue: 4, agent: 6, transit: 5 })).cause).toBeUndefined();
    expect(whatChanged(split({}), split({ queue: 10, agent: -18 })).cause?.phase).toBe('agent');
    expect(whatChanged(split({}), split({}, { residualMs: 9 })).cause).toBeUndefined();
    expect(whatChanged(split({}), split({})).cause).toBeUndefined();
  });
});

describe('in sentences', () => {
  const scenario = (before: readonly PhaseSplit[], after: readonly PhaseSplit[]): Scenario => ({
    ...exampleReport().scenarios[0]!,
    arms: [exampleArm(HTTP, {}), exampleArm(BEST_HTTP, { phases: before }), exampleArm(WEBSOCKET, { phases: after })],
    comparisons: ['turn', 'ttft'].map((measure) => exampleComparison({ measure, baseline: BEST_HTTP, candidate: WEBSOCKET })),
  });

  test('each pair once, among the same turns of both', () => {
    const before = [split({}), split({}, { among: 'p90' }), split({}, { among: 'all' })];
    const after = [
      split({ queue: 50 }),
      split({ queue: 4, agent: 6, transit: 5 }, { among: 'p90' }),
      split({ queue: 50 }, { among: 'all' }),
    ];
    expect(causeLines(scenario(before, after))).toEqual([
      'C ÷ B, around the median: +50.0 ms a turn, most of it queue wait (+50.0 ms).',
      'C ÷ B, above p90: +12.0 ms a turn, in several phases: connect and transit (+4.00 ms), queue wait (+4.00 ms), agent (+4.00 ms).',
    ]);
    expect(causeLines(scenario([split({}, { among: 'p99' })], after))).toEqual([]);
  });

  test('what differs by no more than machines do is not told', () => {
    expect(causeLines(scenario([split({})], [split({ queue: 0.4 })]))).toEqual([]);
    expect(causeLines(scenario([split({})], [split({ queue: 0.5 })]))).toHaveLength(1);
  });

  test('the model’s own record stands beside the phases that wait for it', () => {
    const told = modelLines(scenario([split({ upstreamFirstToken: 10 }, { modelMs: 29 })], [split({})]));
    expect(told).toEqual(['B, around the median: the gateway waited 30.0 ms for the model; by its own record the model took 29.0 ms.']);
  });
});
