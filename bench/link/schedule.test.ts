import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FIRE_MAX } from '../driver/pacer.ts';
import { World } from '../driver/testing/world.ts';
import { Schedule } from './schedule.ts';

const US = 1_000;

/** A world that counts how often it was asked to wake somebody at another time. */
class CountingWorld extends World {
  wishes: number[] = [];

  override until(dueNs: number, wake: () => void): void {
    this.wishes.push(dueNs);
    super.until(dueNs, wake);
  }
}

function setUp(coalesceNs: number) {
  const world = new CountingWorld();
  const schedule = new Schedule(world, coalesceNs);
  const startNs = world.nowNs();
  const fired: { due: number; at: number }[] = [];
  /** All times from the start, in microseconds. */
  const add = (dueUs: number) =>
    schedule.add({ dueNs: startNs + dueUs * US, fire: () => fired.push({ due: dueUs, at: (world.nowNs() - startNs) / US }) });
  const at = (atUs: number, happen: () => void) => world.at(startNs + atUs * US, happen);
  return { world, schedule, fired, add, at, nowNs: (us: number) => startNs + us * US };
}

describe('the schedule', () => {
  test('fires in order, each when it is due, when it may wake for each', () => {
    const { world, fired, add } = setUp(0);
    for (const dueUs of [30, 10, 20, 10]) add(dueUs);
    world.run();
    expect(fired).toEqual([10, 10, 20, 30].map((due) => ({ due, at: due })));
  });

  test('wakes at most once in the time given, for all that is due then', () => {
    const { world, fired, add } = setUp(300 * US);
    for (let dueUs = 1_000; dueUs < 2_000; dueUs += 50) add(dueUs);
    world.run();
    expect([...new Set(fired.map(({ at }) => at))]).toEqual([1_000, 1_300, 1_600, 1_900, 2_200]);
    expect(fired.map(({ due }) => due)).toEqual(Array.from({ length: 20 }, (_, n) => 1_000 + 50 * n));
  });

  test('lets what comes late be due before what it waits for', () => {
    const { world, fired, add, at } = setUp(300 * US);
    add(5_000);
    at(1_000, () => add(2_000));
    at(2_100, () => add(2_150));
    world.run();
    expect(fired).toEqual([
      { due: 2_000, at: 2_000 },
      { due: 2_150, at: 2_300 },
      { due: 5_000, at: 5_000 },
    ]);
  });

  test('fires what is due after sockets have been read, without being woken for it', () => {
    const { world, schedule, fired, add, at, nowNs } = setUp(300 * US);
    for (const dueUs of [1_000, 1_050, 1_100, 1_400]) add(dueUs);
    at(1_060, () => schedule.afterReads(nowNs(1_060)));
    at(1_070, () => schedule.afterReads(nowNs(1_070)));
    at(1_120, () => schedule.afterReads(nowNs(1_120)));
    world.run();
    expect(fired).toEqual([
      { due: 1_000, at: 1_000 },
      { due: 1_050, at: 1_060 },
      { due: 1_100, at: 1_120 },
      { due: 1_400, at: 1_420 },
    ]);
    // To be woken for 1,300 was wished once, and left standing.
    expect(world.wishes.map((dueNs) => (dueNs - nowNs(0)) / US)).toEqual([1_000, 1_300, 1_060, 1_300, 1_120, 1_300, 1_420]);
  });

  test('lets sockets be read between so many that are due', () => {
    const { world, fired, add, at } = setUp(300 * US);
    for (let n = 0; n < 2 * FIRE_MAX + 10; n += 1) add(1_000);
    const firedAtReads: number[] = [];
    const read = () => {
      firedAtReads.push(fired.length);
      if (firedAtReads.length < 5) at(1_000, read);
    };
    at(1_000, read);
    world.run();
    expect(firedAtReads.slice(0, 4)).toEqual([FIRE_MAX, 2 * FIRE_MAX, 2 * FIRE_MAX + 10, 2 * FIRE_MAX + 10]);
  });

  test('fires nothing any more once it is stopped, from within too', () => {
    const { world, schedule, fired, add, at, nowNs } = setUp(0);
    add(1_000);
    schedule.add({ dueNs: nowNs(2_000), fire: () => schedule.stop() });
    add(2_000);
    add(3_000);
    at(2_500, () => add(2_600));
    at(2_700, () => schedule.afterReads(nowNs(2_700)));
    world.run();
    expect(fired).toEqual([{ due: 1_000, at: 1_000 }]);
  });

  test('is never early and forgets nothing, whatever is added, read and stalled', () => {
    const step = fc.record({ atUs: fc.nat(5_000), dueInUs: fc.nat(2_000), kind: fc.constantFrom('add', 'read', 'stall') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(0, 100 * US, 1_000 * US), (steps, coalesceNs) => {
        const { world, schedule, fired, add, at } = setUp(coalesceNs);
        let stallUs = 0;
        for (const { atUs, dueInUs, kind } of steps) {
          at(atUs, () => {
            if (kind === 'read') schedule.afterReads(world.nowNs());
            else if (kind === 'stall') {
              world.stall(dueInUs * US);
              stallUs += dueInUs;
            } else add(atUs + dueInUs);
          });
        }
        world.run();
        const wanted = steps.filter(({ kind }) => kind === 'add').map(({ atUs, dueInUs }) => atUs + dueInUs);
        expect(fired.map(({ due }) => due).toSorted((a, b) => a - b)).toEqual(wanted.toSorted((a, b) => a - b));
        for (const { due, at } of fired) {
          expect(at).toBeGreaterThanOrEqual(due);
          expect(at).toBeLessThanOrEqual(due + coalesceNs / US + stallUs);
        }
      }),
    );
  });
});
