import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { HostFiles } from '../../host/files.ts';
import { FakeAdmin, statusPage, thread, threadsPage } from '../testing/admin.ts';
import { AdminClient } from './admin-client.ts';
import { lookReclaimed, processesWith } from './reclaimed.ts';

const MARK = 'GATEBENCH_RUN=0123456789abcdef';

function hostFiles(files: Record<string, string>): HostFiles {
  const names = new Set(Object.keys(files).map((path) => path.split('/')[2]!));
  return { text: (path) => files[path], names: () => [...names, 'self', 'meminfo'] };
}

describe('processes that a command left', () => {
  it('are those that carry its mark', () => {
    const files = hostFiles({
      '/proc/10/environ': `PATH=/bin\0${MARK}\0`,
      '/proc/10/status': 'Name:\tsleep\n',
      '/proc/11/environ': `X${MARK}\0GATEBENCH_RUN=other\0`,
      '/proc/12/environ': '',
      '/proc/13/environ': MARK,
    });
    expect(processesWith(MARK, files)).toEqual([
      { pid: 10, name: 'sleep' },
      { pid: 13, name: '?' },
    ]);
  });

  it('are not known where there is no /proc', () => {
    expect(processesWith(MARK, { text: () => undefined, names: () => [] })).toBeNull();
  });

  it.runIf(process.platform === 'linux')('are found among the real ones', async () => {
    const mark = `GATEBENCH_RUN=${process.pid}-test`;
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000); console.log(1)'], {
      env: { GATEBENCH_RUN: `${process.pid}-test` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      expect(processesWith(mark)?.map(({ pid }) => pid)).toEqual([child.pid]);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    expect(processesWith(mark)).toEqual([]);
  });
});

describe('what a command had', () => {
  const nobody = hostFiles({});

  it('is looked at until all of it is back', async () => {
    let looks = 0;
    await using admin = await FakeAdmin.start({
      'GET /status': () => statusPage({ commands: { running: looks < 2 ? 1 : 0 } }),
      'GET /threads': () => {
        looks += 1;
        return threadsPage(thread({ turns: looks < 3 ? 1 : 0 }));
      },
    });
    expect(await lookReclaimed(new AdminClient(admin.port), MARK, nobody)).toEqual({
      units: 1,
      unitsBusy: 0,
      commandsRunning: 0,
      processesLeft: [],
    });
    expect(looks).toBe(3);
  });

  it('is told as it is where it does not come back', async () => {
    const left = hostFiles({ '/proc/10/environ': MARK, '/proc/10/status': 'Name:\tsleep\n' });
    await using admin = await FakeAdmin.start({ 'GET /status': () => statusPage(), 'GET /threads': () => threadsPage() });
    expect(await lookReclaimed(new AdminClient(admin.port), MARK, left)).toMatchObject({ processesLeft: [{ pid: 10, name: 'sleep' }] });
  });

  it('is not known where the gateway is gone', async () => {
    let port: number;
    {
      await using admin = await FakeAdmin.start({});
      port = admin.port;
    }
    expect(await lookReclaimed(new AdminClient(port), MARK, nobody)).toBeUndefined();
  });
});
