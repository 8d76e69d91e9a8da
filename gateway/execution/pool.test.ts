import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Turn } from '../../transports/contract.ts';
import { Collector, type run as runTurn, turn } from '../../transports/testing/legs.ts';
import type { LanePlan } from './lane.ts';
import type { HostSettings } from './messages.ts';
import type { PoolPlan } from './plan.ts';
import { AgentPool } from './pool.ts';
import { FakeCarrier, settled } from './testing/fake-carrier.ts';
import { testServices } from './testing/services.ts';

type Run = ReturnType<typeof runTurn>;

const SETTINGS = {} as HostSettings;

interface Over {
  kind?: 'thread' | 'process';
  unitsMin?: number;
  unitsMax?: number;
  turnsPerUnit?: number;
  queueMax?: number;
  idleTimeoutMs?: number;
  own?: readonly string[];
  agents?: readonly string[];
  ownWorkspaces?: boolean;
  stuck?: boolean;
}

function pool({
  kind = 'thread',
  unitsMin = 1,
  unitsMax = 4,
  turnsPerUnit = 1,
  queueMax = 100,
  idleTimeoutMs = 30_000,
  ...over
}: Over = {}) {
  const { own = [], agents = ['codex', 'subagent'], ownWorkspaces = false, stuck = false } = over;
  const told = testServices();
  const carriers: FakeCarrier[] = [];
  const shared: LanePlan = { key: 'shared', agent: null };
  const owns = new Map(own.map((agent): [string, LanePlan] => [agent, { key: agent, agent }]));
  const threads = kind === 'thread';
  const plan: PoolPlan = {
    kind,
    prefix: 'unit',
    carrier: (name, workspace) => {
      const carrier = new FakeCarrier(kind, name, workspace, stuck);
      carriers.push(carrier);
      return carrier;
    },
    lastingLanes: threads ? [...owns.values(), ...(agents.some((agent) => !owns.has(agent)) ? [shared] : [])] : [],
    laneOf: ({ agent }, { key, workspace }) =>
      threads ? (owns.get(agent ?? '') ?? shared) : { key: key ?? Symbol('alone'), agent: null, ...(ownWorkspaces ? { workspace } : {}) },
    unitsPerLaneMax: threads ? Number.POSITIVE_INFINITY : 1,
    spares: (bound) => {
      if (threads) return Math.max(0, unitsMin - bound);
      return ownWorkspaces ? 0 : Math.min(unitsMin, unitsMax - bound);
    },
    unitsKept: threads ? unitsMin : 0,
    queuePerLane: threads,
  };
  const { services, events } = told;
  const made = new AgentPool(plan, {
    unitsMax,
    turnsPerUnit,
    queueMax,
    idleTimeoutMs,
    cancelGraceMs: 100,
    settings: SETTINGS,
    services,
    events,
  });
  const start = (over: Partial<Turn> = {}): Run => {
    const sink = new Collector();
    return { sink, running: made.handler(turn({ agent: 'codex', ...over }), sink) };
  };
  const up = async () => {
    const ready = made.ready();
    for (const carrier of carriers) await carrier.up();
    await ready;
  };
  const outcomes = (runs: readonly Run[]) =>
    runs.map(({ sink }) => sink.events.find((event) => event.type === 'end')?.outcome.kind ?? null);
  return { pool: made, carriers, told, start, up, outcomes };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a pool', () => {
  it('begins with its least units, and grows by one for each that wait, up to the most', async () => {
    const { carriers, start, up } = pool({ unitsMin: 1, unitsMax: 3 });
    await up();
    expect(carriers.length).toBe(1);
    for (let index = 0; index < 5; index += 1) start();
    expect(carriers.length).toBe(3);
    for (const carrier of carriers.slice(1)) await carrier.up();
    expect(carriers.map(({ tasks }) => tasks.length)).toEqual([1, 1, 1]);
  });

  it('starts no more units than the waiting turns fill', async () => {
    const { carriers, start, up } = pool({ unitsMax: 4, turnsPerUnit: 2 });
    await up();
    for (let index = 0; index < 4; index += 1) start();
    expect(carriers.length).toBe(2);
    start();
    expect(carriers.length).toBe(3);
  });

  it('gives a turn to the unit with the fewest', async () => {
    const { carriers, start, up } = pool({ unitsMin: 2, unitsMax: 2, turnsPerUnit: 3 });
    await up();
    for (let index = 0; index < 4; index += 1) start();
    expect(carriers.map(({ tasks }) => tasks.length)).toEqual([3, 1]);
    carriers[0]!.finish();
    carriers[0]!.finish();
    carriers[0]!.finish();
    start();
    expect(carriers.map(({ tasks }) => tasks.length)).toEqual([1, 1]);
  });

  it('serves turns in the order in which they came', async () => {
    const { carriers, start, up } = pool({ unitsMax: 1 });
    await up();
    for (let index = 0; index < 20; index += 1) start({ key: String(index) });
    const order: string[] = [];
    while (carriers[0]!.tasks[0]) {
      order.push(carriers[0]!.tasks[0].turn.key);
      carriers[0]!.finish();
    }
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
  });

  it('refuses when too many wait, with the time that the first of them has waited', async () => {
    const { carriers, start, up, pool: made, told } = pool({ unitsMax: 1, queueMax: 2 });
    await up();
    const runs = [1, 2, 3].map(() => start());
    const { sink } = start();
    expect(sink.events).toMatchObject([{ type: 'end', outcome: { kind: 'refused', status: 429, code: 'queue_full', retryAfterS: 1 } }]);
    expect(made.status().waiting).toBe(2);
    expect(told.sessions.opened).toBe(3);
    for (let index = 0; index < 3; index += 1) carriers[0]!.finish();
    for (const run of runs) expect(run.sink.ends).toBe(1);
    expect(told.sessions.opened).toBe(0);
  });

  it('counts turns that a unit is being started for not as waiting in the queue', async () => {
    const { start, up, outcomes } = pool({ unitsMax: 2, queueMax: 0 });
    await up();
    expect(outcomes([start(), start(), start()])).toEqual([null, null, 'refused']);
  });

  it('takes a waiting turn back when it is cancelled', async () => {
    const { carriers, start, up, told } = pool({ unitsMax: 1 });
    await up();
    start({ key: 'first' });
    const waiting = start({ key: 'second' });
    start({ key: 'third' });
    waiting.running.cancel();
    expect(waiting.sink.events).toEqual([{ type: 'end', outcome: { kind: 'cancelled' } }]);
    carriers[0]!.finish();
    expect(carriers[0]!.tasks.map(({ turn: { key } }) => key)).toEqual(['third']);
    expect(told.sessions.opened).toBe(1);
  });

  it('starts another unit rather than give a turn to one that computes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { carriers, start, up } = pool({ unitsMax: 2, turnsPerUnit: 8 });
    const ready = up();
    await vi.advanceTimersByTimeAsync(1);
    await ready;
    start();
    carriers[0]!.busy = true;
    start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(carriers.map(({ tasks }) => tasks.length)).toEqual([1, 0]);
    await carriers[1]!.up();
    expect(carriers.map(({ tasks }) => tasks.length)).toEqual([1, 1]);
    carriers[1]!.busy = true;
    start();
    // Nothing better is to be had.
    expect(carriers.map(({ tasks }) => tasks.length)).toEqual([2, 1]);
  });

  it('gives a turn that waits for a new unit to one that has come to rest first', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { carriers, start, up } = pool({ unitsMax: 2, turnsPerUnit: 8 });
    const ready = up();
    await vi.advanceTimersByTimeAsync(1);
    await ready;
    start();
    carriers[0]!.busy = true;
    start();
    expect(carriers[0]!.tasks.length).toBe(1);
    carriers[0]!.busy = false;
    await vi.advanceTimersByTimeAsync(10);
    expect(carriers[0]!.tasks.length).toBe(2);
  });

  it('lets units go that are idle for long, down to its least', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { carriers, start, up, pool: made } = pool({ unitsMin: 1, unitsMax: 3, idleTimeoutMs: 1_000 });
    const ready = up();
    await vi.advanceTimersByTimeAsync(1);
    await ready;
    for (let index = 0; index < 3; index += 1) start();
    for (const carrier of carriers.slice(1)) await carrier.up();
    carriers[1]!.finish();
    await vi.advanceTimersByTimeAsync(500);
    carriers[0]!.finish();
    carriers[2]!.finish();
    await vi.advanceTimersByTimeAsync(501);
    expect(carriers.map(({ ended }) => ended)).toEqual([false, true, false]);
    await vi.advanceTimersByTimeAsync(600);
    expect(carriers.map(({ ended }) => ended)).toEqual([true, true, false]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(carriers.map(({ ended }) => ended)).toEqual([true, true, false]);
    expect(made.status()).toMatchObject({ started: 3, ended: 2, died: 0, killed: 0 });
  });

  it('does not let a unit go that has a turn again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { carriers, start, up } = pool({ unitsMin: 1, unitsMax: 2, idleTimeoutMs: 1_000 });
    const ready = up();
    await vi.advanceTimersByTimeAsync(1);
    await ready;
    start();
    start();
    await carriers[1]!.up();
    carriers[1]!.finish();
    await vi.advanceTimersByTimeAsync(900);
    start();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(carriers.map(({ ended }) => ended)).toEqual([false, false]);
  });

  it('replaces a unit that dies, whose turns end at once', async () => {
    const { carriers, start, up, told, pool: made } = pool({ turnsPerUnit: 2, unitsMax: 1 });
    await up();
    const runs = [start(), start(), start()];
    carriers[0]!.finish();
    await carriers[0]!.die('boom');
    expect(runs[1]!.sink.events).toMatchObject([
      { outcome: { kind: 'failed', code: 'agent_died', message: expect.stringContaining('boom') } },
    ]);
    expect(runs[2]!.sink.ends).toBe(1);
    expect(told.errors).toEqual(['unit-1: boom']);
    expect(carriers.length).toBe(2);
    await carriers[1]!.up();
    start();
    expect(carriers[1]!.tasks.length).toBe(1);
    expect(made.status()).toMatchObject({ started: 2, died: 1 });
  });

  it('replaces units that die before they have served a turn more and more slowly', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { carriers, up } = pool();
    const ready = up();
    await vi.advanceTimersByTimeAsync(1);
    await ready;
    for (const delayMs of [100, 200, 400]) {
      const started = carriers.length;
      await carriers.at(-1)!.up();
      await carriers.at(-1)!.die('at once');
      await vi.advanceTimersByTimeAsync(delayMs - 1);
      expect(carriers.length).toBe(started);
      await vi.advanceTimersByTimeAsync(1);
      expect(carriers.length).toBe(started + 1);
    }
  });

  it('ends the turns that wait for a unit which cannot be started', async () => {
    const { carriers, start, up, told } = pool({ kind: 'process', unitsMin: 0, ownWorkspaces: true });
    await up();
    const { sink } = start({ session: 'a' });
    await carriers[1]!.fail('no memory');
    expect(sink.events).toMatchObject([{ outcome: { kind: 'failed', code: 'agent_died', message: expect.stringContaining('no memory') } }]);
    expect(told.sessions.opened).toBe(0);
  });

  it('rejects at the start when a unit cannot be started', async () => {
    const { carriers, pool: made } = pool();
    const ready = made.ready();
    await Promise.all([expect(ready).rejects.toThrow('no such module'), carriers[0]!.fail('no such module')]);
  });

  it('ends all when it closes', async () => {
    const { carriers, start, up, pool: made, outcomes, told } = pool({ unitsMax: 2 });
    await up();
    const runs = [start(), start(), start()];
    await made.close();
    expect(outcomes(runs)).toEqual(['failed', 'cancelled', 'cancelled']);
    expect(carriers.every(({ ended }) => ended)).toBe(true);
    expect(outcomes([start()])).toEqual(['refused']);
    expect(told.sessions.opened).toBe(0);
    expect(made.status().units).toEqual([]);
  });

  it('tells how long turns waited, and how long it took to hand them over', async () => {
    const { carriers, start, up, pool: made } = pool({ unitsMax: 1 });
    await up();
    start();
    start();
    await new Promise((resolve) => setTimeout(resolve, 20));
    carriers[0]!.finish();
    const { dispatch, queueWaitMs } = made.status();
    expect(dispatch.count).toBe(2);
    expect(dispatch.p99Micros).toBeGreaterThan(0);
    expect(queueWaitMs.p99).toBeGreaterThanOrEqual(19);
    expect(queueWaitMs.p50).toBeLessThan(queueWaitMs.p99);
    made.beginWindow();
    expect(made.status()).toMatchObject({ dispatch: { count: 0, p50Micros: 0 }, queueWaitMs: { p50: 0, p99: 0 } });
  });

  it('gives a turn the state that its session has when it begins, not when it came', async () => {
    const { carriers, start, up, told } = pool({ unitsMax: 1 });
    await up();
    start({ session: 'a' });
    start({ session: 'a' });
    told.sessions.remember('a', { seen: 1 });
    carriers[0]!.finish();
    expect(carriers[0]!.tasks[0]!.session.state).toEqual({ seen: 1 });
    carriers[0]!.finish();
    expect(told.sessions.opened).toBe(0);
  });
});

describe('agents with threads of their own', () => {
  it('share none with others', async () => {
    const { carriers, start, up } = pool({ own: ['heavy'], agents: ['heavy', 'codex'], unitsMin: 2, unitsMax: 2, turnsPerUnit: 8 });
    await up();
    start({ agent: 'heavy' });
    start({ agent: 'codex' });
    start({ agent: 'subagent' });
    expect(carriers.map(({ tasks }) => tasks.map(({ turn: { agent } }) => agent))).toEqual([['heavy'], ['codex', 'subagent']]);
    expect(carriers.map(({ own }) => own)).toEqual([true, false]);
  });

  it('leave one thread to each other such agent and one to all others', async () => {
    const { carriers, start, up } = pool({ own: ['heavy', 'huge'], agents: ['heavy', 'huge', 'codex'], unitsMax: 4 });
    await up();
    const all = [1, 2, 3].map(() => start({ agent: 'heavy' }));
    expect(carriers.length).toBe(2);
    await carriers[1]!.up();
    expect(carriers.map(({ tasks }) => tasks.length)).toEqual([1, 1]);
    start({ agent: 'huge' });
    start({ agent: 'codex' });
    for (const carrier of carriers.slice(2)) await carrier.up();
    expect(carriers.map(({ tasks }) => tasks[0]?.turn.agent)).toEqual(['heavy', 'heavy', 'huge', 'codex']);
    expect(all[2]!.sink.ends).toBe(0);
  });

  it('keep no others waiting when theirs are full, nor fill their queue', async () => {
    const { carriers, start, up, outcomes } = pool({ own: ['heavy'], agents: ['heavy', 'codex'], unitsMin: 2, unitsMax: 2, queueMax: 1 });
    await up();
    const heavy = [1, 2, 3].map(() => start({ agent: 'heavy' }));
    expect(outcomes(heavy)).toEqual([null, null, 'refused']);
    const light = [start(), start()];
    expect(outcomes(light)).toEqual([null, null]);
    carriers[1]!.finish();
    carriers[1]!.finish();
    expect(outcomes(light)).toEqual(['completed', 'completed']);
    expect(outcomes(heavy)).toEqual([null, null, 'refused']);
  });

  it('get a new thread for an idle one of the others, beyond the one that is left to those', async () => {
    const { carriers, start, up } = pool({ own: ['heavy'], agents: ['heavy', 'codex'], unitsMin: 3, unitsMax: 3 });
    await up();
    start();
    start();
    carriers[0]!.finish();
    carriers[1]!.finish();
    start({ agent: 'heavy' });
    expect(carriers[2]!.tasks.length).toBe(1);
    start({ agent: 'heavy' });
    expect(carriers.map(({ ended }) => ended)).toEqual([true, false, false, false]);
    await carriers[3]!.up();
    expect(carriers[3]!.tasks.length).toBe(1);
    start({ agent: 'heavy' });
    expect(carriers[1]!.ended).toBe(false);
    expect(carriers.length).toBe(4);
  });
});

describe('a unit for each session', () => {
  const processes = (over: Over = {}) => pool({ kind: 'process', unitsMax: 2, turnsPerUnit: 2, ...over });

  it('serves its turns, several at once, and no other’s', async () => {
    const { carriers, start, up } = processes();
    await up();
    start({ session: 'a' });
    start({ session: 'a' });
    start({ session: 'b' });
    await carriers[1]!.up();
    expect(carriers.map(({ tasks }) => tasks.map(({ session: { key } }) => key))).toEqual([['a', 'a'], ['b']]);
  });

  it('is kept ready ahead, and replaced when it is taken', async () => {
    const { carriers, start, up } = processes({ unitsMax: 3 });
    await up();
    expect(carriers.length).toBe(1);
    start({ session: 'a' });
    expect(carriers.length).toBe(2);
  });

  it('ends for another session when it is idle the longest, and is never used for that', async () => {
    const { carriers, start, up } = processes();
    await up();
    start({ session: 'a' });
    await carriers[1]!.up();
    start({ session: 'b' });
    carriers[1]!.finish();
    carriers[0]!.finish();
    start({ session: 'c' });
    expect(carriers.map(({ ended }) => ended)).toEqual([false, true, false]);
    await carriers[2]!.up();
    expect(carriers[2]!.tasks.map(({ session: { key } }) => key)).toEqual(['c']);
    start({ session: 'a' });
    expect(carriers[0]!.tasks.length).toBe(1);
  });

  it('keeps a turn waiting while others have all', async () => {
    const { carriers, start, up, outcomes } = processes({ queueMax: 1 });
    await up();
    start({ session: 'a' });
    await carriers[1]!.up();
    start({ session: 'b' });
    const waiting = start({ session: 'c' });
    expect(outcomes([waiting, start({ session: 'd' })])).toEqual([null, 'refused']);
    carriers[0]!.finish();
    expect(carriers[0]!.ended).toBe(true);
    await carriers[2]!.up();
    expect(carriers[2]!.tasks.map(({ session: { key } }) => key)).toEqual(['c']);
  });

  it('has a turn without a session alone, and ends with it', async () => {
    const { carriers, start, up } = processes();
    await up();
    start();
    await carriers[1]!.up();
    start();
    expect(carriers.map(({ tasks }) => tasks.length)).toEqual([1, 1]);
    carriers[0]!.finish();
    expect(carriers[0]!.ended).toBe(true);
  });

  it('is started for its session’s workspace alone where it has files: none is ready ahead', async () => {
    const { carriers, start, up, pool: made } = processes({ ownWorkspaces: true });
    await up();
    expect(carriers.map(({ ended }) => ended)).toEqual([true]);
    start({ session: 'a' });
    expect(carriers.map(({ workspace }) => workspace)).toEqual([undefined, '/workspaces/a']);
    await carriers[1]!.up();
    expect(carriers[1]!.tasks.length).toBe(1);
    expect(made.status().units.length).toBe(1);
  });
});

describe('a unit that does not end', () => {
  it('is no capacity any more, is replaced, and shown until it is gone', async () => {
    const { carriers, start, up, pool: made, outcomes } = pool({ unitsMax: 1, stuck: true });
    await up();
    const held = start();
    const waiting = start();
    made.units()[0]!.stop(carriers[0]!.tasks[0]!.id, { kind: 'cpu', used: 2e9, quota: 1e9 }, false);
    expect(outcomes([held])).toEqual(['failed']);
    expect(carriers.length).toBe(2);
    await carriers[1]!.up();
    expect(carriers[1]!.tasks.length).toBe(1);
    expect(made.status().units.map(({ name, state }) => [name, state])).toEqual([
      ['unit-1', 'stopping'],
      ['unit-2', 'busy'],
    ]);
    carriers[1]!.finish();
    expect(outcomes([waiting])).toEqual(['completed']);
    await carriers[0]!.release();
    expect(made.status().units.map(({ name }) => name)).toEqual(['unit-2']);
  });

  it('is not replaced when there are as many already as there may be units', async () => {
    const { carriers, start, up, pool: made } = pool({ unitsMax: 1, stuck: true });
    await up();
    for (const index of [0, 1]) {
      const one = carriers[index]!;
      await one.up();
      start();
      made.units()[0]!.stop(one.tasks[0]!.id, { kind: 'cpu', used: 2e9, quota: 1e9 }, false);
    }
    start();
    expect(carriers.length).toBe(2);
    await carriers[0]!.release();
    expect(carriers.length).toBe(3);
  });
});

describe('whatever happens', () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('turn' as const), who: fc.nat(3) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('finish' as const), at: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('up' as const), at: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('compute' as const), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), at: fc.nat() }) },
  );

  it.each(['thread', 'process'] as const)(
    'each turn of a pool of kind %s ends once, sessions are closed, bounds are kept',
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(fc.array(action, { maxLength: 60 }), fc.boolean(), async (actions, ownWorkspaces) => {
          const unitsMax = 3;
          const {
            carriers,
            start,
            up,
            pool: made,
            told,
            outcomes,
          } = pool({
            kind,
            unitsMin: 1,
            unitsMax,
            turnsPerUnit: 2,
            queueMax: 3,
            own: kind === 'thread' ? ['agent-0'] : [],
            agents: ['agent-0', 'agent-1'],
            ownWorkspaces: kind === 'process' && ownWorkspaces,
          });
          await up();
          const runs: Run[] = [];
          const alive = () => carriers.filter(({ ended }) => !ended);
          const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(list.length, 1)];
          for (const one of actions) {
            if (one.do === 'turn') runs.push(start({ agent: `agent-${one.who}`, ...(one.who < 3 ? { session: `s${one.who}` } : {}) }));
            else if (one.do === 'cancel') pick(runs, one.at)?.running.cancel();
            else if (one.do === 'up') await pick(alive(), one.at)?.up();
            else if (one.do === 'fail') await pick(alive(), one.at)?.fail('failed');
            else if (one.do === 'die') await pick(alive(), one.at)?.die('died');
            else if (one.do === 'compute') {
              const carrier = pick(alive(), one.at);
              if (carrier) carrier.busy = !carrier.busy;
            } else if (one.do === 'finish') {
              const carrier = pick(
                alive().filter(({ tasks }) => tasks.length > 0),
                one.at,
              );
              carrier?.finish();
            } else {
              const unit = pick(made.units(), one.at);
              unit?.stop(unit.turns()[0] ?? 0, { kind: 'memory', used: 2, quota: 1 }, false);
            }
            expect(alive().length).toBeLessThanOrEqual(unitsMax);
            for (const { tasks } of alive()) expect(tasks.length).toBeLessThanOrEqual(2);
          }
          for (const { tasks } of carriers) {
            if (kind === 'process') expect(new Set(tasks.map(({ session: { key } }) => key)).size).toBeLessThanOrEqual(1);
            else expect(new Set(tasks.map(({ turn: { agent } }) => agent === 'agent-0')).size).toBeLessThanOrEqual(1);
          }
          await made.close();
          await settled();
          expect(runs.map(({ sink }) => sink.ends)).toEqual(runs.map(() => 1));
          expect(outcomes(runs)).not.toContain(null);
          expect(told.sessions.opened).toBe(0);
        }),
        { numRuns: 150 },
      );
    },
  );
});
