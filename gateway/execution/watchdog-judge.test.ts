import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Finding, LOOK_EVERY_MS, type Look, type Quotas, UnitJudge } from './watchdog-judge.ts';

const MB = 1024 ** 2;
const QUOTAS: Quotas = { cpuMs: 1_000, memoryBytes: 100 * MB, warnRatio: 0.8 };

/** A unit whose looks are given by what has changed since the last. */
function unit(quotas: Partial<Quotas> = {}) {
  const judge = new UnitJudge({ ...QUOTAS, ...quotas });
  let state: Look = { atMs: 0, cpuNs: 0, memoryBytes: 10 * MB, turns: [1], entered: 1, computing: false };
  const look = (change: Partial<Look> & { usedMs?: number } = {}) => {
    const { usedMs = 0, ...given } = change;
    state = { ...state, atMs: state.atMs + LOOK_EVERY_MS, cpuNs: (state.cpuNs ?? 0) + usedMs * 1e6, ...given };
    return judge.look(state);
  };
  return { judge, look };
}

const found = (findings: readonly Finding[]) => findings.map(({ kind, turn, breach }) => `${kind} ${breach.kind} ${turn}`);

describe('processor time', () => {
  it('warns once, then stops, and says what was used of what', () => {
    const { look } = unit();
    look({ computing: true });
    expect(look({ usedMs: 799 }).findings).toEqual([]);
    expect(found(look({ usedMs: 1 }).findings)).toEqual(['warning cpu 1']);
    expect(look({ usedMs: 200 }).findings).toEqual([]);
    expect(look({ usedMs: 50 }).findings).toEqual([
      { kind: 'stop', turn: 1, breach: { kind: 'cpu', used: 1_050e6, quota: 1_000e6 }, listens: false },
    ]);
    expect(look({ usedMs: 50 }).findings).toEqual([]);
  });

  it('charges the turn in whose code the unit is, and all alike when it rests', () => {
    const { look } = unit();
    look({ turns: [1, 2, 3] });
    look({ entered: 2, computing: true, usedMs: 700 });
    expect(look({ computing: false, usedMs: 150 }).findings).toEqual([]);
    expect(found(look({ usedMs: 150 }).findings)).toEqual(['warning cpu 2']);
    expect(found(look({ usedMs: 603 }).findings)).toEqual(['stop cpu 2']);
    expect(found(look({ usedMs: 1_500 }).findings)).toEqual(['warning cpu 1', 'warning cpu 3']);
  });

  it('lets a turn listen that the unit comes back from, and not one that it was in at two looks', () => {
    const { look } = unit();
    look({ turns: [1, 2], entered: 2, computing: true });
    const [once] = look({ entered: 1, usedMs: 1_001 }).findings;
    expect(once).toMatchObject({ turn: 1, listens: true });
    const other = unit();
    other.look({ computing: true });
    expect(other.look({ usedMs: 1_001 }).findings).toMatchObject([{ turn: 1, listens: false }]);
  });

  it('charges nobody with the time before a turn came, and forgets it when it goes', () => {
    const { look } = unit();
    look({ usedMs: 5_000 });
    expect(look({ turns: [1, 2], entered: 2, computing: true, usedMs: 5_000 }).findings).toEqual([]);
    expect(found(look({ usedMs: 850 }).findings)).toEqual(['warning cpu 2']);
    look({ turns: [1], entered: 1 });
    expect(look({ turns: [1, 2], entered: 2 }).findings).toEqual([]);
    expect(look({ usedMs: 700 }).findings).toEqual([]);
  });

  it('starts anew after a rest', () => {
    const { judge, look } = unit();
    look();
    look({ usedMs: 900 });
    judge.rest();
    expect(look({ usedMs: 5_000 }).findings).toEqual([]);
    expect(look({ usedMs: 700 }).findings).toEqual([]);
  });

  it('goes by the operating system where the unit does not answer: a native call', () => {
    const { look } = unit();
    look({ turns: [1, 2], entered: 2 });
    look({ memoryBytes: null, computing: true, usedMs: 900 });
    expect(look({ usedMs: 300 }).findings).toMatchObject([{ turn: 2, listens: false, breach: { used: 1_200e6 } }]);
  });

  it('makes up for looks of which nobody knew the time', () => {
    const { look } = unit();
    look();
    expect(look({ cpuNs: null, memoryBytes: null, computing: true }).findings).toEqual([]);
    expect(look({ cpuNs: 1_200e6, memoryBytes: MB }).findings).toMatchObject([{ kind: 'stop', turn: 1 }]);
  });

  it('ends the unit where code of a turn that is over goes on, and charges no other turn with it', () => {
    const { look } = unit();
    look({ turns: [7], entered: 7, computing: true });
    look({ turns: [], usedMs: 100 });
    look({ turns: [8], usedMs: 500 });
    expect(look({ usedMs: 400 }).findings).toEqual([]);
    expect(look({ usedMs: 400 }).findings).toMatchObject([{ kind: 'stop', turn: 0, listens: false, breach: { used: 1_400e6 } }]);
  });

  it('does not take a unit that many short turns pass through for one that is stuck', () => {
    const { look } = unit();
    for (let over = 1; over < 100; over += 1) {
      expect(look({ turns: [500], entered: over, computing: true, usedMs: 1 }).findings).toEqual([]);
    }
  });

  it('without a quota, finds nothing', () => {
    const { look } = unit({ cpuMs: 0, memoryBytes: 0 });
    look();
    expect(look({ usedMs: 1e9, memoryBytes: 1e12 }).findings).toEqual([]);
  });
});

describe('memory', () => {
  it('warns at its part of the quota, once while it stays there, and stops beyond it, with the unit', () => {
    const { look } = unit();
    look();
    expect(found(look({ memoryBytes: 80 * MB }).findings)).toEqual(['warning memory 1']);
    expect(look({ memoryBytes: 90 * MB, turns: [1, 2], entered: 2 }).findings).toEqual([]);
    expect(look({ memoryBytes: 100 * MB }).findings).toEqual([]);
    expect(look({ memoryBytes: 100 * MB + 1 }).findings).toMatchObject([{ kind: 'stop', listens: false, breach: { kind: 'memory' } }]);
  });

  it('is the doing of the turn in whose code the unit is, else of the one under which it grew most', () => {
    const { look } = unit();
    look({ turns: [1, 2, 3] });
    look({ entered: 2, computing: true, memoryBytes: 60 * MB });
    look({ entered: 3, computing: true, memoryBytes: 75 * MB });
    const { findings } = look({ entered: 1, computing: false, memoryBytes: 101 * MB });
    expect(found(findings)).toEqual(['stop memory 2']);
    const other = unit();
    other.look({ turns: [1, 2, 3] });
    other.look({ entered: 2, computing: true, memoryBytes: 79 * MB });
    expect(found(other.look({ entered: 3, computing: true, memoryBytes: 101 * MB }).findings)).toEqual(['stop memory 3']);
  });

  it('has somebody to blame also in a unit that comes with too much', () => {
    expect(found(unit().look({ turns: [4, 5], entered: 0, memoryBytes: 200 * MB }).findings)).toEqual(['stop memory 5']);
    expect(found(unit().look({ turns: [], entered: 9, computing: true, memoryBytes: 200 * MB }).findings)).toEqual(['stop memory 0']);
  });
});

describe('the next look', () => {
  it('comes four times a second where nothing is near', () => {
    const { look } = unit();
    look();
    expect(look({ usedMs: 1 }).nextInMs).toBe(LOOK_EVERY_MS * 0.9);
    const { look: without } = unit({ memoryBytes: 0 });
    without();
    expect(without().nextInMs).toBe(LOOK_EVERY_MS);
  });

  it('comes when a warning, or the end, can be due', () => {
    const { look } = unit({ memoryBytes: 0 });
    look({ computing: true });
    expect(look({ usedMs: 700 }).nextInMs).toBe(100);
    expect(look({ usedMs: 99 }).nextInMs).toBe(10);
    expect(look({ usedMs: 101 }).nextInMs).toBe(100);
    expect(look({ usedMs: 99 }).nextInMs).toBe(10);
  });

  it('comes sooner near the quota, and the sooner the faster memory grows', () => {
    const { look } = unit();
    look();
    look({ memoryBytes: 50 * MB });
    expect(look().nextInMs).toBe(LOOK_EVERY_MS / 2);
    look({ memoryBytes: 95 * MB });
    expect(look().nextInMs).toBe(100);
    expect(look({ atMs: 100_000 }).nextInMs).toBe(100);
    // 5 MB in 250 ms, and no more are left.
    expect(look({ atMs: 100_250, memoryBytes: 100 * MB }).nextInMs).toBe(10);
  });

  it('leaves at least four looks until memory that grows evenly meets its quota', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 4_000 }), (quotaMb) => {
        const { look } = unit({ memoryBytes: quotaMb * MB });
        const bytesPerMs = (quotaMb * MB) / 2_000;
        let atMs = 0;
        let looks = 0;
        for (let memoryBytes = 0; memoryBytes <= quotaMb * MB; looks += 1) {
          atMs += look({ atMs, memoryBytes }).nextInMs;
          memoryBytes = atMs * bytesPerMs;
        }
        expect(looks).toBeGreaterThan(8);
      }),
    );
  });
});

const SOME_TURN = fc.integer({ min: 0, max: 4 });
const SOME_LOOK = fc.record({
  usedMs: fc.integer({ min: 0, max: 250 }),
  memoryBytes: fc.option(fc.integer({ min: 0, max: 90 * MB }), { freq: 4 }),
  entered: SOME_TURN,
  computing: fc.boolean(),
});

describe('whatever a unit does', () => {
  it('a turn is not stopped for time before its unit has used the quota in the life of the turn', () => {
    const withTurns = fc.tuple(SOME_LOOK, fc.uniqueArray(fc.integer({ min: 1, max: 4 })));
    fc.assert(
      fc.property(fc.array(withTurns, { maxLength: 100 }), (looks) => {
        const { look } = unit({ memoryBytes: 0 });
        const usedMs = new Map<number, number>();
        for (const [one, turns] of looks) {
          for (const turn of [...usedMs.keys()].filter((known) => !turns.includes(known))) usedMs.delete(turn);
          for (const turn of turns) usedMs.set(turn, usedMs.has(turn) ? usedMs.get(turn)! + one.usedMs : 0);
          for (const { turn, breach } of look({ ...one, turns }).findings) {
            if (turn === 0) continue;
            expect(breach.used / 1e6).toBeLessThanOrEqual(usedMs.get(turn)! + 1e-6);
          }
        }
      }),
    );
  });

  it('a turn alone in its unit is stopped at the first look after its quota, and warned at most once before', () => {
    fc.assert(
      fc.property(fc.array(SOME_LOOK, { minLength: 1, maxLength: 100 }), (looks) => {
        const { look } = unit({ memoryBytes: 0 });
        look();
        let usedMs = 0;
        let warnings = 0;
        for (const one of looks) {
          usedMs += one.usedMs;
          const kinds = look({ ...one, entered: 1 }).findings.map(({ kind }) => kind);
          expect(kinds.includes('stop')).toBe(usedMs > QUOTAS.cpuMs);
          if (usedMs > QUOTAS.cpuMs) return;
          warnings += kinds.length;
          expect(warnings).toBe(usedMs >= QUOTAS.cpuMs * QUOTAS.warnRatio ? 1 : 0);
        }
      }),
    );
  });

  it('of several turns that stay, one is stopped before their unit has used all their quotas', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(SOME_LOOK, { minLength: 60, maxLength: 200 }), (count, looks) => {
        const turns = [1, 2, 3, 4].slice(0, count);
        const { look } = unit({ memoryBytes: 0 });
        look({ turns });
        let usedMs = 0;
        for (const one of looks) {
          usedMs += one.usedMs;
          const entered = turns.includes(one.entered) ? one.entered : 0;
          if (look({ ...one, turns, entered }).findings.some(({ kind }) => kind === 'stop')) return;
          expect(usedMs).toBeLessThanOrEqual(QUOTAS.cpuMs * count + 1e-6);
        }
      }),
    );
  });

  it('a turn that never returns is the only one that is stopped', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 50, max: 250 }), { minLength: 40, maxLength: 60 }), (uses) => {
        const { look } = unit({ memoryBytes: 0 });
        look({ turns: [1, 2, 3], entered: 3 });
        const stopped = uses.flatMap((usedMs) =>
          look({ usedMs, entered: 2, computing: true }).findings.filter(({ kind }) => kind === 'stop'),
        );
        expect(stopped).toMatchObject([{ turn: 2, listens: false }]);
      }),
    );
  });

  it('memory beyond the quota is stopped at the first look that sees it, and never before', () => {
    const sizes = fc.array(fc.option(fc.integer({ min: 0, max: 150 * MB }), { freq: 5 }), { maxLength: 50 });
    fc.assert(
      fc.property(sizes, (memory) => {
        const { look } = unit({ cpuMs: 0 });
        for (const memoryBytes of memory) {
          const stops = look({ memoryBytes }).findings.filter(({ kind }) => kind === 'stop');
          expect(stops.length).toBe(memoryBytes !== null && memoryBytes > QUOTAS.memoryBytes ? 1 : 0);
        }
      }),
    );
  });
});
