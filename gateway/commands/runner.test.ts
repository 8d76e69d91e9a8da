import { existsSync, rmSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { until } from '../../transports/testing/legs.ts';
import { CommandsUnderTest, isAlive } from './testing/commands.ts';

const EXITED = { kind: 'exited', status: 0 };

describe('a command', () => {
  it('says how it ended', async () => {
    await using commands = new CommandsUnderTest();
    expect(await commands.shell('exit 0').ended).toEqual(EXITED);
    expect(await commands.shell('exit 3').ended).toEqual({ kind: 'exited', status: 3 });
    expect(await commands.shell('kill -SEGV $$').ended).toEqual({ kind: 'signalled', signal: 'SIGSEGV' });
  });

  it('has its output told as it comes, stream by stream, before its end', async () => {
    await using commands = new CommandsUnderTest();
    const { events, ended } = commands.shell('echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three');
    await ended;
    expect(events).toEqual([
      { type: 'output', stream: 'stdout', text: 'one\n' },
      { type: 'output', stream: 'stderr', text: 'two\n' },
      { type: 'output', stream: 'stdout', text: 'three\n' },
      { type: 'ended', result: EXITED },
    ]);
  });

  it('of Python is not kept back until there is much of it', async () => {
    await using commands = new CommandsUnderTest();
    commands.write('slow.py', 'import time\nprint("now")\ntime.sleep(60)\n');
    const { command, output, ended } = commands.start(['slow.py']);
    await until(() => output() === 'now\n');
    command.cancel();
    expect(await ended).toEqual({ kind: 'cancelled' });
  });

  it('starts in its workspace, which is made for it, with nothing to read', async () => {
    await using commands = new CommandsUnderTest();
    rmSync(commands.workspace, { recursive: true });
    const started = commands.shell('pwd; cat');
    expect(await started.ended).toEqual(EXITED);
    expect(started.output()).toBe(`${commands.workspace}\n`);
    expect(statSync(commands.workspace).mode & 0o777).toBe(0o700);
  });

  it('starts in no other folder', async () => {
    await using commands = new CommandsUnderTest();
    expect(await commands.start(['env'], { workspace: '/' }).ended).toEqual({ kind: 'refused', message: 'its folder is no workspace' });
  });

  it('has an environment of its own: a few variables, the session’s, and nothing of the gateway’s', async () => {
    process.env.GATEBENCH_TEST_SECRET = 'secret';
    await using commands = new CommandsUnderTest();
    delete process.env.GATEBENCH_TEST_SECRET;
    const started = commands.start(['env'], { env: { PROJECT: 'p q', LANG: 'de_DE.UTF-8', GATEBENCH_COMMAND: 'mine' } });
    await started.ended;
    const env = Object.fromEntries(
      started
        .output()
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    );
    expect(env).toEqual({
      PATH: process.env.PATH,
      HOME: commands.workspace,
      TMPDIR: commands.workspace,
      LANG: 'de_DE.UTF-8',
      PYTHONUNBUFFERED: '1',
      PROJECT: 'p q',
      GATEBENCH_COMMAND: expect.stringMatching(/^[0-9a-f]{16}\.1$/),
    });
  });

  it('keeps characters whole that come in pieces', async () => {
    await using commands = new CommandsUnderTest();
    const { output, ended } = commands.shell(String.raw`printf '\342\202'; sleep 0.1; printf '\254'; sleep 0.1; printf '\342'`);
    await ended;
    expect(output()).toBe('€\ufffd');
  });
});

describe('output', () => {
  it('that is not wanted whole has a bound, for both streams together; the rest is counted', async () => {
    await using commands = new CommandsUnderTest({ outputBytesMax: 1_000 });
    const exact = commands.shell('head -c 600 /dev/zero; head -c 400 /dev/zero >&2');
    await exact.ended;
    expect([exact.output().length, exact.dropped()]).toEqual([1_000, undefined]);
    const more = commands.shell('head -c 100000 /dev/zero; head -c 1 /dev/zero >&2');
    await more.ended;
    expect([more.output().length, more.dropped()]).toEqual([1_000, 99_001]);
    const whole = commands.shell('head -c 300000 /dev/zero', { outputWhole: true });
    await whole.ended;
    expect([whole.output().length, whole.dropped()]).toEqual([300_000, undefined]);
  });

  it('is held back while nobody takes it, and the program with it', async () => {
    await using commands = new CommandsUnderTest();
    const { command, events, output, ended } = commands.shell(
      'for i in 1 2 3 4 5 6 7 8; do head -c 65536 /dev/zero; echo $i > progress; done; exit 5',
      {
        outputWhole: true,
      },
    );
    command.pause();
    await until(() => existsSync(`${commands.workspace}/progress`));
    await new Promise((resolve) => setTimeout(resolve, 150));
    const held = Number(commands.read('progress'));
    expect(held).toBeLessThan(8);
    expect(events).toEqual([]);
    command.resume();
    command.resume();
    expect(await ended).toEqual({ kind: 'exited', status: 5 });
    expect(output().length).toBe(8 * 65_536);
  });

  it('of a program that has ended waits to be taken, and the end with it', async () => {
    await using commands = new CommandsUnderTest();
    const { command, events, ended } = commands.shell('echo last words');
    command.pause();
    await until(() => commands.runner.running === 0);
    // Longer than it waits for pipes that are left open.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(events).toEqual([]);
    command.resume();
    await ended;
    expect(events).toMatchObject([{ text: 'last words\n' }, { result: EXITED }]);
  });
});

describe('a command that takes too long', () => {
  it('is told to stop', async () => {
    await using commands = new CommandsUnderTest({ timeoutMs: 1_000 });
    const started = commands.shell('trap "echo stopping; exit 0" TERM; echo ready; while :; do sleep 0.02; done');
    expect(await started.ended).toEqual({ kind: 'timedOut', afterMs: 1_000 });
    expect(started.output()).toMatch(/^ready\n(Terminated\n)?stopping\n$/);
  });

  it('is killed when it does not listen, with all of its group', async () => {
    await using commands = new CommandsUnderTest({ killGraceMs: 100 });
    const started = commands.shell('trap "" TERM; sleep 100 & echo $!; echo $$; sleep 100; sleep 100', { timeoutMs: 1_000 });
    expect(await started.ended).toEqual({ kind: 'timedOut', afterMs: 1_000 });
    const pids = started.output().trim().split('\n').map(Number);
    expect(pids.length).toBe(2);
    await until(() => !pids.some(isAlive));
  });

  it('has at most the configured time', async () => {
    await using commands = new CommandsUnderTest({ timeoutMs: 200 });
    expect(await commands.shell('sleep 100', { timeoutMs: 90_000 }).ended).toEqual({ kind: 'timedOut', afterMs: 200 });
  });
});

describe('what a command leaves in the background', () => {
  it('is killed when it has ended', async () => {
    await using commands = new CommandsUnderTest();
    const started = commands.shell('sleep 100 & echo $!; exit 0');
    expect(await started.ended).toEqual(EXITED);
    expect(isAlive(Number(started.output()))).toBe(false);
  });

  it.runIf(process.platform === 'linux')('is killed with its group whatever environment it has', async () => {
    await using commands = new CommandsUnderTest();
    const started = commands.shell('env -i sleep 100 & echo $!; until [ "$(cat /proc/$!/comm)" = sleep ]; do sleep 0.02; done');
    expect(await started.ended).toEqual(EXITED);
    await until(() => !isAlive(Number(started.output())));
  });

  it.runIf(process.platform === 'linux')('is found where it has left its group, its session and its parent', async () => {
    await using commands = new CommandsUnderTest();
    commands.write(
      'daemon.py',
      [
        'import os, sys, time',
        'if os.fork() == 0:',
        '  os.setsid()',
        '  if os.fork() == 0:',
        '    print(os.getpid()); sys.stdout.flush()',
        '    os.close(1); os.close(2)',
        '    time.sleep(100)',
        '  os._exit(0)',
        'os.wait()',
      ].join('\n'),
    );
    const started = commands.start(['daemon.py']);
    expect(await started.ended).toEqual(EXITED);
    const pid = Number(started.output());
    expect(pid).toBeGreaterThan(1);
    expect(isAlive(pid)).toBe(false);
    expect(commands.errors).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    'is not found where it has another environment as well; the end does not wait for it',
    async () => {
      await using commands = new CommandsUnderTest();
      const started = commands.shell(
        'setsid env -i sleep 100 & echo $!; until [ "$(cat /proc/$!/comm)" = sleep ]; do sleep 0.02; done; exit 7',
      );
      // It holds the pipe of the output open.
      expect(await started.ended).toEqual({ kind: 'exited', status: 7 });
      const pid = Number(started.output());
      expect(isAlive(pid)).toBe(true);
      process.kill(pid, 'SIGKILL');
    },
  );
});

describe('a command that is cancelled', () => {
  it('ends with all of its group, however often it is told, and tells nothing more', async () => {
    await using commands = new CommandsUnderTest();
    const { command, events, output, ended } = commands.shell('sleep 100 & echo $!; yes');
    await until(() => events.length > 0);
    const pid = Number(output().split('\n')[0]);
    command.cancel();
    const told = events.length;
    command.cancel();
    command.resume();
    expect(await ended).toEqual({ kind: 'cancelled' });
    expect(events.length).toBe(told + 1);
    await until(() => !isAlive(pid));
    command.cancel();
    command.pause();
    command.resume();
    expect(events.length).toBe(told + 1);
  });

  it('before it has started never starts', async () => {
    await using commands = new CommandsUnderTest();
    const { command, ended } = commands.shell('echo > started');
    command.cancel();
    expect(await ended).toEqual({ kind: 'cancelled' });
    expect(existsSync(`${commands.workspace}/started`)).toBe(false);
  });

  it('while its output is held back ends without it', async () => {
    await using commands = new CommandsUnderTest();
    const { command, events, ended } = commands.shell('yes');
    command.pause();
    await until(() => commands.runner.running === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    command.cancel();
    expect(await ended).toEqual({ kind: 'cancelled' });
    expect(events.length).toBe(1);
  });
});

describe('commands', () => {
  it('are so many at once, and no more', async () => {
    await using commands = new CommandsUnderTest({ concurrentMax: 2 });
    const running = [commands.shell('sleep 100'), commands.shell('sleep 100')];
    expect(await commands.shell('true').ended).toEqual({ kind: 'refused', message: '2 commands run already' });
    expect(commands.runner.running).toBe(2);
    running[0]!.command.cancel();
    await running[0]!.ended;
    expect(await commands.shell('true').ended).toEqual(EXITED);
    expect(commands.runner.running).toBe(1);
  });

  it('are all ended by closing, and none starts after that', async () => {
    await using commands = new CommandsUnderTest();
    const running = [commands.shell('sleep 100 & echo $!; sleep 100'), commands.shell('sleep 100 & echo $!; yes > /dev/null')];
    await until(() => running.every(({ output }) => output().includes('\n')));
    const pids = running.map(({ output }) => Number(output()));
    await commands.runner.close();
    for (const { ended } of running) expect(await ended).toEqual({ kind: 'cancelled' });
    expect(pids.some(isAlive)).toBe(false);
    expect(commands.runner.running).toBe(0);
    expect(await commands.shell('true').ended).toEqual({ kind: 'refused', message: 'the gateway is stopping' });
  });
});
