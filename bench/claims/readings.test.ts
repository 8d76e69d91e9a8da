import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PUBLISHED } from './published.ts';
import { judgeImprovement } from './readings.ts';

const interval = (low: number, high: number) => ({ improvement: (low + high) / 2, interval: [low, high] as [number, number] });

describe('the verdict on a reading', () => {
  const claims = PUBLISHED.map(({ measure, claimed }) => [measure, claimed.improvement] as const);

  it.each(claims)('of %s, claimed %f, has its borders at the claim and at 5 %%', (_measure, claimed) => {
    const e = 1e-6;
    const verdicts = (rows: [number, number][]) => rows.map(([low, high]) => judgeImprovement(interval(low, high), claimed).verdict);
    expect(
      verdicts([
        [claimed, claimed + 1],
        [claimed + 1, claimed + 2],
      ]),
    ).toEqual(['reproduced', 'reproduced']);
    expect(
      verdicts([
        [claimed - e, claimed + 1],
        [0.05 + e, 0.06],
      ]),
    ).toEqual(['partly', 'partly']);
    expect(
      verdicts([
        [-0.05, 0.05],
        [-0.01, 0.01],
      ]),
    ).toEqual(['not-reproduced', 'not-reproduced']);
    expect(
      verdicts([
        [-0.9, -0.05 - e],
        [-0.06, -0.0501],
      ]),
    ).toEqual(['reversed', 'reversed']);
    expect(
      verdicts([
        [0.05, claimed + 1],
        [-0.05, 0.05 + e],
        [-0.05 - e, 0.05],
        [-0.9, -0.05],
        [-0.9, claimed + 1],
      ]),
    ).toEqual(Array(5).fill('inconclusive'));
  });

  it('is given with the reason where there is none', () => {
    expect(judgeImprovement(interval(-0.2, 0.3), 0.62)).toMatchObject({ verdict: 'inconclusive', reason: 'the interval is too wide' });
    expect(judgeImprovement({ improvement: 0.5, interval: null }, 0.62)).toMatchObject({
      verdict: 'inconclusive',
      reason: 'there is no interval',
    });
    expect(judgeImprovement(interval(0.7, 0.8), 0.62)).not.toHaveProperty('reason');
  });

  it('of an improvement that is known from above can only be that it is reversed', () => {
    const atMost = (low: number, high: number) => judgeImprovement({ ...interval(low, high), side: 'atMost' }, 3);
    expect(atMost(-0.3, -0.1)).toEqual({ improvement: -0.2, interval: [-1, -0.1], verdict: 'reversed' });
    expect(atMost(-0.3, -0.05)).toMatchObject({ verdict: 'inconclusive', reason: 'only an upper bound is known' });
    expect(atMost(4, 5)).toMatchObject({ interval: [-1, 5], verdict: 'inconclusive' });
  });

  it('of an improvement that is known from below can only be that it is reproduced', () => {
    const atLeast = (low: number, high: number) => judgeImprovement({ ...interval(low, high), side: 'atLeast' }, 3);
    expect(atLeast(3, 4)).toEqual({ improvement: 3.5, interval: null, verdict: 'reproduced' });
    expect(atLeast(2.9, 4)).toMatchObject({ verdict: 'inconclusive', reason: 'only a lower bound is known' });
    expect(atLeast(-0.9, -0.8)).toMatchObject({ verdict: 'inconclusive' });
  });

  it('is never a better one for a worse interval', () => {
    const rank = { reversed: 0, 'not-reproduced': 1, partly: 2, reproduced: 3 };
    fc.assert(
      fc.property(
        fc.double({ min: -2, max: 4, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        (low, width, better) => {
          const [one, other] = [low, low + better].map((from) => judgeImprovement(interval(from, from + width), 0.62).verdict);
          if (one !== 'inconclusive' && other !== 'inconclusive') expect(rank[other!]).toBeGreaterThanOrEqual(rank[one!]);
        },
      ),
    );
  });
});

describe('what was published', () => {
  it('is the table of the source', () => {
    expect(PUBLISHED.map(({ measure, claimed: { http, websocket, improvement } }) => [measure, http, websocket, improvement])).toEqual([
      ['turn', 850, 320, 0.62],
      ['tokenOverhead', 0.15, 0.03, 0.8],
      ['concurrency', 50, 200, 3],
      ['cpuShare', 0.78, 0.45, 0.42],
    ]);
  });

  it('agrees with itself to the digits that it has', () => {
    for (const {
      claimed: { http, websocket, improvement },
      measure,
    } of PUBLISHED) {
      const of = measure === 'concurrency' ? websocket / http - 1 : 1 - websocket / http;
      expect(of).toBeCloseTo(improvement, 2);
    }
  });
});
