import { describe, expect, test } from 'vitest';
import { rng } from '../statistics/rng.ts';
import type { Load } from '../trial.ts';
import { arrivalTimesNs, CumulativeRate, interArrivalCv } from './arrivals.ts';

type Open = Extract<Load, { kind: 'open' }>;
const S = 1e9;
const open = (rest: Partial<Open>): Open => ({ kind: 'open', sessionsPerSecond: 10, arrivals: { process: 'constant' }, ...rest });
const times = (load: Open, seconds: number, seed = 1) => arrivalTimesNs(load, seconds * S, rng(seed));

describe('cumulative rate', () => {
  const cases: { name: string; load: Partial<Open>; points: [seconds: number, sessions: number][] }[] = [
    {
      name: 'constant',
      load: {},
      points: [
        [0, 0],
        [1, 10],
        [7.5, 75],
      ],
    },
    {
      name: 'linear up, then constant',
      load: { sessionsPerSecond: 0, ramp: [{ atMs: 10_000, sessionsPerSecond: 20 }] },
      points: [
        [5, 25],
        [10, 100],
        [11, 120],
      ],
    },
    {
      name: 'a step',
      load: {
        ramp: [
          { atMs: 2_000, sessionsPerSecond: 10 },
          { atMs: 2_000, sessionsPerSecond: 100 },
        ],
      },
      points: [
        [2, 20],
        [3, 120],
      ],
    },
    {
      name: 'down to nothing and up again',
      load: {
        ramp: [
          { atMs: 1_000, sessionsPerSecond: 0 },
          { atMs: 3_000, sessionsPerSecond: 0 },
          { atMs: 4_000, sessionsPerSecond: 10 },
        ],
      },
      points: [
        [0.5, 3.75],
        [4, 10],
        [5, 20],
      ],
    },
    { name: 'a point at 0 is the rate from the start', load: { ramp: [{ atMs: 0, sessionsPerSecond: 50 }] }, points: [[1, 50]] },
  ];
  test.each(cases)('$name', ({ load, points }) => {
    const rate = new CumulativeRate(open(load));
    for (const [seconds, sessions] of points) {
      expect(rate.expectedBy(seconds * S)).toBeCloseTo(sessions, 6);
      expect(rate.timeNsOf(sessions) / S).toBeCloseTo(seconds, 6);
    }
  });

  test('is flat while the rate is 0, and what is never reached has no time', () => {
    const rate = new CumulativeRate(open({ ramp: [{ atMs: 1_000, sessionsPerSecond: 0 }] }));
    expect(rate.expectedBy(1 * S)).toBeCloseTo(5, 9);
    expect(rate.expectedBy(100 * S)).toBeCloseTo(5, 9);
    expect(rate.timeNsOf(5.1)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('arrivals', () => {
  test('constant: from 0 on, evenly, none at the end', () => {
    expect([...times(open({ sessionsPerSecond: 4 }), 1)]).toEqual([0, 0.25 * S, 0.5 * S, 0.75 * S]);
  });

  test('constant on a ramp from 0 to 20/s: the n-th comes where n are expected', () => {
    const at = times(open({ sessionsPerSecond: 0, ramp: [{ atMs: 10_000, sessionsPerSecond: 20 }] }), 10);
    expect(at.length).toBe(100);
    expect(at[25]).toBe(5 * S);
    expect(at[81]).toBe(9 * S);
  });

  test.each([
    { arrivals: { process: 'poisson' }, cv: 1 },
    { arrivals: { process: 'gamma', cv: 1 }, cv: 1 },
    { arrivals: { process: 'gamma', cv: 0.5 }, cv: 0.5 },
    { arrivals: { process: 'gamma', cv: 2 }, cv: 2 },
  ] as const)('$arrivals has that rate and that coefficient of variation', ({ arrivals, cv }) => {
    const at = times(open({ sessionsPerSecond: 100, arrivals }), 500);
    // 50,000 draws of a fixed seed: the mean is within 3·cv/√n, the CV within a few percent.
    expect(Math.abs(at.length / 50_000 - 1)).toBeLessThan((3 * cv) / Math.sqrt(50_000));
    expect(Math.abs(interArrivalCv(at, 0, 500 * S)! / cv - 1)).toBeLessThan(0.05);
  });

  test('gamma keeps its shape on a ramp: gaps carried back to operational time have the same CV', () => {
    const load = open({
      sessionsPerSecond: 10,
      arrivals: { process: 'gamma', cv: 0.4 },
      ramp: [{ atMs: 100_000, sessionsPerSecond: 400 }],
    });
    const rate = new CumulativeRate(load);
    const at = times(load, 100);
    const operational = at.map((atNs) => rate.expectedBy(atNs));
    expect(Math.abs(interArrivalCv(operational, 0, Number.POSITIVE_INFINITY)! / 0.4 - 1)).toBeLessThan(0.05);
    expect(interArrivalCv(at, 0, 100 * S)).toBeGreaterThan(0.6);
  });

  test('a seed decides, another seed decides otherwise', () => {
    const load = open({ arrivals: { process: 'poisson' } });
    expect(times(load, 10, 7)).toEqual(times(load, 10, 7));
    expect(times(load, 10, 7)).not.toEqual(times(load, 10, 8));
  });
});

describe('inter-arrival CV', () => {
  test.each([
    { what: 'even gaps', at: [0, 10, 20, 30], cv: 0 },
    // Gaps 1, 2, 3: mean 2, sample standard deviation 1.
    { what: 'gaps 1, 2, 3', at: [0, 1, 3, 6], cv: 0.5 },
    { what: 'one gap', at: [0, 5], cv: null },
    { what: 'all at once', at: [5, 5, 5, 5], cv: null },
  ])('$what', ({ at, cv }) => {
    expect(interArrivalCv(Float64Array.from(at), 0, 100)).toBe(cv);
  });

  test('takes only what lies in the window, its start included and its end not', () => {
    expect(interArrivalCv(Float64Array.from([0, 99, 100, 101, 103, 106, 200]), 100, 200)).toBe(
      interArrivalCv(Float64Array.from([0, 1, 3, 6]), 0, 7),
    );
  });
});
