import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenColumns } from './columns.ts';
import { joinLedger } from './join.ts';
import type { ArrivalRow, LedgerRow } from './rows.ts';

const MS = 1e6;

function call(key: string, more: Partial<LedgerRow> = {}): LedgerRow {
  return {
    key,
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
  return { key, intendedNs: 0, startedNs: 0, endedNs: 100 * MS, outcome: 'completed', measured: true, ...more };
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
    const { gatewayAdded, turns, counts } = joinLedger(ledger, arrivals, 1 * MS);
    // 36−10, 36−20, 36−30, 45−40, each less 1.
    expect(turns).toEqual([
      {
        key: 'a',
        tokensJoined: 4,
        firstAddedNs: 25 * MS,
        meanAddedNs: ((25 + 15 + 5 + 4) / 4) * MS,
        maxAddedNs: 25 * MS,
        completionLagNs: 9 * MS,
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
    const { turns, counts } = joinLedger(ledger, arrivals, 0);
    expect(turns.map(({ firstAddedNs }) => firstAddedNs)).toEqual([60 * MS, 60 * MS]);
    expect(turns.map(({ completionLagNs }) => completionLagNs)).toEqual([70 * MS, null]);
    expect(counts.callsWithoutTurn).toBe(0);
  });

  test('counts turns without calls and calls without turns', () => {
    const ledger = ledgerOf([call('known'), [5], [1]], [call('stray'), [5], [1]], [call('stray', { ordinal: 1 }), [5], [1]]);
    const arrivals = arrivalsOf(
      [turn('known'), [5], [2]],
      [turn('unheard'), [5], [2]],
      [turn('refused', { outcome: 'refused' }), [], []],
      [turn('dropped', { outcome: 'dropped' }), [], []],
    );
    const { counts } = joinLedger(ledger, arrivals, 0);
    expect(counts.turnsWithoutLedger).toBe(1);
    expect(counts.callsWithoutTurn).toBe(2);
  });

  test('leaves turns outside the window out of the figures, but knows their calls', () => {
    const ledger = ledgerOf([call('warm'), [5], [1]], [call('in'), [5], [1]]);
    const arrivals = arrivalsOf([turn('warm', { measured: false }), [5], [2]], [turn('in'), [5], [2]]);
    const { counts, turns } = joinLedger(ledger, arrivals, 0);
    expect(turns.map(({ key }) => key)).toEqual(['in']);
    expect(counts.tokensJoined).toBe(1);
    expect(counts.callsWithoutTurn).toBe(0);
  });

  test('says how often and how far stamps are negative, and keeps their count in the histogram', () => {
    const ledger = ledgerOf([call('a'), [5, 9], [10 * MS, 20 * MS]]);
    const arrivals = arrivalsOf([turn('a', { endedNs: 19 * MS }), [5, 9], [9 * MS, 17 * MS]]);
    const { gatewayAdded, completionLag, counts } = joinLedger(ledger, arrivals, 0);
    expect(counts.negativeStamps).toBe(3);
    expect(counts.mostNegativeNs).toBe(-3 * MS);
    expect(gatewayAdded.count).toBe(2);
    expect(completionLag.count).toBe(1);
  });

  test('a turn that was cut short loses nothing; one that completed short does', () => {
    const ledger = ledgerOf([call('cut'), [5, 9, 12], [1, 2, 3]], [call('short'), [5, 9, 12], [1, 2, 3]]);
    const arrivals = arrivalsOf([turn('cut', { outcome: 'timedOut' }), [9], [5]], [turn('short'), [9], [5]]);
    const { counts } = joinLedger(ledger, arrivals, 0);
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
        const { turns, counts } = joinLedger(
          ledgerOf([call('k'), units, timesNs]),
          arrivalsOf([turn('k', { endedNs }), cuts, reads]),
          linkNs,
        );
        const expected = units.map((length, token) => reads[cuts.findIndex((cut) => cut >= length)]! - timesNs[token]! - linkNs);
        expect(counts).toMatchObject({ tokensJoined: units.length, tokensLost: 0, extraUnits: 0, negativeStamps: 0 });
        expect(turns[0]?.maxAddedNs).toBe(Math.max(...expected));
        expect(turns[0]?.firstAddedNs).toBe(expected[0]);
        expect(turns[0]?.meanAddedNs).toBeCloseTo(expected.reduce((sum, ns) => sum + ns, 0) / expected.length, 3);
        expect(turns[0]?.completionLagNs).toBe(delayNs);
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
        const { counts } = joinLedger(ledgerOf([call('k'), units, timesNs]), arrivalsOf([turn('k'), seen, at]), linkNs);
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
        const { counts } = joinLedger(ledgerOf([call('k'), units, timesNs]), arrivalsOf([turn('k'), seen, at]), linkNs);
        expect(counts).toMatchObject({ tokensLost: 0, tokensJoined: units.length, extraUnits: length, turnsWithExtra: 1 });
      }),
    );
  });
});
