import { expect, test } from 'vitest';
import { coresAtRest, sampleCores } from './core-load.ts';
import type { HostFiles } from './files.ts';
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

/** A core that was busy for so many ticks between one look and the next. */
function busyFor(ticks: readonly number[]): HostFiles & { looks: number } {
  const files = {
    looks: 0,
    text() {
      const busy = ticks.slice(0, files.looks).reduce((sum, one) => sum + one, 0);
      files.looks += 1;
      return `cpu0 ${busy} 0 0 0 0 0 0 0 0 0\n`;
    },
    names: () => [],
  };
  return files;
}

test('cores are at rest when a look finds them so, and not before', async () => {
  const files = busyFor([1_000, 1_000, 0]);
  expect(await coresAtRest([0], 60_000, files)).toBe(true);
  expect(files.looks).toBe(4);
});

test('a core that does not come to rest is given up, and one of which nothing is known not waited for', async () => {
  expect(await coresAtRest([0], 0, busyFor([1_000, 1_000]))).toBe(false);
  expect(await coresAtRest([0], 60_000, fixtureFiles({}))).toBe(true);
});
