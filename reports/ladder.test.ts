import { describe, expect, test } from 'vitest';
import { climbsOf } from './ladder.ts';
import type { Rung, Scenario } from './report.ts';
import { exampleArm, HTTP } from './testing/example.ts';

const arm = exampleArm(HTTP, {
  metrics: { turn: { unit: 'ms', estimate: 1_000, interval: null, quantiles: { p50: 1_000, p99: 3_000 } } },
});
const rung = (step: number, changes: Partial<Rung> = {}): Rung => ({
  step,
  factor: 'transport',
  from: 'http',
  to: 'sse',
  condition: '',
  measure: 'turn',
  ratio: 0.5,
  interval: [0.4, 0.6],
  ...changes,
});
const scenario = (ladder: readonly Rung[], arms = [arm]): Scenario => ({
  name: 's',
  why: '',
  parameters: {},
  schedule: null,
  arms,
  comparisons: [],
  ladder,
  notRun: [],
});

describe('a climb', () => {
  test('goes from the first arm’s value, each rung times its ratio, in the order of the steps', () => {
    const [climb] = climbsOf(scenario([rung(2, { ratio: 1.2, interval: [0.9, 1.6] }), rung(1)]));
    expect(climb).toMatchObject({ measure: 'turn', unit: 'ms', start: 1_000, relative: false, end: 600 });
    expect(climb!.steps.map(({ from, to, interval, effect }) => [from, to, interval, effect])).toEqual([
      [1_000, 500, [400, 600], 'good'],
      [500, 600, [450, 800], 'same'],
    ]);
  });

  test('is one for each measure and condition', () => {
    const climbs = climbsOf(scenario([rung(1), rung(1, { measure: 'turn.p99' }), rung(1, { measure: 'turn.p99', condition: 'far' })]));
    expect(climbs.map(({ measure, condition }) => [measure, condition])).toEqual([
      ['turn', ''],
      ['turn.p99', ''],
      ['turn.p99', 'far'],
    ]);
    expect(climbs[0]).toMatchObject({ start: 1_000 });
  });

  test('starts from what its first rung says was before', () => {
    const [climb] = climbsOf(scenario([rung(1, { before: 80, condition: 'far' }), rung(1, { condition: 'near' })]));
    expect(climb).toMatchObject({ start: 80, end: 40, relative: false });
  });

  test('counts in multiples where the start is not known: no arm, two of them, or one for several conditions', () => {
    const conditions = [rung(1, { condition: 'far' }), rung(1, { condition: 'near' })];
    for (const of of [scenario([rung(1)], []), scenario([rung(1)], [arm, { ...arm, id: `${HTTP}@tls=true` }]), scenario(conditions)]) {
      for (const climb of climbsOf(of)) expect(climb).toMatchObject({ start: 1, end: 0.5, unit: '1', relative: true });
    }
  });

  test('knows no values beyond a rung that is not known', () => {
    const [climb] = climbsOf(scenario([rung(1), rung(2, { ratio: null, interval: null }), rung(3)]));
    expect(climb!.end).toBeNull();
    expect(climb!.steps.map(({ from, to }) => [from, to])).toEqual([
      [1_000, 500],
      [500, null],
      [null, null],
    ]);
  });

  test('tells better from worse by the measure’s direction', () => {
    const effect = (measure: string, interval: Rung['interval']) =>
      climbsOf(scenario([rung(1, { measure, interval })]))[0]!.steps[0]!.effect;
    expect(effect('turn', [0.4, 0.6])).toBe('good');
    expect(effect('turn', [1.1, 1.2])).toBe('bad');
    expect(effect('concurrency', [1.1, 1.2])).toBe('good');
    expect(effect('concurrency', [0.4, 0.6])).toBe('bad');
    expect(effect('turn', [0.9, 1])).toBe('same');
    expect(effect('turn', null)).toBe('same');
    expect(effect('novel', [0.4, 0.6])).toBe('same');
  });

  test('is none without a ladder', () => {
    expect(climbsOf(scenario([]))).toEqual([]);
  });
});
