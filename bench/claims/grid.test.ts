import { describe, expect, it } from 'vitest';
import { CLAIM_GRID } from '../../scenarios/claims.ts';
import { DEFAULT_SCENARIOS, SCENARIOS } from '../../scenarios/index.ts';
import type { BenchOptions } from '../command/options.ts';
import { planRun, reasonsOf } from '../orchestrator/plan.ts';
import { cellsNotRun, cellsRun, type GridCell, gridCells } from './grid.ts';

function planned(names: readonly string[], over: Partial<BenchOptions> = {}, tls = true) {
  const options: BenchOptions = {
    scenarios: names,
    depth: 'quick',
    seed: 1,
    outDir: '',
    json: false,
    thresholds: [],
    progress: 'none',
    command: [],
    ...over,
  };
  const plans = planRun(
    names.map((name) => SCENARIOS[name]!),
    options,
    tls,
  );
  return { plans: plans.planned, notRun: cellsNotRun(plans.planned, reasonsOf(options, tls)) };
}

/** What a line of the report says was left out, read back. */
function readBack(what: string): GridCell[] {
  const [claims, conditions] = what.split(': ') as [string, string];
  const [, times, tls, tpot, chunk] = /^round trips? (.+) ms, (no TLS|TLS), (\d+) ms a token, (\d+) tokens? a chunk$/.exec(conditions)!;
  return times!.split(/, | and /).map((time) => ({
    kind: claims === 'concurrency' ? 'search' : 'load',
    roundTripMs: Number(time),
    tls: tls === 'TLS',
    tpotMs: Number(tpot),
    tokensPerChunk: Number(chunk),
  }));
}

const key = (cell: GridCell) => JSON.stringify([cell.kind, cell.tpotMs, cell.tls, cell.tokensPerChunk, cell.roundTripMs]);
const keys = (cells: readonly GridCell[]) => cells.map(key).sort();

describe('the grid of the claims', () => {
  it('is every condition with every other, for what is read at a fixed load and for what is searched', () => {
    const cells = gridCells();
    expect(cells).toHaveLength(2 * 3 * 2 * 2 * 2);
    expect(new Set(keys(cells)).size).toBe(cells.length);
    expect(CLAIM_GRID).toEqual({ roundTripsMs: [0, 20, 80], tls: [true, false], tpotMs: [20, 1], tokensPerChunk: [1, 5] });
  });

  it.each(['quick', 'full'] as const)('is what a run has and what it lists as not run, each cell once: %s', (depth) => {
    const { plans, notRun } = planned(DEFAULT_SCENARIOS[depth], { depth });
    const left = [...notRun.values()].flat().flatMap(({ what }) => readBack(what));
    const run = [...new Set(keys(cellsRun(plans)))];
    expect([...run, ...keys(left)].sort()).toEqual(keys(gridCells()));
    if (depth === 'full') expect(left).toEqual([]);
    else expect(left.length).toBeGreaterThan(0);
  });

  it('is filled in quick by the headline, the fast model and five tokens a chunk, and by one place of the search', () => {
    const run = cellsRun(planned(DEFAULT_SCENARIOS.quick).plans);
    const at = (kind: GridCell['kind'], tls: boolean, tpotMs: number, tokensPerChunk: number, times = CLAIM_GRID.roundTripsMs) =>
      times.map((roundTripMs) => ({ kind, roundTripMs, tls, tpotMs, tokensPerChunk }));
    expect(keys(run)).toEqual(
      keys([...at('load', true, 20, 1), ...at('load', true, 1, 1), ...at('load', true, 1, 5), ...at('search', true, 20, 1, [0])]),
    );
  });

  it('lists cells with the scenario that would have them, and with a reason', () => {
    const { notRun } = planned(DEFAULT_SCENARIOS.quick);
    expect([...notRun.keys()].sort()).toEqual(['concurrency', 'headline', 'ladder']);
    for (const { what, reason } of [...notRun.values()].flat())
      expect([reason, what]).toEqual(['the quick run leaves it out; --full measures it', what]);
    for (const { what } of notRun.get('headline')!) expect(what).toContain('20 ms a token');
    for (const { what } of notRun.get('ladder')!) expect(what).toContain(', 1 ms a token');
    expect(notRun.get('headline')![0]!.what).toBe(
      'turn, tokenOverhead, cpuShare: round trips 0, 20 and 80 ms, TLS, 20 ms a token, 5 tokens a chunk',
    );
    expect(notRun.get('concurrency')!.map(({ what }) => what)).toContain(
      'concurrency: round trips 20 and 80 ms, TLS, 20 ms a token, 1 token a chunk',
    );
  });

  it('says so where there is no certificate for what needs one', () => {
    const { notRun } = planned(DEFAULT_SCENARIOS.quick, {}, false);
    const all = [...notRun.values()].flat();
    const [withTls, without] = [all.filter(({ what }) => !what.includes('no TLS')), all.filter(({ what }) => what.includes('no TLS'))];
    expect(withTls.map(({ reason }) => reason)).toEqual(withTls.map(() => 'there is no openssl to make a certificate with'));
    expect(without.map(({ reason }) => reason)).toEqual(without.map(() => 'the quick run leaves it out; --full measures it'));
    expect(withTls).toHaveLength(8);
  });

  it('counts no cell of arms or round-trip times that are not of the grid', () => {
    expect(cellsRun(planned(['headline'], { roundTripsMs: [20] }).plans)).toHaveLength(1);
    const http = SCENARIOS.headline!.arms[0]!;
    expect(cellsRun(planned(['headline'], { arms: [http] }).plans)).toEqual([]);
    const compressed = SCENARIOS.headline!.arms.map((id) => `${id},compression=true`);
    expect(cellsRun(planned(['headline'], { arms: compressed }).plans)).toEqual([]);
    expect(planned(['headline'], { arms: compressed }).notRun.get('headline')).toHaveLength(8);
  });

  it('is no matter of a run that has nothing to do with claims', () => {
    expect(planned(['latency', 'relay']).notRun.size).toBe(0);
  });
});
