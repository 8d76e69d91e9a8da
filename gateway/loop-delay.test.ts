import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LOOP_DELAY_INTERVAL_MS, LoopDelay, momentsOf } from './loop-delay.ts';

let nowMs = 0;
let delay: LoopDelay;

beforeEach(() => {
  vi.useFakeTimers();
  nowMs = 1_000;
  delay = new LoopDelay(() => nowMs);
  delay.start();
});
afterEach(() => {
  delay.stop();
  vi.useRealTimers();
});

/** The loop comes round on time, this many times. */
function onTime(intervals: number): void {
  for (let interval = 0; interval < intervals; interval += 1) {
    nowMs += LOOP_DELAY_INTERVAL_MS;
    vi.advanceTimersByTime(LOOP_DELAY_INTERVAL_MS);
  }
}

/** Something holds the loop from when the timer was due. */
function stall(ms: number): void {
  nowMs += LOOP_DELAY_INTERVAL_MS + ms;
  vi.advanceTimersByTime(LOOP_DELAY_INTERVAL_MS);
}

it('takes a stall apart into the moments within it', () => {
  expect(momentsOf(12, 5)).toEqual([12, 7, 2]);
  expect(momentsOf(10, 5)).toEqual([10, 5, 0]);
  expect(momentsOf(0, 5)).toEqual([0]);
});

describe('loop delay', () => {
  it('is next to nothing for a loop that comes round on time', () => {
    onTime(200);
    expect(delay.sinceStart().max).toBeLessThan(0.01);
  });

  it('weighs a stall by its length: 300 ms in 10 s are what 3 % of all events meet', () => {
    onTime(970);
    stall(300);
    onTime(970);
    const { p50, p90, p99, max } = delay.sinceStart();
    expect(max).toBeGreaterThanOrEqual(300);
    expect(max).toBeLessThan(301);
    expect(p50).toBeLessThan(0.01);
    expect(p90).toBeLessThan(0.01);
    // 1 % of 10 s are 100 ms: whoever comes in the first third of the stall waits longer than 200 ms.
    expect(p99).toBeGreaterThan(190);
    expect(p99).toBeLessThan(210);
  });

  it('of a window begins with it, and the whole goes on', () => {
    stall(300);
    delay.beginWindow();
    expect(delay.window()).toEqual({ p50: 0, p90: 0, p99: 0, max: 0 });
    stall(40);
    expect(delay.window().max).toBeCloseTo(40, 0);
    expect(delay.sinceStart().max).toBeCloseTo(300, 0);
  });

  it('shows a stall to those who ask before the timer has come round', () => {
    onTime(10);
    nowMs += LOOP_DELAY_INTERVAL_MS + 250;
    expect(delay.window().max).toBeCloseTo(250, 0);
    // Counted once: the timer is due anew.
    onTime(10);
    expect(delay.window().max).toBeCloseTo(250, 0);
    // 51 moments of the stall beside 20 on time: half of all waited longer than 75 ms.
    expect(delay.window().p50).toBeCloseTo(75, 0);
    // A window that begins after a stall does not have it.
    nowMs += 100;
    delay.beginWindow();
    onTime(10);
    expect(delay.window().max).toBeLessThan(0.01);
  });

  it('stops', () => {
    delay.stop();
    expect(vi.getTimerCount()).toBe(0);
    nowMs += 500;
    expect(delay.sinceStart()).toEqual({ p50: 0, p90: 0, p99: 0, max: 0 });
  });
});

it('sees the loop of this very process held up', async () => {
  vi.useRealTimers();
  const real = new LoopDelay();
  real.start();
  try {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const until = performance.now() + 120;
    while (performance.now() < until);
    expect(real.sinceStart().max).toBeGreaterThan(100);
  } finally {
    real.stop();
  }
});
