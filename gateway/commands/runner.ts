/**
 * Starts programs for agents, on the main thread: what is on the list, in the session's folder, with a small
 * environment of their own, for a bounded time and so many at once. Wherever an agent runs, what it asks for comes
 * here, and what a program leaves behind is ended from here.
 *
 * This is containment of resources and accidents. A program has the rights of the gateway's own user: it can read what
 * that user can and reach the network. Whoever lists `python3` lets models run any Python.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { CommandEvent, CommandRequest, RunningCommand, StartCommand } from '../agents/agent.ts';
import { Command } from './command.ts';
import type { Marker } from './descendants.ts';
import { type Program, Programs } from './programs.ts';
import { Watch } from './watch.ts';

export interface CommandRunnerOptions {
  /** Names on the gateway's PATH, absolute paths, and `./*` for executables of a workspace. */
  programs: readonly string[];
  timeoutMs: number;
  /** Of output that is not wanted whole. */
  outputBytesMax: number;
  concurrentMax: number;
  /** Whether a folder is a workspace: programs start nowhere else. */
  owns(workspace: string): boolean;
  /** Removed should the gateway be killed while it has started commands. */
  temporaryFolder?: string | undefined;
  onError: (error: Error) => void;
  /** From SIGTERM to SIGKILL. */
  killGraceMs?: number;
}

const KILL_GRACE_MS = 1_000;
/** In the environment of every process of a command: `<gateway>.<command>`. */
export const MARKER_NAME = 'GATEBENCH_COMMAND';

export class CommandRunner {
  readonly #options: CommandRunnerOptions;
  readonly #searchPath = process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin';
  readonly #programs: Programs;
  readonly #id = randomBytes(8).toString('hex');
  readonly #watch: Watch;
  readonly #commands = new Set<Command>();
  #running = 0;
  #started = 0;
  #closing = false;

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
    this.#programs = new Programs(options.programs, this.#searchPath);
    this.#watch = new Watch({ name: MARKER_NAME, value: `${this.#id}.`, prefix: true }, options.temporaryFolder, options.onError);
  }

  /** Commands of which a process may be left. */
  get running(): number {
    return this.#running;
  }

  readonly start: StartCommand = (request, onEvent) => {
    const { concurrentMax } = this.#options;
    if (this.#closing) return refused('the gateway is stopping', onEvent);
    if (this.#running >= concurrentMax) return refused(`${concurrentMax} commands run already`, onEvent);
    if (!this.#options.owns(request.workspace)) return refused('its folder is no workspace', onEvent);
    this.#running += 1;
    this.#started += 1;
    const command = new Command(request, this.#hostOf(request, `${this.#id}.${this.#started}`), onEvent);
    this.#commands.add(command);
    void command.ended.then(() => this.#commands.delete(command));
    void command.start();
    return command;
  };

  /** Ends all commands; when it resolves, none of their processes is left. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const command of this.#commands) command.cancel();
    await Promise.all([...this.#commands].map(({ ended }) => ended));
    await this.#watch.close();
  }

  #hostOf(request: CommandRequest, value: string): ConstructorParameters<typeof Command>[1] {
    const { timeoutMs, outputBytesMax, killGraceMs = KILL_GRACE_MS, onError } = this.#options;
    const marker: Marker = { name: MARKER_NAME, value };
    return {
      prepare: (asked) => this.#prepare(asked),
      marker,
      env: { ...this.#baseEnv(request.workspace), ...request.env, [marker.name]: marker.value },
      timeoutMs: Math.min(request.timeoutMs ?? timeoutMs, timeoutMs),
      outputBytesMax: request.outputWhole === true ? undefined : outputBytesMax,
      killGraceMs,
      started: (group) => this.#watch.started(group),
      gone: (group) => {
        this.#running -= 1;
        if (group !== undefined) this.#watch.gone(group);
      },
      onError,
    };
  }

  async #prepare({ words, workspace }: CommandRequest): Promise<Program> {
    try {
      await mkdir(workspace, { recursive: true, mode: 0o700 });
    } catch (error) {
      return { ok: false, problem: `the workspace cannot be made (${(error as NodeJS.ErrnoException).code})` };
    }
    return this.#programs.find(words, workspace);
  }

  /** Nothing of the gateway's own, which may hold secrets. */
  #baseEnv(workspace: string): Record<string, string> {
    return {
      PATH: this.#searchPath,
      HOME: workspace,
      TMPDIR: workspace,
      LANG: 'C.UTF-8',
      // Else Python keeps its output back until there is much of it.
      PYTHONUNBUFFERED: '1',
    };
  }
}

function refused(message: string, onEvent: (event: CommandEvent) => void): RunningCommand {
  onEvent({ type: 'ended', result: { kind: 'refused', message } });
  return { pause() {}, resume() {}, cancel() {} };
}
