/**
 * What passes between the main thread and a unit that runs agents, a thread or a process. Plain JSON data throughout:
 * a thread gets it cloned, a process as a line of text.
 *
 * Events go up in batches, since a message costs about 20 µs where it has to wake the other side, and an event in it a
 * fifth of a microsecond; how many may be under way is bounded (`credit.ts`).
 */
import type { Turn, TurnEvent } from '../../transports/contract.ts';
import type { ClientOptions } from '../../transports/wire.ts';
import type { CommandEvent, CommandRequest, JsonObject, SessionData } from '../agents/agent.ts';
import type { AgentSpent } from '../agents/clock.ts';
import type { AgentsSettings } from '../agents/index.ts';
import type { UnitSample } from './unit.ts';

/**
 * With what a unit begins. The upstream's headers, and with them the API key, are among it: agents run their inferences
 * themselves, so whatever code runs in a unit can read the key. Everything else of the gateway's secrets stays out, as
 * does its environment.
 */
export interface HostSettings {
  readonly agents: AgentsSettings;
  readonly upstream: ClientOptions;
}

export interface TurnTask {
  /** Numbers the turns of a pool; fits 31 bits. Another turn's once this one is long over. */
  readonly id: number;
  readonly turn: Turn;
  readonly session: SessionData;
}

/**
 * Events, as pairs in one array, which is cloned the cheapest: a turn's id, then its event, text as its text alone. The
 * pair of 0 and a stamp says when the bytes of all events after it were read, up to the next such pair. Before a turn's
 * end comes how its time was spent.
 */
export type Batch = (number | string | HostEvent)[];
export type HostEvent = TurnEvent | AgentSpent;

export type CommandControl = 'pause' | 'resume' | 'cancel';

export type FromHost =
  | Batch
  /** The turn's agent is about to be called. */
  | { accepted: number; atNs: number }
  | { remember: string; state: JsonObject }
  /** `startCommand` numbers the commands of the unit. */
  | { startCommand: number; turn: number; request: CommandRequest }
  | { controlCommand: number; to: CommandControl }
  /** So much of the command's output has been taken. */
  | { takenOf: number; characters: number }
  | { errorOf: string; agent: string; message: string; stack: string };

export type ToHost =
  | { cancel: number }
  | { pause: number }
  | { resume: number }
  /** Batches that have been delivered; to a thread, which knows their number itself, only that there are some. */
  | { delivered: number }
  | { command: number; event: CommandEvent };

/** Of a process, beside the above: its channel carries the turns themselves, its beginning, and what it uses. */
export type FromChild = FromHost | { ready: 1 } | { failed: string } | { usage: UnitSample };
export type ToChild = ToHost | { begin: HostSettings; name: string } | { run: TurnTask } | { reportUsage: 1 };

/** A unit's end of its channel. */
export interface Port {
  post(message: FromHost): void;
  onMessage(listener: (message: ToHost) => void): void;
}
