import { expect, it } from 'vitest';
import { MEASURES } from '../../reports/measures.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import {
  directionOf,
  isShared,
  QUANTILE_MEASURES,
  QUANTILES,
  SEARCH_MEASURE,
  splitMeasure,
  TIME_MEASURES,
  unitOf,
  VALUE_MEASURES,
} from './measures.ts';

const known = new Map(MEASURES.map((measure) => [measure.name, measure]));

it('says of every measure what the renderers say: its unit, its direction, whether it is a distribution', () => {
  for (const [name, { unit, direction }] of Object.entries(VALUE_MEASURES))
    expect(known.get(name), name).toMatchObject({ unit, direction, distribution: false });
  for (const name of [...Object.keys(TIME_MEASURES), ...Object.keys(QUANTILE_MEASURES)])
    expect(known.get(name), name).toMatchObject({ unit: 'ms', direction: 'lower', distribution: true });
  const { name, unit, direction } = SEARCH_MEASURE;
  expect(known.get(name)).toMatchObject({ unit, direction });
});

it('knows every measure and quantile that a scenario compares', () => {
  for (const scenario of Object.values(SCENARIOS)) {
    for (const asked of [...scenario.measures, ...(scenario.ladder?.measures ?? [])]) {
      const { measure, quantile } = splitMeasure(asked);
      const known = { ...VALUE_MEASURES, ...TIME_MEASURES, ...QUANTILE_MEASURES, [SEARCH_MEASURE.name]: SEARCH_MEASURE };
      expect(Object.keys(known), asked).toContain(measure);
      expect(Object.keys(QUANTILES), asked).toContain(quantile);
    }
    for (const asked of scenario.differences ?? []) expect(scenario.measures).toContain(asked);
  }
  expect(directionOf('concurrency')).toBe('higher');
  expect(directionOf('turn.p99')).toBe('lower');
  expect([unitOf('concurrency'), unitOf('turn.p99'), unitOf('loopDelay.p99'), unitOf('cpuPerTurn')]).toEqual([
    'streams',
    'ms',
    'ms',
    'ms/turn',
  ]);
});

it('knows what sessions of one trial share', () => {
  for (const name of ['cpuPerToken', 'cpuShare', 'cpuPerTurn', 'elu', 'loopDelay.p99', 'concurrency', 'besideTurn', 'generatorCpuPerToken'])
    expect(isShared(name), name).toBe(true);
  for (const name of [
    'turn',
    'turn.p99',
    'ttft',
    'completionLag',
    'gatewayAdded',
    'tokenOverhead',
    'bytesPerToken',
    'wireBytes',
    'lateness',
  ])
    expect(isShared(name), name).toBe(false);
});
