/** What holds for agents in threads and in processes alike. */
import { afterEach, describe, expect, it } from 'vitest';
import { COMPLETED, until } from '../../transports/testing/legs.ts';
import { KINDS, type TestPool, type UnitsOver, units } from './testing/units.ts';

const open: TestPool[] = [];
afterEach(async () => {
  for (const pool of open.splice(0)) {
    await pool.close();
    // Every turn has been given back, whatever became of it.
    expect(pool.sessions.opened).toBe(0);
  }
});

describe.each(KINDS)('an agent in a %s', (kind) => {
  async function made(over: UnitsOver = {}): Promise<TestPool> {
    const pool = await units(kind, over);
    open.push(pool);
    return pool;
  }

  it('answers, with its inference done where it runs', async () => {
    const { act, next } = await made();
    const { sink } = act('relay', { session: 's' });
    const upstream = await next();
    upstream.sink.push({ type: 'started', responseId: 'r' }, 0);
    upstream.sink.push({ type: 'text', text: 'Zu viel — 😀 "\n' }, 0);
    upstream.sink.push({ type: 'toolCall', index: 0, id: 'c', name: 'f', arguments: '{}' }, 0);
    upstream.sink.push(COMPLETED, 0);
    await sink.done;
    expect(sink.text).toBe('Zu viel — 😀 "\n');
    expect(sink.events.at(-1)).toEqual({ ...COMPLETED, responseId: 'r' });
    expect(sink.readAtNs.every((stamp, index) => sink.events[index]!.type !== 'text' || stamp > 0)).toBe(true);
  });

  it('knows nothing of the gateway’s environment, and its own session’s alone', async () => {
    process.env.GATEBENCH_TEST_SECRET = 'hidden';
    try {
      const { act } = await made();
      const runs = ['a', 'b'].map((name) => act('env', { session: 's', env: { NAME: name } }));
      for (const [index, { sink }] of runs.entries()) {
        await sink.done;
        const { process: own, session } = JSON.parse(sink.text) as { process: object; session: object };
        expect(own).toEqual({});
        expect(session).toEqual({ NAME: ['a', 'b'][index] });
      }
    } finally {
      delete process.env.GATEBENCH_TEST_SECRET;
    }
  });

  it('remembers for its session’s next turn', async () => {
    const { act, sessions } = await made();
    const first = act('remember one', { session: 's' });
    await first.sink.done;
    expect(first.sink.text).toBe('nothing');
    const second = act('remember two', { session: 's' });
    await second.sink.done;
    expect(second.sink.text).toBe('one');
    expect([...sessions.states]).toEqual([['s', { words: 'two' }]]);
  });

  it('is held back by a consumer that does not take its events, all the way to the LLM, and neighbours are not', async () => {
    const { act, next } = await made();
    const slow = act('relay', { session: 's' });
    const upstream = await next();
    slow.sink.takes = false;
    const piece = 'x'.repeat(10_000);
    let paused = false;
    for (let index = 0; index < 5_000 && !paused; index += 1) {
      paused = !upstream.sink.push({ type: 'text', text: piece }, 0);
      if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(paused).toBe(true);
    const quick = act('say here', { session: 's' });
    await quick.sink.done;
    expect(quick.sink.text).toBe('here');
    slow.sink.takes = true;
    slow.running.resume();
    await until(() => upstream.resumes > 0);
    upstream.sink.push(COMPLETED, 0);
    expect((await slow.sink.done).outcome.kind).toBe('completed');
  });

  it('is held back by a gateway that is busy, so that no more than a bounded amount is under way', async () => {
    const { act } = await made();
    const { sink } = act('flood 5000', { session: 's' });
    await sink.done;
    const [, waits] = /waited (\d+)$/.exec(sink.text) ?? [];
    expect(sink.text.length).toBe(5_000_000 + `waited ${waits}`.length);
    expect(Number(waits)).toBeGreaterThan(1);
  });

  it('stops when it is told to, and its consumer has its end before that', async () => {
    const { act, pool, kills } = await made();
    const { sink, running } = act('sleep 100000', { session: 's' });
    await until(() => pool.status().dispatch.count === 1);
    running.cancel();
    running.cancel();
    expect(sink.events).toEqual([{ type: 'end', outcome: { kind: 'cancelled' } }]);
    await until(() => pool.status().units.every(({ turns }) => turns === 0));
    expect(sink.ends).toBe(1);
    expect(kills).toEqual([]);
  });

  it('stops also when it is told to before it has begun', async () => {
    const { act, pool, kills } = await made();
    act('sleep 100000', { session: 's' }).running.cancel();
    await until(() => pool.status().units.every(({ turns }) => turns === 0));
    expect(kills).toEqual([]);
  });

  it('is ended when it does not listen, with its neighbours, and replaced', async () => {
    const { act, pool, kills } = await made();
    const neighbour = act('sleep 100000', { session: 's' });
    const deaf = act('deaf', { session: 's' });
    await until(() => deaf.sink.text !== '');
    deaf.running.cancel();
    expect(deaf.sink.ends).toBe(1);
    const { outcome } = await neighbour.sink.done;
    expect(outcome).toMatchObject({ kind: 'failed', code: 'agent_died', message: expect.stringContaining('did not stop') });
    expect(kills.length).toBe(1);
    const after = act('say again', { session: 's' });
    await after.sink.done;
    expect(after.sink.text).toBe('again');
    expect(pool.status()).toMatchObject({ killed: 1, died: 0 });
  });

  it('is ended when it computes without end and is cancelled', async () => {
    const { act, pool } = await made();
    const { running } = act('spin 1000000', { session: 's' });
    await until(() => pool.status().dispatch.count === 1);
    running.cancel();
    await new Promise((resolve) => setTimeout(resolve, 60));
    // Not given to what will be killed next.
    const after = act('say again', { session: 's' });
    await after.sink.done;
    expect(after.sink.text).toBe('again');
    expect(pool.status().killed).toBe(1);
  });

  it('notes whose code it entered last, while it computes too', async () => {
    const { act, pool } = await made();
    await act('say 1', { session: 's' }).sink.done;
    act('sleep 100000', { session: 's' });
    act('spin 1000000', { session: 's' });
    const [unit] = pool.units();
    await until(() => unit!.lastEntered() === unit!.turns()[1]);
    expect(unit!.turns().length).toBe(2);
    unit!.stop(unit!.turns()[1]!, { kind: 'cpu', used: 2e9, quota: 1e9 }, false);
  });

  it('is stopped for a quota with the reason, and its neighbours with theirs', async () => {
    const { act, pool, exceeded, kills } = await made();
    const neighbour = act('sleep 100000', { session: 's' });
    const offender = act('spin 1000000', { key: 'greedy', session: 's' });
    const [unit] = pool.units();
    await until(() => unit!.lastEntered() === unit!.turns()[1]);
    unit!.stop(unit!.lastEntered(), { kind: 'cpu', used: 2.04e9, quota: 1e9 }, false);
    expect((await offender.sink.done).outcome).toEqual({
      kind: 'failed',
      code: 'quota_exceeded',
      message: '2.0 s of processor time, where 1.0 s are allowed',
    });
    expect((await neighbour.sink.done).outcome).toMatchObject({ kind: 'failed', code: 'agent_died' });
    expect(exceeded).toMatchObject([{ unit: unit!.name, turn: { key: 'greedy', agent: 'codex' } }]);
    expect(kills.length).toBe(1);
  });

  it('is told to stop first for a quota where it listens, and no neighbour suffers', async () => {
    const { act, pool, kills } = await made();
    const neighbour = act('sleep 300', { session: 's' });
    const offender = act('sleep 100000', { session: 's' });
    const [unit] = pool.units();
    await until(() => pool.status().dispatch.count === 2);
    unit!.stop(unit!.turns()[1]!, { kind: 'memory', used: 3 * 1024 ** 2, quota: 1024 ** 2 }, true);
    expect((await offender.sink.done).outcome).toMatchObject({ code: 'quota_exceeded', message: '3 MB of memory, where 1 MB are allowed' });
    expect((await neighbour.sink.done).outcome.kind).toBe('completed');
    expect(kills).toEqual([]);
  });

  it('is not ended for a cancelled turn that cannot listen because another computes', async () => {
    const { act, pool, kills } = await made({ cancelGraceMs: 100 });
    const quiet = act('sleep 100000', { session: 's' });
    const busy = act('spin 300', { session: 's' });
    const [unit] = pool.units();
    await until(() => unit!.lastEntered() === unit!.turns()[1] && unit!.computing());
    quiet.running.cancel();
    expect((await busy.sink.done).outcome.kind).toBe('completed');
    expect(kills).toEqual([]);
  });

  it('takes all its turns with it when it dies, at once', async () => {
    const { act, errors, pool } = await made();
    const runs = [act('sleep 100000', { session: 's' }), act('crash boom', { session: 's' })];
    for (const { sink } of runs) {
      expect((await sink.done).outcome).toMatchObject({ kind: 'failed', code: 'agent_died', message: expect.stringContaining('boom') });
    }
    expect(errors.length).toBe(1);
    expect(pool.status().died).toBe(1);
    await act('say again', { session: 's' }).sink.done;
  });

  it('may exit, and that is its death', async () => {
    const { act } = await made();
    const { outcome } = await act('exit 7', { session: 's' }).sink.done;
    expect(outcome).toMatchObject({ code: 'agent_died', message: expect.stringContaining('exited with code 7') });
  });

  it('reports what it throws, with its stack', async () => {
    const { act, agentErrors } = await made();
    const { outcome } = await act('throw bad luck', { key: 'unlucky', session: 's' }).sink.done;
    expect(outcome).toEqual({ kind: 'failed', code: 'agent_error', message: 'bad luck' });
    expect(agentErrors).toMatchObject([{ turn: 'unlucky', agent: 'codex', error: { message: 'bad luck' } }]);
    expect(agentErrors[0]!.error.stack).toContain('scripted-agent.ts');
  });

  it('tells what it uses', async () => {
    const { act, pool } = await made();
    await act('spin 50', { session: 's' }).sink.done;
    const sample = await pool.units()[0]!.sample(5_000);
    expect(sample!.cpuNs).toBeGreaterThan(40e6);
    expect((sample!.rssBytes ?? 0) + sample!.heapUsedBytes).toBeGreaterThan(1024 ** 2);
    const [status] = pool.status().units;
    expect(status).toMatchObject({ kind, state: 'idle', turns: 0, cpuMs: sample!.cpuNs / 1e6, rssBytes: sample!.rssBytes });
  });

  it('keeps the pool from starting where its module cannot be loaded', async () => {
    await expect(units(kind, { module: '/no/such/module.ts' })).rejects.toThrow('/no/such/module.ts');
  });
});

describe.each(KINDS)('commands of an agent in a %s', (kind) => {
  async function made(over: UnitsOver = {}): Promise<TestPool> {
    const pool = await units(kind, over);
    open.push(pool);
    return pool;
  }

  it('are started by the main thread, in its session’s folder, and their output comes back', async () => {
    const { act, commands } = await made();
    const { sink } = act('command make it so', { session: 's', env: { A: '1' } });
    await until(() => commands.length === 1);
    expect(commands[0]!.request).toEqual({ words: ['make', 'it', 'so'], workspace: '/workspaces/s', env: { A: '1' } });
    commands[0]!.emit({ type: 'output', stream: 'stdout', text: 'done' });
    commands[0]!.emit({ type: 'ended', result: { kind: 'exited', status: 0 } });
    await sink.done;
    expect(sink.text).toBe('done {"kind":"exited","status":0}');
  });

  it('are held back while the consumer takes nothing', async () => {
    const { act, commands } = await made();
    const { sink, running } = act('command yes', { session: 's' });
    await until(() => commands.length === 1);
    sink.takes = false;
    for (let index = 0; index < 100 && !commands[0]!.paused; index += 1) {
      commands[0]!.emit({ type: 'output', stream: 'stdout', text: 'y'.repeat(10_000) });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(commands[0]!.paused).toBe(true);
    sink.takes = true;
    running.resume();
    await until(() => !commands[0]!.paused);
    commands[0]!.emit({ type: 'ended', result: { kind: 'exited', status: 0 } });
    await sink.done;
  });

  it('are held back while the agent computes and takes nothing', async () => {
    const { act, commands, pool } = await made();
    act('command yes', { session: 's' });
    await until(() => commands.length === 1);
    const busy = act('spin 400', { session: 's' });
    const [unit] = pool.units();
    await until(() => unit!.lastEntered() === unit!.turns()[1]);
    let emitted = 0;
    for (; emitted < 1_000 && !commands[0]!.paused; emitted += 1)
      commands[0]!.emit({ type: 'output', stream: 'stdout', text: 'y'.repeat(10_000) });
    expect(emitted).toBe(27);
    await busy.sink.done;
    await until(() => !commands[0]!.paused);
  });

  it('end with their turn: cancelled, forgotten, or dead with its thread or process', async () => {
    const { act, commands, pool } = await made();
    const cancelled = act('command one', { session: 's' });
    await until(() => commands.length === 1);
    cancelled.running.cancel();
    expect(commands[0]!.cancels).toBe(1);
    const forgetful = act('forgetful two', { session: 's' });
    await forgetful.sink.done;
    await until(() => commands.length === 2 && commands[1]!.cancels === 1);
    act('command three', { session: 's' });
    await until(() => commands.length === 3);
    act('exit 1', { session: 's' });
    await until(() => commands[2]!.cancels === 1);
    expect(pool.status().died).toBe(1);
  });
});
