import { describe, expect, test } from 'vitest';
import { improvementOf, judgeClaim } from './claim.ts';

describe('claim', () => {
  test.each([
    [[0.62, 0.7], 'reproduced'],
    [[0.6199, 0.7], 'partly'],
    [[0.0501, 0.9], 'partly'],
    [[0.05, 0.9], 'inconclusive'],
    [[-0.05, 0.05], 'not-reproduced'],
    [[-0.05, 0.0501], 'inconclusive'],
    [[-0.0501, 0.05], 'inconclusive'],
    [[-0.3, -0.05], 'inconclusive'],
    [[-0.3, -0.0501], 'reversed'],
    [null, 'inconclusive'],
  ] as const)('%j against 62 %%: %s', (interval, verdict) => {
    expect(judgeClaim(interval, 0.62)).toBe(verdict);
  });

  test('improvement of a ratio, either direction', () => {
    const lower = improvementOf({ ratio: 0.38, interval: [0.3, 0.5] }, 'lower');
    expect(lower.improvement).toBeCloseTo(0.62, 12);
    expect(lower.interval![0]).toBeCloseTo(0.5, 12);
    expect(lower.interval![1]).toBeCloseTo(0.7, 12);
    expect(improvementOf({ ratio: 4, interval: [3, 5] }, 'higher')).toEqual({ improvement: 3, interval: [2, 4] });
    expect(improvementOf({ ratio: 4, interval: null }, 'higher')).toEqual({ improvement: 3, interval: null });
    expect(improvementOf({ ratio: null, interval: null }, 'lower')).toEqual({ improvement: null, interval: null });
  });
});
