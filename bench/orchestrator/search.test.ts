import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Grid, gridTop, gridValue, type ProbeResult, Search } from './search.ts';

const GRID: Grid = { min: 25, max: 3_200, ratio: 1.19 };

function find(
  limit: number,
  start: number,
  step: number,
  probesMax = 30,
  instrument = Number.POSITIVE_INFINITY,
): { search: Search; probes: number[] } {
  const search = new Search(GRID, { start, step, probesMax });
  const probes: number[] = [];
  for (let index = search.next; index !== undefined; index = search.next) {
    const users = gridValue(GRID, index);
    probes.push(users);
    search.tell(users > instrument ? 'limited' : users <= limit ? 'holds' : 'fails');
  }
  return { search, probes };
}

describe('Search', () => {
  it('finds the last grid value that holds, from any start', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 25, max: 3_199 }),
        fc.integer({ min: 0, max: gridTop(GRID) }),
        fc.integer({ min: 1, max: 4 }),
        (limit, start, step) => {
          const { search, probes } = find(limit, start, step);
          const { index, atLeast } = search.answer;
          expect(index).not.toBeNull();
          expect(atLeast).toBe(false);
          expect(gridValue(GRID, index!)).toBeLessThanOrEqual(limit);
          expect(gridValue(GRID, index! + 1)).toBeGreaterThan(limit);
          expect(new Set(probes).size).toBe(probes.length);
        },
      ),
    );
  });

  it('needs two probes when it starts at the answer', () => {
    const start = find(400, 0, 4).search.answer.index!;
    expect(find(400, start, 1).probes).toHaveLength(2);
  });

  it('says "at least" when the instrument gives out first, or the grid ends', () => {
    const limited = find(2_000, 10, 4, 30, 700).search.answer;
    expect(limited.atLeast).toBe(true);
    expect(gridValue(GRID, limited.index!)).toBeLessThanOrEqual(700);
    expect(find(10_000, 10, 4).search.answer).toEqual({ index: gridTop(GRID), atLeast: true });
  });

  it('has no answer when nothing holds, and stops at its budget', () => {
    expect(find(10, 8, 4).search.answer).toEqual({ index: null, atLeast: false });
    expect(find(400, 0, 1, 3).probes).toHaveLength(3);
    expect(find(3_000, 0, 1, 3).search.answer.atLeast).toBe(true);
  });

  it('confirms its answer, and goes lower where that does not hold again', () => {
    const answers = new Map<number, ProbeResult[]>([
      [10, ['holds', 'holds']],
      [11, ['holds', 'fails']],
      [12, ['fails']],
    ]);
    const search = new Search(GRID, { start: 10, step: 1, probesMax: 30, confirm: true });
    const probes: number[] = [];
    for (let index = search.next; index !== undefined; index = search.next) {
      probes.push(index);
      search.tell(answers.get(index)?.shift() ?? 'fails');
    }
    expect(probes).toEqual([10, 11, 13, 12, 11, 10]);
    expect(search.answer).toEqual({ index: 10, atLeast: false });
  });

  it('finds the same with confirmation as without, where answers do not change', () => {
    fc.assert(
      fc.property(fc.integer({ min: 25, max: 3_199 }), fc.integer({ min: 0, max: gridTop(GRID) }), (limit, start) => {
        const search = new Search(GRID, { start, step: 2, probesMax: 60, confirm: true });
        let probes = 0;
        for (let index = search.next; index !== undefined; index = search.next, probes += 1)
          search.tell(gridValue(GRID, index) <= limit ? 'holds' : 'fails');
        expect(search.answer).toEqual(find(limit, start, 2, 60).search.answer);
        expect(probes).toBe(find(limit, start, 2, 60).probes.length + 1);
      }),
    );
  });
});
