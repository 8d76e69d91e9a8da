/** Pools of real threads and processes that run the scripted agent. */
import { fileURLToPath } from 'node:url';
import type { Turn } from '../../../transports/contract.ts';
import { serve } from '../../../transports/server.ts';
import { Collector, driven, turn } from '../../../transports/testing/legs.ts';
import type { AgentSettings } from '../../agents/index.ts';
import type { HostSettings } from '../messages.ts';
import type { AgentPool } from '../pool.ts';
import { type ProcessPoolOptions, processPool } from '../process-pool.ts';
import { type ThreadPoolOptions, threadPool } from '../thread-pool.ts';
import { url as agentUrl } from './scripted-agent.ts';
import { type TestServices, testServices } from './services.ts';

export const KINDS = ['thread', 'process'] as const;

const AGENT: AgentSettings = { streaming: true, charactersMax: 10_000_000, tools: [], toolRoundsMax: 1, module: fileURLToPath(agentUrl) };

export interface TestPool extends TestServices {
  pool: AgentPool;
  /** The LLM's turns. */
  turns: ReturnType<typeof driven>['turns'];
  next: ReturnType<typeof driven>['next'];
  /** A turn whose agent does this. */
  act(what: string, over?: Partial<Turn>): { sink: Collector; running: ReturnType<AgentPool['handler']> };
  close(): Promise<void>;
}

export type UnitsOver = Partial<ThreadPoolOptions & ProcessPoolOptions> & { module?: string };

export async function units(kind: 'thread' | 'process', { module, ...over }: UnitsOver = {}): Promise<TestPool> {
  const { handler, turns, next } = driven();
  const llm = await serve({ host: '127.0.0.1', port: 0, handler });
  const told = testServices();
  const agent = module === undefined ? AGENT : { ...AGENT, module };
  const settings: HostSettings = {
    agents: { agents: { codex: agent, subagent: agent } },
    upstream: { leg: { transport: 'sse', envelope: 'chat', connection: 'kept' }, host: '127.0.0.1', port: llm.port },
  };
  const { services, events } = told;
  const common = {
    unitsMin: 1,
    unitsMax: 1,
    turnsPerUnit: 4,
    queueMax: 100,
    idleTimeoutMs: 30_000,
    cancelGraceMs: 200,
    settings,
    services,
    events,
    ...over,
  };
  const pool =
    kind === 'thread'
      ? threadPool({ agents: ['codex', 'subagent'], ownThreads: [], execArgv: [], ...common })
      : processPool({ ownWorkspaces: false, lineCharactersMax: 10_000_000, ...common, execArgv: () => [] });
  const close = async () => {
    await pool.close();
    await llm.close(0);
  };
  try {
    await pool.ready();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...told,
    pool,
    turns,
    next,
    act: (content, over = {}) => {
      const sink = new Collector();
      const running = pool.handler(turn({ agent: 'codex', input: [{ role: 'user', content }], ...over }), sink);
      return { sink, running };
    },
    close,
  };
}

/** What the scripted agent says by `where`. */
export function placeOf(text: string): { place: string; turns: number } {
  const [place = '', count] = text.split(' ');
  return { place, turns: Number(count) };
}
