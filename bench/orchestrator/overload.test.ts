import { describe, expect, it } from 'vitest';
import { CumulativeRate } from '../driver/arrivals.ts';
import { TokenColumns } from '../ledger/columns.ts';
import type { ArrivalRow } from '../ledger/rows.ts';
import type { OverloadPlan } from '../scenario.ts';
import type { SeriesBin } from '../trial.ts';
import { overloadFacts, overloadLoad, stretchesOf, turnsDueBetween } from './overload.ts';
import { type BinRow, bins } from './testing/observations.ts';

const PLAN: OverloadPlan = { kind: 'overload', usersAtPeak: 8, easy: 0.5, heavy: 2, before: 0.2, during: 0.2 };
const EXTENT = { launches: 6, trialsPerLaunch: 1, warmupMs: 200, measureMs: 2_000, drainMs: 500 };
const STRETCHES = stretchesOf(PLAN, EXTENT);
const PEAK = 100;

const easy = { due: 5, p50: 20 };
const heavy = { due: 20, refused: 10, p50: 60 };
const times = <Value>(count: number, value: Value): Value[] => Array.from({ length: count }, () => value);
/** Warm-up and what comes before: 6 bins; then 4 of overload, and after it 12. */
const facts = (after: BinRow[], during: BinRow[] = times(4, heavy), before: BinRow[] = times(6, easy)) => {
  const series: SeriesBin[] = bins(...before, ...during, ...after);
  return overloadFacts({ series, windowStartNs: 0 }, new TokenColumns<ArrivalRow>(1), STRETCHES, EXTENT.warmupMs, PEAK);
};

describe('the load of an overload', () => {
  it('has its edges between bins, and shares of the window between them', () => {
    expect(STRETCHES).toEqual({ beforeFromMs: 200, overloadFromMs: 600, overloadToMs: 1_000, endMs: 2_200 });
    expect(stretchesOf({ ...PLAN, before: 0.16 }, EXTENT).overloadFromMs).toBe(500);
  });

  it('is half the peak, twice the peak, and half the peak again, in steps', () => {
    const load = overloadLoad(PLAN, STRETCHES, PEAK);
    if (load.kind !== 'open') throw new Error('an overload is an open loop');
    expect(load.arrivals).toEqual({ process: 'constant' });
    const rate = new CumulativeRate(load);
    const dueBetween = (fromMs: number, toMs: number) => rate.expectedBy(toMs * 1e6) - rate.expectedBy(fromMs * 1e6);
    expect(dueBetween(0, 600)).toBeCloseTo(30, 6);
    expect(dueBetween(600, 1_000)).toBeCloseTo(80, 6);
    expect(dueBetween(1_000, 2_200)).toBeCloseTo(60, 6);
    expect(dueBetween(999, 1_000)).toBeCloseTo(0.2, 6);
  });
});

describe('an overload', () => {
  it('is told by goodput against the peak, by refusals, and by how soon latencies are normal again', () => {
    const slow = { due: 5, p50: 31 };
    expect(facts([slow, slow, ...times(10, easy)])).toMatchObject({
      peakPerSecond: 100,
      // 10 turns in each of 4 bins of 100 ms.
      goodputShare: 1,
      refusedShare: 0.5,
      normalMs: 20,
      // To the end of the third bin, the first that is normal.
      recoveryMs: 300,
      recovered: true,
    });
  });

  it('ends at the first bin where it hurts nobody after its end', () => {
    expect(facts(times(12, easy))).toMatchObject({ recoveryMs: 100, recovered: true });
    // At 1.5 times the median before it is still normal.
    expect(facts(times(12, { due: 5, p50: 30 }))).toMatchObject({ recoveryMs: 100, recovered: true });
  });

  it('is not over while it comes back: half a second must be normal', () => {
    const slow = { due: 5, p50: 31 };
    expect(facts([...times(4, easy), slow, ...times(7, easy)])).toMatchObject({ recoveryMs: 600, recovered: true });
    expect(facts([...times(5, easy), slow, ...times(6, easy)])).toMatchObject({ recoveryMs: 100, recovered: true });
    expect(facts([...times(8, slow), ...times(4, easy)])).toMatchObject({ recoveryMs: 1_200, recovered: false });
  });

  it.each([
    ['refused', { due: 5, refused: 1, p50: 20 }],
    ['lost', { due: 5, lost: 1, p50: 20 }],
    ['not completed at all', { due: 5, lost: 5, p50: null }],
  ])('is not over while turns are %s', (_what, bin) => {
    expect(facts([bin, ...times(11, easy)])).toMatchObject({ recoveryMs: 200, recovered: true });
  });

  it('is not prolonged by a bin in which nothing was due', () => {
    expect(facts([{ due: 0, p50: null }, ...times(11, easy)])).toMatchObject({ recoveryMs: 100, recovered: true });
  });

  it('takes the typical bin before for normal, without the warm-up', () => {
    const before = [...times(2, { due: 5, p50: 500 }), { due: 5, p50: 21 }, { due: 5, p50: 400 }, ...times(2, { due: 5, p50: 20 })];
    expect(facts(times(12, easy), times(4, heavy), before)).toMatchObject({ normalMs: 20 });
  });

  it('counts completions when they come, whenever the turns were due, and has no share of nothing', () => {
    const during = [{ ...heavy, completions: 2 }, ...times(3, { ...heavy, completions: 8 })];
    expect(facts(times(12, easy), during).goodputShare).toBeCloseTo(0.65, 6);
    const nothing = times(4, { due: 0, p50: null });
    expect(facts(times(12, easy), nothing)).toMatchObject({ goodputShare: 0, refusedShare: 0 });
  });

  it('never recovers where there is no normal', () => {
    expect(facts(times(12, easy), times(4, heavy), times(6, { due: 0, p50: null }))).toMatchObject({ normalMs: null, recovered: false });
  });
});

describe('turns that were let in', () => {
  it('are those that were due in the stretch and completed, from when they were due to their last content', () => {
    const arrivals = new TokenColumns<ArrivalRow>(100);
    const add = (intendedMs: number, outcome: ArrivalRow['outcome'], readMs: number[], endedMs: number) =>
      arrivals.append(
        { key: 'k', intendedNs: intendedMs * 1e6, startedNs: intendedMs * 1e6, endedNs: endedMs * 1e6, outcome, measured: true, link: 0 },
        readMs.map((_, index) => index + 1),
        readMs.map((ms) => ms * 1e6),
      );
    add(99, 'completed', [150], 150);
    for (let turn = 0; turn < 30; turn += 1) add(100 + turn, 'completed', [110 + turn, 140 + turn], 500);
    for (let turn = 0; turn < 30; turn += 1) add(100, 'refused', [], 101);
    add(199, 'completed', [], 239);
    add(200, 'completed', [900], 900);
    const turns = turnsDueBetween(arrivals, 100e6, 200e6);
    expect(turns.count).toBe(31);
    expect(turns.quantileMs(0.5)).toBeCloseTo(40, 0);
    expect(turns.maxMs()).toBeCloseTo(40, 0);
  });
});
