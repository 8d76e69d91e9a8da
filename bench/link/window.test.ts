import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CongestionWindow } from './window.ts';

const FIRST = 14_600;
const RTT = 80e6;
const MS = 1e6;

/** Sends all there is room for. @returns how much that was. */
function fill(window: CongestionWindow, atNs: number): number {
  const bytes = window.roomBytes(atNs);
  window.sent(bytes, atNs, atNs + RTT);
  return bytes;
}

describe('a congestion window', () => {
  test('doubles every round trip while it is used', () => {
    const window = new CongestionWindow(FIRST, RTT);
    const rounds = [0, 1, 2, 3, 4, 5].map((round) => fill(window, round * RTT));
    expect(rounds).toEqual([1, 2, 4, 8, 16, 32].map((factor) => factor * FIRST));
  });

  test('doubles too when it is filled in small pieces', () => {
    const window = new CongestionWindow(FIRST, RTT);
    for (let round = 0; round < 4; round += 1) {
      for (let sent = 0; sent < FIRST * 2 ** round; sent += 1_460) {
        const atNs = round * RTT + sent / 1_000;
        expect(window.roomBytes(atNs)).toBeGreaterThanOrEqual(1_460);
        window.sent(1_460, atNs, atNs + RTT);
      }
    }
    expect(window.roomBytes(5 * RTT)).toBe(16 * FIRST);
  });

  test('is shut once it is full, and opens with the first acknowledgement, by what that acknowledges', () => {
    const window = new CongestionWindow(FIRST, RTT);
    window.sent(FIRST - 1_000, 0, RTT);
    expect(window.opensNs).toBe(0);
    window.sent(1_000, 5 * MS, 5 * MS + RTT);
    expect(window.opensNs).toBe(RTT);
    expect(window.roomBytes(RTT - 1)).toBe(0);
    expect(window.roomBytes(RTT)).toBe(2 * (FIRST - 1_000));
    expect(window.roomBytes(RTT + 5 * MS)).toBe(2 * FIRST);
  });

  test.each([
    ['less than half', FIRST / 2, FIRST],
    ['more than half', FIRST / 2 + 1, FIRST + FIRST / 2 + 1],
  ])('of which %s was used: %d bytes make it %d', (_name, bytes, widened) => {
    const window = new CongestionWindow(FIRST, RTT);
    window.sent(bytes, 0, RTT);
    expect(window.roomBytes(RTT)).toBe(widened);
  });

  test.each([
    // The timeout is 280 ms here, from the last sending; the window was 8 times the first.
    [280, 8],
    [281, 4],
    [560, 4],
    [561, 2],
    [841, 1],
    [1e7, 1],
  ])('after %d ms of silence is %d times the first again', (silenceMs, factor) => {
    const window = new CongestionWindow(FIRST, RTT);
    for (const round of [0, 1, 2]) fill(window, round * RTT);
    expect(window.roomBytes(3 * RTT)).toBe(8 * FIRST);
    window.sent(10, 3 * RTT, 4 * RTT);
    expect(window.roomBytes(3 * RTT + silenceMs * MS)).toBe(factor * FIRST);
  });

  test('does not count as idle while something is unacknowledged', () => {
    const window = new CongestionWindow(FIRST, RTT);
    for (const round of [0, 1, 2]) fill(window, round * RTT);
    expect(window.roomBytes(3 * RTT)).toBe(8 * FIRST);
    // Its acknowledgement is late: the link's bandwidth was taken.
    window.sent(10, 3 * RTT, 3 * RTT + 1_000 * MS);
    expect(window.roomBytes(3 * RTT + 900 * MS)).toBe(8 * FIRST - 10);
  });

  test('has never more in flight than it is wide, and never less room than nothing', () => {
    const step = fc.record({ afterNs: fc.nat(2 * RTT), share: fc.double({ min: 0, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), fc.array(step, { maxLength: 60 }), (firstBytes, steps) => {
        const window = new CongestionWindow(firstBytes, RTT);
        const inFlight: { bytes: number; ackNs: number }[] = [];
        let atNs = 0;
        for (const { afterNs, share } of steps) {
          atNs += afterNs;
          const room = window.roomBytes(atNs);
          const unacknowledged = inFlight.filter(({ ackNs }) => ackNs > atNs).reduce((sum, { bytes }) => sum + bytes, 0);
          expect(room).toBe(window.windowBytes - unacknowledged);
          expect(room).toBeGreaterThanOrEqual(0);
          expect(window.windowBytes).toBeGreaterThanOrEqual(firstBytes);
          const bytes = Math.ceil(room * share);
          if (bytes === 0) continue;
          window.sent(bytes, atNs, atNs + RTT);
          inFlight.push({ bytes, ackNs: atNs + RTT });
        }
      }),
    );
  });
});
