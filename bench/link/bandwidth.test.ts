import { describe, expect, test } from 'vitest';
import { Bandwidth } from './bandwidth.ts';

describe('a bandwidth', () => {
  test('takes the bytes of all who ask one after another, and rests in between', () => {
    // 8 Mbit/s: a microsecond a byte.
    const bandwidth = new Bandwidth(8_000_000);
    expect(bandwidth.sentNs(1_000, 5e6)).toBe(6e6);
    expect(bandwidth.sentNs(500, 5e6)).toBe(6.5e6);
    expect(bandwidth.sentNs(0, 5e6)).toBe(6.5e6);
    expect(bandwidth.sentNs(1_000, 9e6)).toBe(10e6);
  });

  test.each([
    [1_000_000, 1_460],
    [11_680_000, 1_460],
    [80_000_000, 10_000],
    [1_000_000_000, 125_000],
  ])('of %d bit/s sends %d bytes in one piece: what takes a millisecond, or a segment', (bitsPerSecond, bytes) => {
    expect(new Bandwidth(bitsPerSecond).pieceBytesMax).toBe(bytes);
  });
});
