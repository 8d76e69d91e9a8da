import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../transports/testing/legs.ts';
import { placeOf, type TestPool, type UnitsOver, units } from './testing/units.ts';

const open: TestPool[] = [];
afterEach(async () => {
  for (const pool of open.splice(0)) {
    await pool.close();
    expect(pool.sessions.opened).toBe(0);
  }
});

async function made(over: UnitsOver = {}): Promise<TestPool> {
  const pool = await units('process', over);
  open.push(pool);
  return pool;
}

/** Also of one that has ended and was not waited for. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('processes', () => {
  it('serve one session each, and none that another has used', async () => {
    const { act, pool } = await made({ unitsMin: 0, unitsMax: 2 });
    const served = new Map<string, Set<string>>();
    const sessionsOf = new Map<string, Set<string>>();
    for (const session of ['a', 'b', 'a', 'c', 'b', 'a']) {
      const { sink } = act('where', { session });
      await sink.done;
      const { place, turns } = placeOf(sink.text);
      served.set(session, (served.get(session) ?? new Set()).add(place));
      sessionsOf.set(place, (sessionsOf.get(place) ?? new Set()).add(session));
      expect(turns).toBeGreaterThan(0);
    }
    for (const sessions of sessionsOf.values()) expect(sessions.size).toBe(1);
    // A's was ended for b's second, after c had taken b's.
    expect([...served.values()].map(({ size }) => size)).toEqual([2, 2, 1]);
    expect(pool.status().units.filter(({ state }) => state !== 'stopping').length).toBe(2);
  });

  it('run several turns of a session at once, and those without a session alone', async () => {
    const { act } = await made({ unitsMin: 0, unitsMax: 3, turnsPerUnit: 2 });
    const same = [act('sleep 50', { session: 'a' }), act('where', { session: 'a' })];
    const alone = [act('where'), act('where')];
    for (const { sink } of [...same, ...alone]) await sink.done;
    expect(placeOf(same[1]!.sink.text).turns).toBe(2);
    expect(alone.map(({ sink }) => placeOf(sink.text).turns)).toEqual([1, 1]);
    expect(new Set([...alone, same[1]!].map(({ sink }) => placeOf(sink.text).place)).size).toBe(3);
  });

  it('are kept ready ahead: a session finds one that was started before it came', async () => {
    const { act, pool } = await made({ unitsMin: 1, unitsMax: 3 });
    const [spare] = pool.status().units;
    expect(spare).toMatchObject({ kind: 'process', state: 'idle', turns: 0, threadId: null });
    const { sink } = act('where', { session: 'a' });
    await sink.done;
    expect(placeOf(sink.text)).toEqual({ place: `${spare!.pid}/0`, turns: 1 });
    await until(() => pool.status().units.length === 2);
  });

  it('end when their session idles', async () => {
    const { act, pool } = await made({ unitsMin: 0, idleTimeoutMs: 50 });
    const { sink } = act('where', { session: 'a' });
    await sink.done;
    const pid = Number.parseInt(sink.text, 10);
    expect(alive(pid)).toBe(true);
    await until(() => pool.status().units.length === 0);
    expect(alive(pid)).toBe(false);
  });

  it('take with them what was started in them', async () => {
    const { act, pool } = await made({ unitsMin: 0, idleTimeoutMs: 50 });
    const { sink } = act('grandchild', { session: 'a' });
    await sink.done;
    const grandchild = Number(sink.text);
    expect(alive(grandchild)).toBe(true);
    await until(() => pool.status().units.length === 0);
    expect(alive(grandchild)).toBe(false);
  });

  it('take it with them also when they die by themselves', async () => {
    const { act } = await made();
    const { sink } = act('grandchild', { session: 'a' });
    await sink.done;
    await act('exit 1', { session: 'a' }).sink.done;
    await until(() => !alive(Number(sink.text)));
  });

  it('that break the protocol of their channel are ended, and nothing else is hurt', async () => {
    const { act, errors } = await made({ unitsMin: 0 });
    const { outcome } = await act('babble [1,{"type":"end"}]', { session: 'a' }).sink.done;
    expect(outcome).toMatchObject({ code: 'agent_died', message: expect.stringContaining('broke the protocol') });
    expect(errors.length).toBe(1);
    await act('say still here', { session: 'a' }).sink.done;
  });

  it('go when their gateway does, however it ends', async () => {
    const host = fileURLToPath(new URL('testing/lonely-pool.ts', import.meta.url));
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const gateway = spawn(process.execPath, [host], { stdio: ['ignore', 'pipe', 'inherit'] });
      const line = await new Promise<string>((resolve) => gateway.stdout.once('data', (chunk) => resolve(String(chunk))));
      const pid = Number(line);
      expect(alive(pid)).toBe(true);
      gateway.kill(signal);
      await until(() => !alive(pid));
    }
  });
});
