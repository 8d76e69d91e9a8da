import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { World } from '../driver/testing/world.ts';
import { Bandwidth } from './bandwidth.ts';
import { Line, type LineOptions } from './line.ts';
import { Schedule } from './schedule.ts';
import { Traffic } from './traffic.ts';
import { CongestionWindow } from './window.ts';

const MS = 1e6;

/** A line between a source and a destination that are arrays. Times are milliseconds from the start. */
function setUp(more: Partial<LineOptions> & { coalesceMs?: number } = {}) {
  const world = new World();
  const startNs = world.nowNs();
  const schedule = new Schedule(world, (more.coalesceMs ?? 0) * MS);
  const traffic = new Traffic();
  const written: { atMs: number; bytes: Buffer; more: boolean }[] = [];
  const endings: { what: 'end' | 'reset'; atMs: number }[] = [];
  const state = { paused: false, backlogBytes: 0, keepsUp: true, onResume: () => {} };
  const nowMs = () => (world.nowNs() - startNs) / MS;
  const line = new Line({
    delayNs: 10 * MS,
    roundTripNs: 20 * MS,
    standsNs: 0,
    bandwidth: undefined,
    window: undefined,
    heldBytesMax: 1_000_000,
    schedule,
    traffic,
    ends: {
      pause() {
        expect(state.paused).toBe(false);
        state.paused = true;
      },
      resume() {
        expect(state.paused).toBe(true);
        state.paused = false;
        state.onResume();
      },
      write(bytes, more) {
        written.push({ atMs: nowMs(), bytes, more });
        if (!state.keepsUp) state.backlogBytes += bytes.length;
      },
      end: () => endings.push({ what: 'end', atMs: nowMs() }),
      reset: () => endings.push({ what: 'reset', atMs: nowMs() }),
      backlogBytes: () => state.backlogBytes,
    },
    ...more,
  });
  return {
    world,
    line,
    traffic,
    written,
    endings,
    state,
    startNs,
    at: (atMs: number, happen: () => void) => world.at(startNs + atMs * MS, happen),
    take: (text: string) => line.take(Buffer.from(text), world.nowNs()),
    finish: (ending: 'end' | 'reset') => line.finish(ending, world.nowNs()),
    arrivals: () => written.map(({ atMs, bytes }) => [bytes.toString(), atMs]),
  };
}

describe('a line that only delays', () => {
  test('brings each read when its delay is over, and the end behind them', () => {
    const { world, at, take, finish, arrivals, endings, traffic } = setUp();
    at(0, () => take('a'));
    at(3, () => take('b'));
    at(12, () => take('c'));
    at(14, () => finish('end'));
    world.run();
    expect(arrivals()).toEqual([
      ['a', 10],
      ['b', 13],
      ['c', 22],
    ]);
    expect(endings).toEqual([{ what: 'end', atMs: 24 }]);
    expect(traffic.figures()).toMatchObject({ bytes: 3, deliveries: 3, heldBytes: 0, heldBytesPeak: 2, error: { maxUs: 1 } });
  });

  test('says of pieces that are written at once that more follow', () => {
    const { world, at, take, finish, written, endings } = setUp({ coalesceMs: 5 });
    at(0, () => take('a'));
    for (const atMs of [1, 2, 3]) at(atMs, () => take(String(atMs)));
    at(3, () => finish('end'));
    world.run();
    expect(written.map(({ atMs, bytes, more }) => [bytes.toString(), atMs, more])).toEqual([
      ['a', 10, false],
      ['1', 15, true],
      ['2', 15, true],
      ['3', 15, false],
    ]);
    expect(endings).toEqual([{ what: 'end', atMs: 15 }]);
  });

  test('records how late it was', () => {
    const { world, at, take, traffic } = setUp();
    at(0, () => take('a'));
    at(9, () => world.stall(6 * MS));
    world.run();
    expect(traffic.figures().error.maxUs).toBe(5_000);
    traffic.clear();
    expect(traffic.figures()).toMatchObject({ bytes: 0, deliveries: 0, error: { maxUs: null }, heldBytesPeak: 0 });
  });

  test('counts what comes before the connection stands as sent then', () => {
    const { world, startNs, at, arrivals, take } = setUp();
    const stands = setUp({ standsNs: startNs + 20 * MS });
    stands.at(0, () => stands.take('a'));
    stands.at(19, () => stands.take('b'));
    stands.at(21, () => stands.take('c'));
    stands.world.run();
    expect(stands.arrivals()).toEqual([
      ['a', 30],
      ['b', 30],
      ['c', 31],
    ]);
    at(0, () => take('a'));
    world.run();
    expect(arrivals()).toEqual([['a', 10]]);
  });

  test('without anything to emulate writes in the same moment', () => {
    const { line, written, endings, finish, traffic, take } = setUp({ delayNs: 0, roundTripNs: 0 });
    take('a');
    expect(written).toMatchObject([{ atMs: 0, more: false }]);
    finish('end');
    expect(endings).toEqual([{ what: 'end', atMs: 0 }]);
    expect([line.heldBytes, traffic.figures().bytes]).toEqual([0, 1]);
  });
});

describe('endings', () => {
  test('a reset comes after what is on its way, and instead of what had not left', () => {
    const { world, at, take, finish, line, arrivals, endings } = setUp({ window: new CongestionWindow(2, 20 * MS) });
    at(0, () => take('abcd'));
    at(1, () => finish('reset'));
    at(2, () => take('never'));
    at(2, () => finish('end'));
    world.run();
    expect(arrivals()).toEqual([['ab', 10]]);
    expect(endings).toEqual([{ what: 'reset', atMs: 11 }]);
    expect(line.heldBytes).toBe(0);
  });

  test('a reset may follow an end; nothing else may', () => {
    const { world, at, take, finish, arrivals, endings } = setUp();
    at(0, () => finish('end'));
    at(1, () => take('late'));
    at(1, () => finish('end'));
    at(2, () => finish('reset'));
    at(3, () => finish('reset'));
    world.run();
    expect(arrivals()).toEqual([]);
    expect(endings).toEqual([
      { what: 'end', atMs: 10 },
      { what: 'reset', atMs: 12 },
    ]);
  });

  test('an end does not wait for the congestion window, but for the bytes before it', () => {
    const { world, at, take, finish, arrivals, endings } = setUp({ window: new CongestionWindow(2, 20 * MS) });
    at(0, () => take('abc'));
    at(0, () => finish('end'));
    world.run();
    expect(arrivals()).toEqual([
      ['ab', 10],
      ['c', 30],
    ]);
    expect(endings).toEqual([{ what: 'end', atMs: 30 }]);
  });

  test('once its destination is gone it holds nothing, brings nothing, and lets its source go on', () => {
    const { world, at, take, finish, line, state, written, endings, traffic } = setUp({ heldBytesMax: 5 });
    at(0, () => take('123456'));
    at(1, () => expect(state.paused).toBe(true));
    at(2, () => line.abandon());
    at(3, () => take('more'));
    at(4, () => finish('reset'));
    at(5, () => {
      expect([state.paused, line.heldBytes, traffic.figures().heldBytes]).toEqual([false, 0, 0]);
    });
    world.run();
    expect([written, endings]).toEqual([[], []]);
  });
});

describe('a congestion window', () => {
  test.each([1, 2, 3, 4, 5, 6])('lets a request of the first %d windows arrive after as many round trips as slow start takes', (rounds) => {
    const first = 14_600;
    const { world, at, line, written } = setUp({ delayNs: 40 * MS, roundTripNs: 80 * MS, window: new CongestionWindow(first, 80 * MS) });
    const bytes = first * (2 ** rounds - 1);
    at(0, () => line.take(Buffer.alloc(bytes), world.nowNs()));
    world.run();
    expect(written.map(({ atMs, bytes }) => [atMs, bytes.length])).toEqual(
      Array.from({ length: rounds }, (_, round) => [40 + 80 * round, first * 2 ** round]),
    );
  });

  test('is counted from when the connection stands', () => {
    const stands = setUp().startNs + 20 * MS;
    const { world, at, take, arrivals } = setUp({ standsNs: stands, window: new CongestionWindow(2, 20 * MS) });
    at(0, () => take('abcdef'));
    world.run();
    expect(arrivals()).toEqual([
      ['ab', 30],
      ['cdef', 50],
    ]);
  });

  test('lets nothing leave before what was read before it', () => {
    const { world, at, take, arrivals } = setUp({ window: new CongestionWindow(2, 20 * MS) });
    at(0, () => take('abc'));
    at(1, () => take('d'));
    at(22, () => take('efgh'));
    world.run();
    // `d` leaves with `c` at 20, so both are acknowledged at 40 and not before.
    expect(arrivals()).toEqual([
      ['ab', 10],
      ['c', 30],
      ['d', 30],
      ['ef', 32],
      ['gh', 50],
    ]);
  });

  test('loses no time when the process comes late to it', () => {
    const { world, at, take, arrivals } = setUp({ window: new CongestionWindow(2, 20 * MS) });
    at(0, () => take('abcdefghijklmn'));
    at(19, () => world.stall(30 * MS));
    world.run();
    // Due at 10, 30 and 50: the first two rounds are over when it wakes at 49.
    expect(arrivals()).toEqual([
      ['ab', 10],
      ['cdef', 49],
      ['ghijklmn', 50],
    ]);
  });
});

describe('a bandwidth', () => {
  // 8 kbit/s: a millisecond a byte, so everything is one piece of at most a segment.
  test('is shared by the lines of a link, first come, first served', () => {
    const bandwidth = new Bandwidth(8_000);
    const one = setUp({ bandwidth });
    const other = setUp({ bandwidth });
    // Two worlds, one clock: the first is through before the other begins.
    one.at(0, () => one.take('abcd'));
    one.world.run();
    other.at(1, () => other.take('xy'));
    other.at(2, () => other.finish('end'));
    other.world.run();
    expect(one.arrivals()).toEqual([['abcd', 14]]);
    expect(other.arrivals()).toEqual([['xy', 16]]);
    expect(other.endings).toEqual([{ what: 'end', atMs: 16 }]);
  });

  test('brings the front of a long block before its end', () => {
    const { world, at, line, written } = setUp({ bandwidth: new Bandwidth(80_000_000) });
    at(0, () => line.take(Buffer.alloc(25_000), world.nowNs()));
    world.run();
    expect(written.map(({ atMs, bytes }) => [atMs, bytes.length])).toEqual([
      [11, 10_000],
      [12, 10_000],
      [12.5, 5_000],
    ]);
  });
});

describe('back-pressure', () => {
  test('pauses the source beyond the bound and lets it go on at half of it', () => {
    const { world, at, line, state } = setUp({ heldBytesMax: 100 });
    const take = (bytes: number) => line.take(Buffer.alloc(bytes), world.nowNs());
    const seen: boolean[] = [];
    const look = () => seen.push(state.paused);
    at(0, () => take(60));
    at(1, () => take(40));
    at(1.5, look);
    at(2, () => take(1));
    at(2.5, look);
    at(10.5, look);
    world.run();
    look();
    expect(seen).toEqual([false, true, false, false]);
  });

  test('counts what the destination has not taken', () => {
    const { world, at, line, state } = setUp({ heldBytesMax: 100 });
    state.keepsUp = false;
    at(0, () => line.take(Buffer.alloc(150), world.nowNs()));
    at(20, () => {
      state.backlogBytes = 51;
      line.drained();
      expect(state.paused).toBe(true);
      state.backlogBytes = 50;
      line.drained();
      expect(state.paused).toBe(false);
    });
    world.run();
    expect(state.paused).toBe(false);
  });
});

describe('whatever is sent, when, over whatever line', () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: 30 }),
    bytes: fc.integer({ min: 1, max: 4_000 }),
    kind: fc.constantFrom('send', 'send', 'send', 'stall', 'drain'),
  });
  const kinds = fc.record({
    delayMs: fc.integer({ min: 0, max: 40 }),
    standsMs: fc.integer({ min: 0, max: 60 }),
    windowBytes: fc.option(fc.integer({ min: 1, max: 5_000 }), { nil: undefined }),
    bandwidth: fc.option(fc.integer({ min: 50_000, max: 100_000_000 }), { nil: undefined }),
    heldBytesMax: fc.integer({ min: 1_000, max: 20_000 }),
    coalesceMs: fc.constantFrom(0, 0.3, 5),
    keepsUp: fc.boolean(),
    ending: fc.constantFrom('end', 'reset', undefined),
  });

  test('order is kept, nothing is early or lost or twice, no more is held than may be', () => {
    fc.assert(
      fc.property(kinds, fc.array(step, { maxLength: 40 }), (kind, steps) => {
        const roundTripNs = 2 * kind.delayMs * MS;
        const base = setUp().startNs;
        const { world, at, line, traffic, written, endings, state } = setUp({
          delayNs: kind.delayMs * MS,
          roundTripNs,
          standsNs: base + kind.standsMs * MS,
          window: kind.windowBytes === undefined ? undefined : new CongestionWindow(kind.windowBytes, roundTripNs),
          bandwidth: kind.bandwidth === undefined ? undefined : new Bandwidth(kind.bandwidth),
          heldBytesMax: kind.heldBytesMax,
          coalesceMs: kind.coalesceMs,
        });
        state.keepsUp = kind.keepsUp;
        const straight = kind.delayMs === 0 && kind.windowBytes === undefined && kind.bandwidth === undefined;
        /** When each byte was read, in order. */
        const readMs: number[] = [];
        let counter = 0;
        let ended = false;
        const waiting: number[] = [];
        const send = (bytes: number) => {
          if (ended) return;
          const nowMs = (world.nowNs() - base) / MS;
          const chunk = Buffer.from(Array.from({ length: bytes }, () => counter++ % 251));
          for (let n = 0; n < bytes; n += 1) readMs.push(nowMs);
          line.take(chunk, world.nowNs());
          expect(line.heldBytes + state.backlogBytes).toBeLessThanOrEqual(kind.heldBytesMax + 4_000);
          expect(traffic.figures().heldBytes).toBe(line.heldBytes);
        };
        // A source that is paused is not read until it is resumed.
        const offer = (bytes: number) => (state.paused || waiting.length > 0 ? waiting.push(bytes) : send(bytes));
        const goOn = () => {
          while (!state.paused && waiting.length > 0) send(waiting.shift()!);
        };
        state.onResume = () => world.after(0, goOn);
        const drain = () => {
          state.backlogBytes = 0;
          line.drained();
        };
        let atMs = 0;
        for (const { afterMs, bytes, kind: what } of steps) {
          atMs += afterMs;
          at(atMs, () => {
            if (what === 'send') offer(bytes);
            else if (what === 'stall') world.stall(bytes * 10_000);
            else drain();
          });
        }
        // In the end the destination takes everything, at last.
        for (let n = 1; n <= 40; n += 1) at(atMs + n * 2_000, drain);
        const { ending } = kind;
        if (ending !== undefined) {
          at(ending === 'end' ? atMs + 100_000 : atMs, () => {
            ended = true;
            line.finish(ending, world.nowNs());
          });
        }
        world.run();

        const output = Buffer.concat(written.map(({ bytes }) => bytes));
        if (ending === 'reset') expect(output.length).toBeLessThanOrEqual(counter);
        else expect([output.length, waiting.length]).toEqual([counter, 0]);
        expect(output.every((byte, n) => byte === n % 251)).toBe(true);
        let n = 0;
        for (const { atMs, bytes } of written) {
          for (let k = 0; k < bytes.length; k += 1, n += 1) {
            const earliestMs = (straight ? readMs[n]! : Math.max(readMs[n]!, kind.standsMs)) + kind.delayMs;
            if (atMs < earliestMs - 1e-6) expect.fail(`byte ${n} at ${atMs} ms, not before ${earliestMs}`);
          }
        }
        expect(endings.map(({ what }) => what)).toEqual(ending === undefined ? [] : [ending]);
        expect([line.heldBytes, traffic.figures().heldBytes]).toEqual([0, 0]);
        expect(traffic.figures().bytes).toBe(output.length);
      }),
      { numRuns: 200 },
    );
  });

  test('without window and bandwidth everything comes exactly when it is due, and with a bandwidth no faster than that', () => {
    const sends = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 5 }), bytes: fc.integer({ min: 1, max: 3_000 }) }), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(sends, fc.integer({ min: 1, max: 50 }), fc.boolean(), (steps, delayMs, limited) => {
        const bitsPerSecond = 4_000_000;
        const bandwidth = limited ? new Bandwidth(bitsPerSecond) : undefined;
        const { world, at, line, written } = setUp({ delayNs: delayMs * MS, roundTripNs: 2 * delayMs * MS, bandwidth });
        const due: number[] = [];
        let atMs = 0;
        let freeMs = 0;
        for (const { afterMs, bytes } of steps) {
          atMs += afterMs;
          at(atMs, () => line.take(Buffer.alloc(bytes), world.nowNs()));
          freeMs = Math.max(freeMs, atMs) + (limited ? (bytes * 8_000) / bitsPerSecond : 0);
          due.push((limited ? freeMs : atMs) + delayMs);
        }
        world.run();
        // The last byte of each read, by how much had been written up to then.
        const ends: number[] = [];
        let wanted = steps[0]!.bytes;
        let sum = 0;
        for (const { atMs, bytes } of written) {
          sum += bytes.length;
          if (sum < wanted) continue;
          ends.push(atMs);
          wanted += steps[ends.length]?.bytes ?? 0;
        }
        expect(ends).toHaveLength(due.length);
        for (const [index, end] of ends.entries()) expect(end).toBeCloseTo(due[index]!, 6);
      }),
    );
  });
});
