import { expect, it } from 'vitest';
import type { Arm, Scenario } from '../../reports/report.ts';
import { exampleArm, HTTP } from '../../reports/testing/example.ts';
import { measuredAnything, verdictOf } from './run-verdict.ts';

function scenarios(...arms: Arm[]): Scenario[] {
  return [{ name: 'one', why: '', parameters: {}, schedule: null, arms, comparisons: [], notRun: [] }];
}

const good = exampleArm(HTTP);
const bad = exampleArm('bad', { validity: { ok: false, excluded: 5, trials: 6, reasons: ['late'] } });
const threshold = (ok: boolean) => ({ expression: 'turn < 1', ok, value: 1 });

it('passes where all is valid and every threshold holds', () => {
  expect(verdictOf(scenarios(good), [], undefined, 1)).toEqual({ verdict: 'pass', reason: 'every arm was measured validly' });
  expect(verdictOf(scenarios(good), [threshold(true)], undefined, 1.5)).toMatchObject({ verdict: 'pass' });
});

it('fails for a threshold, and for nothing measured', () => {
  expect(verdictOf(scenarios(good), [threshold(true), threshold(false)], undefined, 1)).toEqual({
    verdict: 'fail',
    reason: '1 of 2 thresholds do not hold',
  });
  const none = exampleArm(HTTP, { launches: 0 });
  expect(verdictOf(scenarios(none), [], undefined, 1)).toMatchObject({ verdict: 'fail', reason: 'nothing valid was measured' });
  expect([measuredAnything(scenarios(none)), measuredAnything(scenarios(none, good))]).toEqual([false, true]);
});

it('decides nothing after trouble, with invalid arms, or on a machine that changed its speed', () => {
  expect(verdictOf(scenarios(good), [threshold(false)], 'interrupted', 1)).toEqual({ verdict: 'inconclusive', reason: 'interrupted' });
  expect(verdictOf(scenarios(good, bad), [], undefined, 1)).toEqual({
    verdict: 'inconclusive',
    reason: 'too many trials were not valid on one bad',
  });
  for (const shift of [1.51, 0.66]) expect(verdictOf(scenarios(good), [], undefined, shift)).toMatchObject({ verdict: 'inconclusive' });
});

it('names a mix, and not also the parts that share its trials', () => {
  const mix: Arm = { ...bad, id: 'mix', mixOf: ['part'] };
  const part = exampleArm('part', { validity: { ok: false, excluded: 0, reasons: ['its trials'] } });
  expect(verdictOf(scenarios(good, part, mix), [], undefined, 1).reason).toBe('too many trials were not valid on one mix');
});
