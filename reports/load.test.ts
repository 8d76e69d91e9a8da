import { describe, expect, test } from 'vitest';
import { curveText, largest, timelineText } from './load.ts';
import type { LoadCurve } from './report.ts';

const curve = (points: LoadCurve['points']): LoadCurve => ({ measure: 'completionLag', unit: 'ms', limit: 100, points });

describe('a load curve in words', () => {
  test('says each of a few points', () => {
    const points = [
      { streams: 100, p99: 4.1, held: true },
      { streams: 1_450, p99: 210, held: false },
      { streams: 1_600, p99: null, held: false },
    ];
    expect(curveText(curve(points))).toBe(
      'completionLag p99 by streams, limit 100 ms: 100: 4.10 ms, 1,450: 210 ms (did not hold), 1,600: not known (did not hold)',
    );
  });

  test('says those of many that matter', () => {
    const points = Array.from({ length: 20 }, (_, index) => ({ streams: 1_000 - 50 * index, p99: 200 - 10 * index, held: index > 9 }));
    expect(curveText(curve(points))).toBe(
      'completionLag p99 by streams, limit 100 ms: 20 numbers from 50 to 1,000; most that held: 500: 100 ms; fewest that did not: 550: 110 ms',
    );
    const all = points.map((point) => ({ ...point, held: true }));
    expect(curveText(curve(all))).toContain('; most that held: 1,000: 200 ms; all held');
    const none = points.map((point) => ({ ...point, p99: null, held: false }));
    expect(curveText(curve(none))).toContain('; none held; fewest that did not: 50: not known');
  });
});

describe('a timeline in words', () => {
  test('says how far each line goes', () => {
    const timeline = {
      binMs: 500,
      offeredPerSecond: [20, 80],
      completedPerSecond: [20, 40],
      refusedPerSecond: [0, 0],
      turnMs: [null, 52],
    };
    expect(timelineText(timeline)).toBe(
      'over 1.00 s: due up to 80.0 /s, completed up to 40.0 /s, refused up to 0 /s, median turn up to 52.0 ms',
    );
    expect(largest([])).toBe(0);
    expect(largest([null, 3, 1])).toBe(3);
  });
});
