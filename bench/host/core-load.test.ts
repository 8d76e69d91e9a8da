import { expect, test } from 'vitest';
import { sampleCores } from './core-load.ts';
import { fixtureFiles } from './testing/fixture-files.ts';

const STAT = `cpu  600 30 90 5000 7 1 13 5 0 0
cpu0 400 10 50 2500 3 0 9 1 0 0
cpu1 200 20 40 2500 4 1 4 4 7 7
cpu10 1 1 1 1 1 1 1 1 0 0
intr 123
`;

test('busy time is all but idle and waiting for disks; what guests used is in user time already', () => {
  const files = fixtureFiles({ '/proc/stat': STAT });
  expect(sampleCores([1], files)).toEqual({ busyNs: 265 * 1e7, stolenNs: 4 * 1e7 });
  expect(sampleCores([0, 1], files)).toEqual({ busyNs: (469 + 265) * 1e7, stolenNs: 5 * 1e7 });
});

test('unknown is unknown, not 0', () => {
  expect(sampleCores([2], fixtureFiles({ '/proc/stat': STAT }))).toBeUndefined();
  expect(sampleCores([0], fixtureFiles({}))).toBeUndefined();
  expect(sampleCores([], fixtureFiles({ '/proc/stat': STAT }))).toBeUndefined();
});
