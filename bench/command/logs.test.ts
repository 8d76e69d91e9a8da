import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../transports/testing/legs.ts';
import { modulePath } from '../host/package.ts';
import { runLogs } from './logs.ts';
import { keptIo } from './testing/io.ts';

let folder: string;
const at = (name: string) => join(folder, name);
const line = (level: number, msg: string, more: object = {}) =>
  `${JSON.stringify({ level, time: '2026-01-01T10:00:00.000Z', pid: 1, msg, ...more })}\n`;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatebench-logs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  const io = keptIo();
  const status = await runLogs(argv, io);
  return { status, ...io.seen };
}

describe('gateway logs', () => {
  beforeEach(() => {
    writeFileSync(at('gateway.1.log'), line(20, 'debugged') + line(30, 'informed'));
    writeFileSync(
      at('gateway.2.log'),
      line(50, 'threw', { err: { type: 'Error', message: 'boom', stack: 'Error: boom\n    at agent (a.ts:1:2)' } }),
    );
    writeFileSync(at('gateway.10.log'), line(40, 'warned'));
    writeFileSync(at('openclaw.json'), JSON.stringify({ logging: { file: 'gateway.log' } }));
  });

  const messages = (out: string) => [...out.matchAll(/"msg":"(\w+)"/g)].map(([, msg]) => msg);

  it('shows all files in order, with stacks', async () => {
    const { status, out, err } = await run('--file', at('gateway.log'));
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out.split('\n').filter((text) => text.startsWith('['))).toEqual([
      expect.stringMatching(/ DEBUG: debugged$/),
      expect.stringMatching(/ INFO: informed$/),
      expect.stringMatching(/ ERROR: threw$/),
      expect.stringMatching(/ WARN: warned$/),
    ]);
    expect(out).toContain('at agent (a.ts:1:2)');
  });

  it.each([
    [[], ['debugged', 'informed', 'threw', 'warned']],
    [
      ['--level', 'info'],
      ['informed', 'threw', 'warned'],
    ],
    [['--level', 'error'], ['threw']],
    [
      ['--lines', '2'],
      ['threw', 'warned'],
    ],
    [
      ['--lines', '2', '--level', 'info'],
      ['threw', 'warned'],
    ],
    [['--lines', '0'], []],
  ])('with %j shows %j, as they were logged where that is asked', async (words, expected) => {
    const { out } = await run('--config', at('openclaw.json'), '--json', ...words);
    expect(messages(out)).toEqual(expected);
    for (const text of out.split('\n').slice(0, -1)) expect(JSON.parse(text)).toMatchObject({ pid: 1 });
  });

  it('lists all that is wrong with how it was called', async () => {
    const { status, err } = await run('x', '--level', 'eror', '--lines', '-1', '--file', 'a', '--admin', '7');
    expect(status).toBe(2);
    expect(err.split('\n').slice(0, 4)).toEqual([
      'gatebench gateway logs: x is one word too many',
      'gatebench gateway logs: there is no level eror; did you mean error?',
      'gatebench gateway logs: --lines is a whole number from 0 to 1000000; "-1" is not',
      'gatebench gateway logs: --file excludes --admin and --config',
    ]);
  });

  it('says where there is none', async () => {
    expect(await run('--file', at('other.log'))).toEqual({
      status: 1,
      out: '',
      err: `gatebench gateway logs: there is no log at ${at('other.log')} (yet)\n`,
    });
    writeFileSync(at('openclaw.json'), '{}');
    expect(await run('--config', at('openclaw.json'))).toMatchObject({ status: 1, err: expect.stringContaining('standard error') });
  });
});

describe('gateway logs --follow', () => {
  it('goes on with what comes, into new files too, until it is interrupted', async () => {
    writeFileSync(at('gateway.1.log'), line(30, 'before'));
    const child = spawn(
      process.execPath,
      [modulePath('bench/cli'), 'gateway', 'logs', '--follow', '--json', '--level', 'info', '--file', at('gateway.log')],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      let out = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
      await until(() => out.includes('before'));
      appendFileSync(at('gateway.1.log'), line(20, 'debugged') + line(30, 'one'));
      await until(() => out.includes('one'));
      writeFileSync(at('gateway.2.log'), line(50, 'two'));
      await until(() => out.includes('two'));
      child.kill('SIGINT');
      expect(await once(child, 'exit')).toEqual([0, null]);
      expect(out).toBe(line(30, 'before') + line(30, 'one') + line(50, 'two'));
    } finally {
      child.kill('SIGKILL');
    }
  });
});
