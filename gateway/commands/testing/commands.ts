/** Real commands for tests: in a workspace of their own, with what they said kept, and nothing left of them. */
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandEvent, CommandRequest, CommandResult, RunningCommand } from '../../agents/agent.ts';
import { CommandRunner, type CommandRunnerOptions } from '../runner.ts';

export interface Started {
  readonly command: RunningCommand;
  readonly events: CommandEvent[];
  readonly ended: Promise<CommandResult>;
  /** Of both streams, as it came. */
  output(): string;
  dropped(): number | undefined;
}

export class CommandsUnderTest {
  readonly workspace = realpathSync(mkdtempSync(join(tmpdir(), 'gatebench-commands-')));
  readonly runner: CommandRunner;
  readonly errors: Error[] = [];

  constructor(options: Partial<CommandRunnerOptions> = {}) {
    this.runner = new CommandRunner({
      programs: ['python3', 'node', 'sh', 'env', 'cat', './*'],
      timeoutMs: 60_000,
      outputBytesMax: 1_000,
      concurrentMax: 8,
      owns: (path) => path === this.workspace,
      onError: (error) => this.errors.push(error),
      ...options,
    });
  }

  write(name: string, content: string, mode = 0o600): void {
    writeFileSync(join(this.workspace, name), content);
    chmodSync(join(this.workspace, name), mode);
  }

  read(name: string): string {
    return readFileSync(join(this.workspace, name), 'utf8');
  }

  start(words: readonly string[], over: Partial<CommandRequest> = {}): Started {
    const events: CommandEvent[] = [];
    const { promise: ended, resolve } = Promise.withResolvers<CommandResult>();
    const command = this.runner.start({ words, workspace: this.workspace, env: {}, ...over }, (event) => {
      events.push(event);
      if (event.type === 'ended') resolve(event.result);
    });
    return {
      command,
      events,
      ended,
      output: () => events.map((event) => (event.type === 'output' ? event.text : '')).join(''),
      dropped: () => events.flatMap((event) => (event.type === 'ended' ? [event.outputDroppedBytes] : []))[0],
    };
  }

  shell(script: string, over: Partial<CommandRequest> = {}): Started {
    return this.start(['sh', '-c', script], over);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runner.close();
    rmSync(this.workspace, { recursive: true, force: true });
  }
}

/** Whether a process runs: one that has ended and waits to be collected does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
