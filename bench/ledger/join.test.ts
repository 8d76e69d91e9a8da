import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LatencyHistogram } from '../statistics/histogram.ts';
import { TokenColumns } from './columns.ts';
import { joinLedger, linkDelaysNs } from './join.ts';
import type { ArrivalRow, LedgerRow } from './rows.ts';

const MS = 1e6;

function call(key: string, more: Partial<LedgerRow> = {}): LedgerRow {
  return {
    key,
    round: 0,
    ordinal: 0,
    transport: 'sse',
    envelope: 'chat',
    connection: 1,
    requestBytes: 100,
    receivedAtNs: 0,
    latenessNsMax: 0,
    outcome: 'completed',
    ...more,
  };
}

function turn(key: string, more: Partial<ArrivalRow> = {}): ArrivalRow {
  return { key, intendedNs: 0, startedNs: 0, endedNs: 100 * MS, outcome: 'completed', measured: true, link: 0, ...more };
}

function ledgerOf(...rows: [LedgerRow, number[], number[]][]): TokenColumns<LedgerRow> {
  const columns = new TokenColumns<LedgerRow>(1_000_000);
  for (const row of rows) columns.append(...row);
  return columns;
}

function arrivalsOf(...rows: [ArrivalRow, number[], number[]][]): TokenColumns<ArrivalRow> {
  const columns = new TokenColumns<ArrivalRow>(1_000_000);
  for (const row of rows) columns.append(...row);
  return columns;
}

describe('joinLedger', () => {
  test('finds for each token the first read that covers it, less the link', () => {
    const ledger = ledgerOf([call('a'), [5, 8, 8, 20], [10 * MS, 20 * MS, 30 * MS, 40 * MS]]);
    const arrivals = arrivalsOf([turn('a', { endedNs: 50 * MS }), [4, 8, 20], [13 * MS, 36 * MS, 45 * MS]]);
    const { gatewayAdded, turns, counts } = joinLedger(ledger, arrivals, [1 * MS]);
    // 36−10, 36−20, 36−30, 45−40, each less 1.
    expect(turns).toEqual([
      {
        key: 'a',
        tokensJoined: 4,
        firstAddedNs: 25 * MS,
        meanAddedNs: ((25 + 15 + 5 + 4) / 4) * MS,
        maxAddedNs: 25 * MS,
        completionLagNs: 9 * MS,
        modelNs: 40 * MS,
      },
    ]);
    expect(gatewayAdded.count).toBe(4);
    expect(gatewayAdded.maxMs()).toBeCloseTo(25, 1);
    expect(counts).toEqual({
      tokensJoined: 4,
      tokensLost: 0,
      extraUnits: 0,
      turnsWithExtra: 0,
      turnsWithoutLedger: 0,
      callsWithoutTurn: 0,
      negativeStamps: 0,
      mostNegativeNs: 0,
    });
  });

  test('counts the last completed call of a key, else the last', () => {
    const ledger = ledgerOf(
      [call('a', { ordinal: 2, outcome: 'failed' }), [5], [80 * MS]],
      [call('a', { ordinal: 0, outcome: 'failed' }), [5], [10 * MS]],
      [call('a', { ordinal: 1 }), [5], [30 * MS]],
      [call('b', { ordinal: 1, outcome: 'cancelled' }), [5], [30 * MS]],
      [call('b', { ordinal: 0, outcome: 'failed' }), [5], [10 * MS]],
    );
    const arrivals = arrivalsOf([turn('a'), [5], [90 * MS]], [turn('b', { outcome: 'cancelled' }), [5], [90 * MS]]);
    const { turns, counts } = joinLedger(ledger, arrivals, [0]);
    expect(turns.map(({ firstAddedNs }) => firstAddedNs)).toEqual([60 * MS, 60 * MS]);
    expect(turns.map(({ completionLagNs }) => completionLagNs)).toEqual([70 * MS, null]);
    expect(counts.callsWithoutTurn).toBe(0);
  });

  test('a turn of several inferences has the text of all of them, in order of rounds', () => {
    // The agent works for 50 ms between the two; rows stand in the order in which calls ended.
    const ledger = ledgerOf(
      [call('a', { round: 1, receivedAtNs: 70 * MS }), [4, 7], [80 * MS, 90 * MS]],
      [call('a', { round: 0 }), [5, 8], [10 * MS, 20 * MS]],
      [call('a', { round: 2 }), [], []],
    );
    const arrivals = arrivalsOf([turn('a'), [5, 8, 12, 15], [11 * MS, 22 * MS, 83 * MS, 94 * MS]]);
    const { turns, counts } = joinLedger(ledger, arrivals, [0]);
    expect(turns).toEqual([
      {
        key: 'a',
        tokensJoined: 4,
        firstAddedNs: 1 * MS,
        meanAddedNs: ((1 + 2 + 3 + 4) / 4) * MS,
        maxAddedNs: 4 * MS,
        // From the last send of all.
        completionLagNs: 10 * MS,
        // The agent's 50 ms are none of the model's.
        modelNs: 40 * MS,
      },
    ]);
    expect(counts).toMatchObject({ tokensLost: 0, extraUnits: 0, turnsWithExtra: 0, turnsWithoutLedger: 0, callsWithoutTurn: 0 });
  });

  test('a call that was tried again counts once, by its outcome, in whichever round', () => {
    const ledger = ledgerOf(
      [call('a', { outcome: 'refused' }), [], []],
      [call('a', { ordinal: 1 }), [5], [10 * MS]],
      [call('a', { round: 1, outcome: 'failed' }), [3], [30 * MS]],
      [call('a', { round: 1, ordinal: 1 }), [3, 6], [40 * MS, 50 * MS]],
      [call('a', { round: 1, ordinal: 2, outcome: 'failed' }), [3], [60 * MS]],
    );
    const arrivals = arrivalsOf([turn('a'), [5, 8, 11], [12 * MS, 43 * MS, 54 * MS]]);
    const { turns, counts } = joinLedger(ledger, arrivals, [0]);
    expect(turns[0]).toMatchObject({ tokensJoined: 3, firstAddedNs: 2 * MS, maxAddedNs: 4 * MS, completionLagNs: 50 * MS });
    expect(counts).toMatchObject({ tokensLost: 0, extraUnits: 0, negativeStamps: 0 });
  });

  test('a turn that failed in its second inference joins what came of both', () => {
    const ledger = ledgerOf([call('a'), [5], [10 * MS]], [call('a', { round: 1, outcome: 'failed' }), [3, 6], [40 * MS, 50 * MS]]);
    const arrivals = arrivalsOf([turn('a', { outcome: 'failed' }), [5, 8], [12 * MS, 43 * MS]]);
    const { turns, counts } = joinLedger(ledger, arrivals, [0]);
    expect(turns[0]).toMatchObject({ tokensJoined: 2, maxAddedNs: 3 * MS, completionLagNs: null });
    expect(counts).toMatchObject({ tokensJoined: 2, tokensLost: 0, extraUnits: 0 });
  });

  test('a whole inference that the client never had is lost, and nothing else is', () => {
    const ledger = ledgerOf([call('a'), [5, 8], [10 * MS, 20 * MS]], [call('a', { round: 1 }), [4, 7], [80 * MS, 90 * MS]]);
    const { counts } = joinLedger(ledger, arrivalsOf([turn('a'), [8], [25 * MS]]), [0]);
    expect(counts).toMatchObject({ tokensJoined: 2, tokensLost: 2, extraUnits: 0 });
  });

  test('calls of the load beside the measured one are not missed', () => {
    const keys = ['t.1.0.0', 't.1.b0.0', 't.1.b17.3'];
    const ledger = ledgerOf(...keys.map((key) => [call(key), [5], [1]] as [LedgerRow, number[], number[]]));
    const { counts } = joinLedger(ledger, arrivalsOf(), [0]);
    expect(counts.callsWithoutTurn).toBe(1);
  });

  test('counts turns without calls and calls without turns', () => {
    const ledger = ledgerOf([call('known'), [5], [1]], [call('stray'), [5], [1]], [call('stray', { ordinal: 1 }), [5], [1]]);
    const arrivals = arrivalsOf(
      [turn('known'), [5], [2]],
      [turn('unheard'), [5], [2]],
      [turn('refused', { outcome: 'refused' }), [], []],
      [turn('dropped', { outcome: 'dropped' }), [], []],
    );
    const { counts } = joinLedger(ledger, arrivals, [0]);
    expect(counts.turnsWithoutLedger).toBe(1);
    expect(counts.callsWithoutTurn).toBe(2);
  });

  test('leaves turns outside the window out of the figures, but knows their calls', () => {
    const ledger = ledgerOf([call('warm'), [5], [1]], [call('in'), [5], [1]]);
    const arrivals = arrivalsOf([turn('warm', { measured: false }), [5], [2]], [turn('in'), [5], [2]]);
    const { counts, turns } = joinLedger(ledger, arrivals, [0]);
    expect(turns.map(({ key }) => key)).toEqual(['in']);
    expect(counts.tokensJoined).toBe(1);
    expect(counts.callsWithoutTurn).toBe(0);
  });

  test('says how often and how far stamps are negative, and keeps their count in the histogram', () => {
    const ledger = ledgerOf([call('a'), [5, 9], [10 * MS, 20 * MS]]);
    const arrivals = arrivalsOf([turn('a', { endedNs: 19 * MS }), [5, 9], [9 * MS, 17 * MS]]);
    const { gatewayAdded, completionLag, counts } = joinLedger(ledger, arrivals, [0]);
    expect(counts.negativeStamps).toBe(3);
    expect(counts.mostNegativeNs).toBe(-3 * MS);
    expect(gatewayAdded.count).toBe(2);
    expect(completionLag.count).toBe(1);
  });

  test('takes off each turn the delay of its own link, and tells links apart', () => {
    const ledger = ledgerOf(
      [call('near'), [5, 9], [10 * MS, 20 * MS]],
      [call('far'), [5, 9], [10 * MS, 20 * MS]],
      [call('lost over far', { outcome: 'failed' }), [5], [10 * MS]],
    );
    const arrivals = arrivalsOf(
      [turn('near', { endedNs: 24 * MS }), [5, 9], [11 * MS, 22 * MS]],
      [turn('far', { endedNs: 66 * MS, link: 2 }), [5, 9], [55 * MS, 65 * MS]],
      [turn('lost over far', { outcome: 'failed', link: 2 }), [5], [56 * MS]],
    );
    const linkNs = linkDelaysNs([0, 20, 80].map((roundTripMs) => ({ name: `${roundTripMs}`, port: 1, roundTripMs })));
    expect(linkNs).toEqual([0, 10 * MS, 40 * MS]);
    const { gatewayAdded, completionLag, links, turns, counts } = joinLedger(ledger, arrivals, linkNs);
    expect(turns.map(({ firstAddedNs, maxAddedNs }) => [firstAddedNs! / MS, maxAddedNs! / MS])).toEqual([
      [1, 2],
      [5, 5],
      [6, 6],
    ]);
    expect(turns.map(({ completionLagNs }) => completionLagNs && completionLagNs / MS)).toEqual([4, 6, null]);
    const countsAndMax = (of: 'gatewayAdded' | 'completionLag') =>
      links.map((link) => [link[of].count, Math.round(link[of].maxMs() ?? -1)]);
    expect(countsAndMax('gatewayAdded')).toEqual([
      [2, 2],
      [0, -1],
      [3, 6],
    ]);
    expect(countsAndMax('completionLag')).toEqual([
      [1, 4],
      [0, -1],
      [1, 6],
    ]);
    for (const [total, of] of [
      [gatewayAdded, 'gatewayAdded'],
      [completionLag, 'completionLag'],
    ] as const) {
      expect(total.encode()).toBe(LatencyHistogram.merge(links.map((link) => link[of])).encode());
    }
    expect([gatewayAdded.count, completionLag.count]).toEqual([5, 2]);
    expect(counts).toMatchObject({ tokensJoined: 5, negativeStamps: 0 });
  });

  test('without links nothing is taken off', () => {
    expect(linkDelaysNs(undefined)).toEqual([0]);
  });

  test('a turn over a link that nobody named is a defect, unless it is not measured', () => {
    const ledger = ledgerOf([call('a'), [5], [10 * MS]]);
    const over = (measured: boolean) => arrivalsOf([turn('a', { link: 1, measured }), [5], [30 * MS]]);
    expect(() => joinLedger(ledger, over(true), [0])).toThrow(/turn a came over link 1/);
    expect(joinLedger(ledger, over(false), [0]).turns).toEqual([]);
  });

  test('a turn that was cut short loses nothing; one that completed short does', () => {
    const ledger = ledgerOf([call('cut'), [5, 9, 12], [1, 2, 3]], [call('short'), [5, 9, 12], [1, 2, 3]]);
    const arrivals = arrivalsOf([turn('cut', { outcome: 'timedOut' }), [9], [5]], [turn('short'), [9], [5]]);
    const { counts } = joinLedger(ledger, arrivals, [0]);
    expect(counts.tokensJoined).toBe(4);
    expect(counts.tokensLost).toBe(1);
  });
});

/** Tokens by length and gap, and for each the delay until a read after it may happen. */
const tokensArbitrary = fc.array(fc.record({ units: fc.integer({ min: 1, max: 9 }), gapNs: fc.integer({ min: 0, max: 5 * MS }) }), {
  minLength: 1,
  maxLength: 60,
});

/** Sends, and reads that batch the pieces arbitrarily: `cuts` says after which unit counts a read ends. */
const journeyArbitrary = tokensArbitrary.chain((tokens) => {
  const units: number[] = [];
  const timesNs: number[] = [];
  for (const token of tokens) {
    units.push((units.at(-1) ?? 0) + token.units);
    timesNs.push((timesNs.at(-1) ?? 0) + token.gapNs);
  }
  const total = units.at(-1)!;
  return fc.record({
    units: fc.constant(units),
    timesNs: fc.constant(timesNs),
    // Pieces of the text as they arrive: boundaries anywhere, not only at tokens.
    cuts: fc
      .uniqueArray(fc.integer({ min: 1, max: total }), { maxLength: 40 })
      .map((cuts) => [...new Set([...cuts, total])].sort((a, b) => a - b)),
    delayNs: fc.integer({ min: 0, max: 20 * MS }),
    linkNs: fc.integer({ min: 0, max: 10 * MS }),
  });
});

/** A read that ends at `cut` happens `delayNs` + link after the last token that it touches was sent. */
function readsOf({
  units,
  timesNs,
  cuts,
  delayNs,
  linkNs,
}: {
  units: number[];
  timesNs: number[];
  cuts: number[];
  delayNs: number;
  linkNs: number;
}): number[] {
  return cuts.map((cut) => timesNs[units.findIndex((length) => length >= cut)]! + delayNs + linkNs);
}

describe('properties of the join', () => {
  test('any batching: every token is joined with the first read that holds it', () => {
    fc.assert(
      fc.property(journeyArbitrary, (journey) => {
        const { units, timesNs, cuts, delayNs, linkNs } = journey;
        const reads = readsOf(journey);
        const endedNs = reads.at(-1)!;
        const arrivals = arrivalsOf([turn('k', { endedNs }), cuts, reads]);
        const { turns, counts } = joinLedger(ledgerOf([call('k'), units, timesNs]), arrivals, [linkNs]);
        const expected = units.map((length, token) => reads[cuts.findIndex((cut) => cut >= length)]! - timesNs[token]! - linkNs);
        expect(counts).toMatchObject({ tokensJoined: units.length, tokensLost: 0, extraUnits: 0, negativeStamps: 0 });
        expect(turns[0]?.maxAddedNs).toBe(Math.max(...expected));
        expect(turns[0]?.firstAddedNs).toBe(expected[0]);
        expect(turns[0]?.meanAddedNs).toBeCloseTo(expected.reduce((sum, ns) => sum + ns, 0) / expected.length, 3);
        expect(turns[0]?.completionLagNs).toBe(delayNs);
      }),
    );
  });

  test('any number of inferences: the same as one that had sent it all', () => {
    fc.assert(
      fc.property(journeyArbitrary, fc.array(fc.nat(), { maxLength: 4 }), (journey, picks) => {
        const { units, timesNs, cuts, linkNs } = journey;
        const arrivals = arrivalsOf([turn('k', { endedNs: 1e12 }), cuts, readsOf(journey)]);
        const ends = [...new Set([...picks.map((pick) => pick % units.length), units.length])].sort((a, b) => a - b);
        const rows = ends.map((end, round): [LedgerRow, number[], number[]] => {
          const from = ends[round - 1] ?? 0;
          const before = units[from - 1] ?? 0;
          // Each inference follows the last token of the one before at once.
          return [
            call('k', { round, receivedAtNs: timesNs[from - 1] ?? 0 }),
            units.slice(from, end).map((length) => length - before),
            timesNs.slice(from, end),
          ];
        });
        const split = joinLedger(ledgerOf(...rows.toReversed()), arrivals, [linkNs]);
        const whole = joinLedger(ledgerOf([call('k'), units, timesNs]), arrivals, [linkNs]);
        expect([split.turns, split.counts]).toEqual([whole.turns, whole.counts]);
      }),
    );
  });

  test('a dropped piece loses exactly the tokens that the content no longer covers', () => {
    fc.assert(
      fc.property(journeyArbitrary, fc.nat(), (journey, pick) => {
        const { units, timesNs, cuts, linkNs } = journey;
        const reads = readsOf(journey);
        const dropped = pick % cuts.length;
        const missing = cuts[dropped]! - (cuts[dropped - 1] ?? 0);
        const seen = cuts.map((cut, index) => (index < dropped ? cut : cut - missing)).filter((_, index) => index !== dropped);
        const at = reads.filter((_, index) => index !== dropped);
        const { counts } = joinLedger(ledgerOf([call('k'), units, timesNs]), arrivalsOf([turn('k'), seen, at]), [linkNs]);
        const lost = units.filter((length) => length > units.at(-1)! - missing).length;
        expect(lost).toBeGreaterThan(0);
        expect(counts).toMatchObject({ tokensLost: lost, tokensJoined: units.length - lost, extraUnits: 0 });
      }),
    );
  });

  test('a duplicated piece is counted by its length', () => {
    fc.assert(
      fc.property(journeyArbitrary, fc.nat(), (journey, pick) => {
        const { units, timesNs, cuts, linkNs } = journey;
        const reads = readsOf(journey);
        const twice = pick % cuts.length;
        const length = cuts[twice]! - (cuts[twice - 1] ?? 0);
        const seen = cuts.flatMap((cut, index) => (index < twice ? [cut] : index === twice ? [cut, cut + length] : [cut + length]));
        const at = reads.flatMap((ns, index) => (index === twice ? [ns, ns] : [ns]));
        const { counts } = joinLedger(ledgerOf([call('k'), units, timesNs]), arrivalsOf([turn('k'), seen, at]), [linkNs]);
        expect(counts).toMatchObject({ tokensLost: 0, tokensJoined: units.length, extraUnits: length, turnsWithExtra: 1 });
      }),
    );
  });

  test('mixing turns over links: each link’s times are those of its turns alone', () => {
    const delays = [0, 10 * MS, 40 * MS];
    fc.assert(
      fc.property(fc.array(fc.tuple(journeyArbitrary, fc.nat({ max: 2 })), { minLength: 1, maxLength: 8 }), (journeys) => {
        const parts = journeys.map(([journey, link], n) => {
          const { units, timesNs, cuts } = journey;
          const reads = readsOf({ ...journey, linkNs: delays[link]! });
          const row = turn(`k${n}`, { endedNs: reads.at(-1)!, link });
          return { link, sent: [call(`k${n}`), units, timesNs], read: [row, cuts, reads] } as const;
        });
        const join = (some: typeof parts) =>
          joinLedger(
            ledgerOf(...some.map(({ sent: [row, ...columns] }): [LedgerRow, number[], number[]] => [row, ...columns])),
            arrivalsOf(...some.map(({ read: [row, ...columns] }): [ArrivalRow, number[], number[]] => [row, ...columns])),
            delays,
          );
        const mixed = join(parts);
        expect(mixed.counts.negativeStamps).toBe(0);
        expect(mixed.turns.map(({ completionLagNs }) => completionLagNs)).toEqual(journeys.map(([{ delayNs }]) => delayNs));
        for (const [link, times] of mixed.links.entries()) {
          const alone = join(parts.filter((part) => part.link === link));
          expect(times.gatewayAdded.encode()).toBe(alone.gatewayAdded.encode());
          expect(times.completionLag.encode()).toBe(alone.completionLag.encode());
        }
      }),
      { numRuns: 30 },
    );
  });
});
