import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logRatioOfBlocks, ratioOfLogs, ratioOfPairs } from './ratio.ts';
import { type Rng, rng } from './rng.ts';

/** Share of simulated experiments whose interval holds the truth. */
function coverage(simulations: number, launches: number, trueRatio: number, noise: (random: Rng) => number, level?: number): number {
  const random = rng(`coverage ${launches}`);
  let held = 0;
  for (let i = 0; i < simulations; i += 1) {
    const logs = Array.from({ length: launches }, () => Math.log(trueRatio) + noise(random));
    const { interval } = ratioOfLogs(logs, { seed: i, ...(level === undefined ? {} : { level }) });
    if (interval !== null && interval[0] <= trueRatio && trueRatio <= interval[1]) held += 1;
  }
  return held / simulations;
}

describe('ratio', () => {
  test('a worked example', () => {
    // log-ratios ln 0.5, ln 0.5, ln 1, ln 0.25: mean ln 0.5, s = ln 2 × √(2/3), standard error s/2.
    const pairs = [
      { baseline: 100, candidate: 50 },
      { baseline: 200, candidate: 100 },
      { baseline: 10, candidate: 10 },
      { baseline: 8, candidate: 2 },
    ];
    const estimate = ratioOfPairs(pairs);
    expect(estimate.ratio).toBeCloseTo(0.5, 12);
    const half = 3.182446305 * ((Math.LN2 * Math.sqrt(2 / 3)) / 2);
    expect(estimate.interval![0]).toBeCloseTo(0.5 * Math.exp(-half), 8);
    expect(estimate.interval![1]).toBeCloseTo(0.5 * Math.exp(half), 8);
    expect(estimate).toMatchObject({ launches: 4, method: 'student', level: 0.95 });
  });

  test('swapping the arms inverts ratio and interval', () => {
    const value = fc.double({ min: 0.01, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 2, maxLength: 8 }), (tuples) => {
        const there = ratioOfPairs(tuples.map(([baseline, candidate]) => ({ baseline, candidate })));
        const back = ratioOfPairs(tuples.map(([candidate, baseline]) => ({ baseline, candidate })));
        expect(there.ratio! * back.ratio!).toBeCloseTo(1, 9);
        expect(Math.log(there.interval![0])).toBeCloseTo(-Math.log(back.interval![1]), 9);
      }),
      { numRuns: 50 },
    );
  });

  test('a machine that drifts by a factor of two does not widen the interval', () => {
    const random = rng('drift');
    const pairs = Array.from({ length: 6 }, () => {
      const speed = random.uniform(1, 2);
      return { baseline: 100 * speed, candidate: 80 * speed * Math.exp(0.01 * random.normal()) };
    });
    const [low, high] = ratioOfPairs(pairs).interval!;
    expect(high / low).toBeLessThan(1.04);
  });

  test('nominal 95 % covers 93 to 97 % at 3, 6 and 12 launches, and 99 % about 99', () => {
    const normal = (random: Rng) => 0.1 * random.normal();
    for (const launches of [3, 6, 12]) {
      const held = coverage(2_000, launches, 0.8, normal);
      expect(held).toBeGreaterThan(0.93);
      expect(held).toBeLessThan(0.97);
    }
    expect(coverage(2_000, 6, 0.8, normal, 0.99)).toBeGreaterThan(0.982);
  });

  test('from 20 launches on the bootstrap takes over and covers, skewed data included', () => {
    expect(ratioOfLogs(Array.from({ length: 19 }, (_, i) => i / 100)).method).toBe('student');
    expect(ratioOfLogs(Array.from({ length: 20 }, (_, i) => i / 100)).method).toBe('bootstrap');
    // Centred gamma noise of shape 4: skewness 1.
    const held = coverage(400, 20, 0.8, (random) => 0.05 * (random.gamma(4) - 4));
    expect(held).toBeGreaterThan(0.93);
    expect(held).toBeLessThan(0.97);
  });

  test('the same data and seed give the same bootstrap; it leans the way the data lean', () => {
    const random = rng('skew');
    const logs = Array.from({ length: 30 }, () => random.exponential());
    const first = ratioOfLogs(logs, { seed: 3 });
    expect(ratioOfLogs(logs, { seed: 3 })).toEqual(first);
    const [low, high] = first.interval!.map(Math.log) as [number, number];
    expect(high - first.meanLog!).toBeGreaterThan(first.meanLog! - low);
  });

  test('says why there is no ratio or interval', () => {
    expect(ratioOfPairs([])).toMatchObject({ ratio: null, interval: null, reason: 'no launch has both arms' });
    expect(ratioOfPairs([{ baseline: 4, candidate: 2 }])).toMatchObject({
      ratio: 0.5,
      interval: null,
      standardErrorLog: null,
      reason: 'a single launch gives no interval',
    });
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(ratioOfPairs([{ baseline: 4, candidate: bad }]).ratio).toBeNull();
      expect(ratioOfPairs([{ baseline: bad, candidate: 4 }]).ratio).toBeNull();
    }
  });

  test('equal counts have an interval of no width', () => {
    const estimate = ratioOfPairs(new Array(3).fill({ baseline: 208_674, candidate: 29_250 }));
    expect(estimate.standardErrorLog).toBe(0);
    expect(estimate.interval![0]).toBe(estimate.interval![1]);
    expect(estimate.interval![0]).toBeCloseTo(29_250 / 208_674, 12);
    const many = ratioOfPairs(new Array(25).fill({ baseline: 3, candidate: 1 }));
    expect(many.interval![0]).toBe(many.interval![1]);
  });
});

describe('blocks of a launch', () => {
  const block = (ratio: number) => ({ baseline: 1, candidate: ratio });

  test('mean and trimmed mean of the logarithms', () => {
    expect(logRatioOfBlocks([2, 8].map(block))).toBeCloseTo(Math.log(4), 12);
    expect(logRatioOfBlocks([0.001, 2, 2, 1_000].map(block), 0.25)).toBeCloseTo(Math.log(2), 12);
    expect(logRatioOfBlocks([3].map(block), 0.25)).toBeCloseTo(Math.log(3), 12);
    // Never trims everything away.
    expect(logRatioOfBlocks([2, 8].map(block), 0.5)).toBeCloseTo(Math.log(4), 12);
  });

  test('a value without a logarithm spoils the launch, visibly', () => {
    expect(logRatioOfBlocks([2, 0].map(block))).toBeNull();
    expect(logRatioOfBlocks([])).toBeNull();
  });
});
