import { describe, expect, test } from 'vitest';
import { exactly, meanOf, quantileMs } from './estimate.ts';
import { LatencyHistogram } from './histogram.ts';

function launch(medianUs: number, samples: number): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (let i = 0; i < samples; i += 1) histogram.recordUs((medianUs * 2 * (i + 1)) / samples);
  return histogram;
}

describe('mean over launches', () => {
  test('linear: mean ± t × s/√n', () => {
    const { estimate, interval, launches } = meanOf([9, 10, 11]);
    expect(estimate).toBe(10);
    expect(interval![1] - 10).toBeCloseTo(4.30265273 / Math.sqrt(3), 7);
    expect(10 - interval![0]).toBeCloseTo(4.30265273 / Math.sqrt(3), 7);
    expect(launches).toBe(3);
    expect(meanOf([9, 10, 11], { level: 0.9 }).interval![1] - 10).toBeCloseTo(2.91998558 / Math.sqrt(3), 7);
  });

  test('log: geometric mean, and an interval that stays above 0', () => {
    const { estimate, interval } = meanOf([1, 10, 100], { scale: 'log' });
    expect(estimate).toBeCloseTo(10, 10);
    expect(interval![0]).toBeGreaterThan(0);
    expect(interval![0] * interval![1]).toBeCloseTo(100, 8);
    expect(meanOf([1, 10, 100]).interval![0]).toBeLessThan(0);
  });

  test('exact values stay exact', () => {
    expect(exactly(12)).toEqual({ estimate: 12, interval: [12, 12], launches: 1 });
    expect(meanOf([0.1, 0.1, 0.1], { scale: 'log' })).toEqual({ estimate: 0.1, interval: [0.1, 0.1], launches: 3 });
  });

  test('says why there is no value or no interval', () => {
    expect(meanOf([])).toMatchObject({ estimate: null, interval: null, reason: 'no valid launch' });
    expect(meanOf([5])).toMatchObject({ estimate: 5, interval: null, reason: 'a single launch gives no interval' });
    expect(meanOf([5, Number.NaN])).toMatchObject({ estimate: null, reason: 'a launch has no value' });
    expect(meanOf([5, 0], { scale: 'log' })).toMatchObject({ estimate: null, interval: null });
    expect(meanOf([5, -1])).toMatchObject({ estimate: 2 });
  });
});

describe('quantile over launches', () => {
  test('averages the quantile of each launch, by its logarithm', () => {
    const launches = [launch(10_000, 1_000), launch(20_000, 1_000), launch(40_000, 1_000)];
    const p50 = quantileMs(launches, 0.5);
    expect(p50.estimate! / 20).toBeCloseTo(1, 2);
    expect(p50.interval![0]).toBeLessThan(p50.estimate!);
    expect(p50.launches).toBe(3);
    expect(quantileMs(launches, 0.99).estimate! / 39.6).toBeCloseTo(1, 2);
  });

  test('pools where single launches are too small, without an interval', () => {
    const launches = Array.from({ length: 4 }, () => launch(10_000, 300));
    const p99 = quantileMs(launches, 0.99);
    expect(p99.estimate! / 19.8).toBeCloseTo(1, 2);
    expect(p99.interval).toBeNull();
    expect(p99.reason).toBe('pooled over launches: the smallest holds 300 samples, p99 takes 1000 in each');
  });

  test('is null where even the sum is too small, and says how much it takes', () => {
    expect(quantileMs([launch(10_000, 300)], 0.999)).toEqual({
      estimate: null,
      interval: null,
      launches: 1,
      reason: '300 samples; p99.9 takes 10000',
    });
    expect(quantileMs([], 0.5)).toMatchObject({ estimate: null, reason: '0 samples; p50 takes 20' });
    expect(quantileMs([new LatencyHistogram(), launch(10_000, 100)], 0.5)).toMatchObject({ launches: 1 });
  });
});
