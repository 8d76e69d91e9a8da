import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bounds, count, duration, improvement, number, quantity, ratio, signed, withInterval } from './format.ts';
import { UNITS } from './report.ts';

describe('format', () => {
  test.each([
    [0, '0'],
    [1, '1.00'],
    [0.0031249, '0.00312'],
    [85, '85.0'],
    [99.96, '100'],
    [999.6, '1,000'],
    [12_345, '12,300'],
    [-0.5, '−0.500'],
    [1e-9, '1.00e−9'],
    [Number.NaN, '–'],
    [Number.NEGATIVE_INFINITY, '–'],
    [null, '–'],
  ])('number %d is %s', (value, text) => {
    expect(number(value)).toBe(text);
  });

  test.each([
    [852, 'ms', '852 ms'],
    [999.4, 'ms', '999 ms'],
    [999.6, 'ms', '1.00 s'],
    [0.0421, 'ms', '42.1 µs'],
    [0, 'ms', '0 ms'],
    [-0.2, 'ms', '−200 µs'],
    [3_690_000, 'B', '3.69 MB'],
    [334, 'B/token', '334 B/token'],
    [29_250, 'B/turn', '29.3 kB/turn'],
    [0.0004, 'fraction', '0.0400 %'],
    [412, 'streams', '412 streams'],
    [1_600, 'streams', '1,600 streams'],
    [21.44, 'us/token', '21.4 µs/token'],
    [25, '1/s', '25.0 /s'],
    [0.0124, 'ms/turn', '12.4 µs/turn'],
    [1.24, 'ms/turn', '1.24 ms/turn'],
    [null, 'ms', '–'],
  ] as const)('%d %s is %s', (value, unit, text) => {
    expect(quantity(value, unit)).toBe(text);
  });

  test('bounds share the scale of the estimate', () => {
    expect(withInterval(852, [840, 1_066], 'ms')).toBe('852 ms [840, 1,070]');
    expect(withInterval(1_100, [990, 1_210], 'ms')).toBe('1.10 s [0.990, 1.21]');
    expect(withInterval(852, null, 'ms')).toBe('852 ms');
    expect(withInterval(null, [1, 2], 'ms')).toBe('–');
    expect(withInterval(334, [334, 334], 'B/token')).toBe('334 B/token exact');
    expect(bounds([-1, 1], 'fraction', 0)).toBe('[−1.00, 1.00]');
    expect(ratio(0.376, [0.351, 0.402])).toBe('0.376 [0.351, 0.402]');
    expect(ratio(1.0042, [0.9948, 1.0131])).toBe('1.004 [0.995, 1.013]');
    expect(ratio(0.0435, [0.0421, 0.0451])).toBe('0.0435 [0.0421, 0.0451]');
    expect(ratio(17.2, [17.2, 17.2])).toBe('17.2 exact');
    expect(ratio(null, null)).toBe('–');
  });

  test('differences say which way', () => {
    expect(signed(0.0121, [0.0098, 0.0144], 'ms/turn')).toBe('+12.1 µs/turn [9.80, 14.4]');
    expect(signed(-3, [-4, 0.5], 'us/token')).toBe('−3.00 µs/token [−4.00, 0.500]');
    expect(signed(0.0556, [0.0512, 0.06], 'fraction')).toBe('+5.56 pp [5.12, 6.00]');
    expect(signed(0, [0, 0], 'B/token')).toBe('0 B/token exact');
    expect(signed(null, null, 'ms')).toBe('–');
  });

  test('improvements say which way', () => {
    expect(improvement(0.62, [0.58, 0.66], 'lower')).toBe('62.0 % lower [58.0, 66.0]');
    expect(improvement(-0.12, [-0.2, -0.04], 'lower')).toBe('12.0 % higher [4.00, 20.0]');
    expect(improvement(3, [2, 4], 'higher')).toBe('4.00× [3.00, 5.00]');
    expect(improvement(0.5, null, 'higher')).toBe('50.0 % higher');
    expect(improvement(-0.5, null, 'higher')).toBe('50.0 % lower');
    expect(improvement(0.02, [-0.01, 0.05], 'lower')).toBe('2.00 % lower [−1.00, 5.00]');
    expect(improvement(-0.1, null, undefined)).toBe('10.0 % worse');
    expect(improvement(null, null, 'lower')).toBe('–');
  });

  test('durations and counts', () => {
    expect(duration(850)).toBe('850 ms');
    expect(duration(59_000)).toBe('59.0 s');
    expect(duration(252_340)).toBe('4 min 12 s');
    expect(duration(3_600_000)).toBe('1 h 0 min');
    expect(count(1_234_567)).toBe('1,234,567');
  });

  test('never writes what is no number, and stays within a thousandth and a half', () => {
    fc.assert(
      fc.property(fc.double(), fc.constantFrom(...UNITS), (value, unit) => {
        const text = quantity(value, unit);
        expect(text).not.toMatch(/NaN|null|undefined|Infinity/);
      }),
    );
    fc.assert(
      fc.property(fc.double({ min: 1e-5, max: 1e12, noNaN: true }), (value) => {
        expect(Number(number(value).replaceAll(',', '')) / value).toBeCloseTo(1, 2);
      }),
    );
  });
});
