import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Secret } from './config/secret.ts';
import { openLog } from './log.ts';
import { logFiles } from './log-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatebench-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const LIMITS = { fileBytesMax: 1024 * 1024, filesMax: 5 };
const text = () => logFiles(join(folder, 'gateway.log')).map((path) => readFileSync(path, 'utf8'));
const lines = () =>
  text()
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function open(over: { level?: string; fileBytesMax?: number; filesMax?: number } = {}) {
  const opened = await openLog({ level: 'info', file: join(folder, 'gateway.log'), ...LIMITS, ...over });
  // Its stream says that it is ready a tick later.
  await new Promise((resolve) => setImmediate(resolve));
  return opened;
}

/** Lines of about 100 bytes, and a turn of the loop now and then, in which files change. */
async function fill(log: Awaited<ReturnType<typeof open>>['log'], from: number, count: number): Promise<void> {
  for (let index = from; index < from + count; index += 1) {
    log.info({ index }, 'a line');
    if (index % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the log', () => {
  it('has JSON lines of its level and above, in a file for its owner alone', async () => {
    const { log, health } = await open();
    log.debug('not shown');
    log.info({ port: 1 }, 'shown');
    expect(lines()).toMatchObject([{ level: 30, msg: 'shown', port: 1, pid: process.pid }]);
    expect(statSync(health.currentFile!).mode & 0o777).toBe(0o600);
    expect(health).toEqual({
      file: join(folder, 'gateway.log'),
      currentFile: join(folder, 'gateway.1.log'),
      errorsLogged: 0,
      lastErrorAt: null,
      linesDropped: 0,
    });
  });

  it('counts errors, its children’s too, and shows their stacks with their causes', async () => {
    const { log, health } = await open();
    log.child({ unit: 'agent-1' }).error({ err: new TypeError('outer', { cause: new Error('inner') }) }, 'an agent threw');
    log.warn('no error');
    const [line] = lines();
    expect(line).toMatchObject({ unit: 'agent-1', err: { type: 'TypeError', message: 'outer: inner' } });
    const { stack } = line!.err as { stack: string };
    expect(stack).toMatch(/^TypeError: outer\n {4}at .*log\.test\.ts/);
    expect(stack).toContain('caused by: Error: inner\n    at ');
    expect(health.errorsLogged).toBe(1);
    expect(Date.parse(health.lastErrorAt!)).toBeGreaterThan(Date.now() - 60_000);
  });

  it('never has secrets: by name at three depths, by form anywhere', async () => {
    const { log } = await open();
    const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzaWQiOiJoaWRkZW4ifQ.hiddenhiddenhidden';
    const error = Object.assign(new Error('upstream said 401 to Bearer hidden-in-message'), {
      headers: { authorization: 'hidden' },
      request: { env: { NAME: 'hidden' } },
    });
    log.info({
      authorization: 'Bearer hidden',
      tokens: ['hidden'],
      turn: { env: { NAME: 'hidden' }, input: ['hidden'] },
      session: { sessionKey: 'hidden', hello: { key: 'hidden', jwt: 'hidden' } },
      secret: 'hidden',
      config: { auth: { tokens: ['hidden'] }, apiKey: new Secret('hidden'), other: new Secret('hidden') },
      url: `wss://example.org/?bearer=${jwt}`,
    });
    log.error({ err: error }, `a message ${jwt} was refused`);
    expect(text().join('')).not.toMatch(/hidden(?!-in-message)/);
    expect(text().join('')).not.toContain('hidden-in-message');
    expect(lines()).toMatchObject([
      { authorization: '[secret]', turn: { env: '[secret]' }, url: 'wss://example.org/?bearer=[secret]' },
      { msg: 'a message [secret] was refused', err: { message: 'upstream said 401 to Bearer [secret]', headers: '[secret]' } },
    ]);
  });

  it('says so when its file cannot be written', async () => {
    await expect(openLog({ level: 'info', file: '/proc/no/such/log', ...LIMITS })).rejects.toThrow('ENOENT');
  });

  it('goes on without a file that is lost later', async () => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const { log } = await open({ fileBytesMax: 2_048 });
      rmSync(folder, { recursive: true });
      await fill(log, 0, 200);
      expect(written.mock.calls.map(([line]) => line)).toEqual([expect.stringMatching(/^the log file cannot be written: ENOENT/)]);
    } finally {
      written.mockRestore();
      mkdirSync(folder);
    }
  });
});

describe('log files', () => {
  it('are begun anew when one is full, and only so many are kept', async () => {
    const { log, health } = await open({ fileBytesMax: 2_048, filesMax: 3 });
    await fill(log, 0, 200);
    expect(logFiles(join(folder, 'gateway.log')).length).toBe(3);
    const kept = lines().map(({ index }) => index as number);
    expect(kept.at(-1)).toBe(199);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 200 - kept.length + index));
    expect(kept.length).toBeGreaterThan(40);
    for (const file of text()) expect(file.length).toBeLessThan(2_048 + 1_000);
    expect(health.currentFile).toBe(logFiles(join(folder, 'gateway.log')).at(-1));
    expect(health.linesDropped).toBe(0);
  });

  it('of an earlier start are gone on from and pruned, and those of others left alone', async () => {
    const others = ['gateway-7.log', 'gateway.log', 'gateway.x.log', 'gateway.2.log.gz'];
    for (const name of others) writeFileSync(join(folder, name), 'not ours\n');
    for (const number of [3, 4, 5, 6, 10]) writeFileSync(join(folder, `gateway.${number}.log`), '{"index":-1}\n');
    const { log } = await open({ fileBytesMax: 2_048, filesMax: 3 });
    expect(readdirSync(folder).sort()).toEqual([...others, 'gateway.10.log', 'gateway.5.log', 'gateway.6.log'].sort());
    await fill(log, 0, 30);
    expect(logFiles(join(folder, 'gateway.log')).map((path) => path.slice(folder.length + 1))).toEqual([
      'gateway.6.log',
      'gateway.10.log',
      'gateway.11.log',
    ]);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(others));
  });

  it.each([
    ['a.log', ['a.1.log'], ['a.1.txt', 'aa.1.log', 'a.01.log', 'a.-1.log']],
    ['a', ['a.2.log'], ['a.2', 'a.2.a']],
    ['a.b.txt', ['a.b.7.txt'], ['a.7.txt', 'a.b.txt']],
  ])('of %s are %j', (name, ours, others) => {
    for (const found of [...ours, ...others]) writeFileSync(join(folder, found), '');
    expect(logFiles(join(folder, name))).toEqual(ours.map((found) => join(folder, found)));
  });

  it.each(['SIGKILL', 'SIGABRT'] as const)('have every line that was logged before %s', async (signal) => {
    const module = fileURLToPath(new URL('./log.ts', import.meta.url));
    const program = `
      const { openLog } = await import(${JSON.stringify(module)});
      const { log } = await openLog({ level: 'info', file: ${JSON.stringify(join(folder, 'gateway.log'))}, fileBytesMax: 4096, filesMax: 100 });
      for (let index = 0; index < 500; index += 1) {
        log.info({ index }, 'a line');
        if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      process.kill(process.pid, '${signal}');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'ignore', 'inherit'] });
    expect(await once(child, 'exit')).toEqual([null, signal]);
    expect(lines().map(({ index }) => index)).toEqual(Array.from({ length: 500 }, (_, index) => index));
    expect(logFiles(join(folder, 'gateway.log')).length).toBeGreaterThan(5);
  });
});

describe('standard error', () => {
  it('has every line by the end of the process', async () => {
    const module = fileURLToPath(new URL('./log.ts', import.meta.url));
    const program = `
      const { openLog } = await import(${JSON.stringify(module)});
      const { log, flush, health } = await openLog({ level: 'info', fileBytesMax: 4096, filesMax: 3 });
      process.on('exit', flush);
      for (let index = 0; index < 300; index += 1) log.info({ index }, 'a line');
      console.log(JSON.stringify(health));
      process.exit(0);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] });
    const seen = { out: '', err: '' };
    child.stdout.on('data', (data: Buffer) => {
      seen.out += data;
    });
    child.stderr.on('data', (data: Buffer) => {
      seen.err += data;
    });
    await once(child, 'close');
    expect(
      seen.err
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { index: number }).index),
    ).toEqual(Array.from({ length: 300 }, (_, index) => index));
    expect(JSON.parse(seen.out)).toMatchObject({ file: null, currentFile: null, linesDropped: 0 });
  });
});
