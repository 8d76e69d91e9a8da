/** How a command that an agent ran ended, read from the end of its turn, and which exit status says so. */
import { constants } from 'node:os';
import type { Outcome } from '../../../transports/contract.ts';

export type CommandEnd =
  | { kind: 'exited'; status: number }
  | { kind: 'signalled'; signal: string }
  | { kind: 'timedOut'; afterMs: number }
  | { kind: 'refused'; message: string }
  | { kind: 'cancelled' }
  /** Not the command's doing. */
  | { kind: 'failed'; message: string };

/** As `timeout` and shells have them. */
export const RUN_EXIT = Object.freeze({ failed: 1, timedOut: 124, refused: 126, signal: 128 });

/** The sentences are the agent's, and stable. */
export function commandEndOf(outcome: Outcome): CommandEnd {
  if (outcome.kind === 'completed') return { kind: 'exited', status: 0 };
  if (outcome.kind === 'cancelled') return { kind: 'cancelled' };
  const { message } = outcome;
  const failed: CommandEnd = { kind: 'failed', message: outcome.kind === 'timedOut' ? message : `${outcome.code}: ${message}` };
  if (outcome.kind !== 'failed' || outcome.code !== 'agent_error') return failed;
  const [, status, signal, afterMs, refusal] =
    /^command (?:exited with status (\d+)|killed by (SIG\w+)|timed out after (\d+) ms|refused: (.*))$/s.exec(message) ?? [];
  if (status !== undefined) return { kind: 'exited', status: Number(status) };
  if (signal !== undefined) return { kind: 'signalled', signal };
  if (afterMs !== undefined) return { kind: 'timedOut', afterMs: Number(afterMs) };
  return refusal === undefined ? failed : { kind: 'refused', message: refusal };
}

export function exitStatusOf(end: CommandEnd): number {
  switch (end.kind) {
    case 'exited':
      return end.status;
    case 'signalled':
      return RUN_EXIT.signal + signalNumber(end.signal);
    case 'timedOut':
      return RUN_EXIT.timedOut;
    case 'refused':
      return RUN_EXIT.refused;
    case 'cancelled':
      return RUN_EXIT.signal + constants.signals.SIGINT;
    case 'failed':
      return RUN_EXIT.failed;
  }
}

function signalNumber(name: string): number {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return numbers[name] ?? 0;
}
