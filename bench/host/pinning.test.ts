import { describe, expect, it } from 'vitest';
import { type PinningFacts, planPinning, readPinningFacts } from './pinning.ts';
import { fixtureFiles } from './testing/fixture-files.ts';

/** By default each core is a physical one. */
function facts(cores: number[] | undefined, changes: Partial<PinningFacts> = {}): PinningFacts {
  const siblings = new Map((cores ?? []).map((core) => [core, [core]]));
  return { cores, coresEffective: cores?.length ?? 4, taskset: true, siblings, ...changes };
}

const coresOf = (plan: ReturnType<typeof planPinning>) => Object.fromEntries(plan.card.map(({ process, cores }) => [process, cores]));

describe('a plan', () => {
  it('gives the gateway one of two cores, and the other to the rest', () => {
    const plan = planPinning(facts([0, 1]));
    expect(coresOf(plan)).toEqual({ gateway: [1], 'mock LLM': [0], generator: [0] });
    expect(plan.shared).toBe(true);
    expect(plan.prefix('gateway')).toEqual(['taskset', '-c', '1']);
    expect(plan.prefix('upstream')).toEqual(['taskset', '-c', '0']);
    expect(plan.notes).toEqual(['mock LLM and generator share a core']);
  });

  it.each([
    [[0, 1, 2], { generator: [0], 'mock LLM': [1], gateway: [2] }],
    [[0, 1, 2, 3], { generator: [0], 'mock LLM': [1], gateway: [2, 3] }],
    [[4, 6, 7, 9, 12], { generator: [4], 'mock LLM': [6], gateway: [7, 9, 12] }],
  ])('of cores %j gives each its own', (cores, expected) => {
    const plan = planPinning(facts(cores));
    expect(coresOf(plan)).toEqual(expected);
    expect(plan.shared).toBe(false);
    expect(plan.notes).toEqual([]);
  });

  it('keeps hyperthreads of a core on one side', () => {
    const siblings = new Map([
      [0, [0, 2]],
      [2, [0, 2]],
      [1, [1, 3]],
      [3, [1, 3]],
    ]);
    const plan = planPinning(facts([0, 1, 2, 3], { siblings }));
    expect(coresOf(plan)).toEqual({ generator: [0], 'mock LLM': [2], gateway: [1, 3] });
    expect(plan.notes).toEqual([]);
  });

  it('says when it cannot', () => {
    const siblings = new Map([
      [0, [0, 1]],
      [1, [0, 1]],
    ]);
    expect(planPinning(facts([0, 1], { siblings })).notes).toContain(
      'the gateway shares a physical core with mock LLM or generator, as its hyperthread',
    );
  });

  it('does not let processes spin where a quota leaves less than three cores', () => {
    const plan = planPinning(facts([0, 1, 2, 3], { coresEffective: 2.5 }));
    expect(plan.shared).toBe(true);
    expect(plan.notes).toEqual(['a quota of 2.5 cores is shared by all processes: mock LLM and generator do not spin']);
  });

  it.each([
    [
      [0, 1],
      { gateway: [1], 'emulated links': [0], 'mock LLM': [0], generator: [0] },
      true,
      ['emulated links, mock LLM and generator share a core'],
    ],
    [
      [0, 1, 2],
      { gateway: [2], 'emulated links': [1], 'mock LLM': [1], generator: [0] },
      true,
      ['emulated links and mock LLM share a core'],
    ],
    [[0, 1, 2, 3, 4], { gateway: [3, 4], 'emulated links': [2], 'mock LLM': [1], generator: [0] }, false, []],
  ])('of cores %j has a place for emulated links', (cores, expected, shared, notes) => {
    const plan = planPinning(facts(cores), true);
    expect(coresOf(plan)).toEqual(expected);
    expect(plan.shared).toBe(shared);
    expect(plan.notes).toEqual(notes);
    expect(plan.prefix('links')).toEqual(['taskset', '-c', String(expected['emulated links'][0])]);
  });

  it.each<[string, PinningFacts, boolean, RegExp]>([
    ['one core', facts([3]), true, /the one core/],
    ['no taskset, two cores', facts([0, 1], { taskset: false }), true, /no taskset/],
    ['no taskset, many cores', facts([0, 1, 2, 3], { taskset: false }), false, /no taskset/],
    ['no affinity', facts(undefined), false, /no affinity/],
  ])('pins nothing with %s, and says so', (_name, given, shared, note) => {
    const plan = planPinning(given);
    expect(plan.card).toEqual([]);
    expect(plan.prefix('gateway')).toEqual([]);
    expect(plan.shared).toBe(shared);
    expect(plan.notes).toHaveLength(1);
    expect(plan.notes[0]).toMatch(note);
  });
});

describe('the facts', () => {
  it('come from affinity and topology', () => {
    const files = fixtureFiles({
      '/proc/self/status': 'Cpus_allowed_list:\t0,2\n',
      '/sys/devices/system/cpu/cpu0/topology/thread_siblings_list': '0,2\n',
    });
    const { cores, coresEffective, siblings } = readPinningFacts(files);
    expect({ cores, coresEffective, siblings: [...siblings] }).toEqual({
      cores: [0, 2],
      coresEffective: 2,
      siblings: [
        [0, [0, 2]],
        [2, [2]],
      ],
    });
  });

  it('name no cores and no taskset where there is no /proc', () => {
    expect(readPinningFacts(fixtureFiles({}))).toMatchObject({ cores: undefined, taskset: false });
  });
});
