import { describe, expect, it } from 'vitest';
import { TokenColumns } from '../ledger/columns.ts';
import type { TurnJoin } from '../ledger/join.ts';
import type { ArrivalRow, LedgerRow } from '../ledger/rows.ts';
import type { SearchPlan } from '../scenario.ts';
import { judgeRamp, type RampBin, rampBins } from './ramp.ts';

const MS = 1e6;
const PLAN: SearchPlan = {
  kind: 'search',
  usersMin: 1,
  usersMax: 1_000,
  usersStart: 10,
  stepRatio: 1.2,
  completionLagP99MsMax: 100,
  gatewayAddedP99MsMax: 100,
};

/** Ten bins of 100 streams more each, all well, but for what is changed. */
function bins(changes: Record<number, Partial<RampBin>> = {}): RampBin[] {
  return Array.from({ length: 10 }, (_, index) => ({
    streams: (index + 1) * 100,
    turns: 200,
    lost: 0,
    lagP99Ms: 5,
    addedP99Ms: 4,
    generatorLateP99Ms: 1,
    mockLateP99Ms: 1,
    ...changes[index],
  }));
}

const judge = (changes: Record<number, Partial<RampBin>>, streaming = true) => {
  const { users, atLeast } = judgeRamp(bins(changes), PLAN, 20, streaming);
  return { users, atLeast };
};

describe('a ramp', () => {
  it('finds the streams before the service level was lost for good', () => {
    expect(judge({ 6: { lagP99Ms: 101 }, 7: { lagP99Ms: 300 }, 8: { lagP99Ms: 900 }, 9: { lagP99Ms: 2_000 } })).toEqual({
      users: 600,
      atLeast: false,
    });
    expect(judge({ 6: { lost: 1 }, 7: { lost: 3 } })).toEqual({ users: 600, atLeast: false });
    expect(judge({ 9: { lagP99Ms: 101 } })).toEqual({ users: 900, atLeast: false });
  });

  it('holds at the limit, and passes over a moment’s hiccup', () => {
    expect(judge({ 3: { lagP99Ms: 100 }, 4: { lagP99Ms: 100 } })).toEqual({ users: 1_000, atLeast: true });
    expect(judge({ 3: { lagP99Ms: 400 } })).toEqual({ users: 1_000, atLeast: true });
  });

  it('knows only a lower bound where the instrument gave out first, or at the same time, or never did anything', () => {
    const late = { generatorLateP99Ms: 21 };
    const lost = { lagP99Ms: 200 };
    expect(judge({ 4: late, 5: late, 6: lost, 7: lost })).toEqual({ users: 400, atLeast: true });
    expect(judge({ 4: { ...late, ...lost }, 5: { ...late, ...lost } })).toEqual({ users: 400, atLeast: true });
    expect(judge({ 4: lost, 5: { ...late, ...lost }, 6: { ...late, ...lost } })).toEqual({ users: 400, atLeast: false });
    expect(judge({ 4: { mockLateP99Ms: 21 }, 5: late, 6: lost, 7: lost })).toEqual({ users: 400, atLeast: true });
    expect(judge({ 4: { generatorLateP99Ms: 20, mockLateP99Ms: 20 }, 5: { mockLateP99Ms: 20 } })).toEqual({ users: 1_000, atLeast: true });
    expect(judge({})).toEqual({ users: 1_000, atLeast: true });
  });

  it('has no answer where it never held', () => {
    expect(judge({ 0: { lagP99Ms: 200 }, 1: { lagP99Ms: 200 } })).toEqual({ users: null, atLeast: false });
  });

  it('asks of what the gateway adds only where the client sees single tokens', () => {
    const slow = { 2: { addedP99Ms: 150 }, 3: { addedP99Ms: 150 } };
    expect(judge(slow)).toEqual({ users: 200, atLeast: false });
    expect(judge(slow, false)).toEqual({ users: 1_000, atLeast: true });
  });

  it('tells each bin as a probe', () => {
    const { probes } = judgeRamp(
      bins({
        7: { lagP99Ms: 120 },
        5: { mockLateP99Ms: 25 },
        8: { lost: 2, generatorLateP99Ms: 30 },
        9: { generatorLateP99Ms: 40, mockLateP99Ms: 50 },
      }),
      PLAN,
      20,
      true,
    );
    expect(probes.slice(5)).toEqual([
      { users: 600, ok: true, why: 'mock LLM lateness p99 25 ms', lagP99Ms: 5 },
      { users: 700, ok: true, why: '', lagP99Ms: 5 },
      { users: 800, ok: false, why: 'completionLag p99 120 ms', lagP99Ms: 120 },
      {
        users: 900,
        ok: false,
        why: 'the instrument gave out; generator lateness p99 30 ms; 2 of 202 turns did not complete',
        lagP99Ms: null,
      },
      {
        users: 1_000,
        ok: false,
        why: 'the instrument gave out; generator lateness p99 40 ms; mock LLM lateness p99 50 ms',
        lagP99Ms: null,
      },
    ]);
  });
});

describe('the bins of a ramp', () => {
  const arrivals = new TokenColumns<ArrivalRow>(1_000);
  const ledger = new TokenColumns<LedgerRow>(1_000);
  const turns: TurnJoin[] = [];
  const add = (key: string, intendedMs: number, lastSentMs: number, lagMs: number, over: Partial<ArrivalRow> = {}) => {
    const endedNs = (lastSentMs + lagMs) * MS;
    const row: ArrivalRow = {
      key,
      intendedNs: intendedMs * MS,
      startedNs: (intendedMs + 2) * MS,
      endedNs,
      outcome: 'completed',
      measured: true,
      link: 0,
      ...over,
    };
    arrivals.append(row, [5], [endedNs]);
    const sent = {
      key,
      round: 0,
      ordinal: 0,
      transport: 'sse',
      envelope: 'chat',
      connection: 1,
      requestBytes: 1,
      receivedAtNs: 0,
      outcome: 'completed',
    } as const;
    ledger.append({ ...sent, latenessNsMax: 3 * MS }, [5], [lastSentMs * MS]);
    const times = { firstAddedNs: 1, meanAddedNs: (lagMs / 2) * MS, maxAddedNs: 1, completionLagNs: lagMs * MS, modelNs: 1 };
    const joined = { key, tokensJoined: 1, ...times };
    if (row.outcome === 'completed' && row.measured) turns.push(joined);
  };
  // From 1,000 ms on; the first bin holds 200 turns, of which two lag by 50 ms.
  for (let turn = 0; turn < 200; turn += 1) add(`a${turn}`, 1_010, 1_050, turn < 3 ? 50 : 4);
  // Due in the first bin, its last token sent in the third.
  add('b', 1_090, 1_250, 8);
  add('c', 1_120, 1_180, 0, { outcome: 'timedOut' });
  add('unmeasured', 1_110, 1_150, 900, { measured: false });
  add('after', 1_290, 1_400, 900);

  it('hold turns by their last token, and what was lost by when it was due', () => {
    const found = rampBins({ arrivals, ledger, turns }, { windowStartNs: 1_000 * MS, windowEndNs: 1_300 * MS, users: 60 });
    expect(found.map(({ streams, turns: count, lost }) => [streams, count, lost])).toEqual([
      [10, 200, 0],
      [30, 0, 1],
      [50, 1, 0],
    ]);
    // Of 200 turns the third largest is at the 99th percentile.
    expect(found[0]).toMatchObject({ lagP99Ms: 50, addedP99Ms: 25, generatorLateP99Ms: 2, mockLateP99Ms: 3 });
    expect(found[1]).toMatchObject({ lagP99Ms: null, addedP99Ms: null, mockLateP99Ms: 3 });
    expect(found[2]).toMatchObject({ lagP99Ms: 8 });
  });
});
