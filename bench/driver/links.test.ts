/** Sessions over several links: which goes over which, what is told apart, and what it leaves as it is. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Handler, Turn } from '../../transports/contract.ts';
import { addCodes, addCounts } from '../statistics/accounting.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import { type LinkUse, type Load, TRIAL_HISTOGRAMS, type TrialSpec } from '../trial.ts';
import { type DriverResult, LEAD_NS } from './driver.ts';
import { end, MS, replyAfter, runTrial, SPEC, WORKLOAD } from './testing/trials.ts';
import type { World } from './testing/world.ts';

const linksOf = (count: number): LinkUse[] =>
  Array.from({ length: count }, (_, link) => ({ name: `link${link}`, port: link + 1, roundTripMs: link * 20 }));
const spec = (links: number, rest: Partial<TrialSpec> = {}): TrialSpec => ({ ...SPEC, links: linksOf(links), ...rest });
const constant = (sessionsPerSecond: number): Load => ({ kind: 'open', sessionsPerSecond, arrivals: { process: 'constant' } });
const sessionOf = ({ session }: Pick<Turn, 'session'>) => Number(session!.split('.').at(-1)!.replace('b', ''));

/** As many targets as links, and the turns that came to each. */
function noting(links: number, make: (world: World, link: number) => Handler) {
  const came: Turn[][] = Array.from({ length: links }, () => []);
  const targets = came.map((turns, link) => (world: World) => {
    const handler = make(world, link);
    return (turn: Turn, sink: Parameters<Handler>[1]) => {
      turns.push(turn);
      return handler(turn, sink);
    };
  });
  return { came, targets };
}

describe('session n goes over link n modulo their number', () => {
  test('in an open loop each link has the same share, and keeps a session over all of its turns', async () => {
    const workload = { ...WORKLOAD, turnsPerSession: 3, thinkMs: { kind: 'fixed', value: 5 } } as const;
    const { came, targets } = noting(3, (world) => replyAfter(world, 10 * MS));
    const { result, arrivals, releasedBy } = await runTrial(spec(3, { load: constant(90), workload, measureMs: 2_000 }), targets);
    // 180 sessions of three turns; those of the last 30 ms have no time for all.
    expect(came.map((turns) => new Set(turns.map(({ session }) => session)).size)).toEqual([60, 60, 60]);
    for (const [link, turns] of came.entries()) expect(turns.every((turn) => sessionOf(turn) % 3 === link)).toBe(true);
    expect(releasedBy.map((sessions) => sessions.length)).toEqual([60, 60, 60]);
    for (const [link, sessions] of releasedBy.entries()) {
      expect(sessions.every((session) => sessionOf({ session }) % 3 === link)).toBe(true);
    }
    const linkOf = new Map(came.flatMap((turns, link) => turns.map(({ key }) => [key, link] as const)));
    expect(arrivals.rows.length).toBe(linkOf.size);
    for (const { key, link } of arrivals.rows) expect(link).toBe(linkOf.get(key));
    expect(result.links!.map(({ turns }) => turns.offered)).toEqual(came.map((turns) => turns.length));
  });

  test('in a closed loop each link has as many users, who keep it over all of their sessions', async () => {
    const workload = { ...WORKLOAD, turnsPerSession: 2, thinkMs: { kind: 'fixed', value: 5 } } as const;
    // Users of the second link wait longer, so each has fewer sessions: the share is of users, not of turns.
    const { came, targets } = noting(2, (world, link) => replyAfter(world, link === 0 ? 10 * MS : 40 * MS));
    const load = { kind: 'closed', users: 6, spreadMs: 0 } as const;
    const { result } = await runTrial(spec(2, { load, workload }), targets);
    const usersOf = (turns: Turn[]) => [...new Set(turns.map((turn) => sessionOf(turn) % load.users))].sort();
    expect(came.map(usersOf)).toEqual([
      [0, 2, 4],
      [1, 3, 5],
    ]);
    // A turn every 15 ms and every 45 ms, for a second.
    expect(result.links!.map(({ turns }) => turns.completed)).toEqual([3 * 67, 3 * 23]);
  });

  test('a replay’s rows too', async () => {
    const trace = Array.from({ length: 6 }, (_, row) => ({ atNs: row * MS, inputTokens: 1, outputTokens: row + 1 }));
    const { came, targets } = noting(2, (world) => replyAfter(world, MS));
    const load = { kind: 'replay', path: 'x', format: 'azure', speedup: 1, limit: 9, outputTokensMax: 9 } as const;
    await runTrial(spec(2, { load }), targets, { trace });
    expect(came.map((turns) => turns.map(({ outputTokensMax }) => outputTokensMax))).toEqual([
      [1, 3, 5],
      [2, 4, 6],
    ]);
  });
});

describe('what is offered and booked', () => {
  const workload = {
    ...WORKLOAD,
    turnsPerSession: 2,
    thinkMs: { kind: 'uniform', min: 1, max: 30 },
    inputTokens: { kind: 'lognormal', median: 50, sigma: 1, max: 500 },
    outputTokens: { kind: 'uniform', min: 1, max: 1_000 },
  } as const;
  const poisson: Load = { kind: 'open', sessionsPerSecond: 80, arrivals: { process: 'poisson' } };

  test('keys, draws, texts and due times are the same whatever the links', async () => {
    const offered = async (links: number, delayMs: (link: number) => number, load: Load) => {
      const { came, targets } = noting(Math.max(1, links), (world, link) => replyAfter(world, delayMs(link) * MS));
      const { arrivals } = await runTrial(links === 0 ? { ...SPEC, load, workload } : spec(links, { load, workload }), targets);
      const turns = came.flat();
      return {
        requests: new Map(turns.map(({ key, input, outputTokensMax }) => [key, { message: input.at(-1), outputTokensMax }])),
        due: new Map(arrivals.rows.map(({ key, intendedNs }) => [key, intendedNs])),
      };
    };
    for (const load of [poisson, { kind: 'closed', users: 12, spreadMs: 100 } as const]) {
      const without = await offered(0, () => 20, load);
      const alike = await offered(3, () => 20, load);
      expect(without.requests.size).toBeGreaterThan(100);
      expect(alike.requests).toEqual(without.requests);
      expect(alike.due).toEqual(without.due);
      // Over links of different delays, later turns are due at other times and are still the same turns.
      const apart = await offered(2, (link) => 20 + link * 40, load);
      const both = [...apart.requests.keys()].filter((key) => without.requests.has(key));
      expect(both.length).toBeGreaterThan(50);
      for (const key of both) expect(apart.requests.get(key)).toEqual(without.requests.get(key));
    }
  });

  test('latencies are told apart, and the total is that of all', async () => {
    const { targets } = noting(3, (world, link) => replyAfter(world, (10 + 20 * link) * MS));
    const { result, histogram } = await runTrial(spec(3, { load: constant(300), warmupMs: 100 }), targets);
    expect(result.turns).toMatchObject({ offered: 300, completed: 300 });
    const turnOf = ({ histograms }: { histograms: DriverResult['histograms'] }) => LatencyHistogram.decode(histograms.turn);
    for (const [link, one] of result.links!.entries()) {
      expect(one.turns).toMatchObject({ offered: 100, completed: 100 });
      expect(one.totals).toEqual({ turns: 110, outputTokens: 550, textEvents: 110 });
      expect(Math.round(turnOf(one).quantileMs(0.1)!)).toBe(10 + 20 * link);
      expect(Math.round(turnOf(one).maxMs()!)).toBe(10 + 20 * link);
    }
    expect(result.totals).toEqual({ turns: 330, outputTokens: 1_650, textEvents: 330 });
    expect(Math.round(histogram('turn').quantileMs(0.5)!)).toBe(30);
    expect(result.offeredRate).toBe(300);
    expect(result.achievedRate).toBe(300);
  });

  test('a generator that fell behind shows in the rate of all, whichever link had the last turn', async () => {
    for (const links of [0, 2]) {
      const { targets } = noting(Math.max(1, links), (world, link) => {
        // Turns due from 500 ms on start when the process goes on, at 2 s.
        if (link === 0) world.at(world.nowNs() + LEAD_NS + 500 * MS, () => world.stall(1_500 * MS));
        return replyAfter(world, MS);
      });
      const { result } = await runTrial(links === 0 ? SPEC : spec(links), targets);
      expect([result.offeredRate, result.achievedRate]).toEqual([100, 50]);
    }
  });

  test('without links there are none in the result; with one it has all', async () => {
    const none = await runTrial(SPEC, (world) => replyAfter(world, MS));
    expect(none.result).not.toHaveProperty('links');
    expect(none.arrivals.rows.every(({ link }) => link === 0)).toBe(true);
    const { result } = await runTrial(spec(1), (world) => replyAfter(world, MS));
    const { turns, codes, histograms, totals } = none.result;
    expect(result).toEqual({ ...none.result, links: [{ turns, codes, histograms, totals }] });
  });

  test('the cap of turns in flight and the end of the trial are those of all links together', async () => {
    const { targets } = noting(2, (world) => replyAfter(world, 50 * MS));
    const { result } = await runTrial(spec(2, { inFlightMax: 2 }), targets);
    expect(result.inFlightPeak).toBe(2);
    expect(result.turns).toMatchObject({ offered: 100, completed: 40, dropped: 60 });
  });

  test('a load beside goes over the same links, and is told as one', async () => {
    const { came, targets } = noting(2, (world) => replyAfter(world, 5 * MS));
    const { result } = await runTrial(spec(2, { beside: { workload: WORKLOAD, load: constant(40) } }), targets);
    const beside = came.map((turns) => turns.filter(({ session }) => session!.includes('.b')));
    expect(beside.map((turns) => turns.length)).toEqual([20, 20]);
    for (const [link, turns] of beside.entries()) expect(turns.every((turn) => sessionOf(turn) % 2 === link)).toBe(true);
    expect(result.beside?.turns).toMatchObject({ offered: 40, completed: 40 });
    expect(result.links!.map(({ turns }) => turns.offered)).toEqual([50, 50]);
  });

  test('whatever becomes of turns, all links together are exactly what one would be', async () => {
    const fate = fc.record({ kind: fc.constantFrom('complete', 'refuse', 'fail', 'hang', 'pieces'), delayMs: fc.nat(150) });
    const load = fc.oneof(
      fc.integer({ min: 1, max: 80 }).map(constant),
      fc.record({ kind: fc.constant('closed' as const), users: fc.constantFrom(6, 12), spreadMs: fc.nat(200) }),
    );
    await fc.assert(
      fc.asyncProperty(
        load,
        fc.array(fate, { minLength: 1, maxLength: 7 }),
        fc.integer({ min: 2, max: 3 }),
        fc.record({ inFlightMax: fc.integer({ min: 3, max: 12 }), turnTimeoutMs: fc.integer({ min: 1, max: 300 }), drainMs: fc.nat(200) }),
        async (offered, fates, links, limits) => {
          // By session, so that it does not matter in which order turns come to whom.
          const make =
            (world: World): Handler =>
            (turn, sink) => {
              const { kind, delayMs } = fates[sessionOf(turn) % fates.length]!;
              world.after(delayMs * MS, () => {
                const nowNs = world.nowNs();
                if (kind === 'refuse') sink.push(end({ kind: 'refused', status: 429, code: 'queue_full', message: '' }), nowNs);
                else if (kind === 'fail') sink.push(end({ kind: 'failed', code: 'bad_reply', message: '' }), nowNs);
                else if (kind !== 'hang') {
                  sink.push({ type: 'text', text: 'word' }, nowNs);
                  if (kind === 'pieces') sink.push({ type: 'text', text: ' more' }, nowNs + 3 * MS);
                  sink.push(end(), nowNs + 4 * MS);
                }
              });
              return { resume() {}, cancel: () => void sink.push(end({ kind: 'cancelled' }), world.nowNs()) };
            };
          const trial = { ...SPEC, load: offered, workload, warmupMs: 100, measureMs: 300, seriesBinMs: 50, ...limits };
          const one = await runTrial(trial, make);
          const several = await runTrial(
            { ...trial, links: linksOf(links) },
            Array.from({ length: links }, () => make),
          );
          const { links: parts, ...whole } = several.result;
          expect(whole).toEqual(one.result);
          expect(addCounts(parts!.map(({ turns }) => turns))).toEqual(whole.turns);
          expect(addCodes(parts!.map(({ codes }) => codes))).toEqual(whole.codes);
          for (const name of TRIAL_HISTOGRAMS) {
            const merged = LatencyHistogram.merge(parts!.map(({ histograms }) => LatencyHistogram.decode(histograms[name])));
            expect(merged.encode()).toBe(whole.histograms[name]);
          }
          for (const total of ['turns', 'outputTokens', 'textEvents'] as const) {
            expect(parts!.reduce((sum, { totals }) => sum + totals[total], 0)).toBe(whole.totals[total]);
          }
          const unlinked = several.arrivals.rows.map((row) => ({ ...row, link: 0 }));
          expect(unlinked).toEqual(one.arrivals.rows);
        },
      ),
      { numRuns: 100 },
    );
  });
});
