import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Handler, Outcome } from '../../transports/contract.ts';
import { OVER } from '../../transports/contract.ts';
import { checkCounts } from '../statistics/accounting.ts';
import type { LatencyHistogram } from '../statistics/histogram.ts';
import type { TrialSpec } from '../trial.ts';
import { LEAD_NS } from './driver.ts';
import { PAUSE_NS } from './lane.ts';
import { COMPLETED, end, MS, replyAfter, runTrial, SPEC, scripted, WORKLOAD } from './testing/trials.ts';
import { World } from './testing/world.ts';

const spec = (rest: Partial<TrialSpec>, workload: Partial<TrialSpec['workload']> = {}): TrialSpec => ({
  ...SPEC,
  workload: { ...WORKLOAD, ...workload },
  ...rest,
});
/** A histogram with three digits is within 0.1 %. */
const near = (ms: number | null, expectedMs: number) => {
  expect(ms).not.toBeNull();
  expect(Math.abs(ms! / expectedMs - 1)).toBeLessThan(0.0011);
};
const median = (histogram: LatencyHistogram) => histogram.quantileMs(0.5);

describe('open loop', () => {
  test('a constant 50 ms is 50 ms, at the rate that was asked for', async () => {
    const { result, histogram } = await runTrial(SPEC, (world) => replyAfter(world, 50 * MS));
    expect(result.turns).toEqual({ offered: 100, completed: 100, failed: 0, cancelled: 0, timedOut: 0, refused: 0, dropped: 0 });
    for (const name of ['turn', 'ttft', 'service'] as const) {
      expect(histogram(name).count).toBe(100);
      near(histogram(name).quantileMs(0.1), 50);
      near(histogram(name).maxMs(), 50);
    }
    expect(result.offeredRate).toBe(100);
    expect(result.achievedRate).toBe(100);
    // 50 ms at 100/s: five at a time (Little's law); a sixth is due at the moment when the first ends.
    expect(result.inFlightPeak).toBe(5);
  });

  test('only turns due in the window are measured, its start included and its end not', async () => {
    const { result, arrivals, windows } = await runTrial(spec({ warmupMs: 500, measureMs: 200 }), (world) => replyAfter(world, 1 * MS));
    expect(result.turns.offered).toBe(20);
    expect(result.totals.turns).toBe(70);
    expect(arrivals.rows.filter(({ measured }) => measured).length).toBe(20);
    expect(arrivals.rows.find(({ measured }) => measured)?.intendedNs).toBe(result.windowStartNs);
    expect(windows).toEqual([
      { edge: 'start', atNs: 1e12 + LEAD_NS + 500 * MS },
      { edge: 'end', atNs: 1e12 + LEAD_NS + 700 * MS },
    ]);
    expect([result.windowStartNs, result.windowEndNs]).toEqual(windows.map(({ atNs }) => atNs));
  });

  test('a target that stands still for a second shows in full: every turn due meanwhile waits for it', async () => {
    // 1,000 turns at 100/s, 50 ms each; the target stops from 2 s to 3 s. The turns due in that second and in the
    // 50 ms before it end late by 1 s: of the 100 due in it, the n-th after 1,050 − 10·n ms.
    const frozen: (world: World) => Handler = (world) => {
      const beginsNs = world.nowNs() + LEAD_NS + 2_000 * MS;
      const endsNs = beginsNs + 1_000 * MS;
      return (turn, sink) => {
        const arrivedNs = world.nowNs();
        const serviceNs =
          arrivedNs + 50 * MS <= beginsNs || arrivedNs >= endsNs ? 50 * MS : Math.max(endsNs, arrivedNs) - arrivedNs + 50 * MS;
        return replyAfter(world, serviceNs)(turn, sink);
      };
    };
    const { result, histogram } = await runTrial(spec({ measureMs: 10_000 }), frozen);
    expect(result.turns.completed).toBe(1_000);
    const turn = histogram('turn');
    near(turn.quantileMs(0.5), 50);
    // The worst 104 are 1,090 … 60 ms, 10 ms apart; ten lie beyond p99.
    near(turn.maxMs(), 1_090);
    near(turn.quantileMs(0.99), 990);
    near(turn.quantileMs(0.95), 590);
    near(turn.quantileMs(0.9), 90);

    // One user, who waits for each reply before the next question, meets the same stop once in 181 turns.
    const oneUser = await runTrial(spec({ measureMs: 10_000, load: { kind: 'closed', users: 1, spreadMs: 0 } }), frozen);
    expect(oneUser.result.turns.completed).toBe(180);
    near(oneUser.histogram('turn').quantileMs(0.94), 50);
  });

  test('a generator that stands still itself is late: `turn` and `ttft` say so in full, `service` does not', async () => {
    const { histogram } = await runTrial(spec({ measureMs: 10_000 }), (world) => {
      world.at(world.nowNs() + LEAD_NS + 2_000 * MS, () => world.stall(1_000 * MS));
      return replyAfter(world, 50 * MS);
    });
    // The turns due at 2,000, 2,010, … 2,990 ms all start at 3,000. The five in flight at 2,000 are read at 3,000.
    near(histogram('lateness').maxMs(), 1_000);
    near(histogram('lateness').quantileMs(0.95), 500);
    near(histogram('turn').maxMs(), 1_050);
    near(histogram('turn').quantileMs(0.99), 1_000);
    near(histogram('ttft').quantileMs(0.99), 1_000);
    near(histogram('service').quantileMs(0.99), 50);
  });

  test('turns beyond the cap are dropped, and counted', async () => {
    // 100/s × 50 ms wants five at a time and gets two: of each five, two are sent.
    const count = { active: 0, peak: 0 };
    const { result, arrivals } = await runTrial(spec({ inFlightMax: 2 }), (world) => replyAfter(world, 50 * MS, count));
    expect(count.peak).toBe(2);
    expect(result.inFlightPeak).toBe(2);
    expect(result.turns).toEqual({ offered: 100, completed: 40, failed: 0, cancelled: 0, timedOut: 0, refused: 0, dropped: 60 });
    expect(result.offeredRate).toBe(100);
    expect(result.achievedRate).toBe(40);
    expect(arrivals.rows.filter(({ outcome }) => outcome === 'dropped').length).toBe(60);
  });

  test('the achieved rate falls when starting what was due takes longer than the window', async () => {
    const { result } = await runTrial(SPEC, (world) => {
      world.at(world.nowNs() + LEAD_NS + 500 * MS, () => world.stall(1_500 * MS));
      return replyAfter(world, 1 * MS);
    });
    expect(result.turns.completed).toBe(100);
    expect(result.offeredRate).toBe(100);
    expect(result.achievedRate).toBe(50);
  });

  test('replays a trace with its lengths', async () => {
    const asked: (number | undefined)[] = [];
    const trace = [10, 20, 30].map((tokens, row) => ({ atNs: row * 100 * MS, inputTokens: tokens, outputTokens: tokens }));
    const { result, arrivals } = await runTrial(
      spec({ load: { kind: 'replay', path: 'x', format: 'azure', speedup: 2, limit: 10, outputTokensMax: 25 } }),
      (world) => (turn, sink) => {
        asked.push(turn.outputTokensMax);
        return replyAfter(world, 1 * MS)(turn, sink);
      },
      { trace },
    );
    expect(result.turns.completed).toBe(3);
    expect(asked).toEqual([10, 20, 25]);
    expect(arrivals.rows.map(({ intendedNs }) => intendedNs - result.windowStartNs)).toEqual([0, 50 * MS, 100 * MS]);
  });
});

describe('closed loop', () => {
  test('each user has one turn at a time, due when the one before is over and thought about', async () => {
    const count = { active: 0, peak: 0 };
    const { result, arrivals } = await runTrial(
      spec({ load: { kind: 'closed', users: 4, spreadMs: 100 } }, { thinkMs: { kind: 'fixed', value: 150 } }),
      (world) => replyAfter(world, 50 * MS, count),
    );
    // Users start at 0, 25, 50, 75 ms, and every 200 ms from there on.
    expect(result.turns.completed).toBe(20);
    const offsets = arrivals.rows.map(({ intendedNs }) => (intendedNs - result.windowStartNs) / MS).sort((a, b) => a - b);
    expect(offsets.slice(0, 6)).toEqual([0, 25, 50, 75, 200, 225]);
    expect(count.peak).toBe(2);
    expect(new Set(arrivals.rows.map(({ key }) => key)).size).toBe(20);
  });

  test('offers less to a slower target, which is what it is', async () => {
    const run = (delayMs: number) =>
      runTrial(spec({ load: { kind: 'closed', users: 1, spreadMs: 0 } }), (world) => replyAfter(world, delayMs * MS));
    expect((await run(10)).result.turns.offered).toBe(100);
    expect((await run(50)).result.turns.offered).toBe(20);
  });
});

describe('sessions', () => {
  const three = { turnsPerSession: 3, thinkMs: { kind: 'fixed', value: 40 } } as const;
  const one = { kind: 'open', sessionsPerSecond: 1, arrivals: { process: 'constant' } } as const;

  test.each([{ name: 'open', load: one }, { name: 'closed', load: { kind: 'closed', users: 1, spreadMs: 0 } } as const])(
    '$name: a later turn is due at the completion of the one before plus its think time',
    async ({ load }) => {
      const { arrivals, result } = await runTrial(spec({ load }, three), (world) => replyAfter(world, 10 * MS));
      const offsets = arrivals.rows.slice(0, 3).map(({ intendedNs }) => (intendedNs - result.windowStartNs) / MS);
      expect(offsets).toEqual([0, 50, 100]);
    },
  );

  test('completion is the read that held the end, not when somebody got round to it', async () => {
    const { arrivals } = await runTrial(spec({ load: one }, three), (world) =>
      scripted(world, (_turn, sink) => {
        world.after(10 * MS, () => {
          const readAtNs = world.nowNs();
          world.stall(5 * MS);
          sink.push(end(), readAtNs);
        });
      }),
    );
    expect(arrivals.rows.map(({ intendedNs }) => (intendedNs - arrivals.rows[0]!.intendedNs) / MS)).toEqual([0, 50, 100]);
    expect(arrivals.rows[0]!.endedNs - arrivals.rows[0]!.startedNs).toBe(10 * MS);
  });

  test('go on after a turn that did not complete, not sooner than the pause', async () => {
    const { arrivals, result } = await runTrial(spec({ load: one }, { turnsPerSession: 3 }), (world) =>
      scripted(world, (_turn, sink) => void sink.push(end({ kind: 'failed', code: 'connect_failed', message: '' }), world.nowNs())),
    );
    expect(result.turns.failed).toBe(3);
    expect(arrivals.rows.map(({ intendedNs }) => intendedNs - result.windowStartNs)).toEqual([0, PAUSE_NS, 2 * PAUSE_NS]);
  });

  test('are released when they are over, and those cut off by the window too; none twice', async () => {
    const load = { kind: 'open', sessionsPerSecond: 10, arrivals: { process: 'constant' } } as const;
    const { released } = await runTrial(spec({ load }, three), (world) => replyAfter(world, 10 * MS));
    expect([...released].sort()).toEqual(Array.from({ length: 10 }, (_, index) => `trial.${index}`));
  });

  test('have the same draws whatever order turns complete in', async () => {
    const workload = {
      ...three,
      outputTokens: { kind: 'uniform', min: 1, max: 1_000 },
      thinkMs: { kind: 'uniform', min: 1, max: 9 },
    } as const;
    const draws = async (delayNs: (n: number) => number) => {
      const tokens = new Map<string, number | undefined>();
      let n = 0;
      await runTrial(spec({}, workload), (world) => (turn, sink) => {
        tokens.set(turn.key, turn.outputTokensMax);
        n += 1;
        return replyAfter(world, delayNs(n))(turn, sink);
      });
      return tokens;
    };
    const quick = await draws(() => 1 * MS);
    const shuffled = await draws((n) => ((n * 7_919) % 101) * MS);
    const both = [...shuffled.keys()].filter((key) => quick.has(key));
    expect(both.length).toBeGreaterThan(200);
    for (const key of both) expect(shuffled.get(key)).toBe(quick.get(key));
  });
});

describe('accounts', () => {
  test('each outcome is counted as what it is, and codes by name', async () => {
    const outcomes: Outcome[] = [
      COMPLETED,
      { kind: 'failed', code: 'upstream_error', message: '' },
      { kind: 'refused', status: 429, code: 'queue_full', message: '' },
      { kind: 'cancelled' },
      { kind: 'timedOut', message: '' },
    ];
    let n = 0;
    const { result, histogram } = await runTrial(SPEC, (world) =>
      scripted(world, (_turn, sink) => {
        const outcome = outcomes[n++ % outcomes.length]!;
        world.after(1 * MS, () => {
          sink.push({ type: 'text', text: 'a word before it' }, world.nowNs());
          sink.push(end(outcome), world.nowNs());
        });
      }),
    );
    expect(result.turns).toEqual({ offered: 100, completed: 20, failed: 20, cancelled: 20, timedOut: 20, refused: 20, dropped: 0 });
    expect(result.codes).toEqual({ upstream_error: 20, queue_full: 20 });
    // An error in the middle of a stream is a failure: nothing of it is in the latencies.
    for (const name of ['ttft', 'turn', 'tpot', 'service'] as const) expect(histogram(name).count).toBe(20);
    expect(histogram('lateness').count).toBe(100);
  });

  test('a turn out of time is cancelled at its deadline, counted from its intended start, and ends once', async () => {
    const cancelledAt: number[] = [];
    const { result, arrivals } = await runTrial(spec({ turnTimeoutMs: 200, drainMs: 10_000, measureMs: 100 }), (world) => {
      // Starts are late by 30 ms; deadlines are not.
      world.at(world.nowNs() + LEAD_NS, () => world.stall(30 * MS));
      return (_turn, sink) => ({
        resume() {},
        cancel: () => {
          cancelledAt.push(world.nowNs());
          sink.push(end({ kind: 'cancelled' }), world.nowNs());
          sink.push({ type: 'text', text: 'too late' }, world.nowNs());
          sink.push(end(), world.nowNs());
        },
      });
    });
    expect(result.turns).toEqual({ offered: 10, completed: 0, failed: 0, cancelled: 0, timedOut: 10, refused: 0, dropped: 0 });
    expect(cancelledAt.map((atNs) => (atNs - result.windowStartNs) / MS)).toEqual([200, 210, 220, 230, 240, 250, 260, 270, 280, 290]);
    expect(arrivals.rows.every(({ outcome }) => outcome === 'timedOut')).toBe(true);
    expect(result.totals).toEqual({ turns: 0, outputTokens: 0, textEvents: 0 });
  });

  test('a handler that does not even answer a cancel is counted all the same', async () => {
    const { result } = await runTrial(spec({ turnTimeoutMs: 100 }), () => () => OVER);
    expect(result.turns.timedOut).toBe(100);
  });

  test('what is in flight when the drain is over is cancelled then, and timed out', async () => {
    let cancels = 0;
    const { result, arrivals } = await runTrial(spec({ drainMs: 300, measureMs: 100 }), (world) =>
      scripted(
        world,
        () => {},
        () => (cancels += 1),
      ),
    );
    expect(result.turns.timedOut).toBe(10);
    expect(cancels).toBe(10);
    for (const { endedNs } of arrivals.rows) expect(endedNs).toBe(result.windowEndNs + 300 * MS);
  });

  test('a drain ends as soon as nothing is in flight', async () => {
    const world = new World();
    await runTrial(spec({ drainMs: 100_000, measureMs: 1_000 }), () => replyAfter(world, 30 * MS), { world });
    // The last turn was due at 990 ms.
    expect(world.nowNs()).toBeLessThan(1e12 + 1_050 * MS + 100_000 * MS);
  });

  test('an abort cancels all turns, offers no more, and adds up', async () => {
    const abort = new AbortController();
    let cancels = 0;
    const { result } = await runTrial(
      SPEC,
      (world) => {
        world.at(world.nowNs() + LEAD_NS + 505 * MS, () => abort.abort());
        return scripted(
          world,
          () => {},
          () => (cancels += 1),
        );
      },
      { signal: abort.signal },
    );
    expect(result.turns).toEqual({ offered: 51, completed: 0, failed: 0, cancelled: 51, timedOut: 0, refused: 0, dropped: 0 });
    expect(cancels).toBe(51);
  });

  test('an abort offers nothing more of what is due already, and releases sessions that were thinking', async () => {
    const abort = new AbortController();
    let calls = 0;
    const { result, released } = await runTrial(
      spec({}, { turnsPerSession: 2, thinkMs: { kind: 'fixed', value: 500 } }),
      (world) => {
        // Turns due at 100, 110, … 200 ms are started in one go.
        world.at(world.nowNs() + LEAD_NS + 95 * MS, () => world.stall(110 * MS));
        return (turn, sink) => {
          calls += 1;
          if (calls === 12) abort.abort();
          return replyAfter(world, 1 * MS)(turn, sink);
        };
      },
      { signal: abort.signal },
    );
    expect(calls).toBe(12);
    expect(result.turns).toMatchObject({ offered: 12, completed: 10, cancelled: 2 });
    expect([...released].sort()).toEqual(Array.from({ length: 12 }, (_, index) => `trial.${index}`).sort());
  });

  test('a turn that was due before the end and is started after it is waited for', async () => {
    // The process stops over the end of the window. The turn due before it ends at once, by a read from before the
    // end; so the user's next turn is due before the end too, and takes a while.
    let calls = 0;
    const { result } = await runTrial(spec({ load: { kind: 'closed', users: 1, spreadMs: 0 } }), (world) => {
      const endNs = world.nowNs() + LEAD_NS + 1_000 * MS;
      return (turn, sink) => {
        calls += 1;
        if (calls === 2) sink.push(end(), endNs - 1 * MS);
        else if (calls === 1) {
          world.at(endNs - 10 * MS, () => {
            world.stall(20 * MS);
            sink.push(end(), endNs - 2 * MS);
          });
        } else return replyAfter(world, 50 * MS)(turn, sink);
        return OVER;
      };
    });
    expect(calls).toBe(3);
    expect(result.turns).toMatchObject({ offered: 3, completed: 3 });
  });

  test('aborted before it began, it offers nothing', async () => {
    const { result } = await runTrial(SPEC, (world) => replyAfter(world, MS), { signal: AbortSignal.abort() });
    expect(result.turns.offered).toBe(0);
  });

  test('a handler that throws is a defect, and no result', async () => {
    const failing = runTrial(SPEC, () => () => {
      throw new Error('defect');
    });
    await expect(failing).rejects.toThrow('defect');
  });

  const fates = fc.record({
    fate: fc.constantFrom('complete', 'fail', 'refuse', 'forget', 'hang', 'twice', 'tools'),
    delayMs: fc.nat(300),
    sync: fc.boolean(),
  });
  const loads = fc.oneof(
    fc.record({
      kind: fc.constant('open' as const),
      sessionsPerSecond: fc.integer({ min: 1, max: 80 }),
      arrivals: fc.constant({ process: 'poisson' as const }),
    }),
    fc.record({ kind: fc.constant('closed' as const), users: fc.integer({ min: 1, max: 8 }), spreadMs: fc.nat(300) }),
  );
  test('whatever targets do, counts add up, rows match them, and nobody is left waiting', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fates, { minLength: 1, maxLength: 12 }),
        loads,
        fc.record({ history: fc.constantFrom('full', 'delta'), turnsPerSession: fc.integer({ min: 1, max: 3 }) }),
        fc.record({ inFlightMax: fc.integer({ min: 1, max: 12 }), turnTimeoutMs: fc.integer({ min: 1, max: 400 }), drainMs: fc.nat(300) }),
        fc.integer({ min: 0, max: 600 }),
        async (cycle, load, workload, limits, abortAtMs) => {
          const abort = new AbortController();
          // Without a think time, a target that answers at once would stop this world's clock.
          const thinkMs = { kind: 'uniform', min: 1, max: 20 } as const;
          const trial = spec({ load, ...limits, warmupMs: 100, measureMs: 300 }, { ...workload, thinkMs });
          let n = 0;
          const handler = (world: World): Handler => {
            if (abortAtMs < 400) world.at(world.nowNs() + abortAtMs * MS, () => abort.abort());
            return (turn, sink) => {
              const { fate, delayMs, sync } = cycle[n++ % cycle.length]!;
              const act = () => {
                const nowNs = world.nowNs();
                if (fate === 'fail') sink.push(end({ kind: 'failed', code: 'bad_reply', message: '' }), nowNs);
                else if (fate === 'refuse') sink.push(end({ kind: 'refused', status: 429, code: 'queue_full', message: '' }), nowNs);
                else if (fate === 'forget')
                  sink.push(end({ kind: 'refused', status: 404, code: 'previous_response_not_found', message: '' }), nowNs);
                else if (fate !== 'hang') {
                  sink.push({ type: 'started', responseId: turn.key }, nowNs);
                  if (fate === 'tools') sink.push({ type: 'toolCall', index: 0, id: 'a', name: 'b', arguments: '{}' }, nowNs);
                  else sink.push({ type: 'text', text: 'word' }, nowNs);
                  for (let times = fate === 'twice' ? 2 : 1; times > 0; times -= 1) sink.push(end(), nowNs);
                }
              };
              if (sync) act();
              else world.after(delayMs * MS, act);
              return { resume() {}, cancel: () => sink.push(end({ kind: 'cancelled' }), world.nowNs()) };
            };
          };
          const { result, arrivals, released } = await runTrial(trial, handler, { signal: abort.signal });
          expect(checkCounts(result.turns)).toEqual({ ok: true });
          const rows = arrivals.rows.filter(({ measured }) => measured);
          expect(rows.length).toBe(result.turns.offered);
          for (const kind of ['completed', 'failed', 'cancelled', 'timedOut', 'refused', 'dropped'] as const) {
            expect(rows.filter(({ outcome }) => outcome === kind).length).toBe(result.turns[kind]);
          }
          expect(new Set(arrivals.rows.map(({ key }) => key)).size).toBe(arrivals.rows.length);
          expect(new Set(released).size).toBe(released.length);
          expect(result.inFlightPeak).toBeLessThanOrEqual(limits.inFlightMax);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('measures', () => {
  /** Replies with content at the given times, several events a read where times repeat. */
  const tokensAt = (world: World, offsetsMs: readonly number[], usage?: number): Handler =>
    scripted(world, (_turn, sink) => {
      sink.push({ type: 'started', responseId: 'r' }, world.nowNs());
      // Chat's first chunk names the role and holds no text.
      sink.push({ type: 'text', text: '' }, world.nowNs());
      for (const offsetMs of offsetsMs) world.after(offsetMs * MS, () => void sink.push({ type: 'text', text: 'abc' }, world.nowNs()));
      world.after(
        500 * MS,
        () => void sink.push(end(COMPLETED, usage === undefined ? {} : { usage: { inputTokens: 1, outputTokens: usage } }), world.nowNs()),
      );
    });

  test('ttft ignores `started` and empty text; turn ends at the last content, not at the end event', async () => {
    const { histogram } = await runTrial(SPEC, (world) => tokensAt(world, [100, 120, 160]));
    near(median(histogram('ttft')), 100);
    near(median(histogram('turn')), 160);
    near(median(histogram('service')), 160);
  });

  test('tpot divides by the tokens that were counted, not by chunks; by those asked for where nobody counted', async () => {
    const counted = await runTrial(SPEC, (world) => tokensAt(world, [100, 120, 160], 11));
    near(median(counted.histogram('tpot')), 60 / 10);
    expect(counted.result.totals).toEqual({ turns: 100, outputTokens: 1_100, textEvents: 300 });
    const asked = await runTrial(SPEC, (world) => tokensAt(world, [100, 120, 160]));
    near(median(asked.histogram('tpot')), 60 / 4);
    expect(asked.result.totals.outputTokens).toBe(500);
    const single = await runTrial(SPEC, (world) => tokensAt(world, [100], 1));
    expect(single.histogram('tpot').count).toBe(0);
    expect(single.histogram('ttft').count).toBe(100);
  });

  test('interChunk has one gap between two reads, none within one', async () => {
    const { histogram } = await runTrial(SPEC, (world) => tokensAt(world, [100, 100, 120, 120, 120, 160]));
    expect(histogram('interChunk').count).toBe(200);
    near(histogram('interChunk').quantileMs(0.25), 20);
    near(histogram('interChunk').quantileMs(0.75), 40);
  });

  test('a slow reader takes nothing more for so long from the first content on, and then goes on', async () => {
    const load = { kind: 'open', sessionsPerSecond: 1, arrivals: { process: 'constant' } } as const;
    const takes: boolean[] = [];
    const resumedAtMs: number[] = [];
    await runTrial(spec({ load }, { readPauseMs: 50 }), (world) => (_turn, sink) => {
      const startNs = world.nowNs();
      const text = (atMs: number) => world.after(atMs * MS, () => takes.push(sink.push({ type: 'text', text: 'a' }, world.nowNs())));
      takes.push(sink.push({ type: 'started', responseId: 'r' }, startNs));
      for (const atMs of [10, 20, 61]) text(atMs);
      world.after(70 * MS, () => void sink.push(end(), world.nowNs()));
      return { resume: () => void resumedAtMs.push((world.nowNs() - startNs) / MS), cancel() {} };
    });
    expect(takes).toEqual([true, false, false, true]);
    expect(resumedAtMs).toEqual([60]);
  });

  test('over http there is no time between tokens, and ttft is turn', async () => {
    const http = spec({ client: { ...SPEC.client, leg: { transport: 'http', envelope: 'responses', connection: 'kept' } } });
    const { histogram } = await runTrial(http, (world) => tokensAt(world, [100, 100, 100], 3));
    expect(histogram('tpot').count).toBe(0);
    expect(histogram('interChunk').count).toBe(0);
    near(median(histogram('ttft')), 100);
    near(median(histogram('turn')), 100);
  });

  test('a tool call is content', async () => {
    const { histogram } = await runTrial(SPEC, (world) =>
      scripted(world, (_turn, sink) => {
        world.after(30 * MS, () => void sink.push({ type: 'toolCall', index: 0, id: 'a', name: 'f', arguments: '' }, world.nowNs()));
        world.after(70 * MS, () => void sink.push({ type: 'toolCall', index: 0, id: '', name: '', arguments: '{}' }, world.nowNs()));
        world.after(90 * MS, () => void sink.push(end({ kind: 'completed', finish: 'toolCalls' }), world.nowNs()));
      }),
    );
    near(median(histogram('ttft')), 30);
    near(median(histogram('turn')), 70);
  });

  test('a reply without content has a turn and no first token', async () => {
    const { histogram } = await runTrial(SPEC, (world) =>
      scripted(world, (_turn, sink) => world.after(20 * MS, () => void sink.push(end(), world.nowNs()))),
    );
    expect(histogram('ttft').count).toBe(0);
    near(median(histogram('turn')), 20);
  });

  test('without a socket nothing is stamped, and times are those of the push', async () => {
    const { histogram, arrivals } = await runTrial(SPEC, (world) =>
      scripted(world, (_turn, sink) =>
        world.after(20 * MS, () => {
          sink.push({ type: 'text', text: 'a' }, 0);
          sink.push(end(), 0);
        }),
      ),
    );
    near(median(histogram('ttft')), 20);
    expect(arrivals.rows[0]!.endedNs - arrivals.rows[0]!.startedNs).toBe(20 * MS);
  });

  test('arrivals hold each text event: UTF-16 units so far, and when it was read', async () => {
    const load = { kind: 'open', sessionsPerSecond: 1, arrivals: { process: 'constant' } } as const;
    const { arrivals, result } = await runTrial(spec({ load }), (world) =>
      scripted(world, (_turn, sink) => {
        const texts = ['a', '', '😀', 'bc'];
        for (const [index, text] of texts.entries())
          world.after((index + 1) * MS, () => void sink.push({ type: 'text', text }, world.nowNs()));
        world.after(9 * MS, () => void sink.push(end(COMPLETED, { phases: { queue: 1.5 } }), world.nowNs()));
      }),
    );
    const startNs = result.windowStartNs;
    expect(arrivals.rows).toEqual([
      {
        key: 'trial.1.0.0',
        intendedNs: startNs,
        startedNs: startNs,
        endedNs: startNs + 9 * MS,
        outcome: 'completed',
        contentNs: [startNs + 1 * MS, startNs + 4 * MS],
        measured: true,
        link: 0,
        phases: { queue: 1.5 },
        offset: 0,
        count: 3,
      },
    ]);
    expect([...arrivals.lengthsOf(arrivals.rows[0]!)]).toEqual([1, 3, 5]);
    expect([...arrivals.timesNsOf(arrivals.rows[0]!)]).toEqual([1, 3, 4].map((ms) => startNs + ms * MS));
  });
});
