import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { until } from '../../transports/testing/legs.ts';
import { CommandsUnderTest, isAlive } from './testing/commands.ts';
import { Watch } from './watch.ts';

const RUNNER_PROCESS = fileURLToPath(new URL('testing/runner-process.ts', import.meta.url));

/** The process of a gateway that has started `script`, and the process ids that this says, one a line. */
async function gatewayWith(script: string, pids: number): Promise<{ gateway: ChildProcess; folder: string; pids: number[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-watch-'));
  const gateway = spawn(process.execPath, [RUNNER_PROCESS, folder, script], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let said = '';
  gateway.stdout?.on('data', (data: Buffer) => {
    said += data.toString();
  });
  await until(() => said.split('\n').length > pids);
  return { gateway, folder, pids: said.trim().split('\n').map(Number) };
}

describe('a gateway that is killed', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)('takes its commands with it, and its temporary folder: %s', async (signal) => {
    const { gateway, folder, pids } = await gatewayWith('sleep 100 & echo $!; echo $$; sleep 100', 2);
    writeFileSync(join(folder, 'file'), '');
    expect(pids.every(isAlive)).toBe(true);
    gateway.kill(signal);
    await until(() => !pids.some(isAlive) && !existsSync(folder));
  });

  it.runIf(process.platform === 'linux')('takes what has left their group too, also where its own group is killed', async () => {
    const { gateway, folder, pids } = await gatewayWith('setsid sleep 100 & echo $!; exec sleep 100', 1);
    expect(pids.every(isAlive)).toBe(true);
    process.kill(-gateway.pid!, 'SIGKILL');
    await until(() => !pids.some(isAlive) && !existsSync(folder));
  });
});

describe('the watcher', () => {
  it('is started with the first command, serves all, and ends with the gateway', async () => {
    const errors: Error[] = [];
    const watch = new Watch({ name: 'GATEBENCH_TEST', value: 'none', prefix: true }, undefined, (error) => errors.push(error));
    await watch.close();
    expect(watch.pid).toBeUndefined();
    const group = spawn('sleep', ['100'], { detached: true });
    watch.started(group.pid!);
    const { pid } = watch;
    watch.started(999_999_999);
    expect(watch.pid).toBe(pid);
    watch.gone(999_999_999);
    watch.gone(group.pid!);
    await watch.close();
    expect(isAlive(pid!)).toBe(false);
    // It was told that this one is no matter of it any more.
    expect(isAlive(group.pid!)).toBe(true);
    group.kill('SIGKILL');
    expect(errors).toEqual([]);
  });

  it('that has ended itself is told of, and started again with the next command, for all that run', async () => {
    const errors: Error[] = [];
    const watch = new Watch({ name: 'GATEBENCH_TEST', value: 'none', prefix: true }, undefined, (error) => errors.push(error));
    const groups = [1, 2].map(() => spawn('sleep', ['100'], { detached: true }));
    watch.started(groups[0]!.pid!);
    const { pid } = watch;
    process.kill(pid!, 'SIGKILL');
    await until(() => errors.length > 0);
    expect(errors.map(({ message }) => message)).toEqual(['the watcher of commands ended (SIGKILL)']);
    expect(watch.pid).toBeUndefined();
    watch.started(groups[1]!.pid!);
    expect(watch.pid).not.toBe(pid);
    await watch.close();
    await until(() => !groups.some((group) => isAlive(group.pid!)));
  });

  it('removes nothing when the gateway ends as it should: that is its own to do', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatebench-watch-'));
    const commands = new CommandsUnderTest({ temporaryFolder: folder });
    await commands.shell('true').ended;
    await commands[Symbol.asyncDispose]();
    expect(existsSync(folder)).toBe(true);
    rmSync(folder, { recursive: true });
  });
});
