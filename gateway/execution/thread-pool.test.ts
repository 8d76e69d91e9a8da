import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Sink } from '../../transports/contract.ts';
import { turn, until } from '../../transports/testing/legs.ts';
import { placeOf, type TestPool, type UnitsOver, units } from './testing/units.ts';

const open: TestPool[] = [];
afterEach(async () => {
  for (const pool of open.splice(0)) {
    await pool.close();
    expect(pool.sessions.opened).toBe(0);
  }
});

async function made(over: UnitsOver = {}): Promise<TestPool> {
  const pool = await units('thread', over);
  open.push(pool);
  return pool;
}

const linux = it.runIf(process.platform === 'linux');

describe('threads', () => {
  it('grow when all are full, and shrink when they idle', async () => {
    const { act, pool } = await made({ unitsMax: 3, turnsPerUnit: 1, idleTimeoutMs: 50 });
    const runs = [1, 2, 3].map(() => act('sleep 100'));
    await Promise.all(runs.map(({ sink }) => sink.done));
    expect(pool.status().started).toBe(3);
    await until(() => pool.status().units.length === 1);
    expect(pool.status()).toMatchObject({ ended: 2, died: 0, killed: 0 });
  });

  it('grow when all compute, so that a light turn does not wait for a heavy one', async () => {
    const { act, pool } = await made({ unitsMax: 2, turnsPerUnit: 8 });
    const heavy = act('spin 1000000');
    await until(() => pool.units()[0]!.computing());
    const light = act('where');
    await light.sink.done;
    expect(heavy.sink.ends).toBe(0);
    expect(pool.status().units.map(({ turns }) => turns)).toEqual([1, 0]);
    heavy.running.cancel();
  });

  it('of agents with their own are of their agent alone', async () => {
    const { act, pool } = await made({ unitsMin: 2, unitsMax: 2, turnsPerUnit: 4, ownThreads: ['codex'] });
    const places = async (agent: string) => {
      const runs = Array.from({ length: 4 }, () => act('where', { agent }));
      await Promise.all(runs.map(({ sink }) => sink.done));
      return new Set(runs.map(({ sink }) => placeOf(sink.text).place));
    };
    const own = await places('codex');
    const shared = await places('subagent');
    expect(own.size).toBe(1);
    expect(shared.size).toBe(1);
    expect([...own]).not.toEqual([...shared]);
    expect(new Set(pool.status().units.map(({ agent }) => agent))).toEqual(new Set(['codex', null]));
  });

  linux('are known to the operating system by their names, for as long as they live', async () => {
    const { pool, act } = await made({ unitsMin: 2, unitsMax: 2 });
    const named = () =>
      readdirSync('/proc/self/task').flatMap((id) => {
        const name = readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim();
        return name.startsWith('agent-') ? [[name, Number(id)]] : [];
      });
    const known = () => pool.status().units.map(({ name, osThreadId }) => [name, osThreadId]);
    expect(known().map(([name]) => name)).toEqual(['agent-1', 'agent-2']);
    expect(named().sort()).toEqual(known());
    await act('exit 1').sink.done;
    await until(() => pool.status().units.length === 2 && pool.status().units.every(({ state }) => state === 'idle'));
    const [survivor, replacement] = known().map(([name]) => name);
    expect(['agent-1', 'agent-2']).toContain(survivor);
    expect(replacement).toBe('agent-3');
    expect(named().sort()).toEqual(known());
  });

  linux('of an agent’s own yield to others', async () => {
    const { pool, act } = await made({ unitsMin: 2, unitsMax: 2, ownThreads: ['codex'] });
    await act('where', { agent: 'codex' }).sink.done;
    await act('where', { agent: 'subagent' }).sink.done;
    const priorities = pool.status().units.map(({ agent, osThreadId }) => [agent, getPriority(osThreadId!)]);
    expect(new Map(priorities as [string | null, number][])).toEqual(
      new Map([
        ['codex', 10],
        [null, 0],
      ]),
    );
    expect(getPriority(process.pid)).toBe(0);
  });

  it('are fair to the turns in one: of 16 in flight, hardly any is overtaken by thrice as many as the middle one', async () => {
    const { pool } = await made({ turnsPerUnit: 16 });
    const turns = 480;
    /** For each turn, how many ended between its beginning and its end: its latency, on a clock that no load disturbs. */
    const latencies: number[] = [];
    const { promise: done, resolve } = Promise.withResolvers<void>();
    let begun = 0;
    const next = () => {
      begun += 1;
      const endedBefore = latencies.length;
      const sink: Sink = {
        push: (event) => {
          if (event.type !== 'end') return true;
          latencies.push(latencies.length - endedBefore);
          if (begun < turns) next();
          else if (latencies.length === turns) resolve();
          return true;
        },
      };
      pool.handler(turn({ agent: 'codex', input: [{ role: 'user', content: 'spin 1' }] }), sink);
    };
    for (let index = 0; index < 16; index += 1) next();
    await done;
    latencies.sort((a, b) => a - b);
    const [p50, p99] = [0.5, 0.99].map((quantile) => latencies[Math.floor(turns * quantile)]!) as [number, number];
    expect(p50).toBeGreaterThanOrEqual(8);
    expect(p99).toBeLessThanOrEqual(3 * p50);
  });

  linux('that are stuck in a native call end their turns at once, are replaced, and are shown until they are gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatebench-native-'));
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const { act, pool } = await made({ cancelGraceMs: 50 });
    const stuck = act(`native ${fifo}`);
    const neighbour = act('sleep 100000');
    while (await pool.units()[0]!.sample(500));
    await until(() => pool.units()[0]!.computing());
    stuck.running.cancel();
    expect((await neighbour.sink.done).outcome).toMatchObject({ code: 'agent_died' });
    await act('say here').sink.done;
    expect(pool.status().units.map(({ name, state }) => [name, state])).toEqual([
      ['agent-1', 'stopping'],
      ['agent-2', 'idle'],
    ]);
    // The call returns.
    closeSync(openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK));
    await until(() => pool.status().units.length === 1);
    rmSync(folder, { recursive: true });
  });

  it('begin a turn soon after they are handed it', async () => {
    const { act, pool } = await made();
    for (let index = 0; index < 50; index += 1) await act('say x').sink.done;
    const { count, p50Micros, p99Micros } = pool.status().dispatch;
    expect(count).toBe(50);
    expect(p50Micros).toBeGreaterThan(1);
    expect(p99Micros).toBeGreaterThanOrEqual(p50Micros);
  });

  it('that are killed again and again lose no turn: each of 1,000 ends once', async () => {
    const {
      pool,
      next: nextInference,
      sessions,
    } = await made({ unitsMin: 3, unitsMax: 3, turnsPerUnit: 8, cancelGraceMs: 20, queueMax: 1_000 });
    // The LLM answers at once.
    const answer = async () => {
      for (;;) {
        const { sink } = await nextInference();
        sink.push({ type: 'text', text: 'answer' }, 0);
        sink.push({ type: 'end', outcome: { kind: 'completed', finish: 'stop' } }, 0);
      }
    };
    void answer();
    const ACTS = ['relay', 'say x', 'relay', 'sleep 3', 'relay', 'exit 3', 'say y', 'deaf', 'relay', 'crash boom'];
    const turns = 1_000;
    const ends = new Map<number, string[]>();
    let begun = 0;
    let over = 0;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const next = () => {
      if (begun === turns) return;
      const index = begun;
      begun += 1;
      const content = index % 25 < 5 ? ACTS[index % ACTS.length]! : ['relay', 'say x', 'sleep 2'][index % 3]!;
      ends.set(index, []);
      const sink: Sink = {
        push: (event) => {
          if (event.type !== 'end') return true;
          ends.get(index)!.push(event.outcome.kind === 'failed' ? event.outcome.code : event.outcome.kind);
          over += 1;
          if (over === turns) resolve();
          else setImmediate(next);
          return true;
        },
      };
      const running = pool.handler(turn({ key: String(index), agent: 'codex', input: [{ role: 'user', content }] }), sink);
      if (content === 'deaf' || index % 17 === 0) setTimeout(() => running.cancel(), 2);
      if (index % 97 === 50) {
        const unit = pool.units()[index % 3];
        const [id] = unit?.turns() ?? [];
        if (unit && id !== undefined) unit.stop(id, { kind: 'cpu', used: 2e9, quota: 1e9 }, false);
      }
    };
    for (let index = 0; index < 40; index += 1) next();
    await done;
    const counts: Record<string, number> = {};
    for (const own of ends.values()) {
      expect(own.length).toBe(1);
      counts[own[0]!] = (counts[own[0]!] ?? 0) + 1;
    }
    expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(turns);
    for (const kind of ['completed', 'cancelled', 'agent_died', 'quota_exceeded']) expect(counts[kind]).toBeGreaterThan(0);
    const { died, killed } = pool.status();
    expect(died).toBeGreaterThan(0);
    expect(killed).toBeGreaterThan(0);
    expect(died + killed).toBeGreaterThan(10);
    await until(() => sessions.opened === 0);
    await until(() => pool.status().units.length === 3);
  }, 60_000);
});
