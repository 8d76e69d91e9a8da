import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nowNs } from '../transports/clock.ts';
import { COMPLETED, driven, run, says } from '../transports/testing/legs.ts';
import { delayed, faulty, firstEventDelayed } from './faults.ts';

const text = (part: string) => ({ type: 'text', text: part }) as const;

describe('faults', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['of admission', (ms: number) => (inner: Parameters<typeof delayed>[1]) => faulty({ delayMs: { admission: ms } }, inner)],
    ['of anything', (ms: number) => (inner: Parameters<typeof delayed>[1]) => delayed(ms, inner)],
  ])('start a turn later by the delay %s', (_what, made) => {
    const { handler, turns } = driven();
    const { sink, running } = run(made(30)(handler));
    vi.advanceTimersByTime(29);
    expect(turns.length).toBe(0);
    vi.advanceTimersByTime(1);
    expect(turns.length).toBe(1);
    running.resume();
    running.cancel();
    expect(turns[0]).toMatchObject({ resumes: 1, cancels: 1 });
    expect(sink.ends).toBe(1);
  });

  it('let a turn be cancelled that has not started, any number of times', () => {
    const { handler, turns } = driven();
    const { sink, running } = run(delayed(30, handler));
    running.cancel();
    running.cancel();
    expect(sink.events).toEqual([{ type: 'end', outcome: { kind: 'cancelled' } }]);
    vi.advanceTimersByTime(100);
    expect(turns.length).toBe(0);
  });

  it('end a turn whose handler throws when its time has come', () => {
    const { sink } = run(
      delayed(30, () => {
        throw new Error('boom');
      }),
    );
    vi.advanceTimersByTime(30);
    expect(sink.events).toEqual([{ type: 'end', outcome: { kind: 'failed', code: 'internal_error', message: 'boom' } }]);
  });

  it('hold the first event back, and what follows meanwhile, in order', () => {
    const { handler, turns } = driven();
    const { sink } = run(faulty({ delayMs: { serialise: 30 } }, handler));
    vi.advanceTimersByTime(1_000);
    const [turn] = turns;
    expect(turn!.sink.push(text('a'), 1)).toBe(false);
    vi.advanceTimersByTime(29);
    turn!.sink.push(text('b'), 2);
    expect(sink.events).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(sink.text).toBe('ab');
    expect(sink.readAtNs).toEqual([1, 2]);
    expect(turn!.resumes).toBe(1);
    expect(turn!.sink.push(text('c'), 3)).toBe(true);
    turn!.sink.push(COMPLETED, 4);
    expect(sink.text).toBe('abc');
    expect(sink.ends).toBe(1);
  });

  it('hold nothing back of a turn that is cancelled, and do not resume a producer whose consumer is full', () => {
    const first = driven();
    const cancelled = run(firstEventDelayed(30, first.handler));
    first.turns[0]!.sink.push(text('a'), 0);
    cancelled.running.cancel();
    expect(cancelled.sink.events).toEqual([text('a'), { type: 'end', outcome: { kind: 'cancelled' } }]);
    expect(vi.getTimerCount()).toBe(0);
    const second = driven();
    const full = run(firstEventDelayed(30, second.handler));
    full.sink.takes = false;
    second.turns[0]!.sink.push(text('a'), 0);
    vi.advanceTimersByTime(30);
    expect(second.turns[0]!.resumes).toBe(0);
    full.running.resume();
    expect(second.turns[0]!.resumes).toBe(1);
  });

  it('of 0 ms are none', () => {
    const { handler } = driven();
    expect(faulty({ delayMs: { admission: 0, serialise: 0 }, cpuMicrosPerToken: 0 }, handler)).toBe(handler);
  });
});

it('burns at least the CPU that was asked for, on each text event', () => {
  const started = nowNs();
  const { sink } = run(
    faulty({ cpuMicrosPerToken: 2_000 }, says({ type: 'started', responseId: 'r' }, text('x'), text('x'), text('x'), COMPLETED)),
  );
  expect(nowNs() - started).toBeGreaterThanOrEqual(6e6);
  expect(sink.text).toBe('xxx');
});
