import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fittingTicks, linearTicks, logTicks } from './scale.ts';

describe('ticks', () => {
  test('are round numbers', () => {
    expect(linearTicks(0, 2_145, 1 / 5)).toEqual([0, 500, 1_000, 1_500, 2_000]);
    expect(linearTicks(0, 0.9, 1 / 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8]);
    expect(linearTicks(-0.12, 0.98, 0.2)).toEqual([0, 0.25, 0.5, 0.75]);
    expect(linearTicks(0, 0, 0.2)).toEqual([0]);
    expect(logTicks(1, 1_000, 1 / 7)).toEqual([1, 3, 10, 30, 100, 300, 1_000]);
    expect(logTicks(1, 1_000, 1 / 4)).toEqual([1, 10, 100, 1_000]);
    expect(logTicks(90, 450, 1 / 7)).toEqual([100, 200, 300, 400]);
  });

  test('keep their distance, and lie on the axis', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.double({ min: 1.05, max: 1e9, noNaN: true }), (from, factor) => {
        const to = from * factor;
        const ticks = logTicks(from, to, 0.12);
        const places = ticks.map((tick) => Math.log(tick / from) / Math.log(factor));
        for (const place of places) expect(place).toBeGreaterThanOrEqual(-1e-9);
        for (const place of places) expect(place).toBeLessThanOrEqual(1 + 1e-9);
        for (const [index, place] of places.slice(1).entries()) expect(place - places[index]!).toBeGreaterThanOrEqual(0.12 - 1e-9);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
      }),
    );
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (from, span) => {
        const ticks = linearTicks(from, from + span, 0.2);
        expect(ticks.length).toBeLessThanOrEqual(6);
        expect(ticks.length).toBeGreaterThanOrEqual(1);
        for (const tick of ticks)
          expect(Math.abs(tick - from - span / 2)).toBeLessThanOrEqual(span / 2 + Math.abs(from) * 1e-9 + span * 1e-6);
      }),
    );
  });

  test('of several sets are those that span most, of equals the finer', () => {
    const place = (value: number) => value / 10;
    expect(
      fittingTicks(
        [
          [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
          [0, 5, 10],
          [0, 10],
        ],
        place,
        0.2,
      ),
    ).toEqual([0, 5, 10]);
    expect(
      fittingTicks(
        [
          [4, 6],
          [0, 10],
        ],
        place,
        0.2,
      ),
    ).toEqual([0, 10]);
    expect(fittingTicks([[20]], place, 0.2)).toEqual([]);
  });
});
