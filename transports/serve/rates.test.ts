import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkOf } from './admission.ts';
import { RateLimit } from './rates.ts';

function limited(perSecondMax: number, keysMax?: number) {
  let nowMs = 0;
  const rate = new RateLimit(perSecondMax, () => nowMs, keysMax);
  return {
    rate,
    at: (ms: number) => (nowMs = ms),
    take: (times: number, key = 'a') => Array.from({ length: times }, () => rate.take(key)),
  };
}

describe('a rate limit', () => {
  it("grants a second's worth at once, refuses as many, and then only says flood", () => {
    const { take } = limited(3);
    expect(take(8)).toEqual(['ok', 'ok', 'ok', 'over', 'over', 'over', 'flood', 'flood']);
  });

  it('refills steadily, to no more than it began with', () => {
    const { take, at } = limited(4);
    expect(take(5).at(-1)).toBe('over');
    at(249);
    expect(take(1)).toEqual(['over']);
    at(250);
    expect(take(2)).toEqual(['ok', 'over']);
    at(60_000);
    expect(take(5)).toEqual(['ok', 'ok', 'ok', 'ok', 'over']);
  });

  it('is each client’s own', () => {
    const { take } = limited(1);
    expect([...take(2, 'a'), ...take(2, 'b')]).toEqual(['ok', 'over', 'ok', 'over']);
  });

  it('grants what is offered at its rate for ever', () => {
    for (const perSecond of [1, 3, 7, 1_000, 999_983]) {
      const { take, at } = limited(perSecond);
      take(perSecond > 1_000 ? 0 : perSecond);
      for (let count = 1; count < 1_000; count += 1) {
        at((count * 1_000) / perSecond);
        expect(take(1)).toEqual(['ok']);
      }
    }
  });

  it('grants no more than a second’s worth and what the time has brought, to any of many clients, and no less', () => {
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 700 }), key: fc.constantFrom('a', 'b', 'c'), times: fc.nat(20) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.array(step, { maxLength: 60 }), (perSecond, steps) => {
        const { at, take } = limited(perSecond);
        // The bucket as it is usually written.
        const model = new Map<string, { left: number; atMs: number }>();
        let nowMs = 0;
        for (const { afterMs, key, times } of steps) {
          nowMs += afterMs;
          at(nowMs);
          const { left, atMs } = model.get(key) ?? { left: perSecond, atMs: nowMs };
          const there = Math.min(perSecond, left + ((nowMs - atMs) * perSecond) / 1_000);
          const granted = take(times, key).filter((rate) => rate === 'ok').length;
          expect(granted).toBe(Math.min(times, Math.floor(there + 1e-6)));
          model.set(key, { left: there - granted, atMs: nowMs });
        }
      }),
    );
  });

  it('holds no more clients than its bound, whoever comes, and forgets those that have gone', () => {
    const { rate, at, take } = limited(10, 100);
    for (let client = 0; client < 100_000; client += 1) rate.take(`client ${client}`);
    expect(rate.size).toBeLessThanOrEqual(200);
    at(2_000);
    take(1);
    at(4_000);
    take(1, 'b');
    expect(rate.size).toBeLessThanOrEqual(2);
  });

  it('does not forget who is at its limit when the old ones go', () => {
    const { at, take } = limited(2);
    for (let ms = 0; ms < 20_000; ms += 100) {
      at(ms);
      // Never idle for long: granted 2 a second and not more.
      take(1);
      take(1, `other ${ms}`);
    }
    expect(take(1)).not.toEqual(['ok']);
  });
});

describe('the network of an address', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1:2:3:4', 'fe80:0:0:0'],
    ['', ''],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
