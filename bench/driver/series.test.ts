import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LEAD_NS } from './driver.ts';
import { Series } from './series.ts';
import { COMPLETED, end, MS, replyAfter, runTrial, SPEC, scripted } from './testing/trials.ts';

describe('the series of a trial', () => {
  test('follows a target that is overloaded for a while, and its recovery', async () => {
    // 100/s for 200 ms, then 300/s until 400 ms; from there 100/s again. Beyond one turn in 10 ms it refuses.
    const load = {
      kind: 'open',
      sessionsPerSecond: 100,
      arrivals: { process: 'constant' },
      ramp: [
        { atMs: 200, sessionsPerSecond: 100 },
        { atMs: 200, sessionsPerSecond: 300 },
        { atMs: 400, sessionsPerSecond: 300 },
        { atMs: 400, sessionsPerSecond: 100 },
      ],
    } as const;
    const { result } = await runTrial({ ...SPEC, load, warmupMs: 100, measureMs: 500, seriesBinMs: 100 }, (world) => {
      let freeNs = 0;
      return (turn, sink) => {
        if (world.nowNs() < freeNs) sink.push(end({ kind: 'refused', status: 429, code: 'queue_full', message: '', retryAfterS: 1 }), 0);
        else {
          freeNs = world.nowNs() + 10 * MS - 1;
          return replyAfter(world, 4 * MS)(turn, sink);
        }
        return { resume() {}, cancel() {} };
      };
    });
    const bin = (atMs: number, due: number, refused: number) => {
      const completed = due - refused;
      return { atMs, due, completed, refused, lost: 0, turnMs: { p50: 4, max: 4 }, completions: completed };
    };
    expect(result.series).toEqual([bin(0, 10, 0), bin(100, 10, 0), bin(200, 30, 20), bin(300, 30, 20), bin(400, 10, 0), bin(500, 10, 0)]);
    // Of the window alone, and each refusal at once: a turn that was refused is not tried again.
    expect(result.turns).toMatchObject({ offered: 90, completed: 50, refused: 40 });
    expect(result.codes).toEqual({ queue_full: 40 });
  });

  test('counts a turn where it was due, whenever it ended, and its completion where that was', async () => {
    const { result } = await runTrial({ ...SPEC, measureMs: 100, seriesBinMs: 50 }, (world) => {
      const startNs = world.nowNs() + LEAD_NS;
      // All of the window complete at 130 ms and after; those due at 0, 10, … 90 ms.
      return scripted(world, (_turn, sink) => {
        const dueNs = world.nowNs();
        world.at(startNs + 130 * MS + (dueNs - startNs), () => {
          sink.push({ type: 'text', text: 'word' }, world.nowNs() - 2 * MS);
          sink.push(end(COMPLETED), world.nowNs());
        });
      });
    });
    // A turn takes until its last content.
    const turnMs = { p50: 128, max: 128 };
    expect(result.series).toEqual([
      { atMs: 0, due: 5, completed: 5, refused: 0, lost: 0, turnMs, completions: 0 },
      { atMs: 50, due: 5, completed: 5, refused: 0, lost: 0, turnMs, completions: 0 },
      { atMs: 100, due: 0, completed: 0, refused: 0, lost: 0, turnMs: null, completions: 2 },
      { atMs: 150, due: 0, completed: 0, refused: 0, lost: 0, turnMs: null, completions: 5 },
      { atMs: 200, due: 0, completed: 0, refused: 0, lost: 0, turnMs: null, completions: 3 },
    ]);
  });

  test('turns that fail, run out of time or are dropped are lost', async () => {
    let n = 0;
    const { result } = await runTrial({ ...SPEC, measureMs: 100, turnTimeoutMs: 500, inFlightMax: 3, seriesBinMs: 100 }, (world) =>
      scripted(world, (_turn, sink) => {
        n += 1;
        if (n % 2 === 0) sink.push(end({ kind: 'failed', code: 'agent_died', message: '' }), world.nowNs());
      }),
    );
    // Of ten, three hang; two of those between them fail, and the five after the third are dropped.
    expect(result.turns).toMatchObject({ failed: 2, timedOut: 3, dropped: 5 });
    expect(result.series).toEqual([{ atMs: 0, due: 10, completed: 0, refused: 0, lost: 10, turnMs: null, completions: 0 }]);
  });

  test('is not there unless it is asked for', async () => {
    const { result } = await runTrial(SPEC, (world) => replyAfter(world, MS));
    expect(result.series).toEqual([]);
  });
});

test('medians and maxima are those of the turns of each bin, however many', () => {
  const turn = fc.record({ dueNs: fc.nat(999), tookNs: fc.integer({ min: 0, max: 5_000 }) });
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 200 }), fc.integer({ min: 7, max: 500 }), (turns, binNs) => {
      const startNs = 1e15;
      const options = { startNs: startNs, windowEndNs: startNs + 1_000, endNs: startNs + 2_000, binNs };
      const series = new Series(options);
      // In the order of their ends, as they come.
      for (const { dueNs } of turns) series.offered(startNs + dueNs);
      for (const { dueNs, tookNs } of turns.toSorted((a, b) => a.dueNs + a.tookNs - (b.dueNs + b.tookNs)))
        series.ended(startNs + dueNs, 'completed', startNs + dueNs + tookNs, tookNs * 1e3);
      const bins = series.bins();
      expect(bins.length).toBeGreaterThanOrEqual(Math.ceil(1_000 / binNs));
      expect(bins.reduce((sum, { completions }) => sum + completions, 0)).toBe(turns.length);
      for (const [index, bin] of bins.entries()) {
        const took = turns.filter(({ dueNs }) => Math.floor(dueNs / binNs) === index).map(({ tookNs }) => tookNs / 1e3);
        took.sort((a, b) => a - b);
        expect(bin.due).toBe(took.length);
        expect(bin.turnMs).toEqual(took.length === 0 ? null : { p50: took[Math.ceil(took.length / 2) - 1], max: took.at(-1) });
      }
    }),
  );
});

test('has room for more turns than it began with', () => {
  const series = new Series({ startNs: 0, windowEndNs: 1e9, endNs: 1e9, binNs: 1e9 });
  const turns = 40_001;
  for (let n = 0; n < turns; n += 1) {
    series.offered(n);
    series.ended(n, 'completed', n, n * 1e3);
  }
  expect(series.bins()).toEqual([
    { atMs: 0, due: turns, completed: turns, refused: 0, lost: 0, turnMs: { p50: 20, max: 40 }, completions: turns },
  ]);
});
