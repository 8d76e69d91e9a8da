import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitRevision, readMachine } from './environment.ts';
import { fixtureFiles } from './testing/fixture-files.ts';

describe('the machine', () => {
  const texts = {
    '/etc/os-release': 'PRETTY_NAME="Some Linux 12"\nNAME="Some"\n',
    '/proc/self/status': 'Cpus_allowed_list:\t0\n',
    '/proc/self/cgroup': '0::/\n',
    '/sys/fs/cgroup/cpu.max': '50000 100000\n',
    '/proc/cpuinfo': 'processor\t: 0\nflags\t\t: fpu hypervisor lm\n',
  };

  it('is described with what limits it', () => {
    const card = readMachine(tmpdir(), fixtureFiles(texts));
    expect(card).toMatchObject({
      os: `Some Linux 12 ${process.arch}`,
      coresEffective: 0.5,
      cores: cpus().length,
      node: process.versions.node,
      git: null,
    });
    expect(card.memoryBytes).toBeGreaterThan(0);
    expect(card.notes).toContain("a cgroup quota leaves 0.5 cores' worth of time");
    expect(card.notes?.at(-1)).toMatch(/^a virtual machine/);
  });

  it('has no notes where nothing limits it', () => {
    const free = { '/proc/self/status': `Cpus_allowed_list:\t0-${cpus().length - 1}\n` };
    const card = readMachine(tmpdir(), fixtureFiles(free));
    expect(card.coresEffective).toBe(cpus().length);
    expect(card).not.toHaveProperty('notes');
  });
});

describe('the revision', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-git-'));
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false', ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  beforeAll(() => {
    git('init', '-q');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is that of a clone, and whether it was changed since; of nothing else', () => {
    expect(gitRevision(folder)).toBeNull();
    writeFileSync(join(folder, 'a'), '1');
    git('add', 'a');
    git('commit', '-qm', 'one');
    expect(gitRevision(folder)).toEqual({ commit: git('rev-parse', 'HEAD'), dirty: false });
    writeFileSync(join(folder, 'a'), '2');
    expect(gitRevision(folder)).toMatchObject({ dirty: true });
    // A package installed inside somebody's repository.
    mkdirSync(join(folder, 'package'));
    expect(gitRevision(join(folder, 'package'))).toBeNull();
  });
});
