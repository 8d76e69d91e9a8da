import { describe, expect, it } from 'vitest';
import type { LiveOutcome, LiveTurn } from './feed.ts';
import { type MeteredTurn, SecondMeter } from './meter.ts';
import { FAILED_MAX, SLOWEST_MAX, WorstTurns } from './worst.ts';

function live(key: string, over: Partial<LiveTurn> = {}): LiveTurn {
  return { key, arm: null, atMs: 0, durationMs: 1, firstTokenMs: null, outcome: 'completed', code: null, spans: [], ...over };
}

let traced: string[] = [];
function turn(durationMs: number, over: Partial<MeteredTurn> = {}): MeteredTurn {
  const key = `${over.outcome ?? 'completed'} ${durationMs}`;
  const trace = () => {
    traced.push(key);
    return live(key);
  };
  return { outcome: 'completed', durationMs, firstTokenMs: durationMs / 10, tokens: 3, trace, ...over };
}

describe('the turns of a second', () => {
  it('become counts, quantiles of those that completed, and mean phases of those that tell', () => {
    const meter = new SecondMeter();
    for (let ms = 1; ms <= 100; ms += 1) meter.add(turn(ms, { phasesMs: { queue: ms, agent: 1 } }));
    meter.add(turn(9_000, { outcome: 'failed', tokens: 0 }));
    const { load } = meter.take(7);
    expect(load).toMatchObject({ ended: { completed: 100, failed: 1, refused: 0 }, inFlight: 7, tokens: 300 });
    expect(load.phasesMs).toEqual({ queue: 50.5, agent: 1 });
    // Three digits of a histogram.
    expect(load.turnMs!.p50).toBeCloseTo(50, 0);
    expect(load.turnMs!.p99).toBeCloseTo(99, 0);
    expect(load.turnMs!.max).toBeCloseTo(100, 0);
    expect(load.firstTokenMs!.p50).toBeCloseTo(5, 1);
    expect(meter.take(0).load).toMatchObject({ ended: { completed: 0 }, tokens: 0, turnMs: null, firstTokenMs: null, phasesMs: null });
  });

  it('make traces only of the slowest and of a few that failed', () => {
    traced = [];
    const meter = new SecondMeter();
    for (const ms of [5, 1, 9, 3, 7, 2, 8]) meter.add(turn(ms));
    for (let n = 0; n < 50; n += 1) meter.add(turn(n, { outcome: 'refused' }));
    expect(traced).toEqual([]);
    const keys = meter.take(0).turns.map(({ key }) => key);
    expect(keys.slice(0, 4)).toEqual(['completed 9', 'completed 8', 'completed 7', 'completed 5']);
    expect(keys.slice(4)).toEqual(['refused 0', 'refused 1', 'refused 2', 'refused 3']);
    expect(traced).toEqual(keys);
  });
});

describe('the turns worth a look', () => {
  const of = (worst: WorstTurns, arm: string | null) => worst.top(arm).map(({ key }) => key);

  it('are the slowest and the latest that did not complete, of each arm so many', () => {
    const worst = new WorstTurns();
    for (let n = 0; n < 100; n += 1) {
      for (const arm of ['a', 'b']) worst.add([live(`${arm}${n}`, { arm, durationMs: (n * 37) % 100 })]);
      worst.add([live(`failed ${n}`, { arm: 'a', outcome: 'failed' as LiveOutcome, atMs: n })]);
    }
    expect(worst.list().length).toBe(2 * SLOWEST_MAX + FAILED_MAX);
    expect(of(worst, 'b').length).toBe(SLOWEST_MAX);
    // Together each has its share, failed ones first.
    const all = of(worst, null);
    expect(all.slice(0, FAILED_MAX / 2)).toEqual(['failed 99', 'failed 98', 'failed 97', 'failed 96']);
    expect(all.filter((key) => key.startsWith('b')).length).toBe(SLOWEST_MAX / 2);
  });

  it('are forgotten after ten minutes, unless they failed', () => {
    const worst = new WorstTurns();
    worst.add([live('old', { atMs: 0 }), live('new', { atMs: 400_000 }), live('failed', { outcome: 'failed', atMs: 0 })]);
    worst.expire(600_001);
    expect(of(worst, null)).toEqual(['failed', 'new']);
  });
});
