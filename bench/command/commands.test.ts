import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it } from 'vitest';
import { exampleReport } from '../../reports/testing/example.ts';
import { modulePath, packageVersion } from '../host/package.ts';
import { benchCommand } from './bench.ts';
import type { Command, Io } from './command.ts';
import { gatewayCommand } from './gateway.ts';
import { runCommand } from './main.ts';
import type { BenchOptions } from './options.ts';
import { reportCommand } from './report.ts';
import { runByAgent } from './run.ts';
import { schemaCommand } from './schema.ts';
import { runStatus } from './status.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatebench-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const started: BenchOptions[] = [];
const COMMANDS: readonly Command[] = [
  benchCommand({
    catalogue: async () => ({ scenarios: {}, defaults: { quick: [], full: [] } }),
    run: async (options) => {
      started.push(options);
      return 99;
    },
  }),
  reportCommand,
  gatewayCommand,
  { name: 'status', summary: '', run: runStatus },
  { name: 'run', summary: '', run: runByAgent },
  schemaCommand,
  {
    name: 'broken',
    summary: '',
    run: async () => {
      throw new Error('a defect');
    },
  },
];

async function run(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  const seen = { out: '', err: '' };
  const io: Io = {
    out: (text) => {
      seen.out += text;
    },
    err: (text) => {
      seen.err += text;
    },
    watched: false,
    terminal: { color: false },
  };
  const status = await runCommand(COMMANDS, argv, io);
  return { status, ...seen };
}

describe('gatebench', () => {
  it.each([['--help'], ['-h'], ['help']])('%s lists the commands', async (word) => {
    const { status, out, err } = await run(word);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    for (const { name } of COMMANDS) expect(out).toContain(`\n  ${name} `);
  });

  it('says which version it is', async () => {
    expect(await run('--version')).toEqual({ status: 0, out: `${packageVersion()}\n`, err: '' });
  });

  it.each([
    [[], 2, ''],
    [['reprot'], 2, 'gatebench: there is no command reprot; did you mean report?\n'],
    [['--hlep'], 2, 'gatebench: there is no option --hlep'],
    [['broken'], 1, 'gatebench broken: Error: a defect\n'],
  ])('%j ends with %i', async (argv, expected, err) => {
    const result = await run(...argv);
    expect(result.status).toBe(expected);
    expect(result.err.startsWith(err)).toBe(true);
  });

  it.each(COMMANDS.filter(({ name }) => name !== 'broken').map(({ name }) => [name]))('%s --help says how it is used', async (name) => {
    const { status, out, err } = await run(name, '--help');
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toMatch(new RegExp(`^usage: gatebench ${name} `));
    expect(out).toContain('--help');
  });
});

describe('bench', () => {
  it('starts what was asked for, and ends as it does', async () => {
    expect(await run('bench', '--seed', '5')).toEqual({ status: 99, out: '', err: '' });
    expect(started.splice(0)).toMatchObject([{ seed: 5, command: ['gatebench', 'bench', '--seed', '5'] }]);
  });

  it('starts nothing on bad usage, and lists what is wrong', async () => {
    const { status, err } = await run('bench', 'nope', '--sead');
    expect(status).toBe(2);
    expect(err.split('\n').slice(0, 2)).toEqual([
      'gatebench bench: there is no option --sead; did you mean --seed?',
      'gatebench bench: there is no scenario nope; there are claims',
    ]);
    expect(started).toEqual([]);
  });
});

describe('report', () => {
  const path = join(folder, 'report.json');

  it('prints a report in each form', async () => {
    writeFileSync(path, JSON.stringify(exampleReport()));
    const first = async (format: string) => (await run('report', path, '--format', format)).out.slice(0, 15);
    expect(await first('html')).toBe('<!doctype html>');
    expect(await first('junit')).toMatch(/^<\?xml/);
    expect(JSON.parse((await run('report', path, '--format', 'json')).out)).toMatchObject({ schemaVersion: 1 });
    expect((await run('report', path)).out).toBe((await run('report', path, '--format', 'terminal')).out);
  });

  it('refuses what is no report', async () => {
    writeFileSync(path, JSON.stringify({ ...exampleReport(), seed: 'x', durationMs: null }));
    const { status, err } = await run('report', path);
    expect(status).toBe(2);
    expect(err).toMatch(/\/seed must be/);
    expect(err).toMatch(/\/durationMs must be/);
    writeFileSync(path, '{');
    expect((await run('report', path)).status).toBe(2);
    expect(await run('report', join(folder, 'none.json'), '--format', 'htm')).toMatchObject({
      status: 2,
      err: 'gatebench report: there is no format htm; did you mean html?\ngatebench report --help shows what it takes\n',
    });
    expect(await run('report')).toMatchObject({ status: 2 });
  });
});

describe('schema', () => {
  it.each(['config', 'report'])('prints that of the %s', async (name) => {
    const { status, out } = await run('schema', name);
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' });
  });

  it.each([
    [['confg'], 'config'],
    [[], 'which one'],
    [['report', 'twice'], 'twice'],
  ])('refuses %j', async (words, told) => {
    const { status, err } = await run('schema', ...words);
    expect(status).toBe(2);
    expect(err).toContain(told);
  });
});

describe('gateway', () => {
  it('refuses bad usage at once', async () => {
    const { status, err } = await run('gateway', 'strat', 'x', '--allow-falts');
    expect(status).toBe(2);
    expect(err.split('\n').slice(0, 2)).toEqual([
      'gatebench gateway: there is no gatebench gateway strat; did you mean start?',
      'gatebench gateway: there is no option --allow-falts; did you mean --allow-faults?',
    ]);
    const start = await run('gateway', 'start', 'x', '--mode', 'tread', '--allow-falts');
    expect(start.status).toBe(2);
    expect(start.err.split('\n').slice(0, 4)).toEqual([
      'gatebench gateway start: there is no option --allow-falts; did you mean --allow-faults?',
      'gatebench gateway start: x is one word too many',
      'gatebench gateway start: there is no mode tread; did you mean thread?',
      'gatebench gateway start: there is no openclaw.json here; name the configuration: --config FILE',
    ]);
    const order = await run('gateway', '--allow-faults', 'start');
    expect(order).toMatchObject({ status: 2, err: expect.stringContaining('start comes first') });
  });

  it.each(['start', 'logs'])('%s --help says how it is used', async (action) => {
    const { status, out } = await run('gateway', action, '--help');
    expect(status).toBe(0);
    expect(out).toMatch(new RegExp(`^usage: gatebench gateway ${action} `));
  });

  it('runs in the foreground, drains at a signal, and ends as the gateway does', async () => {
    const config = join(folder, 'openclaw.json');
    writeFileSync(
      config,
      JSON.stringify({ gateway: { port: 0, adminPort: 0 }, upstream: { url: 'http://127.0.0.1:9' }, logging: { level: 'error' } }),
    );
    const child = spawn(process.execPath, [modulePath('bench/cli'), 'gateway', 'start', '--config', config], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { pid, ports } = JSON.parse(line) as { pid: number; ports: { gateway: number } };
    expect(ports.gateway).toBeGreaterThan(0);
    expect(pid).not.toBe(child.pid);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('ends with the status of a gateway that cannot start', async () => {
    const config = join(folder, 'bad.json');
    writeFileSync(config, JSON.stringify({ gatway: {} }));
    const child = spawn(process.execPath, [modulePath('bench/cli'), 'gateway', 'start', '--config', config], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect((await once(child, 'exit'))[0]).toBe(2);
  });
});
