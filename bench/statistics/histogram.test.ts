import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LatencyHistogram, samplesBeyond, samplesNeeded } from './histogram.ts';

function of(valuesUs: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const value of valuesUs) histogram.recordUs(value);
  return histogram;
}

describe('histogram', () => {
  test('merging encoded parts is exact to the bit', () => {
    const latencies = fc.array(fc.integer({ min: 1, max: 3_600_000_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(latencies, latencies, (a, b) => {
        const parts = [of(a), of(b)].map((part) => LatencyHistogram.decode(part.encode()));
        expect(LatencyHistogram.merge(parts).encode()).toBe(of([...a, ...b]).encode());
      }),
      { numRuns: 60 },
    );
  });

  test('quantiles are within a thousandth above the exact ones', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => (i + 1) * 37);
    const histogram = of(values);
    for (const q of [0.01, 0.5, 0.9, 0.99, 0.999]) {
      const exact = values[Math.ceil(q * values.length - 1e-9) - 1]!;
      const got = histogram.quantileUs(q)!;
      expect(got).toBeGreaterThanOrEqual(exact);
      expect(got / exact).toBeLessThanOrEqual(1.001);
    }
    expect(histogram.quantileMs(0.5)).toBe(histogram.quantileUs(0.5)! / 1_000);
    expect(histogram.meanMs()! / 185.0185).toBeCloseTo(1, 3);
    expect(histogram.maxMs()! / 370).toBeCloseTo(1, 3);
  });

  test('a quantile takes ten samples beyond it', () => {
    const thousand = Array.from({ length: 1_000 }, (_, i) => i + 1);
    expect(of(thousand).quantileUs(0.99)).toBe(990);
    expect(of(thousand.slice(1)).quantileUs(0.99)).toBeNull();
    expect(of(thousand.slice(0, 20)).quantileUs(0.5)).toBe(10);
    expect(of(thousand.slice(0, 19)).quantileUs(0.5)).toBeNull();
    expect(new LatencyHistogram().quantileUs(0.5)).toBeNull();
    expect(new LatencyHistogram().meanMs()).toBeNull();
    expect([0.5, 0.9, 0.99, 0.999].map(samplesNeeded)).toEqual([20, 100, 1_000, 10_000]);
    for (const q of [0.5, 0.9, 0.99, 0.999]) {
      expect(samplesBeyond(samplesNeeded(q), q)).toBe(10);
      expect(samplesBeyond(samplesNeeded(q) - 1, q)).toBeLessThan(10);
    }
  });

  test('clamps to its range and counts what it clamped', () => {
    const histogram = of([0, -5, 0.4, 0.5, 1, 4e9, Number.POSITIVE_INFINITY, 3_600_000_000]);
    expect(histogram.count).toBe(8);
    expect(histogram.clamped).toEqual({ low: 3, high: 2 });
    const whole = LatencyHistogram.merge([histogram, histogram]);
    expect(whole.clamped).toEqual({ low: 6, high: 4 });
    expect(() => histogram.recordUs(Number.NaN)).toThrow(RangeError);
    const nanoseconds = new LatencyHistogram();
    for (let i = 0; i < 20; i += 1) nanoseconds.recordNs(1_234_000);
    expect(nanoseconds.quantileMs(0.5)).toBe(1.234);
  });

  test('refuses what is no histogram', () => {
    expect(() => LatencyHistogram.decode('bm9uc2Vuc2U=')).toThrow('not an encoded histogram');
    expect(() => LatencyHistogram.decode('')).toThrow('not an encoded histogram');
  });
});
