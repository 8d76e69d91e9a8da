import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { TrialSpec } from '../trial.ts';
import { makeSchedule, SESSIONS_HASHED_PER_USER } from './schedule.ts';
import { MS, SPEC, WORKLOAD } from './testing/trials.ts';

/** The turns of a session. */
const turnsOf = (schedule: ReturnType<typeof makeSchedule>, session: number) => {
  const draw = schedule.drawsOf(session);
  return Array.from({ length: schedule.turnsPerSession }, draw);
};
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
  const schedule = makeSchedule(drawn);
  const turns = Array.from({ length: 4_000 }, (_, session) => turnsOf(schedule, session)).flat();

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
    const pick = (schedule: typeof other) => turnsOf(schedule, 5).map(({ outputTokens, thinkNs }) => [outputTokens, thinkNs]);
    expect(pick(other)).toEqual(pick(makeSchedule(drawn)));
  });

  test('a session draws the same whatever was asked before', () => {
    const inOrder = [0, 1, 2].map((session) => turnsOf(schedule, session));
    expect([2, 0, 1].map((session) => turnsOf(schedule, session))).toEqual([inOrder[2], inOrder[0], inOrder[1]]);
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

  test('is taken over a line and then doubles: start, turns, and three numbers a turn', () => {
    const session = (startNs: number) => [startNs, 1, 10, 5, 0];
    const doubles = Float64Array.from([...session(0), ...session(10 * MS), ...session(20 * MS)]);
    const expected = createHash('sha256').update('gatebench schedule 1 open\n').update(new Uint8Array(doubles.buffer)).digest('hex');
    expect(makeSchedule(spec({ measureMs: 30 })).hash).toBe(expected);
  });
});

describe('closed', () => {
  const closed = makeSchedule(spec({ load: { kind: 'closed', users: 4, spreadMs: 100 } }));

  test('starts are spread evenly, and have no rate', () => {
    expect([...closed.startsNs]).toEqual([0, 25 * MS, 50 * MS, 75 * MS]);
    expect(closed.users).toBe(4);
    expect(closed.interArrivalCv).toBeNull();
  });

  test('more users are another schedule', () => {
    const five = makeSchedule(spec({ load: { kind: 'closed', users: 5, spreadMs: 100 } }));
    expect(five.hash).not.toBe(closed.hash);
  });

  test('the hash takes a start by the clock, and then a start unknown beforehand', () => {
    const session = (startNs: number) => [startNs, 1, 10, 5, 0];
    const sessions = [0, 50 * MS].flatMap((startNs) => [...session(startNs), ...session(-1)]);
    const expected = createHash('sha256')
      .update('gatebench schedule 1 closed 2\n')
      .update(new Uint8Array(Float64Array.from(sessions).buffer));
    expect(SESSIONS_HASHED_PER_USER).toBe(2);
    expect(makeSchedule(spec({ load: { kind: 'closed', users: 2, spreadMs: 100 } })).hash).toBe(expected.digest('hex'));
  });

  test('endless sessions are hashed in bounded time', () => {
    const long = spec({ load: { kind: 'closed', users: 1, spreadMs: 0 }, workload: { ...drawn.workload, turnsPerSession: 1_000_000 } });
    const longer = { ...long, workload: { ...long.workload, turnsPerSession: 1_000_001 } };
    expect(makeSchedule(long).hash).not.toBe(makeSchedule(longer).hash);
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

  test('a trace that runs out ends the window, a mean gap after its last row', () => {
    expect(replay({}).endNs).toBe(1_000 * MS);
    expect(replay({ limit: 3 }).endNs).toBe(30 * MS + 300);
    expect(replay({ limit: 2, speedup: 2 }).endNs).toBe(10 * MS);
    expect(replay({ limit: 1 }).endNs).toBe(1 * MS);
  });

  test('a row is one turn with its lengths; 0 becomes 1, and replies are capped', () => {
    const turns = [0, 1, 2].map((session) => turnsOf(replay({}), session));
    expect(turns).toEqual([
      [{ inputTokens: 300, outputTokens: 40, thinkNs: 0 }],
      [{ inputTokens: 1, outputTokens: 1, thinkNs: 0 }],
      [{ inputTokens: 7, outputTokens: 1_000, thinkNs: 0 }],
    ]);
    expect(() => replay({}).drawsOf(4)).toThrow(RangeError);
  });
});
