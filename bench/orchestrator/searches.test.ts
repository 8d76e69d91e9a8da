import { describe, expect, it } from 'vitest';
import { arm } from '../arms.ts';
import type { SearchPlan } from '../scenario.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { ArmData } from './arm-data.ts';
import { boundedRatio } from './bounds.ts';
import { curveOf } from './curve.ts';
import type { SearchAnswer } from './observation.ts';
import { judgeProbe } from './searches.ts';
import { observe } from './testing/observations.ts';

const STREAMED = arm('sse/chat/kept>sse/chat/kept/full/inline');
const WHOLE = arm('http/chat/kept>sse/chat/kept/full/inline');
const PLAN: SearchPlan = {
  kind: 'search',
  usersMin: 1,
  usersMax: 1_000,
  usersStart: 10,
  stepRatio: 1.2,
  completionLagP99MsMax: 100,
  gatewayAddedP99MsMax: 100,
};

function histogram(ms: number, count: number): LatencyHistogram {
  const times = new LatencyHistogram();
  for (let n = 0; n < count; n += 1) times.recordUs(ms * 1_000);
  return times;
}

function probe(lagMs: number, addedMs: number, over: { completed?: number; reasons?: string[] } = {}) {
  const observation = observe('x', 0, 10, 1, { reasons: over.reasons ?? [] });
  const { completed = 200 } = over;
  return {
    ...observation,
    result: { ...observation.result, turns: { ...observation.result.turns, completed, failed: 200 - completed } },
    ledger: { ...observation.ledger, completionLag: histogram(lagMs, 200), gatewayAdded: histogram(addedMs, 2_000) },
  };
}

describe('a probe', () => {
  it('holds within the service level', () => {
    expect(judgeProbe(probe(99, 99), PLAN, STREAMED)).toMatchObject({ result: 'holds', why: '' });
    expect(judgeProbe(probe(99, 900), PLAN, WHOLE).result).toBe('holds');
  });

  it('fails where replies lag, tokens do, or turns are lost', () => {
    expect(judgeProbe(probe(102, 1), PLAN, WHOLE)).toMatchObject({ result: 'fails', why: 'completionLag p99 102 ms' });
    expect(judgeProbe(probe(1, 150), PLAN, STREAMED)).toMatchObject({ result: 'fails', why: 'gatewayAdded p99 150 ms' });
    expect(judgeProbe(probe(1, 1, { completed: 198 }), PLAN, STREAMED)).toMatchObject({
      result: 'fails',
      why: '2 of 200 turns did not complete',
    });
  });

  it('says nothing of the gateway where the instrument gave out', () => {
    const { result, why, lagP99Ms } = judgeProbe(probe(500, 1, { reasons: ['generator late'] }), PLAN, STREAMED);
    expect([result, why, lagP99Ms]).toEqual(['limited', 'the instrument gave out; generator late; completionLag p99 500 ms', null]);
  });
});

function answer(launch: number, users: number | null, atLeast: boolean, probes: SearchAnswer['probes'] = []): SearchAnswer {
  return { scenario: 'concurrency', arm: 'x', launch, users, atLeast, probes };
}

describe('a curve', () => {
  it('lays launches on top of each other', () => {
    const at = (users: number, lagP99Ms: number | null, ok: boolean) => ({ users, ok, why: '', lagP99Ms });
    const curve = curveOf(
      [
        answer(0, 100, false, [at(100, 4, true), at(200, 50, true), at(300, 400, false), at(400, null, false)]),
        answer(1, 100, false, [at(101, 9, true), at(202, 200, false), at(303, 100, false)]),
        answer(2, 100, false, [at(204, 100, true)]),
      ],
      PLAN,
    )!;
    expect(curve).toMatchObject({ measure: 'completionLag', unit: 'ms', limit: 100 });
    expect(curve.points.map(({ streams, held }) => [streams, held])).toEqual([
      [100, true],
      [202, true],
      [301, false],
      [400, false],
    ]);
    expect(curve.points[0]!.p99).toBeCloseTo(6, 9);
    expect(curve.points[1]!.p99).toBeCloseTo(100, 9);
    expect(curve.points[2]!.p99).toBeCloseTo(200, 9);
    expect(curve.points[3]!.p99).toBeNull();
  });

  it('is none of nothing', () => {
    expect(curveOf([answer(0, null, false)], PLAN)).toBeUndefined();
  });
});

describe('a ratio of searches', () => {
  const data = (...answers: SearchAnswer[]): ArmData => ({ arm: STREAMED, role: 'plain', all: [], launches: new Map(), answers });

  it('is known from above where the baseline carries at least so much, and from below where the candidate does', () => {
    const base = data(answer(0, 400, true), answer(1, 500, false));
    const other = data(answer(0, 200, false), answer(1, 250, false), answer(2, 999, false));
    expect(boundedRatio(base, other, 1)).toMatchObject({
      side: 'atMost',
      estimate: { ratio: 0.5, interval: [0.5, 0.5], launches: 2 },
    });
    expect(boundedRatio(other, base, 1)).toMatchObject({
      side: 'atLeast',
      estimate: { ratio: 2 },
    });
  });

  it('is no such thing where both are known, or neither', () => {
    const [known, bound] = [answer(0, 400, false), answer(0, 400, true)];
    expect(boundedRatio(data(known), data(known), 1)).toBeUndefined();
    expect(boundedRatio(data(bound), data(bound), 1)).toBeUndefined();
    expect(boundedRatio(data(answer(0, null, false)), data(bound), 1)).toBeUndefined();
  });
});
