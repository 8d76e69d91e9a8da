import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GATEWAY_PHASES } from '../../transports/phases.ts';
import { TokenColumns } from './columns.ts';
import type { TurnJoin } from './join.ts';
import { PATH_PHASES, pathOf, turnMs, wholeMs } from './path.ts';
import { PATHS_MAX, pathsOf, SLOWEST_MAX } from './paths.ts';
import type { ArrivalRow } from './rows.ts';

const MS = 1e6;
const INSIDE = {
  admission: 1,
  queue: 2,
  dispatch: 3,
  agent: 4,
  upstreamFirstToken: 5,
  upstreamStreaming: 6,
  serialise: 7,
  backPressure: 8,
};

/** Due at 100 ms, started at 102, received at 105, sent at 142 (36 of 37 ms told), its last content read at 143, its end at 145. */
function row(over: Partial<ArrivalRow> = {}): ArrivalRow {
  return {
    key: 'k',
    intendedNs: 100 * MS,
    startedNs: 102 * MS,
    endedNs: 145 * MS,
    outcome: 'completed',
    contentNs: [130 * MS, 143 * MS],
    measured: true,
    link: 0,
    phases: { ...INSIDE, receivedAtMs: 105, sentAtMs: 142 },
    ...over,
  };
}

describe('the path of a turn', () => {
  test('goes from when it was due to the read of its end, phase by phase, and tells what is left over', () => {
    const path = pathOf(row(), { modelNs: 10.5 * MS });
    expect(path.phases?.ms).toEqual({ scheduleLag: 2, transit: 3, ...INSIDE, returnTransit: 3 });
    expect(Object.keys(path.phases?.ms ?? {})).toEqual([...PATH_PHASES]);
    expect(path.phases?.residualMs).toBeCloseTo(1, 9);
    expect([turnMs(path), wholeMs(path), path.modelMs]).toEqual([43, 45, 10.5]);
  });

  test('without stamps, or with those of another clock, the two ways are one transit and nothing is left over', () => {
    const others = [{}, { receivedAtMs: 105 }, { receivedAtMs: 9_000_105, sentAtMs: 9_000_142 }, { receivedAtMs: 142, sentAtMs: 105 }];
    for (const stamps of others) {
      const path = pathOf(row({ phases: { ...INSIDE, ...stamps } }), undefined);
      expect(path.phases).toEqual({ ms: { scheduleLag: 2, transit: 7, ...INSIDE }, residualMs: 0, gateway: undefined });
    }
  });

  test('stamps may be off by their rounding, and by no more', () => {
    const early = (us: number) => pathOf(row({ phases: { ...INSIDE, receivedAtMs: 102 - us / 1e3, sentAtMs: 142 } }), undefined);
    expect(early(4).phases?.gateway).toBeDefined();
    expect(early(6).phases?.gateway).toBeUndefined();
  });

  test('what is not what our gateways say makes no path', () => {
    const { queue: _, ...lacking } = INSIDE;
    const said: ArrivalRow['phases'][] = [
      undefined,
      {},
      lacking,
      { ...INSIDE, agent: -1 },
      { ...INSIDE, agent: Number.NaN },
      { ...INSIDE, agent: 1e9 },
    ];
    for (const phases of said) {
      const { phases: _own, ...rest } = row();
      expect(pathOf(phases === undefined ? rest : { ...rest, phases }, undefined).phases).toBeUndefined();
    }
  });

  test('phases and residual always add up to the whole', () => {
    const ms = fc.double({ min: 0, max: 500, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(ms, ms, ms, ms), fc.array(ms, { minLength: 8, maxLength: 8 }), fc.boolean(), (ways, inside, stamps) => {
        const [lag, there, served, back] = ways.map((value) => Math.round(value * 1e3) / 1e3) as [number, number, number, number];
        const said = Object.fromEntries(GATEWAY_PHASES.map((name, index) => [name, inside[index]!]));
        const receivedAtMs = 100 + lag + there;
        const path = pathOf(
          row({
            startedNs: (100 + lag) * MS,
            endedNs: (receivedAtMs + served + back) * MS,
            phases: { ...said, ...(stamps ? { receivedAtMs, sentAtMs: receivedAtMs + served } : {}) },
          }),
          undefined,
        );
        if (!path.phases) return;
        const sum = Object.values(path.phases.ms).reduce((total, value) => total + value, path.phases.residualMs);
        expect(sum).toBeCloseTo(wholeMs(path), 6);
      }),
    );
  });
});

describe('what is kept of a trial', () => {
  const columns = (rows: readonly ArrivalRow[]) => {
    const arrivals = new TokenColumns<ArrivalRow>(1);
    for (const one of rows) arrivals.append(one, [], []);
    return arrivals;
  };
  const NO_JOINS: readonly TurnJoin[] = [];

  test('measured turns by link: those with phases, how many came without, the slowest, the failed', () => {
    const { phases: _, ...silent } = row({ key: 'silent', endedNs: 400 * MS });
    const rows = [
      row(),
      silent,
      row({ key: 'early', measured: false }),
      row({ key: 'dropped', outcome: 'dropped' }),
      row({ key: 'far', link: 1 }),
      row({ key: 'bad', outcome: 'failed', code: 'upstream_error' }),
    ];
    const [near, far, none] = pathsOf(columns(rows), NO_JOINS, 3);
    expect(near?.turns.map(({ key }) => key)).toEqual(['k']);
    expect([near?.without, near?.slowest.map(({ key }) => key)]).toEqual([1, ['silent', 'k']]);
    expect(near?.failed.map(({ key, code }) => [key, code])).toEqual([['bad', 'upstream_error']]);
    expect(far?.turns.map(({ key }) => key)).toEqual(['far']);
    expect(none).toEqual({ turns: [], without: 0, slowest: [], failed: [] });
  });

  test('of very many turns every n-th, and the slowest of all', () => {
    const rows = Array.from({ length: 2 * PATHS_MAX + 1 }, (_, index) =>
      row({ key: `${index}`, endedNs: (145 + (index === 7 ? 900 : 0)) * MS }),
    );
    const [kept] = pathsOf(columns(rows), NO_JOINS, 1);
    expect(kept?.turns).toHaveLength(Math.ceil(rows.length / 3));
    expect(kept?.slowest).toHaveLength(SLOWEST_MAX);
    expect(kept?.slowest[0]?.key).toBe('7');
  });
});
