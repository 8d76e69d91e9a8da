/** How a command's end is told: the clients of `!` commands read these sentences, so they are stable (docs/agents.md). */
import type { CommandResult } from './agent.ts';

export function describeResult(result: CommandResult): string {
  switch (result.kind) {
    case 'exited':
      return `command exited with status ${result.status}`;
    case 'signalled':
      return `command killed by ${result.signal}`;
    case 'timedOut':
      return `command timed out after ${result.afterMs} ms`;
    case 'cancelled':
      return 'command cancelled';
    case 'refused':
      return `command refused: ${result.message}`;
  }
}
