import { expect, it } from 'vitest';
import { MEASURES } from '../../reports/measures.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { directionOf, QUANTILES, SEARCH_MEASURE, splitMeasure, TIME_MEASURES, VALUE_MEASURES } from './measures.ts';

const known = new Map(MEASURES.map((measure) => [measure.name, measure]));

it('says of every measure what the renderers say: its unit, its direction, whether it is a distribution', () => {
  for (const [name, { unit, direction }] of Object.entries(VALUE_MEASURES))
    expect(known.get(name), name).toMatchObject({ unit, direction, distribution: false });
  for (const name of Object.keys(TIME_MEASURES))
    expect(known.get(name), name).toMatchObject({ unit: 'ms', direction: 'lower', distribution: true });
  const { name, unit, direction } = SEARCH_MEASURE;
  expect(known.get(name)).toMatchObject({ unit, direction });
});

it('knows every measure and quantile that a scenario compares', () => {
  for (const scenario of Object.values(SCENARIOS)) {
    for (const asked of scenario.measures) {
      const { measure, quantile } = splitMeasure(asked);
      expect(measure in VALUE_MEASURES || measure in TIME_MEASURES || measure === SEARCH_MEASURE.name, asked).toBe(true);
      expect(Object.values(QUANTILES), asked).toContain(quantile);
    }
  }
  expect(directionOf('concurrency')).toBe('higher');
  expect(directionOf('turn.p99')).toBe('lower');
});
