/** Where agents run: on the main thread, in threads, in processes. All of it looks the same to who has a turn. */
import type { Handler, Turn } from '../../transports/contract.ts';
import type { JsonObject, SessionData, StartCommand } from '../agents/agent.ts';
import type { PoolGlance, PoolStatus } from './status.ts';
import type { QuotaBreach, Unit } from './unit.ts';

export interface Execution {
  readonly handler: Handler;
  /** Ends what runs; resolves when no thread and no process is left. */
  close(): Promise<void>;
}

export interface Pool extends Execution {
  /** Resolves when the first units are up; rejects when one cannot be started, or what it needs cannot be loaded. */
  ready(): Promise<void>;
  /** Those that may have turns, for the watchdog. */
  units(): readonly Unit[];
  status(): PoolStatus;
  /** Asks none of them. */
  glance(): PoolGlance;
  /** Empties the distributions. */
  beginWindow(): void;
}

/** The main thread's sessions, as an execution needs them. */
export interface SessionSource {
  open(turn: Turn): SessionData;
  remember(key: string, state: JsonObject): void;
  done(session: SessionData): void;
}

/** What the main thread does for agents, wherever they run. */
export interface ExecutionServices {
  readonly sessions: SessionSource;
  readonly startCommand: StartCommand;
  /** An agent threw: for the log. */
  onAgentError(turnKey: string, agent: string, error: Error): void;
}

export interface QuotaEvent {
  unit: string;
  /** Absent: code goes on after its turn's end. */
  turn?: { key: string; agent: string };
  breach: QuotaBreach;
}

/** What a pool tells its gateway, for the log. */
export interface PoolEvents {
  /** A unit ended that was not asked to, or could not be started. */
  onUnitError(unit: string, error: Error): void;
  /** A unit was ended with turns in it: one did not listen, or exceeded a quota. */
  onUnitKilled(unit: string, reason: string): void;
  /** A turn is close to a quota. */
  onQuotaWarning(event: QuotaEvent): void;
  /** A turn was stopped for one. */
  onQuotaExceeded(event: QuotaEvent): void;
}
