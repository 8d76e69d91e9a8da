import { describe, expect, it } from 'vitest';
import { BEST_HTTP, HTTP_MODE, WEBSOCKET_MODE } from '../../scenarios/ends.ts';
import { DEFAULT_SCENARIOS, SCENARIOS } from '../../scenarios/index.ts';
import { type Arm, arm, parseArm } from '../arms.ts';
import { VERDICT_LAUNCHES_MIN } from '../statistics/verdict.ts';

const all = Object.values(SCENARIOS);

function canonical(id: string): string {
  const parsed = parseArm(id);
  return parsed.ok ? parsed.arm.id : parsed.problems.join('; ');
}

describe.each(all.map((scenario) => [scenario.name, scenario] as const))('scenario %s', (name, scenario) => {
  const { arms, fullArms = [], pairs = [], ladder, quick } = scenario;
  const ids = [...arms, ...fullArms];

  it('names only arms that can run, each once, as they are written canonically', () => {
    // Pairs and rungs are found by id.
    expect(ids.map(canonical)).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('compares only arms that it has', () => {
    for (const pair of pairs) for (const id of pair) expect(ids).toContain(id);
    for (const { from, to, otherWay } of ladder?.rungs ?? []) {
      expect(arms).toContain(from);
      expect(arms).toContain(to);
      if (otherWay) for (const id of [otherWay.from, otherWay.to]) expect(ids).toContain(id);
    }
  });

  it('has as many launches as a verdict takes', () => {
    if (name !== 'replay') expect(quick.launches).toBeGreaterThanOrEqual(VERDICT_LAUNCHES_MIN);
  });
});

describe('the ladder', () => {
  const { rungs } = SCENARIOS.ladder!.ladder!;

  it('goes from the one published end to the other, and then beyond', () => {
    const tls = (id: string) => `${id}@tls=true`;
    expect(rungs.map(({ factor }) => factor)).toEqual([
      'streaming',
      'connection reuse',
      'envelope',
      'transport',
      'threads',
      'upstream leg',
    ]);
    expect([rungs[0]!.from, rungs[1]!.to, rungs[4]!.to]).toEqual([HTTP_MODE, BEST_HTTP, WEBSOCKET_MODE].map(tls));
    for (const [index, { to }] of rungs.slice(0, -1).entries()) expect(rungs[index + 1]!.from).toBe(to);
  });

  it('changes the same factor in the other order, which goes from the one end to the other as well', () => {
    const between = new Map(rungs.slice(0, 5).map(({ otherWay }) => [otherWay!.from, otherWay!.to]));
    let at = rungs[0]!.from;
    for (let step = 0; step < 5; step += 1) at = between.get(at) ?? 'nowhere';
    expect(at).toBe(rungs[4]!.to);
    for (const { from, to, otherWay } of rungs)
      expect(changed(arm(otherWay!.from), arm(otherWay!.to))).toEqual(changed(arm(from), arm(to)));
  });

  it('changes one factor a rung', () => {
    const factors = rungs.map(({ from, to }) => changed(arm(from), arm(to)));
    expect(factors.slice(0, 5)).toEqual([
      ['client.transport'],
      ['client.connection'],
      ['client.envelope'],
      ['client.transport'],
      ['execution'],
    ]);
    // The leg as a whole: there is no WebSocket that speaks chat to a model.
    expect(factors[5]).toEqual(['upstream.transport', 'upstream.envelope']);
  });
});

/** The factors in which two arms differ. */
function changed(a: Arm, b: Arm): string[] {
  const factorsOf = ({ client, upstream, history, execution, conditions }: Arm): Record<string, unknown> => ({
    ...prefixed('client', client),
    ...prefixed('upstream', upstream),
    history,
    execution,
    ...conditions,
  });
  const [before, after] = [factorsOf(a), factorsOf(b)];
  return Object.keys(before).filter((factor) => before[factor] !== after[factor]);
}

function prefixed(prefix: string, leg: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(leg).map(([name, value]) => [`${prefix}.${name}`, value]));
}

it('has the defaults', () => {
  for (const names of Object.values(DEFAULT_SCENARIOS)) for (const name of names) expect(SCENARIOS[name]?.name).toBe(name);
  expect(DEFAULT_SCENARIOS.full).toEqual(expect.arrayContaining([...DEFAULT_SCENARIOS.quick]));
});
