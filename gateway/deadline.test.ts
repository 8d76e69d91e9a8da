import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { COMPLETED, driven, run, says } from '../transports/testing/legs.ts';
import { deadline } from './deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('ends a turn that takes too long, at once and once, and stops what is behind it', () => {
  const { handler, turns } = driven();
  const { sink } = run(deadline(1_000, handler));
  turns[0]!.sink.push({ type: 'text', text: 'a' }, 0);
  vi.advanceTimersByTime(999);
  expect(sink.ends).toBe(0);
  vi.advanceTimersByTime(1);
  expect(sink.events.at(-1)).toMatchObject({ type: 'end', outcome: { kind: 'timedOut', message: expect.stringContaining('1000 ms') } });
  expect(turns[0]!.cancels).toBe(1);
  turns[0]!.sink.push({ type: 'text', text: 'late' }, 0);
  expect(sink.text).toBe('a');
  expect(sink.ends).toBe(1);
});

it('leaves no timer behind', () => {
  const { handler, turns } = driven();
  const { running } = run(deadline(1_000, handler));
  expect(vi.getTimerCount()).toBe(1);
  running.cancel();
  expect(turns[0]!.cancels).toBe(1);
  run(deadline(1_000, says(COMPLETED)));
  expect(vi.getTimerCount()).toBe(0);
});

it("passes the consumer's wish to pause on", () => {
  const { handler, turns } = driven();
  const { sink } = run(deadline(1_000, handler));
  sink.takes = false;
  expect(turns[0]!.sink.push({ type: 'text', text: 'a' }, 0)).toBe(false);
});
