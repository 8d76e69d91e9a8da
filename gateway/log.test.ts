import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Secret } from './config/secret.ts';
import { openLog } from './log.ts';

it('writes JSON lines of its level and above, and cuts secrets out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-log-'));
  try {
    const file = join(folder, 'log');
    const { log, flush } = openLog({ level: 'info', file });
    log.debug('not shown');
    log.info(
      {
        authorization: 'Bearer hidden1',
        request: { authorization: 'hidden2', env: { A: 'hidden3' } },
        token: new Secret('hidden4'),
        port: 1,
      },
      'shown',
    );
    flush();
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines.length).toBe(1);
    expect(lines[0]).not.toContain('hidden');
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 30, msg: 'shown', port: 1, authorization: '[secret]' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('says so when its file cannot be written', () => {
  expect(() => openLog({ level: 'info', file: '/proc/no/such/log' })).toThrow('ENOENT');
});
