/**
 * The generator between its pipes: one trial at a time, told by lines, telling by lines.
 *
 * `stop` ends the trial under way and the generator stays; the end of its input, or a signal, ends both. A trial that
 * is asked for while one is under way is refused: two would share a core and spoil each other.
 */
import type { LiveSecond } from '../driver/live.ts';
import type { GeneratorLine, TrialSpec } from '../trial.ts';
import { LineCutter, readCommand } from './commands.ts';
import type { TrialEnd, TrialSurroundings } from './trial.ts';

/** Of one command; a plan with a certificate in it has a few thousand. */
export const LINE_CHARACTERS_MAX = 1024 * 1024;

export interface GeneratorOptions {
  runTrial(spec: TrialSpec, told: Pick<TrialSurroundings, 'onWindow' | 'onLive'>, signal: AbortSignal): Promise<TrialEnd>;
  emit(line: GeneratorLine): void;
}

export class Generator {
  readonly #options: GeneratorOptions;
  readonly #lines = new LineCutter(LINE_CHARACTERS_MAX);
  #underWay: { abort: AbortController; over: Promise<void> } | undefined;
  #closed = false;

  constructor(options: GeneratorOptions) {
    this.#options = options;
  }

  /** @returns false when the input is not lines of commands at all; nothing sensible can follow. */
  take(text: string): boolean {
    const lines = this.#lines.push(text);
    if (!lines) {
      this.#fail('', `a command of more than ${LINE_CHARACTERS_MAX} characters`);
      return false;
    }
    for (const line of lines) this.#obey(line);
    return true;
  }

  /** Stops the trial under way and takes no further ones. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#underWay?.abort.abort();
    await this.#underWay?.over;
  }

  #obey(line: string): void {
    const command = readCommand(line);
    switch (command.kind) {
      case 'bad':
        this.#fail(command.id, command.message);
        return;
      case 'stop':
        this.#underWay?.abort.abort();
        return;
      case 'trial':
        if (this.#closed) this.#fail(command.spec.id, 'the generator is ending');
        else if (this.#underWay) this.#fail(command.spec.id, 'another trial is under way');
        else {
          const abort = new AbortController();
          this.#underWay = { abort, over: this.#run(command.spec, abort.signal) };
        }
        return;
    }
  }

  async #run(spec: TrialSpec, signal: AbortSignal): Promise<void> {
    const { id } = spec;
    let last: GeneratorLine;
    try {
      const told = {
        onWindow: (edge: 'start' | 'end', atNs: number) => this.#options.emit({ window: edge, id, atNs }),
        onLive: (second: LiveSecond) => this.#options.emit({ live: { id, ...second } }),
      };
      const end = await this.#options.runTrial(spec, told, signal);
      last = end.ok ? { result: end.result } : { failed: { id, message: end.message } };
    } catch (error) {
      last = { failed: { id, message: error instanceof Error ? (error.stack ?? error.message) : String(error) } };
    }
    // Before the last line, since the next command may follow it at once.
    this.#underWay = undefined;
    this.#options.emit(last);
  }

  #fail(id: string, message: string): void {
    this.#options.emit({ failed: { id, message } });
  }
}
