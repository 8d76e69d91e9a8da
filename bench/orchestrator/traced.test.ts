import { describe, expect, test } from 'vitest';
import type { TrialResult } from '../trial.ts';
import type { GatewayWindow } from './gateway-window.ts';
import { traceNotes, tracesOf } from './traced.ts';

const trial = (traces: TrialResult['traces'], spans?: GatewayWindow['spans']) => ({
  result: (traces ? { traces } : {}) as TrialResult,
  window: (spans ? { spans } : undefined) as GatewayWindow | undefined,
});

describe('the traces of an arm', () => {
  test('are those of its trials, with what either side lost', () => {
    const traces = tracesOf([
      trial({ sampled: 10, lost: 0 }, { made: 90, lost: 3 }),
      trial({ sampled: 5, lost: 1 }),
      trial({ sampled: 5, lost: 0 }, { made: 45, lost: 0 }),
    ]);
    expect(traces).toEqual({ sampled: 20, lost: 4 });
    expect(traceNotes(traces)).toEqual(['The traces of this arm are void: 4 spans were lost, of 20 traced turns.']);
  });

  test('are none where no turn was to be traced, whatever others had the gateway trace', () => {
    expect(tracesOf([trial(undefined, { made: 9, lost: 9 })])).toBeUndefined();
    expect(traceNotes(undefined)).toEqual([]);
  });

  test('need no note while all is there', () => {
    expect(traceNotes({ sampled: 3, lost: 0 })).toEqual([]);
    expect(traceNotes({ sampled: 3, lost: 1 })[0]).toContain('1 span was lost');
  });
});
