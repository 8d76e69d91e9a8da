import { expect, it } from 'vitest';
import { DEFAULT_SCENARIOS, SCENARIOS } from '../../scenarios/index.ts';
import { parseArm } from '../arms.ts';

it('names only arms that can run, compares only arms that it has, and has the defaults', () => {
  for (const scenario of Object.values(SCENARIOS)) {
    const ids = scenario.arms.map((id) => {
      const parsed = parseArm(id);
      expect(parsed.ok ? [] : parsed.problems, scenario.name).toEqual([]);
      return parsed.ok ? parsed.arm.id : '';
    });
    // Pairs are found by id, so ids must stand as they are written canonically.
    expect(ids, scenario.name).toEqual([...scenario.arms]);
    for (const pair of scenario.pairs ?? []) for (const id of pair) expect(ids, scenario.name).toContain(id);
    if (scenario.name !== 'replay') expect(scenario.quick.launches, scenario.name).toBeGreaterThanOrEqual(6);
  }
  for (const name of DEFAULT_SCENARIOS) expect(SCENARIOS[name]?.name).toBe(name);
});
