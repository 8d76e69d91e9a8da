import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PACINGS, type Paced, Pacer, type Pacing } from './pacer.ts';
import { FakeWaiting } from './testing/fake-waiting.ts';

const MS = 1e6;

/** Emits at fixed times and then leaves. */
class Metronome implements Paced {
  heapIndex = -1;
  dueNs: number;
  readonly emittedNs: number[] = [];
  readonly #timesNs: number[];
  readonly #leave: (stream: Paced) => void;

  constructor(timesNs: number[], leave: (stream: Paced) => void) {
    this.#timesNs = [...timesNs];
    this.#leave = leave;
    this.dueNs = this.#timesNs.shift()!;
  }

  emit(nowNs: number): void {
    this.emittedNs.push(nowNs);
    const next = this.#timesNs.shift();
    if (next === undefined) this.#leave(this);
    else this.dueNs = next;
  }
}

function setUp(pacing: Pacing, waiting = new FakeWaiting()) {
  const passesNs: number[] = [];
  const pacer = new Pacer(pacing, waiting, () => passesNs.push(waiting.nowNs()));
  const play = (...timesNs: number[]) => {
    const stream = new Metronome(timesNs, (leaving) => pacer.remove(leaving));
    pacer.add(stream);
    return stream;
  };
  return { waiting, pacer, passesNs, play };
}

describe.each(PACINGS)('pacing %s', (pacing) => {
  test('emits each stream at its own times, within a round of the loop', () => {
    const { waiting, play } = setUp(pacing);
    const times = [1 * MS, 2.5 * MS, 40 * MS, 40.0004 * MS, 90 * MS];
    const stream = play(...times);
    waiting.runUntil(200 * MS);
    for (const [index, dueNs] of times.entries()) {
      expect(stream.emittedNs[index]).toBeGreaterThanOrEqual(dueNs);
      expect(stream.emittedNs[index]).toBeLessThanOrEqual(dueNs + 2 * waiting.roundNs);
    }
    expect(stream.emittedNs).toHaveLength(times.length);
  });

  test('sleeps on a timer while nothing is near, and not at all without streams', () => {
    const { waiting, play } = setUp(pacing);
    expect(waiting.idle).toBe(true);
    play(50 * MS);
    expect(waiting.timers).toBe(1);
    waiting.runUntil(48 * MS);
    expect(waiting.rounds).toBe(0);
    waiting.runUntil(60 * MS);
    expect(waiting.idle).toBe(true);
  });

  test('a stream that is due earlier does not wait for the timer of a later one', () => {
    const { waiting, play } = setUp(pacing);
    const late = play(80 * MS);
    const early = play(10 * MS);
    const atOnce = play(0);
    waiting.runUntil(100 * MS);
    expect(atOnce.emittedNs[0]).toBeLessThanOrEqual(2 * waiting.roundNs);
    expect(early.emittedNs[0]).toBeLessThanOrEqual(10 * MS + 2 * waiting.roundNs);
    expect(late.emittedNs[0]).toBeGreaterThanOrEqual(80 * MS);
  });

  test('a timer that fires 1 ms late makes nothing late', () => {
    const { waiting, play } = setUp(pacing, new FakeWaiting({ lateNs: 1 * MS }));
    const stream = play(30 * MS);
    waiting.runUntil(50 * MS);
    // In hybrid pacing the sleep itself is late too: that one is not hidden.
    expect(stream.emittedNs[0]! - 30 * MS).toBeLessThanOrEqual(pacing === 'hybrid' ? 1 * MS + 2 * waiting.roundNs : 2 * waiting.roundNs);
  });

  test('reads sockets after 1,024 emissions, however many more are due', () => {
    const { waiting, play, passesNs } = setUp(pacing);
    const streams = Array.from({ length: 3_000 }, () => play(0));
    waiting.runUntil(1 * MS);
    expect(streams.every(({ emittedNs }) => emittedNs.length === 1)).toBe(true);
    expect(passesNs).toHaveLength(3);
    expect(waiting.rounds).toBe(3);
  });

  test('writes once for all streams that are due together', () => {
    const { waiting, play, passesNs } = setUp(pacing);
    for (let stream = 0; stream < 50; stream += 1) play(5 * MS, 6 * MS);
    waiting.runUntil(10 * MS);
    expect(passesNs).toHaveLength(2);
  });

  test('stopped, it emits nothing and holds no timer', () => {
    const { waiting, pacer, play } = setUp(pacing);
    const stream = play(1 * MS, 2 * MS);
    const far = play(90 * MS);
    waiting.runUntil(1.5 * MS);
    pacer.stop();
    play(3 * MS);
    waiting.runUntil(200 * MS);
    expect(stream.emittedNs).toHaveLength(1);
    expect(far.emittedNs).toHaveLength(0);
    expect(waiting.idle).toBe(true);
    expect(pacer.streams).toBe(0);
  });

  test('streams may stop the pacer, leave, and make others leave while they emit', () => {
    const { waiting, pacer, play } = setUp(pacing);
    const victim = play(2 * MS);
    const killer: Paced = {
      dueNs: 1 * MS,
      heapIndex: -1,
      emit() {
        pacer.remove(victim);
        pacer.remove(killer);
        play(1.2 * MS);
      },
    };
    pacer.add(killer);
    waiting.runUntil(1.3 * MS);
    expect(victim.emittedNs).toEqual([]);
    expect(pacer.streams).toBe(0);
    const stopper: Paced = { dueNs: 3 * MS, heapIndex: -1, emit: () => pacer.stop() };
    pacer.add(stopper);
    const after = play(4 * MS);
    waiting.runUntil(9 * MS);
    expect(after.emittedNs).toEqual([]);
    expect(waiting.idle).toBe(true);
  });
});

describe('hybrid pacing', () => {
  test('gives the core away in steps of at most 200 µs that never pass a due time', () => {
    const { waiting, play } = setUp('hybrid');
    play(1 * MS, 1.05 * MS, 2 * MS);
    waiting.runUntil(5 * MS);
    expect(Math.max(...waiting.blocksNs)).toBe(200_000);
    const slept = waiting.blocksNs.reduce((sum, ns) => sum + ns, 0);
    // Nearly all of the 2 ms is slept, in a dozen rounds and not in two thousand.
    expect(slept).toBeGreaterThan(1.95 * MS);
    expect(waiting.rounds).toBeLessThan(20);
  });

  test('does not sleep while something is due', () => {
    const { waiting, play } = setUp('hybrid');
    play(...Array.from({ length: 100 }, () => 0));
    waiting.runUntil(1 * MS);
    expect(waiting.blocksNs).toEqual([]);
  });
});

test('spin pacing never sleeps', () => {
  const { waiting, play } = setUp('spin');
  play(1 * MS, 30 * MS);
  waiting.runUntil(50 * MS);
  expect(waiting.blocksNs).toEqual([]);
});

describe('the heap', () => {
  test('emits in the order of due times, whatever was added and removed in between', () => {
    const operation = fc.record({ dueNs: fc.nat({ max: 1_000 }), removes: fc.option(fc.nat({ max: 50 }), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const { pacer, waiting } = setUp('spin');
        const emitted: number[] = [];
        const streams: Paced[] = [];
        for (const { dueNs, removes } of operations) {
          const stream: Paced = {
            dueNs: dueNs * 1_000,
            heapIndex: -1,
            emit() {
              emitted.push(stream.dueNs);
              pacer.remove(stream);
            },
          };
          streams.push(stream);
          pacer.add(stream);
          const victim = removes === undefined ? undefined : streams[removes];
          if (victim) pacer.remove(victim);
        }
        const expected = streams.filter(({ heapIndex }) => heapIndex >= 0).map(({ dueNs }) => dueNs);
        waiting.runUntil(10 * MS);
        expect(emitted).toEqual(expected.sort((a, b) => a - b));
        expect(pacer.streams).toBe(0);
      }),
    );
  });
});
