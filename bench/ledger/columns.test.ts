import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { TokenColumns } from './columns.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatebench-columns-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rowsArbitrary = fc.array(
  fc.record({
    name: fc.string({ unit: 'grapheme', maxLength: 12 }),
    tokens: fc.array(fc.tuple(fc.nat({ max: 1e6 }), fc.double({ min: 0, max: 2 ** 53, noNaN: true })), { maxLength: 30 }),
  }),
  { maxLength: 12 },
);

describe('TokenColumns', () => {
  test('a file holds what was appended, whatever the length of its first line', () => {
    fc.assert(
      fc.property(rowsArbitrary, (rows) => {
        const columns = new TokenColumns<{ name: string }>(10_000);
        for (const { name, tokens } of rows) {
          expect(
            columns.append(
              { name },
              tokens.map(([units]) => units),
              tokens.map(([, ns]) => ns),
            ),
          ).toBe(true);
        }
        const path = join(folder, 'round-trip');
        columns.save(path);
        const loaded = TokenColumns.load<{ name: string }>(path);
        expect(loaded.tokens).toBe(columns.tokens);
        expect(loaded.rows.map(({ name }) => name)).toEqual(rows.map(({ name }) => name));
        for (const [index, row] of loaded.rows.entries()) {
          expect([...loaded.lengthsOf(row)]).toEqual(rows[index]!.tokens.map(([units]) => units));
          expect([...loaded.timesNsOf(row)]).toEqual(rows[index]!.tokens.map(([, ns]) => ns));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('grows to its bound and leaves out whole rows beyond it, counted', () => {
    const columns = new TokenColumns<{ n: number }>(100_000);
    const stretch = (count: number) => new Float64Array(count).fill(7);
    expect(columns.append({ n: 1 }, stretch(70_000), stretch(70_000))).toBe(true);
    expect(columns.append({ n: 2 }, stretch(30_001), stretch(30_001))).toBe(false);
    expect(columns.append({ n: 3 }, stretch(30_000), stretch(30_000))).toBe(true);
    expect(columns.append({ n: 4 }, stretch(1), stretch(1))).toBe(false);
    expect(columns.rows.map(({ n }) => n)).toEqual([1, 3]);
    expect(columns.tokens).toBe(100_000);
    expect(columns.lostTokens).toBe(30_002);
    expect(columns.timesNsOf(columns.rows[1]!)[29_999]).toBe(7);
  });

  test('lost tokens survive the file; clearing starts anew', () => {
    const columns = new TokenColumns<{ n: number }>(2);
    columns.append({ n: 1 }, [1, 2], [10, 20]);
    columns.append({ n: 2 }, [1], [30]);
    const path = join(folder, 'lost');
    columns.save(path);
    expect(TokenColumns.load(path).lostTokens).toBe(1);
    columns.clear();
    expect([columns.rows.length, columns.tokens, columns.lostTokens]).toEqual([0, 0, 0]);
    expect(columns.append({ n: 3 }, [4, 5], [40, 50])).toBe(true);
    expect([...columns.lengthsOf(columns.rows[0]!)]).toEqual([4, 5]);
  });

  test('saving leaves no half-written file beside it', () => {
    new TokenColumns<{ n: number }>(1).save(join(folder, 'whole'));
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(TokenColumns.load(join(folder, 'whole')).rows).toEqual([]);
  });
});
