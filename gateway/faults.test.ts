import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nowNs } from '../transports/clock.ts';
import { COMPLETED, driven, run, says, turn } from '../transports/testing/legs.ts';
import { delayed, faulty, late, lateFromSecondContent, queued } from './faults.ts';
import { TurnMarks, withMarks } from './turn-marks.ts';

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

  it('hand every event on later, in order, at the pace at which they came', () => {
    const { handler, turns } = driven();
    const { sink } = run(faulty({ delayMs: { serialise: 30 } }, handler));
    vi.advanceTimersByTime(1_000);
    const [turn] = turns;
    expect(turn!.sink.push(text('a'), 1)).toBe(true);
    vi.advanceTimersByTime(20);
    turn!.sink.push(text('b'), 2);
    vi.advanceTimersByTime(9);
    expect(sink.events).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(sink.text).toBe('a');
    turn!.sink.push(COMPLETED, 4);
    vi.advanceTimersByTime(20);
    expect(sink.text).toBe('ab');
    expect(sink.readAtNs).toEqual([1, 2]);
    expect(sink.ends).toBe(0);
    vi.advanceTimersByTime(10);
    expect(sink.ends).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('let the first content pass, and have what follows read later', () => {
    const { handler, turns } = driven();
    const { sink } = run(lateFromSecondContent(30, handler));
    const [turn] = turns;
    turn!.sink.push({ type: 'started', responseId: 'r' }, 1);
    turn!.sink.push(text('a'), 2);
    expect(sink.readAtNs).toEqual([1, 2]);
    const beforeNs = nowNs();
    turn!.sink.push(text('b'), 3);
    turn!.sink.push(COMPLETED, 3);
    vi.advanceTimersByTime(29);
    expect(sink.text).toBe('a');
    vi.advanceTimersByTime(1);
    expect(sink.text).toBe('ab');
    expect(sink.ends).toBe(1);
    for (const atNs of sink.readAtNs.slice(2)) expect((atNs - beforeNs) / 1e6).toBeCloseTo(30, 3);
  });

  it('hold the end back where it follows the first content', () => {
    const { sink } = run(lateFromSecondContent(30, says(text('a'), COMPLETED)));
    expect(sink.text).toBe('a');
    vi.advanceTimersByTime(29);
    expect(sink.ends).toBe(0);
    vi.advanceTimersByTime(1);
    expect(sink.ends).toBe(1);
  });

  it('hold nothing back of a turn that is cancelled', () => {
    const { handler, turns } = driven();
    const { sink, running } = run(late(30, handler));
    turns[0]!.sink.push(text('a'), 0);
    running.cancel();
    expect(sink.events).toEqual([text('a'), { type: 'end', outcome: { kind: 'cancelled' } }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('hold what is due while the consumer takes nothing', () => {
    const { handler, turns } = driven();
    const { sink, running } = run(late(30, handler));
    const [turn] = turns;
    sink.takes = false;
    expect(turn!.sink.push(text('a'), 0)).toBe(true);
    turn!.sink.push(text('b'), 0);
    vi.advanceTimersByTime(1_000);
    expect(sink.text).toBe('a');
    expect(vi.getTimerCount()).toBe(0);
    sink.takes = true;
    running.resume();
    expect(sink.text).toBe('ab');
    // It was never asked to pause.
    expect(turn!.resumes).toBe(0);
  });

  it('ask a producer to pause that fills them, and to go on when there is room', () => {
    const { handler, turns } = driven();
    const { sink } = run(late(30, handler));
    const [turn] = turns;
    let pushed = 1;
    while (turn!.sink.push(text('x'), 0)) pushed += 1;
    expect(pushed).toBe(4_096);
    vi.advanceTimersByTime(30);
    expect(sink.text.length).toBe(4_096);
    expect(turn!.resumes).toBe(1);
    expect(turn!.sink.push(text('x'), 0)).toBe(true);
  });

  it('pass a consumer’s pause on before they hold anything', () => {
    const { handler, turns } = driven();
    const { sink, running } = run(lateFromSecondContent(30, handler));
    sink.takes = false;
    expect(turns[0]!.sink.push(text('a'), 0)).toBe(false);
    sink.takes = true;
    running.resume();
    expect(turns[0]!.resumes).toBe(1);
  });

  it('of the queue count from when the turn came to it', () => {
    const { handler, turns } = driven();
    const marks = new TurnMarks();
    const sink = { push: () => true };
    const beforeNs = nowNs();
    queued(30, handler)(withMarks(turn(), marks), sink);
    expect(marks.queuedNs).toBe(beforeNs);
    vi.advanceTimersByTime(29);
    expect(turns.length).toBe(0);
    vi.advanceTimersByTime(1);
    expect(turns.length).toBe(1);
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
