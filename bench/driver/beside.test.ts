import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Handler, Turn } from '../../transports/contract.ts';
import { isBesideKey } from '../ledger/rows.ts';
import { checkCounts } from '../statistics/accounting.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { Load, TrialSpec, Workload } from '../trial.ts';
import { LEAD_NS } from './driver.ts';
import { end, MS, replyAfter, runTrial, SPEC, scripted, WORKLOAD } from './testing/trials.ts';
import type { World } from './testing/world.ts';

const constant = (sessionsPerSecond: number): Load => ({ kind: 'open', sessionsPerSecond, arrivals: { process: 'constant' } });
const spec = (rest: Partial<TrialSpec>, load: Load, workload: Partial<Workload> = {}): TrialSpec => ({
  ...SPEC,
  ...rest,
  beside: { workload: { ...WORKLOAD, ...workload }, load },
});
/** Notes the turns that come to it. */
const noting =
  (turns: Turn[], make: (world: World) => Handler): ((world: World) => Handler) =>
  (world) => {
    const handler = make(world);
    return (turn, sink) => {
      turns.push(turn);
      return handler(turn, sink);
    };
  };

describe('a second load beside the measured one', () => {
  test('both are on time, each to its own target, and only the measured one is measured', async () => {
    const mine: Turn[] = [];
    const others: Turn[] = [];
    const workload = { agent: 'subagent', execution: 'process', outputTokens: { kind: 'fixed', value: 77 } } as const;
    // Many of both are due at the same moments.
    const { result, arrivals, released, histogram } = await runTrial(
      spec({ warmupMs: 200, seriesBinMs: 100, workload: { ...WORKLOAD, agent: 'codex' } }, constant(300), workload),
      noting(mine, (world) => replyAfter(world, 10 * MS)),
      { beside: noting(others, (world) => replyAfter(world, 40 * MS)) },
    );
    expect(result.turns).toMatchObject({ offered: 100, completed: 100 });
    expect(result.beside?.turns).toMatchObject({ offered: 300, completed: 300 });
    const beside = (name: 'lateness' | 'turn') => LatencyHistogram.decode(result.beside!.histograms[name]);
    // On time to the histogram's first microsecond.
    for (const lateness of [histogram('lateness'), beside('lateness')]) expect(lateness.maxMs()).toBe(0.001);
    expect([histogram('lateness').count, beside('lateness').count]).toEqual([100, 300]);
    expect(Math.round(histogram('turn').maxMs()!)).toBe(10);
    expect(Math.round(beside('turn').quantileMs(0.1)!)).toBe(40);

    expect([mine.length, others.length]).toEqual([120, 360]);
    expect(result.totals).toEqual({ turns: 120, outputTokens: 600, textEvents: 120 });
    expect(result.series.reduce((total, { due }) => total + due, 0)).toBe(120);
    expect(arrivals.rows.map(({ key }) => key)).toEqual(mine.map(({ key }) => key));
    // 40 ms at 300/s are 12 at a time; the measured load has one, and another is due when it ends.
    expect(result.inFlightPeak).toBe(1);
    expect(mine.every(({ agent, execution }) => agent === 'codex' && execution === undefined)).toBe(true);
    expect(
      others.every(({ agent, execution, outputTokensMax }) => agent === 'subagent' && execution === 'process' && outputTokensMax === 77),
    ).toBe(true);
    expect([mine, others].map((turns) => turns.filter(({ key }) => isBesideKey(key)).length)).toEqual([0, 360]);
    expect(new Set([...mine, ...others].map(({ session }) => session)).size).toBe(480);
    expect(new Set(released).size).toBe(480);
  });

  test('the measured load is the same with it and without it; its own draws are others', async () => {
    const drawn = { outputTokens: { kind: 'uniform', min: 1, max: 100_000 }, turnsPerSession: 2 } as const;
    const poisson: Load = { kind: 'open', sessionsPerSecond: 50, arrivals: { process: 'poisson' } };
    const run = async (trial: TrialSpec) => {
      const [mine, others]: Turn[][] = [[], []];
      const { arrivals } = await runTrial(
        trial,
        noting(mine!, (world) => replyAfter(world, 5 * MS)),
        {
          beside: noting(others!, (world) => replyAfter(world, 9 * MS)),
        },
      );
      const tokens = (turns: Turn[]) => turns.map(({ outputTokensMax }) => outputTokensMax!);
      return { mine: tokens(mine!), others: tokens(others!), due: arrivals.rows.map(({ key, intendedNs }) => [key, intendedNs]) };
    };
    const measured = { load: poisson, workload: { ...WORKLOAD, ...drawn } };
    const alone = await run({ ...SPEC, ...measured });
    const accompanied = await run(spec(measured, poisson, drawn));
    expect(accompanied.mine).toEqual(alone.mine);
    expect(accompanied.due).toEqual(alone.due);
    expect(alone.others).toEqual([]);
    expect(accompanied.others.length).toBeGreaterThan(50);
    expect(new Set([...accompanied.mine, ...accompanied.others]).size).toBeGreaterThan(accompanied.mine.length + 50);
  });

  test('the cap of turns in flight holds for each of the two', async () => {
    const { result } = await runTrial(spec({ inFlightMax: 2 }, constant(100)), (world) => replyAfter(world, 15 * MS), {
      beside: (world) => replyAfter(world, 50 * MS),
    });
    expect(result.turns).toMatchObject({ completed: 100, dropped: 0 });
    expect(result.beside?.turns).toMatchObject({ completed: 40, dropped: 60 });
  });

  test('its turns have the drain to end in, and their own deadlines', async () => {
    const silent = (cancelled: { atMs: number }[]) => (world: World) =>
      scripted(
        world,
        () => {},
        () => void cancelled.push({ atMs: (world.nowNs() - 1e12 - LEAD_NS) / MS }),
      );
    const late: { atMs: number }[] = [];
    const drained = await runTrial(spec({ measureMs: 100, drainMs: 300 }, constant(20)), (world) => replyAfter(world, 5 * MS), {
      beside: silent(late),
    });
    expect(drained.result.turns).toMatchObject({ offered: 10, completed: 10, timedOut: 0 });
    expect(drained.result.beside?.turns).toMatchObject({ offered: 2, timedOut: 2 });
    expect(late).toEqual([{ atMs: 400 }, { atMs: 400 }]);
    const out: { atMs: number }[] = [];
    await runTrial(spec({ measureMs: 100, turnTimeoutMs: 200 }, constant(20)), (world) => replyAfter(world, 5 * MS), {
      beside: silent(out),
    });
    expect(out).toEqual([{ atMs: 200 }, { atMs: 250 }]);
  });

  test('an abort ends both', async () => {
    const abort = new AbortController();
    const { result } = await runTrial(
      spec({}, { kind: 'closed', users: 3, spreadMs: 0 }),
      (world) => {
        world.at(world.nowNs() + LEAD_NS + 55 * MS, () => abort.abort());
        return scripted(world, () => {});
      },
      { signal: abort.signal },
    );
    expect(result.turns).toMatchObject({ offered: 6, cancelled: 6 });
    expect(result.beside?.turns).toMatchObject({ offered: 3, cancelled: 3 });
  });

  test('ends with the window of the measured load, also where a trace runs out', async () => {
    const trace = [0, 100, 200].map((atMs) => ({ atNs: atMs * MS, inputTokens: 1, outputTokens: 1 }));
    const replay: Load = { kind: 'replay', path: 'x', format: 'azure', speedup: 1, limit: 9, outputTokensMax: 9 };
    const ms = (atNs: number) => (atNs - 1e12 - LEAD_NS) / MS;
    const measured = await runTrial(spec({ load: replay }, constant(100)), (world) => replyAfter(world, MS), { trace });
    expect(ms(measured.result.windowEndNs)).toBe(300);
    expect(measured.result.beside?.turns).toMatchObject({ offered: 30, completed: 30 });
    const beside = await runTrial(spec({}, replay), (world) => replyAfter(world, MS), { besideTrace: trace });
    expect(ms(beside.result.windowEndNs)).toBe(1_000);
    expect(beside.result.turns.completed).toBe(100);
    expect(beside.result.beside?.turns).toMatchObject({ offered: 3, completed: 3 });
  });

  test('a target that throws fails the trial, whichever load’s it is', async () => {
    let cancelled = 0;
    const failing = runTrial(
      spec({}, constant(100)),
      (world) =>
        scripted(
          world,
          () => {},
          () => (cancelled += 1),
        ),
      {
        beside: () => () => {
          throw new Error('defect');
        },
      },
    );
    await expect(failing).rejects.toThrow('defect');
    expect(cancelled).toBe(1);
  });

  test('whatever the targets do, the counts of both add up', async () => {
    const fate = fc.record({ kind: fc.constantFrom('complete', 'refuse', 'fail', 'hang'), delayMs: fc.nat(200), sync: fc.boolean() });
    const load = fc.oneof(
      fc.integer({ min: 1, max: 60 }).map(constant),
      fc.record({ kind: fc.constant('closed' as const), users: fc.integer({ min: 1, max: 5 }), spreadMs: fc.nat(200) }),
    );
    const target =
      (fates: { kind: string; delayMs: number; sync: boolean }[]) =>
      (world: World): Handler => {
        let n = 0;
        return (_turn, sink) => {
          const { kind, delayMs, sync } = fates[n++ % fates.length]!;
          const act = () => {
            if (kind === 'complete') sink.push(end(), world.nowNs());
            else if (kind === 'refuse')
              sink.push(end({ kind: 'refused', status: 429, code: 'queue_full', message: '', retryAfterS: 1 }), world.nowNs());
            else if (kind === 'fail') sink.push(end({ kind: 'failed', code: 'bad_reply', message: '' }), world.nowNs());
          };
          if (sync) act();
          else world.after(delayMs * MS, act);
          return { resume() {}, cancel: () => void sink.push(end({ kind: 'cancelled' }), world.nowNs()) };
        };
      };
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(load, load),
        fc.tuple(fc.array(fate, { minLength: 1, maxLength: 6 }), fc.array(fate, { minLength: 1, maxLength: 6 })),
        fc.record({ inFlightMax: fc.integer({ min: 5, max: 9 }), turnTimeoutMs: fc.integer({ min: 1, max: 300 }), drainMs: fc.nat(200) }),
        async ([mine, others], [myFates, otherFates], limits) => {
          const workload = { thinkMs: { kind: 'uniform', min: 1, max: 20 } } as const;
          const trial = spec(
            { load: mine, warmupMs: 100, measureMs: 200, seriesBinMs: 30, workload: { ...WORKLOAD, ...workload }, ...limits },
            others,
            workload,
          );
          const { result, arrivals } = await runTrial(trial, target(myFates), { beside: target(otherFates) });
          expect(checkCounts(result.turns)).toEqual({ ok: true });
          expect(checkCounts(result.beside!.turns)).toEqual({ ok: true });
          expect(arrivals.rows.some(({ key }) => isBesideKey(key))).toBe(false);
          const total = (of: 'due' | 'completed' | 'refused' | 'lost' | 'completions') =>
            result.series.reduce((sum, bin) => sum + bin[of], 0);
          expect(total('due')).toBe(arrivals.rows.length);
          for (const kind of ['completed', 'refused'] as const) {
            expect(total(kind)).toBe(arrivals.rows.filter(({ outcome }) => outcome === kind).length);
          }
          expect(total('lost')).toBe(total('due') - total('completed') - total('refused'));
          expect(total('completions')).toBe(total('completed'));
        },
      ),
      { numRuns: 100 },
    );
  });
});
