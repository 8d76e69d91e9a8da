/** Commands on the main thread, each owned by a turn, with which it ends. */
import type { CommandEvent, CommandRequest, RunningCommand, StartCommand } from '../agents/agent.ts';

export class OwnedCommands<Owner> {
  readonly #start: StartCommand;
  readonly #running = new Map<Owner, Set<RunningCommand>>();

  constructor(start: StartCommand) {
    this.#start = start;
  }

  start(owner: Owner, request: CommandRequest, onEvent: (event: CommandEvent) => void): RunningCommand {
    let ended = false;
    let command: RunningCommand | undefined;
    command = this.#start(request, (event) => {
      if (event.type === 'ended') {
        ended = true;
        this.#forget(owner, command);
      }
      onEvent(event);
    });
    // A refusal has ended it by now.
    if (!ended) this.#own(owner).add(command);
    return command;
  }

  /** Cancels what the turn has left running. */
  end(owner: Owner): void {
    const commands = this.#running.get(owner);
    this.#running.delete(owner);
    for (const command of commands ?? []) command.cancel();
  }

  #own(owner: Owner): Set<RunningCommand> {
    const known = this.#running.get(owner);
    if (known) return known;
    const commands = new Set<RunningCommand>();
    this.#running.set(owner, commands);
    return commands;
  }

  #forget(owner: Owner, command: RunningCommand | undefined): void {
    const commands = this.#running.get(owner);
    if (!commands || !command) return;
    commands.delete(command);
    if (commands.size === 0) this.#running.delete(owner);
  }
}
