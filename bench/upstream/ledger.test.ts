import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Ledger } from './ledger.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatebench-ledger-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('counts the calls of each key apart', () => {
  const ledger = new Ledger(10);
  expect(['a', 'b', 'a', 'a', 'b'].map((key) => ledger.nextOrdinal(key))).toEqual([0, 0, 1, 2, 1]);
});

test('calls that wait for their last write are bounded: the oldest settles as it stands', () => {
  const ledger = new Ledger(10);
  const settled: number[] = [];
  const calls = Array.from({ length: 10_002 }, (_, index) => ({ settle: () => settled.push(index) }));
  for (const call of calls) ledger.awaitWrite(call);
  expect(settled).toEqual([0, 1]);
  expect([ledger.withdraw(calls[0]!), ledger.withdraw(calls[5]!), ledger.withdraw(calls[5]!)]).toEqual([false, true, false]);
  ledger.clear();
  expect(settled).toHaveLength(10_001);
  expect(ledger.withdraw(calls[7]!)).toBe(false);
});

test('saving settles what waits, and says what it wrote and what did not fit', () => {
  const ledger = new Ledger(2);
  const row = {
    key: 'k',
    round: 0,
    ordinal: 0,
    transport: 'sse',
    envelope: 'chat',
    connection: 1,
    requestBytes: 1,
    receivedAtNs: 1,
    latenessNsMax: 0,
    outcome: 'completed',
  } as const;
  ledger.awaitWrite({ settle: () => ledger.append(row, [1, 2], [10, 20]) });
  ledger.append(row, [1], [10]);
  ledger.append(row, [1, 2], [10, 20]);
  expect(ledger.save(join(folder, 'file'))).toEqual({ rows: 1, tokens: 1, lostTokens: 4 });
  ledger.lateness.recordNs(5_000);
  ledger.clear();
  expect(ledger.lateness.count).toBe(0);
  expect(ledger.save(join(folder, 'file'))).toEqual({ rows: 0, tokens: 0, lostTokens: 0 });
});
