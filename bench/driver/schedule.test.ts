import { describe, expect, test } from 'vitest';
import type { TrialSpec } from '../trial.ts';
import { makeSchedule, SESSIONS_HASHED_PER_USER } from './schedule.ts';
import { MS, SPEC, WORKLOAD } from './testing/trials.ts';

const spec = (rest: Partial<TrialSpec>): TrialSpec => ({ ...SPEC, ...rest });
const drawn = spec({
  workload: {
    ...WORKLOAD,
    turnsPerSession: 3,
    thinkMs: { kind: 'uniform', min: 100, max: 200 },
    inputTokens: { kind: 'uniform', min: 1, max: 4 },
    outputTokens: { kind: 'lognormal', median: 50, sigma: 1, max: 100 },
  },
  load: { kind: 'open', sessionsPerSecond: 200, arrivals: { process: 'poisson' } },
  measureMs: 10_000,
});

describe('draws', () => {
  const turns = Array.from({ length: 4_000 }, (_, session) => makeSchedule(drawn).turnsOf.call(undefined, session)).flat();

  test('uniform tokens are integers, each as likely, both ends included', () => {
    const counts = [0, 0, 0, 0];
    for (const { inputTokens } of turns) counts[inputTokens - 1]! += 1;
    // 12,000 draws: 3,000 each, standard deviation 47.
    for (const count of counts) expect(Math.abs(count - 3_000)).toBeLessThan(200);
  });

  test('lognormal tokens are integers in [1, max] around their median', () => {
    const lengths = turns.map(({ outputTokens }) => outputTokens).sort((a, b) => a - b);
    expect(lengths.every((length) => Number.isInteger(length))).toBe(true);
    expect(lengths[0]).toBeGreaterThanOrEqual(1);
    expect(lengths.at(-1)).toBe(100);
    expect(Math.abs(lengths[6_000]! - 50)).toBeLessThan(4);
  });

  test('think times are whole nanoseconds in their range', () => {
    for (const { thinkNs } of turns) {
      expect(Number.isInteger(thinkNs)).toBe(true);
      expect(thinkNs).toBeGreaterThanOrEqual(100 * MS);
      expect(thinkNs).toBeLessThan(200 * MS);
    }
  });

  test('one quantity changed leaves the others as they were', () => {
    const other = makeSchedule(spec({ ...drawn, workload: { ...drawn.workload, inputTokens: { kind: 'fixed', value: 9 } } }));
    const pick = (schedule: typeof other) => schedule.turnsOf(5).map(({ outputTokens, thinkNs }) => [outputTokens, thinkNs]);
    expect(pick(other)).toEqual(pick(makeSchedule(drawn)));
  });

  test('a session draws the same whatever was asked before', () => {
    const schedule = makeSchedule(drawn);
    const inOrder = [0, 1, 2].map((session) => schedule.turnsOf(session));
    expect([2, 0, 1].map((session) => schedule.turnsOf(session))).toEqual([inOrder[2], inOrder[0], inOrder[1]]);
  });
});

describe('hash', () => {
  const loads: { name: string; of: TrialSpec }[] = [
    { name: 'open', of: drawn },
    { name: 'closed', of: spec({ ...drawn, load: { kind: 'closed', users: 20, spreadMs: 100 } }) },
  ];
  test.each(loads)('$name: the seed decides it', ({ of }) => {
    expect(makeSchedule(of).hash).toMatch(/^[0-9a-f]{64}$/);
    expect(makeSchedule(of).hash).toBe(makeSchedule(of).hash);
    expect(makeSchedule({ ...of, seed: 2 }).hash).not.toBe(makeSchedule(of).hash);
  });

  test.each(loads)('$name: every draw is in it', ({ of }) => {
    const change = (workload: Partial<TrialSpec['workload']>) => makeSchedule({ ...of, workload: { ...of.workload, ...workload } }).hash;
    const hashes = [
      makeSchedule(of).hash,
      change({ turnsPerSession: 2 }),
      change({ thinkMs: { kind: 'fixed', value: 1 } }),
      change({ inputTokens: { kind: 'fixed', value: 1 } }),
      change({ outputTokens: { kind: 'fixed', value: 1 } }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test('what is not the schedule does not change it', () => {
    const other = { ...drawn, id: 'other', turnTimeoutMs: 1, workload: { ...drawn.workload, model: 'slow', history: 'delta' as const } };
    expect(makeSchedule(other).hash).toBe(makeSchedule(drawn).hash);
  });

  test('is stable: the bytes it is taken over are an agreement between versions', () => {
    expect(makeSchedule(spec({ measureMs: 30 })).hash).toBe('GOLDEN');
  });
});

describe('closed', () => {
  const closed = makeSchedule(spec({ load: { kind: 'closed', users: 4, spreadMs: 100 } }));

  test('starts are spread evenly, and have no rate', () => {
    expect([...closed.startsNs]).toEqual([0, 25 * MS, 50 * MS, 75 * MS]);
    expect(closed.users).toBe(4);
    expect(closed.interArrivalCv).toBeNull();
  });

  test('the hash takes each user’s first few sessions', () => {
    expect(SESSIONS_HASHED_PER_USER).toBe(4);
    const five = makeSchedule(spec({ load: { kind: 'closed', users: 5, spreadMs: 100 } }));
    expect(five.hash).not.toBe(closed.hash);
  });
});

describe('replay', () => {
  const trace = [
    { atNs: 500, inputTokens: 300, outputTokens: 40 },
    { atNs: 10 * MS + 500, inputTokens: 0, outputTokens: 0 },
    { atNs: 20 * MS + 700, inputTokens: 7, outputTokens: 9_999 },
    { atNs: 900 * MS, inputTokens: 1, outputTokens: 1 },
  ];
  const replay = (rest: object) =>
    makeSchedule(
      spec({ load: { kind: 'replay', path: 'x', format: 'azure', speedup: 1, limit: 100, outputTokensMax: 1_000, ...rest } }),
      trace,
    );

  test('the first row starts the trial, and the others come at their times', () => {
    expect([...replay({}).startsNs]).toEqual([0, 10 * MS, 20 * MS + 200, 900 * MS - 500]);
  });

  test('speedup divides times, limit bounds rows, the window bounds time', () => {
    expect([...replay({ speedup: 2 }).startsNs]).toEqual([0, 5 * MS, 10 * MS + 100, 450 * MS - 250]);
    expect(replay({ limit: 2 }).startsNs.length).toBe(2);
    expect(replay({ speedup: 0.5 }).startsNs.length).toBe(3);
  });

  test('a row is one turn with its lengths; 0 becomes 1, and replies are capped', () => {
    const turns = [0, 1, 2].map((session) => replay({}).turnsOf(session));
    expect(turns).toEqual([
      [{ inputTokens: 300, outputTokens: 40, thinkNs: 0 }],
      [{ inputTokens: 1, outputTokens: 1, thinkNs: 0 }],
      [{ inputTokens: 7, outputTokens: 1_000, thinkNs: 0 }],
    ]);
    expect(() => replay({}).turnsOf(4)).toThrow(RangeError);
  });
});
