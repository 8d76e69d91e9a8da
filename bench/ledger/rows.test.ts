import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawKeyOf, isBesideKey, readMarker, sessionName, turnKey, writeMarker } from './rows.ts';

const word = (alphabet: string, max: number) => fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength: max });
const KEY = 'abcXYZ019_.-';

describe('the marker', () => {
  test('is found in any text around it, with what was written', () => {
    const marker = fc.record(
      { key: word(KEY, 64), tokens: fc.nat({ max: 9_999_999 }), fault: word(`${KEY}@:`, 64) },
      { requiredKeys: ['key'] },
    );
    const around = fc.string({ unit: 'binary' }).filter((text) => !text.includes('[gatebench'));
    fc.assert(
      fc.property(marker, around, around, (written, before, after) => {
        expect(readMarker(before + writeMarker(written) + after)).toEqual(written);
      }),
    );
  });

  test('is not found in what only resembles it', () => {
    const others = [
      '',
      '[gatebench key=]',
      '[gatebench tokens=5]',
      `[gatebench key=${'k'.repeat(65)}]`,
      '[gatebench key=a tokens=12345678]',
      '[gatebench key=a b]',
    ];
    expect(others.map(readMarker)).toEqual(others.map(() => undefined));
  });

  test('has one spelling', () => {
    expect(writeMarker({ key: 'k-1', tokens: 50, fault: 'stall@10:500' })).toBe('[gatebench key=k-1 tokens=50 fault=stall@10:500]');
    expect(writeMarker({ key: 'k-1' })).toBe('[gatebench key=k-1]');
  });
});

test('turns that differ only in their trial are drawn alike', () => {
  expect(['t1.s.0.2', 't2.s.0.2', 't1.s.0.3', 'plain', 'end.'].map(drawKeyOf)).toEqual(['s.0.2', 's.0.2', 's.0.3', 'plain', 'end.']);
});

test('keys say which load a turn belongs to, and collide in no two turns', () => {
  const turn = fc.record({
    trial: word('abz019_-', 32),
    seed: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    role: fc.constantFrom('measured', 'beside'),
    session: fc.nat(),
    nth: fc.nat(),
  });
  fc.assert(
    fc.property(turn, turn, (one, other) => {
      const keyOf = ({ trial, seed, role, session, nth }: typeof one) => turnKey(trial, seed, sessionName(role, session), nth);
      expect(isBesideKey(keyOf(one))).toBe(one.role === 'beside');
      expect(keyOf(one) === keyOf({ ...other, trial: one.trial })).toBe(
        one.seed === other.seed && one.role === other.role && one.session === other.session && one.nth === other.nth,
      );
      const swapped = { ...one, role: one.role === 'beside' ? 'measured' : 'beside' } as const;
      expect(keyOf(swapped)).not.toBe(keyOf(one));
    }),
  );
  expect(['b.b.b.b', 'unmarked-b1', 'k1', ''].map(isBesideKey)).toEqual([false, false, false, false]);
});
