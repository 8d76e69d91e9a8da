/** Commands of agents in a thread or process: the main thread is asked to start them, and tells what becomes of them. */
import type { CommandEvent, CommandRequest, RunningCommand } from '../agents/agent.ts';
import type { NoteEntered } from './host.ts';
import type { CommandControl, Port } from './messages.ts';

interface Asked {
  turn: number;
  onEvent(event: CommandEvent): void;
}

export class HostCommands {
  readonly #port: Port;
  readonly #entered: NoteEntered;
  readonly #onThrown: (turn: number, error: unknown) => void;
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;

  /** @param onThrown an agent threw from within an event: left alone, that would end the thread or process */
  constructor(port: Port, entered: NoteEntered, onThrown: (turn: number, error: unknown) => void) {
    this.#port = port;
    this.#entered = entered;
    this.#onThrown = onThrown;
  }

  /** @param turn whose it is; absent: the turn is over */
  start(turn: number | undefined, request: CommandRequest, onEvent: Asked['onEvent']): RunningCommand {
    if (turn === undefined) {
      onEvent({ type: 'ended', result: { kind: 'refused', message: 'its turn is over' } });
      return { pause() {}, resume() {}, cancel() {} };
    }
    this.#lastId += 1;
    const id = this.#lastId;
    this.#asked.set(id, { turn, onEvent });
    this.#port.post({ startCommand: id, turn, request });
    const control = (to: CommandControl) => {
      if (this.#asked.has(id)) this.#port.post({ controlCommand: id, to });
    };
    return { pause: () => control('pause'), resume: () => control('resume'), cancel: () => control('cancel') };
  }

  told(id: number, event: CommandEvent): void {
    const asked = this.#asked.get(id);
    if (!asked) return;
    if (event.type === 'ended') this.#asked.delete(id);
    else this.#port.post({ takenOf: id, characters: event.text.length });
    this.#entered(asked.turn);
    try {
      asked.onEvent(event);
    } catch (error) {
      this.#onThrown(asked.turn, error);
    }
  }
}
