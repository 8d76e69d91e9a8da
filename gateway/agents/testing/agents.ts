/** Agents for tests: as the gateway runs them, on services that keep what they were told. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Handler, Running, Turn } from '../../../transports/contract.ts';
import { Collector, turn } from '../../../transports/testing/legs.ts';
import type { CommandEvent, CommandRequest, JsonObject, SessionData, StartCommand } from '../agent.ts';
import { type AgentServices, type AgentSettings, type AgentsSettings, agentHandler } from '../index.ts';
import { loadAgents } from '../load.ts';

export const STREAMING: AgentSettings = { streaming: true, charactersMax: 100_000, tools: [], toolRoundsMax: 3 };

export const SESSION: SessionData = {
  key: 'session-key',
  env: { NAME: 'value' },
  state: {},
  workspace: join(tmpdir(), 'gatebench-no-such-workspace'),
};

export interface Told {
  remembered: { key: string; state: JsonObject }[];
  errors: { turn: string; agent: string; error: Error }[];
}

/** No command can be started. */
export const noCommands: StartCommand = (_request, onEvent) => {
  onEvent({ type: 'ended', result: { kind: 'refused', message: 'none can' } });
  return { pause() {}, resume() {}, cancel() {} };
};

export interface AgentsUnderTest extends Told {
  run(over?: Partial<Turn>, session?: SessionData): { sink: Collector; running: Running };
}

export async function agents(
  upstream: Handler,
  { codex = {}, subagent = {}, delayMs, startCommand = noCommands }: AgentsOver = {},
): Promise<AgentsUnderTest> {
  const told: Told = { remembered: [], errors: [] };
  const services: AgentServices = {
    upstream,
    startCommand,
    remember: (key, state) => told.remembered.push({ key, state }),
    onAgentError: (turnKey, agent, error) => told.errors.push({ turn: turnKey, agent, error }),
  };
  const settings: AgentsSettings = {
    agents: { codex: { ...STREAMING, ...codex }, subagent: { ...STREAMING, ...subagent } },
    ...(delayMs === undefined ? {} : { delayMs }),
  };
  const handler = agentHandler(await loadAgents(settings), services);
  return {
    ...told,
    run: (over = {}, session = SESSION) => {
      const sink = new Collector();
      return { sink, running: handler(turn({ agent: 'codex', ...over }), session, sink) };
    },
  };
}

export interface AgentsOver {
  codex?: Partial<AgentSettings>;
  subagent?: Partial<AgentSettings>;
  delayMs?: AgentsSettings['delayMs'];
  startCommand?: StartCommand;
}

/** A command that its test drives by hand. */
export interface DrivenCommand {
  request: CommandRequest;
  say(event: CommandEvent): void;
  pauses: number;
  resumes: number;
  cancels: number;
}

export function drivenCommands(): { start: StartCommand; commands: DrivenCommand[] } {
  const commands: DrivenCommand[] = [];
  const start: StartCommand = (request, onEvent) => {
    const command: DrivenCommand = { request, say: onEvent, pauses: 0, resumes: 0, cancels: 0 };
    commands.push(command);
    return {
      pause() {
        command.pauses += 1;
      },
      resume() {
        command.resumes += 1;
      },
      cancel() {
        command.cancels += 1;
        onEvent({ type: 'ended', result: { kind: 'cancelled' } });
      },
    };
  };
  return { start, commands };
}
