import { describe, expect, it } from 'vitest';
import type { Comparison, Difference, Measured, Scenario } from '../../reports/report.ts';
import { parseThreshold } from '../command/thresholds.ts';
import { judgeThresholds } from './thresholds.ts';

function scenarioWith(...metrics: Record<string, Measured>[]): Scenario {
  const arms = metrics.map((of, index) => ({ id: `arm ${index}`, metrics: of })) as unknown as Scenario['arms'];
  return { name: 's', why: '', parameters: {}, schedule: null, arms, comparisons: [], notRun: [] };
}

function judge(text: string, ...metrics: Record<string, Measured>[]) {
  const parsed = parseThreshold(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return judgeThresholds([parsed.threshold], [scenarioWith(...metrics)])[0]!;
}

function judgeDifferences(text: string, ...comparisons: { measure: string; difference?: Difference }[]) {
  const parsed = parseThreshold(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  const scenario = { ...scenarioWith({ cpuPerTurn: TURN }), comparisons: comparisons as unknown as Comparison[] };
  return judgeThresholds([parsed.threshold], [scenario])[0]!;
}

const TURN: Measured = {
  unit: 'ms',
  estimate: 100,
  interval: [90, 110],
  quantiles: { p50: 100, p99: 300 },
  quantileIntervals: { p50: [90, 110], p99: [250, 420] },
};

describe('judgeThresholds', () => {
  it('takes the bound of the interval that is against us', () => {
    expect(judge('turn < 105', { turn: TURN })).toMatchObject({ ok: false, value: 110 });
    expect(judge('turn < 111', { turn: TURN })).toMatchObject({ ok: true, value: 110 });
    expect(judge('turn > 95', { turn: TURN })).toMatchObject({ ok: false, value: 90 });
    expect(judge('turn.p99 < 400', { turn: TURN })).toMatchObject({ ok: false, value: 420 });
  });

  it('speaks of the worst of all arms that have the measure', () => {
    const slow: Measured = { ...TURN, estimate: 150, interval: [140, 160] };
    expect(judge('turn < 120', { turn: TURN }, { turn: slow }, {})).toMatchObject({ ok: false, value: 160 });
  });

  it('takes the estimate where there is no interval, and does not hold where there is nothing', () => {
    expect(judge('turn < 120', { turn: { ...TURN, interval: null } })).toMatchObject({ ok: true, value: 100 });
    expect(judge('turn < 120', { turn: { ...TURN, estimate: null, interval: null, reason: 'none completed' } })).toMatchObject({
      ok: false,
      value: null,
      reason: 'none completed',
    });
    expect(judge('turn < 120', {})).toMatchObject({ ok: false, value: null, reason: 'no arm of this run has turn' });
  });

  it('speaks of all that candidates add, where it says so', () => {
    const adds = (estimate: number | null, interval: [number, number] | null): Difference => ({ unit: 'ms/turn', estimate, interval });
    const jwt = { measure: 'cpuPerTurn', difference: adds(0.02, [0.018, 0.022]) };
    const heartbeat = { measure: 'cpuPerTurn', difference: adds(0.01, [0.008, 0.012]) };
    const others = [{ measure: 'cpuPerTurn' }, { measure: 'turn', difference: adds(5, null) }];
    expect(judgeDifferences('difference(cpuPerTurn) < 0.025', jwt, heartbeat, ...others)).toMatchObject({ ok: true, value: 0.022 });
    expect(judgeDifferences('difference(cpuPerTurn) < 0.021', jwt, heartbeat)).toMatchObject({ ok: false, value: 0.022, unit: 'ms/turn' });
    expect(judgeDifferences('difference(cpuPerTurn) > 0.01', jwt, heartbeat)).toMatchObject({ ok: false, value: 0.008 });
    expect(judgeDifferences('difference(turn) < 6', jwt, ...others)).toMatchObject({ ok: true, value: 5 });
    expect(judgeDifferences('difference(cpuPerTurn) < 1', { measure: 'cpuPerTurn', difference: adds(null, null) })).toMatchObject({
      ok: false,
      value: null,
      reason: 'a comparison has no value for it',
    });
    expect(judgeDifferences('difference(turn.p99) < 6', ...others)).toMatchObject({
      ok: false,
      reason: 'no comparison of this run has a difference of turn',
    });
  });
});
