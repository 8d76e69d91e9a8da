import { describe, expect, test } from 'vitest';
import { emptyReport, exampleArm, exampleReport, HTTP } from './testing/example.ts';
import { trustOf } from './trust.ts';

describe('how far a report is to be trusted', () => {
  test('is told by what was left out, the machine, and what is only a bound', () => {
    expect(trustOf(exampleReport())).toEqual({
      whole: false,
      lines: [
        '250 of 270 trials are valid, 20 were excluded; 1 of 15 arms has no valid result.',
        'latency, C: 2 of 18 trials excluded: generator lateness p99 2.7 ms is above 2 ms (and 1 more like it).',
        'latency, D: 18 of 18 trials excluded, so its result is not valid: no turn completed (and 17 more like it).',
        'The CPU canary, one piece of work timed again and again, varied by 3.10 %.',
        'concurrency, B: concurrency is only a bound, ≥ 1,600 streams: in 6 of 6 launches the instrument gave out before the gateway.',
        '1 cell was not run; each scenario lists its own.',
      ],
    });
  });

  test('is whole where nothing was left out', () => {
    const report = exampleReport();
    const scenarios = [{ ...report.scenarios[1]!, arms: [exampleArm(HTTP)] }];
    expect(trustOf({ ...report, scenarios })).toEqual({
      whole: true,
      lines: [
        'All 18 trials are valid; every arm has a valid result.',
        'The CPU canary, one piece of work timed again and again, varied by 3.10 %.',
      ],
    });
  });

  test('says when nothing was measured, or the machine was not watched', () => {
    const { environment } = exampleReport();
    expect(trustOf(emptyReport({ environment: { ...environment, canaryCv: null } })).lines).toEqual([
      'Nothing was measured.',
      'Whether the machine kept its speed is not known: the CPU canary did not run.',
    ]);
  });
});
