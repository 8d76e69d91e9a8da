/** Agents, sessions and commands together, with real programs: what `gatebench run` relies on. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Handler, Turn } from '../../transports/contract.ts';
import { COMPLETED, Collector, driven, turn, until } from '../../transports/testing/legs.ts';
import type { SessionData } from '../agents/agent.ts';
import { type AgentHandler, agentHandler } from '../agents/index.ts';
import { loadAgents } from '../agents/load.ts';
import { STREAMING } from '../agents/testing/agents.ts';
import { Sessions } from '../sessions.ts';
import { CommandRunner } from './runner.ts';

let sessions: Sessions;
let commands: CommandRunner;
const errors: Error[] = [];
const onError = (error: Error) => errors.push(error);

beforeEach(() => {
  sessions = new Sessions({ idleTimeoutMs: 60_000, workspacesMax: 10, allowedEnv: ['DATA'], files: true, onError });
  const { workspaces } = sessions;
  commands = new CommandRunner({
    programs: ['python3', 'sh'],
    timeoutMs: 30_000,
    outputBytesMax: 10_000,
    concurrentMax: 2,
    owns: (path) => workspaces.owns(path),
    temporaryFolder: workspaces.root,
    onError,
  });
});
afterEach(async () => {
  await commands.close();
  await sessions.close();
  expect(existsSync(sessions.workspaces.root)).toBe(false);
  expect(errors.splice(0)).toEqual([]);
});

async function codex(upstream: Handler): Promise<AgentHandler> {
  const settings = { ...STREAMING, tools: ['exec', 'write_file'] as const };
  return agentHandler(await loadAgents({ agents: { codex: settings, subagent: STREAMING } }), {
    upstream,
    startCommand: commands.start,
    remember: (key, state) => sessions.remember(key, state),
    onAgentError: (_turn, _agent, error) => onError(error),
  });
}

function ask(handler: AgentHandler, over: Partial<Turn>): { sink: Collector; session: SessionData; cancel: () => void } {
  const asked = turn({ agent: 'codex', ...over });
  const session = sessions.open(asked);
  const sink = new Collector();
  const running = handler(asked, session, sink);
  void sink.done.then(() => sessions.done(session));
  return { sink, session, cancel: () => running.cancel() };
}

const saying = (content: string, over: Partial<Turn> = {}): Partial<Turn> => ({
  session: 's',
  input: [{ role: 'user', content }],
  ...over,
});

const ANALYZE = `
import os, sys, time
print('reading', os.environ['DATA'])
for step in range(3):
  time.sleep(0.05)
  print('step', step)
print('working in', os.getcwd(), file=sys.stderr)
open('result.txt', 'w').write('done')
sys.exit(int(sys.argv[1]))
`;

describe('a turn that is a command', () => {
  it('runs a script of the session’s workspace, streams what it says, and leaves its files to the session', async () => {
    const handler = await codex(driven().handler);
    const { workspace } = sessions.open(turn({ session: 's' }));
    mkdirSync(workspace);
    writeFileSync(join(workspace, 'analyze.py'), ANALYZE);
    const { sink } = ask(handler, saying('!analyze.py 0', { env: { DATA: 'a b', SECRET: 'x' } }));
    expect((await sink.done).outcome).toEqual({ kind: 'completed', finish: 'stop' });
    expect(sink.text).toBe(`reading a b\nstep 0\nstep 1\nstep 2\nworking in ${workspace}\n`);
    expect(sink.events.length).toBeGreaterThan(3);
    expect(existsSync(join(workspace, 'result.txt'))).toBe(true);
    const failing = ask(handler, saying('!analyze.py 3', { env: { DATA: '' } }));
    expect((await failing.sink.done).outcome).toEqual({ kind: 'failed', code: 'agent_error', message: 'command exited with status 3' });
  });

  it('ends with everything that it started when it is cancelled', async () => {
    const handler = await codex(driven().handler);
    const { sink, cancel } = ask(handler, saying(`!sh -c 'sleep 100 & echo ready; sleep 100'`));
    await until(() => sink.text === 'ready\n');
    expect(commands.running).toBe(1);
    cancel();
    expect((await sink.done).outcome).toEqual({ kind: 'cancelled' });
    expect(commands.running).toBe(0);
  });
});

it('a model writes a script, runs it, and hears how it ended; the files of a turn that stands alone go with it', async () => {
  const { handler, next } = driven();
  const { sink, session } = ask(await codex(handler), {});
  const calls = [
    ['write_file', { path: 'a.py', content: 'print(6 * 7)\nraise SystemExit(2)' }],
    ['exec', { command: 'python3 a.py' }],
  ] as const;
  const first = await next();
  for (const [index, [name, args]] of calls.entries()) {
    first.sink.push({ type: 'toolCall', index, id: `c${index}`, name, arguments: JSON.stringify(args) }, 0);
  }
  first.sink.push({ ...COMPLETED, outcome: { kind: 'completed', finish: 'toolCalls' } }, 0);
  const second = await next();
  expect(second.turn.input.slice(-2).map(({ content }) => content)).toEqual(['wrote 32 bytes', 'command exited with status 2\n42\n']);
  expect(existsSync(session.workspace)).toBe(true);
  second.sink.push(COMPLETED, 0);
  await sink.done;
  await sessions.workspaces.settled();
  expect(existsSync(session.workspace)).toBe(false);
});
