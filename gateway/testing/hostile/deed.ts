/** What an agent of these tests can be told to do. Nothing runs longer than 10 s, or takes more than 600 MB. */
import type { Sink, Turn } from '../../../transports/contract.ts';
import type { AgentContext } from '../../agents/agent.ts';

export interface Scene {
  readonly argument: string;
  readonly turn: Turn;
  readonly context: AgentContext;
  readonly sink: Sink;
  /** Ends the turn as completed. Nothing that is said after it counts. */
  end(): void;
}

/** @returns what the turn says before it is completed; without one it ends when the deed ends it, or is ended. */
export type Deed = (scene: Scene) => string | undefined | Promise<string | undefined>;

export const TIME_MAX_MS = 10_000;
export const MEMORY_MAX_BYTES = 600 * 1024 ** 2;

/** @returns what came of it, or the code of the error that it met with. */
export async function attempt(call: () => unknown): Promise<string> {
  try {
    return String((await call()) ?? 'done');
  } catch (error) {
    return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
  }
}

export function forTime(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, TIME_MAX_MS, undefined));
}
