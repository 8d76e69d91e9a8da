/**
 * The commands of a unit's agents, on the main thread. Their output goes down to the unit, which may be computing and
 * take none for a while: a command whose output lies untaken is held back.
 */
import type { CommandEvent, CommandRequest, RunningCommand, SessionData, StartCommand } from '../agents/agent.ts';
import type { CommandControl, ToHost } from './messages.ts';
import { OwnedCommands } from './owned-commands.ts';

/** Output of one command on its way to the agent beyond which it is held back. */
const CHARACTERS_UNTAKEN_MAX = 256 * 1024;

interface Relayed {
  /** Absent while it is being started. */
  command: RunningCommand | undefined;
  untaken: number;
  /** By the agent. */
  paused: boolean;
}

export class RelayedCommands {
  readonly #commands: OwnedCommands<number>;
  readonly #post: (message: ToHost) => void;
  readonly #relayed = new Map<number, Relayed>();

  constructor(start: StartCommand, post: (message: ToHost) => void) {
    this.#commands = new OwnedCommands(start);
    this.#post = post;
  }

  /**
   * @param session of the turn; absent: the unit has no such turn. A unit may ask for nothing in another's name, and for no
   *   variables but those of its session.
   */
  start(id: number, turn: number, session: SessionData | undefined, request: CommandRequest): void {
    if (session?.workspace !== request.workspace) {
      this.#post({ command: id, event: { type: 'ended', result: { kind: 'refused', message: 'its folder is not that of its session' } } });
      return;
    }
    const relayed: Relayed = { command: undefined, untaken: 0, paused: false };
    this.#relayed.set(id, relayed);
    const own = { ...request, env: session.env };
    relayed.command = this.#commands.start(turn, own, (event) => this.#told(id, relayed, event));
    if (relayed.untaken > CHARACTERS_UNTAKEN_MAX) relayed.command.pause();
  }

  control(id: number, to: CommandControl): void {
    const relayed = this.#relayed.get(id);
    if (!relayed) return;
    if (to === 'cancel') return relayed.command?.cancel();
    relayed.paused = to === 'pause';
    if (to === 'pause') relayed.command?.pause();
    else if (relayed.untaken <= CHARACTERS_UNTAKEN_MAX) relayed.command?.resume();
  }

  taken(id: number, characters: number): void {
    const relayed = this.#relayed.get(id);
    if (!relayed) return;
    const full = relayed.untaken > CHARACTERS_UNTAKEN_MAX;
    relayed.untaken -= characters;
    if (full && relayed.untaken <= CHARACTERS_UNTAKEN_MAX && !relayed.paused) relayed.command?.resume();
  }

  /** The turn is over, and so are its commands. */
  endOf(turn: number): void {
    this.#commands.end(turn);
  }

  #told(id: number, relayed: Relayed, event: CommandEvent): void {
    if (event.type === 'ended') this.#relayed.delete(id);
    else {
      relayed.untaken += event.text.length;
      if (relayed.untaken > CHARACTERS_UNTAKEN_MAX) relayed.command?.pause();
    }
    this.#post({ command: id, event });
  }
}
