import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Agenda, type Due, FIRE_MAX, Pacer } from './pacer.ts';
import { World } from './testing/world.ts';

interface Named extends Due {
  name: string;
}
const named = (name: string, dueNs: number, fire: () => void = () => {}): Named => ({ name, dueNs, fire });

describe('agenda', () => {
  const table: { name: string; due: number[]; asked: [nowNs: number, fire: number[], waitNs: number][] }[] = [
    { name: 'nothing', due: [], asked: [[0, [], Number.POSITIVE_INFINITY]] },
    {
      name: 'one, before, at and after',
      due: [100],
      asked: [
        [99, [], 1],
        [100, [100], Number.POSITIVE_INFINITY],
        [101, [], Number.POSITIVE_INFINITY],
      ],
    },
    {
      name: 'in order of time, not of adding',
      due: [30, 10, 20],
      asked: [
        [20, [10, 20], 10],
        [30, [30], Number.POSITIVE_INFINITY],
      ],
    },
    { name: 'what is late is fired, all of it', due: [10, 20, 30, 1_000], asked: [[500, [10, 20, 30], 500]] },
    { name: 'equal times', due: [5, 5, 5, 6], asked: [[5, [5, 5, 5], 1]] },
  ];
  test.each(table)('$name', ({ due, asked }) => {
    const agenda = new Agenda();
    for (const dueNs of due) agenda.add(named('', dueNs));
    for (const [nowNs, fire, waitNs] of asked) {
      const step = agenda.next(nowNs);
      expect(step.fire.map(({ dueNs }) => dueNs)).toEqual(fire);
      expect(step.waitNs).toBe(waitNs);
    }
  });

  test('fires a bounded number at once and says that more is due', () => {
    const agenda = new Agenda();
    for (let n = 0; n <= FIRE_MAX; n += 1) agenda.add(named('', n));
    expect(agenda.next(1_000)).toMatchObject({ fire: { length: FIRE_MAX }, waitNs: 0 });
    expect(agenda.next(1_000)).toMatchObject({ fire: { length: 1 }, waitNs: Number.POSITIVE_INFINITY });
  });

  test('is a stable order of whatever is added whenever', () => {
    const action = fc.oneof(fc.record({ add: fc.nat(50) }), fc.record({ ask: fc.nat(50) }));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
        const agenda = new Agenda();
        let left: Named[] = [];
        let nowNs = 0;
        for (const [index, action] of actions.entries()) {
          if ('add' in action) {
            const due = named(String(index), action.add);
            agenda.add(due);
            left.push(due);
          } else {
            nowNs = Math.max(nowNs, action.ask);
            const expected = left
              .filter(({ dueNs }) => dueNs <= nowNs)
              .sort((a, b) => a.dueNs - b.dueNs || Number(a.name) - Number(b.name));
            expect(agenda.next(nowNs).fire).toEqual(expected.slice(0, FIRE_MAX));
            left = left.filter((due) => !expected.slice(0, FIRE_MAX).includes(due));
          }
          expect(agenda.size).toBe(left.length);
        }
      }),
    );
  });
});

describe('pacer', () => {
  const setting = () => {
    const world = new World();
    const startNs = world.nowNs();
    const fired: [name: string, atNs: number][] = [];
    const faults: unknown[] = [];
    const pacer = new Pacer(world, (fault) => faults.push(fault));
    const add = (name: string, offsetNs: number, then: () => void = () => {}) =>
      pacer.add(
        named(name, startNs + offsetNs, () => {
          fired.push([name, world.nowNs() - startNs]);
          then();
        }),
      );
    return { world, pacer, add, fired, faults };
  };

  test('fires each at its time', () => {
    const { world, add, fired } = setting();
    add('b', 2_000);
    add('a', 1_000);
    add('c', 3_000);
    world.run();
    expect(fired).toEqual([
      ['a', 1_000],
      ['b', 2_000],
      ['c', 3_000],
    ]);
  });

  test('what is added while waiting is heeded when it is sooner; what is past is fired at once', () => {
    const { world, add, fired } = setting();
    add('later', 10_000);
    world.after(4_000, () => add('sooner', 5_000));
    world.after(6_000, () => add('past', 1_000));
    world.run();
    expect(fired).toEqual([
      ['sooner', 5_000],
      ['past', 6_000],
      ['later', 10_000],
    ]);
  });

  test('what is added while firing waits for the next round', () => {
    const { world, add, fired } = setting();
    add('a', 1_000, () => add('b', 500));
    add('c', 1_000);
    world.run();
    expect(fired.map(([name]) => name)).toEqual(['a', 'c', 'b']);
  });

  test('starts again after it has run dry', () => {
    const { world, add, fired } = setting();
    add('a', 1_000);
    world.after(5_000, () => add('b', 6_000));
    world.run();
    expect(fired).toEqual([
      ['a', 1_000],
      ['b', 6_000],
    ]);
  });

  test('stopped, it fires nothing, also of what is due in the same round', () => {
    const { world, pacer, add, fired } = setting();
    add('a', 1_000, () => pacer.stop());
    add('b', 1_000);
    add('c', 2_000);
    world.run();
    add('d', 3_000);
    world.run();
    expect(fired.map(([name]) => name)).toEqual(['a']);
  });

  test('what throws stops it, and is reported once', () => {
    const { world, add, fired, faults } = setting();
    add('a', 1_000, () => {
      throw new Error('defect');
    });
    add('b', 1_000);
    world.run();
    expect(fired.map(([name]) => name)).toEqual(['a']);
    expect(faults).toEqual([new Error('defect')]);
  });
});
