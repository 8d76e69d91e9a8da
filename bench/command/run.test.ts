/** The command line's own process, with a real gateway behind it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../transports/testing/legs.ts';
import { modulePath } from '../host/package.ts';
import { runByAgent } from './run.ts';
import { keptIo } from './testing/io.ts';

const SCRIPTS: Readonly<Record<string, string>> = {
  'say.mjs': `
    console.log('args', ...process.argv.slice(2));
    console.log('env', process.env.GATEBENCH_TEST_WHO, process.env.GATEBENCH_TEST_SECRET, process.cwd());
    setTimeout(() => { console.error('later'); process.exitCode = 7; }, 50);`,
  'hang.mjs': `
    import { spawn } from 'node:child_process';
    import { writeFileSync } from 'node:fs';
    const options = { detached: true, stdio: 'ignore' };
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], options);
    writeFileSync('pids', process.pid + ' ' + child.pid);
    console.log('hangs');
    setTimeout(() => {}, 60_000);`,
  'kill.mjs': `process.kill(process.pid, 'SIGKILL'); setTimeout(() => {}, 60_000);`,
  'much.mjs': `for (let index = 0; index < 100_000; index += 1) process.stdout.write('line ' + index + '\\n');`,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatebench-run-test-'));
  for (const [name, text] of Object.entries(SCRIPTS)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  status: number | null;
  out: string;
  err: string;
}

class CommandLine {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly seen = { out: '', err: '' };

  constructor(...words: string[]) {
    const env = { ...process.env, GATEBENCH_TEST_WHO: 'me', GATEBENCH_TEST_SECRET: 'hidden' };
    this.child = spawn(process.execPath, [modulePath('bench/cli'), 'run', ...words], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const [name, stream] of [
      ['out', this.child.stdout!],
      ['err', this.child.stderr!],
    ] as const) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.seen[name] += text;
      });
    }
    this.ended = once(this.child, 'close').then(([status]) => ({ status: status as number | null, ...this.seen }));
  }
}

const lines: CommandLine[] = [];
function start(...words: string[]): CommandLine {
  const line = new CommandLine(...words);
  lines.push(line);
  return line;
}
afterEach(() => {
  for (const line of lines.splice(0)) line.child.kill('SIGKILL');
});

function isAlive(pid: number): boolean {
  try {
    // A zombie is no process any more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('run', () => {
  it('runs a script in the workspace with the environment that it was given, and ends as it did', async () => {
    const { status, out, err } = await start('--command', "say.mjs --x 1 'a b'", '--env', 'GATEBENCH_TEST_WHO').ended;
    expect(out).toBe(`args --x 1 a b\nenv me undefined ${folder}\nlater\n`);
    expect(status).toBe(7);
    expect(err).toMatch(/^gatebench run: the command exited with status 7 after .* \(thread-bound\)\n/m);
    expect(err).toMatch(/main thread {2}worst loop delay [\d.]+ (ms|µs)/);
    expect(err).toMatch(/reclaimed {4}1 of 1 idle again, no command running, none of its processes found\n/);
  });

  it('says all of it as JSON, in each mode', async () => {
    const both = ['inline', 'process'].map((mode) => start('--command', 'say.mjs', '--mode', mode, '--json').ended);
    for (const [index, { status, out, err }] of (await Promise.all(both)).entries()) {
      expect({ status, err }).toEqual({ status: 7, err: '' });
      expect(JSON.parse(out)).toEqual({
        command: 'say.mjs',
        agent: 'codex',
        mode: ['inline', 'process'][index],
        workspace: folder,
        timeoutMs: 60_000,
        end: { kind: 'exited', status: 7 },
        exitStatus: 7,
        wallMs: expect.any(Number),
        loopDelayMs: { p50: expect.any(Number), p99: expect.any(Number), max: expect.any(Number) },
        reclaimed: { units: index, unitsBusy: 0, commandsRunning: 0, processesLeft: [] },
        output: `args\nenv undefined undefined ${folder}\nlater\n`,
        outputCut: false,
      });
    }
  });

  it('kills what takes too long, and all that it started', async () => {
    const { status, out, err } = await start('--command', 'hang.mjs', '--timeout', '0.6').ended;
    expect(status).toBe(124);
    expect(out).toBe('hangs\n');
    expect(err).toContain('the command was stopped when its 600 ms were over');
    expect(err).toContain('none of its processes found');
    const pids = readFileSync(join(folder, 'pids'), 'utf8').split(' ').map(Number);
    expect(pids.length).toBe(2);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('cancels at Ctrl-C, and leaves nothing', async () => {
    const line = start('--command', 'hang.mjs');
    await until(() => line.seen.out === 'hangs\n');
    line.child.kill('SIGINT');
    const { status, err } = await line.ended;
    expect(status).toBe(130);
    expect(err).toContain('the command was cancelled');
    expect(err).toContain('no command running, none of its processes found');
    const pids = readFileSync(join(folder, 'pids'), 'utf8').split(' ').map(Number);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('shows all output of a command that has much, and knows a signal and a refusal', async () => {
    const [much, killed, refused] = await Promise.all(
      ['much.mjs', 'kill.mjs', 'none.mjs'].map((command) => start('--command', command).ended),
    );
    expect(much!.status).toBe(0);
    expect(much!.out).toBe(Array.from({ length: 100_000 }, (_, index) => `line ${index}\n`).join(''));
    expect(killed).toMatchObject({ status: 137, err: expect.stringContaining('killed by SIGKILL') });
    expect(refused).toMatchObject({ status: 126, out: '', err: expect.stringMatching(/refused: .*none\.mjs/) });
  });

  it('lists all that is wrong with how it was called', async () => {
    const io = keptIo();
    const words = [
      'x',
      '--agent',
      'subagent',
      '--mode',
      'tread',
      '--timeout',
      '0',
      '--workspace',
      join(folder, 'none'),
      '--env',
      'GATEBENCH_NO_SUCH',
    ];
    expect(await runByAgent(words, io)).toBe(2);
    expect(io.seen.err.split('\n').slice(0, -2)).toEqual([
      'gatebench run: x is one word too many; quote the whole line: --command "analyze.py --x 1"',
      'gatebench run: --command LINE is missing',
      'gatebench run: there is no agent that runs commands subagent; there is codex',
      'gatebench run: there is no mode tread; did you mean thread?',
      'gatebench run: --timeout is a number from 0.1 to 80000; "0" is not',
      `gatebench run: --workspace ${join(folder, 'none')} is no folder`,
      'gatebench run: --env GATEBENCH_NO_SUCH: there is no such variable in this environment',
    ]);
    expect(io.seen.out).toBe('');
  });
});
