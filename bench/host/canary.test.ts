import { describe, expect, it } from 'vitest';
import { coefficientOfVariation, readCanary, timeCanary } from './canary.ts';

describe('the canary', () => {
  it('warms up, then times each repetition apart', () => {
    let now = 0;
    let works = 0;
    const timings = timeCanary(
      () => now,
      () => {
        works += 1;
        now += works;
      },
    );
    expect(works).toBe(15);
    expect(timings).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  });

  it('does work that takes time', () => {
    for (const ns of timeCanary()) expect(ns).toBeGreaterThan(100_000);
  });

  it('reads scatter over all timings, and the shift from before to after', () => {
    // Mean 11, sample variance (4·1) ÷ 3.
    expect(readCanary([10, 10], [12, 12])).toEqual({ cv: Math.sqrt(4 / 3) / 11, shift: 1.2 });
    expect(readCanary([3, 1, 2], [5, 4, 3, 100])).toMatchObject({ shift: 2.25 });
  });

  it('has no scatter where all is alike', () => {
    expect(coefficientOfVariation([7, 7, 7])).toBe(0);
  });
});
