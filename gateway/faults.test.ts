import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nowNs } from '../transports/clock.ts';
import { COMPLETED, driven, run, says } from '../transports/testing/legs.ts';
import { faulty } from './faults.ts';

describe('a delay of admission', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('starts the turn that much later', () => {
    const { handler, turns } = driven();
    const { sink, running } = run(faulty({ delayMs: { admission: 30 } }, handler));
    vi.advanceTimersByTime(29);
    expect(turns.length).toBe(0);
    vi.advanceTimersByTime(1);
    expect(turns.length).toBe(1);
    running.resume();
    running.cancel();
    expect(turns[0]).toMatchObject({ resumes: 1, cancels: 1 });
    expect(sink.ends).toBe(1);
  });

  it('can be cancelled, any number of times', () => {
    const { handler, turns } = driven();
    const { sink, running } = run(faulty({ delayMs: { admission: 30 } }, handler));
    running.cancel();
    running.cancel();
    expect(sink.events).toEqual([{ type: 'end', outcome: { kind: 'cancelled' } }]);
    vi.advanceTimersByTime(100);
    expect(turns.length).toBe(0);
  });
});

it('burns at least the CPU that was asked for, on each text event', () => {
  const text = { type: 'text', text: 'x' } as const;
  const started = nowNs();
  const { sink } = run(faulty({ cpuMicrosPerToken: 2_000 }, says({ type: 'started', responseId: 'r' }, text, text, text, COMPLETED)));
  expect(nowNs() - started).toBeGreaterThanOrEqual(6e6);
  expect(sink.text).toBe('xxx');
});
