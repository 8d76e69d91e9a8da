/** What executions need of their gateway, for tests: sessions and commands that keep what they were asked. */
import type { CommandEvent, CommandRequest, JsonObject, SessionData, StartCommand } from '../../agents/agent.ts';
import type { ExecutionServices, PoolEvents, QuotaEvent, SessionSource } from '../execution.ts';

/** A turn's `session` is its key. */
export class TestSessions implements SessionSource {
  readonly states = new Map<string, JsonObject>();
  /** Turns that are open. */
  opened = 0;

  open(turn: { session?: string; env?: Readonly<Record<string, string>> }): SessionData {
    this.opened += 1;
    const { session: key, env = {} } = turn;
    if (key === undefined) return { env, state: {}, workspace: '/workspaces/alone' };
    return { key, env, state: this.states.get(key) ?? {}, workspace: `/workspaces/${key}` };
  }

  remember(key: string, state: JsonObject): void {
    this.states.set(key, state);
  }

  done(): void {
    this.opened -= 1;
  }
}

/** A command that its test drives by hand. */
export interface DrivenCommand {
  request: CommandRequest;
  emit(event: CommandEvent): void;
  paused: boolean;
  cancels: number;
}

export function drivenCommands(): { start: StartCommand; commands: DrivenCommand[] } {
  const commands: DrivenCommand[] = [];
  const start: StartCommand = (request, emit) => {
    const command: DrivenCommand = { request, emit, paused: false, cancels: 0 };
    commands.push(command);
    return {
      pause() {
        command.paused = true;
      },
      resume() {
        command.paused = false;
      },
      cancel() {
        command.cancels += 1;
        emit({ type: 'ended', result: { kind: 'cancelled' } });
      },
    };
  };
  return { start, commands };
}

export interface TestServices {
  services: ExecutionServices;
  events: PoolEvents;
  sessions: TestSessions;
  commands: DrivenCommand[];
  /** Of units. */
  errors: string[];
  kills: string[];
  warnings: QuotaEvent[];
  exceeded: QuotaEvent[];
  agentErrors: { turn: string; agent: string; error: Error }[];
}

export function testServices(): TestServices {
  const sessions = new TestSessions();
  const { start, commands } = drivenCommands();
  const errors: string[] = [];
  const kills: string[] = [];
  const warnings: QuotaEvent[] = [];
  const exceeded: QuotaEvent[] = [];
  const agentErrors: TestServices['agentErrors'] = [];
  return {
    services: { sessions, startCommand: start, onAgentError: (turn, agent, error) => agentErrors.push({ turn, agent, error }) },
    events: {
      onUnitError: (unit, error) => errors.push(`${unit}: ${error.message}`),
      onUnitKilled: (unit, reason) => kills.push(`${unit}: ${reason}`),
      onQuotaWarning: (event) => warnings.push(event),
      onQuotaExceeded: (event) => exceeded.push(event),
    },
    sessions,
    commands,
    errors,
    kills,
    warnings,
    exceeded,
    agentErrors,
  };
}
