import { readdirSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { serve } from '../../transports/server.ts';
import { COMPLETED, type Driven, driven, run, until } from '../../transports/testing/legs.ts';
import type { ClientOptions } from '../../transports/wire.ts';
import type { AgentSettings } from '../agents/index.ts';
import { ThreadPool, type ThreadPoolOptions } from './thread.ts';

const STREAMING: AgentSettings = { streaming: true, charactersMax: 1_000 };

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function pool(over: Partial<ThreadPoolOptions> = {}) {
  const { handler, turns, next } = driven();
  const llm = await serve({ host: '127.0.0.1', port: 0, handler });
  cleanups.push(() => llm.close(0));
  const upstream: ClientOptions = { leg: { transport: 'sse', envelope: 'chat', connection: 'kept' }, host: '127.0.0.1', port: llm.port };
  const errors: Error[] = [];
  const workers: Worker[] = [];
  const onWorker = (worker: Worker) => workers.push(worker);
  process.on('worker', onWorker);
  const threads = new ThreadPool({
    minThreads: 1,
    maxThreads: 1,
    idleTimeoutMs: 30_000,
    turnsPerThread: 2,
    queueMax: 1,
    agents: { codex: STREAMING, subagent: STREAMING },
    upstream,
    onThreadError: (error) => errors.push(error),
    ...over,
  });
  cleanups.push(() => threads.close());
  cleanups.push(async () => {
    process.off('worker', onWorker);
  });
  await threads.ready();
  return { threads, turns, next, errors, workers };
}

const finish = ({ sink }: Driven) => sink.push(COMPLETED, 0);

describe('agents in threads', () => {
  it('run as many turns as there is room for, keep some waiting, and refuse more', async () => {
    const { threads, turns, next } = await pool();
    const runs = [1, 2, 3, 4].map(() => run(threads.handler, { agent: 'codex' }));
    expect((await runs[3]!.sink.done).outcome).toMatchObject({ kind: 'refused', status: 429, code: 'queue_full' });
    const first = await next();
    await next();
    expect(threads.waiting).toBe(1);
    expect(turns.length).toBe(2);
    expect(threads.threads()).toMatchObject([{ state: 'busy', turns: 2 }]);
    finish(first);
    finish(await next());
    finish(turns[1]!);
    for (const { sink } of runs.slice(0, 3)) expect((await sink.done).outcome.kind).toBe('completed');
    expect(threads.threads()).toMatchObject([{ state: 'idle', turns: 0 }]);
  });

  it('take a waiting turn back when it is cancelled: no thread ever sees it', async () => {
    const { threads, turns, next } = await pool({ turnsPerThread: 1 });
    const busy = run(threads.handler, { agent: 'codex' });
    const first = await next();
    const waiting = run(threads.handler, { agent: 'codex' });
    waiting.running.cancel();
    expect(waiting.sink.events).toEqual([{ type: 'end', outcome: { kind: 'cancelled' } }]);
    expect(threads.waiting).toBe(0);
    finish(first);
    await busy.sink.done;
    const after = run(threads.handler, { agent: 'codex' });
    finish(await next());
    expect((await after.sink.done).outcome.kind).toBe('completed');
    expect(turns.length).toBe(2);
  });

  it('stop a turn that is cancelled before its thread has taken it', async () => {
    const { threads, turns } = await pool();
    const { sink, running } = run(threads.handler, { agent: 'codex' });
    running.cancel();
    running.cancel();
    expect(sink.ends).toBe(1);
    await until(() => threads.threads()[0]?.turns === 0);
    await until(() => turns.every(({ cancels }) => cancels > 0));
    expect(sink.ends).toBe(1);
  });

  it('stay usable for their neighbours when a consumer does not take its events', async () => {
    const { threads, next } = await pool();
    const slow = run(threads.handler, { agent: 'codex' });
    const upstream = await next();
    slow.sink.takes = false;
    const piece = 'x'.repeat(10_000);
    let paused = false;
    for (let index = 0; index < 5_000 && !paused; index += 1) {
      paused = !upstream.sink.push({ type: 'text', text: piece }, 0);
      if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(paused).toBe(true);
    const quick = run(threads.handler, { agent: 'codex' });
    const neighbour = await next();
    neighbour.sink.push({ type: 'text', text: 'here' }, 0);
    finish(neighbour);
    expect((await quick.sink.done).outcome.kind).toBe('completed');
    expect(quick.sink.text).toBe('here');
    slow.sink.takes = true;
    slow.running.resume();
    await until(() => upstream.resumes > 0);
    finish(upstream);
    expect((await slow.sink.done).outcome.kind).toBe('completed');
  });

  it('report refusals of agents as such', async () => {
    const { threads } = await pool();
    const { outcome } = await run(threads.handler, { agent: 'subagent', parameters: { tools: [{}] } }).sink.done;
    expect(outcome).toMatchObject({ kind: 'refused', param: 'tools' });
  });
});

describe('a thread that dies', () => {
  it('ends all its turns at once, is told of once, and is replaced', async () => {
    const { threads, next, errors, workers } = await pool();
    const runs = [1, 2].map(() => run(threads.handler, { agent: 'codex' }));
    const waiting = run(threads.handler, { agent: 'codex' });
    const first = await next();
    first.sink.push({ type: 'text', text: 'half' }, 0);
    await until(() => runs.some(({ sink }) => sink.text === 'half'));
    const [before] = threads.threads();
    await workers[0]!.terminate();
    for (const { sink } of runs) expect((await sink.done).outcome).toMatchObject({ kind: 'failed', code: 'agent_died' });
    expect(errors.length).toBe(1);
    await next();
    finish(await next());
    expect((await waiting.sink.done).outcome.kind).toBe('completed');
    expect(threads.threads().length).toBe(1);
    expect(threads.threads()[0]?.threadId).not.toBe(before?.threadId);
  });

  it('before it was ready keeps the gateway from starting', async () => {
    const impossible: ClientOptions = { leg: { transport: 'sse', envelope: 'binary', connection: 'kept' }, host: '127.0.0.1', port: 1 };
    await expect(pool({ upstream: impossible })).rejects.toThrow('binary over sse is not possible');
  });
});

describe('the pool', () => {
  it.runIf(process.platform === 'linux')('knows its threads as the operating system does', async () => {
    const { threads } = await pool({ minThreads: 2, maxThreads: 2 });
    const ids = threads.threads().map(({ osThreadId }) => String(osThreadId));
    expect(new Set(ids).size).toBe(2);
    expect(readdirSync('/proc/self/task')).toEqual(expect.arrayContaining(ids));
  });

  it('starts a further thread when all are full, up to its maximum', async () => {
    const { threads, next } = await pool({ maxThreads: 2, turnsPerThread: 1 });
    expect(threads.threads().length).toBe(1);
    const runs = [1, 2].map(() => run(threads.handler, { agent: 'codex' }));
    const upstream = [await next(), await next()];
    expect(threads.threads().map(({ turns }) => turns)).toEqual([1, 1]);
    for (const turn of upstream) finish(turn);
    for (const { sink } of runs) expect((await sink.done).outcome.kind).toBe('completed');
  });

  it('ends every turn when it closes', async () => {
    const { threads, next } = await pool({ turnsPerThread: 1 });
    const running = run(threads.handler, { agent: 'codex' });
    const waiting = run(threads.handler, { agent: 'codex' });
    await next();
    await threads.close();
    expect((await running.sink.done).outcome).toMatchObject({ kind: 'failed', code: 'agent_died' });
    expect((await waiting.sink.done).outcome).toEqual({ kind: 'cancelled' });
  });
});
