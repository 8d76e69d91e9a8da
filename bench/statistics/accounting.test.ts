import { describe, expect, test } from 'vitest';
import { addCodes, addCounts, checkCounts } from './accounting.ts';

const counts = { offered: 21, completed: 1, failed: 2, cancelled: 3, timedOut: 4, refused: 5, dropped: 6 };

describe('accounting', () => {
  test('outcomes add up to what was offered', () => {
    expect(checkCounts(counts)).toEqual({ ok: true });
    expect(checkCounts({ ...counts, dropped: 5 })).toEqual({
      ok: false,
      message: '21 turns were offered and 20 ended (completed 1, failed 2, cancelled 3, timedOut 4, refused 5, dropped 5)',
    });
  });

  test('each outcome counts', () => {
    for (const key of ['offered', 'completed', 'failed', 'cancelled', 'timedOut', 'refused', 'dropped'] as const) {
      expect(checkCounts({ ...counts, [key]: counts[key] + 1 }).ok).toBe(false);
      expect(checkCounts({ ...counts, [key]: -1 })).toEqual({ ok: false, message: `${key} is -1, not a count` });
      expect(checkCounts({ ...counts, [key]: Number.NaN }).ok).toBe(false);
    }
  });

  test('sums', () => {
    const twice = addCounts([counts, counts]);
    expect(twice).toEqual({ offered: 42, completed: 2, failed: 4, cancelled: 6, timedOut: 8, refused: 10, dropped: 12 });
    expect(checkCounts(twice).ok).toBe(true);
    expect(addCounts([])).toEqual({ offered: 0, completed: 0, failed: 0, cancelled: 0, timedOut: 0, refused: 0, dropped: 0 });
    expect(addCodes([{ queue_full: 1, constructor: 2 }, { queue_full: 3 }])).toEqual({ queue_full: 4, constructor: 2 });
  });
});
