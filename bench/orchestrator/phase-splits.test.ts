import { describe, expect, test } from 'vitest';
import { phasesOfArm, residualMsMax } from './phase-splits.ts';
import { observePaths, path } from './testing/paths.ts';

/** `count` turns of 20 ms and more, each a microsecond longer than the one before; the agent's share grows in the tail. */
const turns = (count: number, tailFrom = count) =>
  Array.from({ length: count }, (_, index) =>
    path(`${index}`, { ms: { transit: 1, agent: 19 + index / 1e3 + (index >= tailFrom ? 50 : 0), returnTransit: 0.5 }, residualMs: 0.2 }),
  );

describe('splits of an arm', () => {
  test('are means among turns around the median, above p99 and of all, over all launches', () => {
    const all = turns(2_000, 1_980);
    const trials = [observePaths(all.slice(0, 900)), observePaths(all.slice(900), {}, 1)];
    const { splits, notes } = phasesOfArm(trials);
    expect(splits.map(({ among, turns: of }) => [among, of])).toEqual([
      ['p50', 400],
      ['p99', 20],
      ['all', 2_000],
    ]);
    const [middle, tail] = splits;
    // The 800th to the 1,199th, and the 1,980th to the 1,999th.
    expect(middle?.meanMs.agent).toBeCloseTo(19 + 0.9995, 2);
    expect(tail?.meanMs.agent).toBeCloseTo(69 + 1.9895, 2);
    expect([middle?.meanMs.transit, middle?.meanMs.returnTransit, middle?.meanMs.queue]).toEqual([1, 0.5, 0]);
    expect([middle?.residualMs, middle?.modelMs]).toEqual([0.2, null]);
    expect(notes).toEqual([]);
  });

  test('with fewer than ten turns above p99 those above p90 stand in, by their name', () => {
    expect(phasesOfArm([observePaths(turns(900))]).splits.map(({ among, turns: of }) => [among, of])).toEqual([
      ['p50', 180],
      ['p90', 90],
      ['all', 900],
    ]);
    expect(phasesOfArm([observePaths(turns(1))]).splits.map(({ among }) => among)).toEqual(['p50', 'all']);
    expect(phasesOfArm([observePaths([])])).toEqual({ splits: [], notes: [] });
  });

  test('turns without phases are counted', () => {
    const { notes } = phasesOfArm([observePaths(turns(5), { without: 3 }), observePaths(turns(5), { without: 1 }, 1)]);
    expect(notes).toEqual(['4 completed turns brought no phases and are in no split']);
  });

  test('turns of two kinds are not mixed: the fewer are left out, and said', () => {
    const far = (count: number) => Array.from({ length: count }, (_, index) => path(`f${index}`, { ms: { transit: 4 }, elsewhere: true }));
    const near = phasesOfArm([observePaths([...turns(10), ...far(2)])]);
    expect(near.splits.at(-1)?.turns).toBe(10);
    expect(near.notes).toEqual(['2 turns whose gateway’s stamps do not fit between the client’s are in no split']);
    const elsewhere = phasesOfArm([observePaths([...turns(2), ...far(10)])]);
    expect(elsewhere.splits.at(-1)).toMatchObject({ turns: 10, residualMs: 0 });
    expect(elsewhere.splits.at(-1)?.meanMs).not.toHaveProperty('returnTransit');
    expect(elsewhere.notes[0]).toContain('both ways stand as one transit, and there is no residual to check; 2 other turns');
  });
});

describe('whether a split may be believed', () => {
  test('the residual: 1 ms, or 5 % of the turn less the model’s time', () => {
    expect([residualMsMax(25, 20), residualMsMax(150, 50), residualMsMax(150, 140)]).toEqual([1, 5, 1]);
    const notesOf = (residualMs: number) =>
      phasesOfArm([observePaths([path('a', { ms: { agent: 79, upstreamStreaming: 20 }, residualMs, modelMs: 20 })])]).notes;
    // 5 % of 79 + residual.
    expect(notesOf(4.1)).toEqual([]);
    expect(notesOf(4.2)).toHaveLength(2);
    expect(notesOf(4.2)[0]).toBe(
      'phases around the median leave 4.20 ms of a turn unaccounted for, more than 4.16 ms: the split is not to be trusted',
    );
  });

  test('residuals of both signs do not cancel out', () => {
    const both = [path('a', { ms: { agent: 10 }, residualMs: 3 }), path('b', { ms: { agent: 10 }, residualMs: -3 })];
    const { splits, notes } = phasesOfArm([observePaths(both)]);
    expect(splits.at(-1)?.residualMs).toBe(0);
    expect(notes.some((note) => note.startsWith('phases of all turns leave 3.00 ms'))).toBe(true);
  });

  test('the mock LLM’s record: phases that wait for it are neither longer nor shorter than it took', () => {
    const notesOf = (firstMs: number, streamingMs: number, backPressure = 0) =>
      phasesOfArm([
        observePaths([path('a', { ms: { upstreamFirstToken: firstMs, upstreamStreaming: streamingMs, backPressure }, modelMs: 100 })]),
      ]).notes;
    expect(notesOf(50, 54.9)).toEqual([]);
    expect(notesOf(50, 55.1)[0]).toContain('the gateway waited longer for the model than that took (105.1 ms of upstream phases, 100.0 ms');
    expect(notesOf(50, 44.9)[0]).toContain('hold less than the model took (94.9 ms');
    // The reader held it back, and the model went on meanwhile.
    expect(notesOf(50, 4.9, 45)).toEqual([]);
  });
});
