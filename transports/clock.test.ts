import { expect, it } from 'vitest';
import { nowNs } from './clock.ts';

it('is the monotonic clock of the host, to within microseconds, and never goes back', () => {
  const errorsNs = Array.from({ length: 200 }, () => {
    const before = Number(process.hrtime.bigint());
    const now = nowNs();
    const after = Number(process.hrtime.bigint());
    return Math.max(before - now, now - after, 0);
  });
  // The least of many: a preempted reading says nothing of the clock.
  expect(Math.min(...errorsNs)).toBeLessThan(2_000);
  let last = nowNs();
  for (let reading = 0; reading < 1_000; reading += 1) {
    const now = nowNs();
    expect(now).toBeGreaterThanOrEqual(last);
    last = now;
  }
});
