import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowedCores, effectiveCores, formatCoreList, parseCoreList, quotaCores } from './cores.ts';
import { fixtureFiles } from './testing/fixture-files.ts';

describe('a core list', () => {
  it.each([
    ['0-1', [0, 1]],
    ['0-3,8,10-11\n', [0, 1, 2, 3, 8, 10, 11]],
    ['5', [5]],
  ])('%j is %j', (text, cores) => {
    expect(parseCoreList(text)).toEqual(cores);
  });

  it.each(['', '3-1', 'a', '0-', '0,,1', '-1', '0x1'])('%j is none', (text) => {
    expect(parseCoreList(text)).toBeUndefined();
  });

  it('survives being written and read', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(99_999), { minLength: 1 }), (cores) => {
        expect(parseCoreList(formatCoreList(cores))).toEqual(cores);
      }),
    );
  });
});

describe('affinity', () => {
  it('is the list in the process status', () => {
    expect(allowedCores(fixtureFiles({ '/proc/self/status': 'Name:\tnode\nCpus_allowed:\td\nCpus_allowed_list:\t0,2-3\n' }))).toEqual([
      0, 2, 3,
    ]);
  });

  it('is unknown where there is no /proc', () => {
    expect(allowedCores(fixtureFiles({}))).toBeUndefined();
  });
});

describe('a cgroup quota', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ['version 2, half a core', { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '50000 100000\n' }, 0.5],
    ['version 2, none', { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' }, undefined],
    [
      'version 2, the parent is tighter',
      {
        '/proc/self/cgroup': '0::/user.slice/run:1.scope\n',
        '/sys/fs/cgroup/user.slice/run:1.scope/cpu.max': '400000 100000\n',
        '/sys/fs/cgroup/user.slice/cpu.max': '150000 100000\n',
      },
      1.5,
    ],
    [
      'version 2 in a container whose path is the host’s',
      { '/proc/self/cgroup': '0::/system.slice/docker-1f.scope\n', '/sys/fs/cgroup/cpu.max': '250000 100000\n' },
      2.5,
    ],
    [
      'version 1, in a group',
      {
        '/proc/self/cgroup': '5:memory:/job\n3:cpu,cpuacct:/job\n0::/\n',
        '/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us': '75000\n',
        '/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us': '50000\n',
      },
      1.5,
    ],
    [
      'version 1, none',
      {
        '/proc/self/cgroup': '1:cpu:/\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
      undefined,
    ],
    ['no cgroups', {}, undefined],
  ])('%s', (_name, texts, cores) => {
    expect(quotaCores(fixtureFiles(texts))).toBe(cores);
  });
});

describe('cores that can be used at once', () => {
  const status = 'Cpus_allowed_list:\t0-3\n';

  it('are those that affinity leaves', () => {
    expect(effectiveCores(fixtureFiles({ '/proc/self/status': status }))).toBe(4);
  });

  it('are fewer under a quota', () => {
    const texts = { '/proc/self/status': status, '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '150000 100000\n' };
    expect(effectiveCores(fixtureFiles(texts))).toBe(1.5);
  });

  it('are not more under a generous one', () => {
    const texts = { '/proc/self/status': status, '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '800000 100000\n' };
    expect(effectiveCores(fixtureFiles(texts))).toBe(4);
  });
});
