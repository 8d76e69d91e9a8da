import { expect, test } from 'vitest';
import { Recorder } from './recorder.ts';

test.each([
  { dueNs: 999, measured: false },
  { dueNs: 1_000, measured: true },
  { dueNs: 1_999, measured: true },
  { dueNs: 2_000, measured: false },
])('a turn due at $dueNs is in the window [1000, 2000): $measured', ({ dueNs, measured }) => {
  const recorder = new Recorder({
    windowStartNs: 1_000,
    windowEndNs: 2_000,
    streams: true,
    arrivals: undefined,
    series: undefined,
    link: 0,
  });
  expect(recorder.isMeasured(dueNs)).toBe(measured);
});

test('nothing offered is a result too', () => {
  const recorder = new Recorder({ windowStartNs: 0, windowEndNs: 1e9, streams: true, arrivals: undefined, series: undefined, link: 0 });
  const { turns, codes, offeredRate, achievedRate } = recorder.result();
  expect(turns).toEqual({ offered: 0, completed: 0, failed: 0, cancelled: 0, timedOut: 0, refused: 0, dropped: 0 });
  expect([codes, offeredRate, achievedRate]).toEqual([{}, 0, 0]);
});
