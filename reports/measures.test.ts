import { describe, expect, test } from 'vitest';
import { MEASURES, measureLabel, referTo } from './measures.ts';

describe('measures', () => {
  test('names stand once and every definition is a sentence', () => {
    const names = MEASURES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, definition, title } of MEASURES) {
      expect(name).toMatch(/^[a-z][A-Za-z]+$/);
      expect(title).not.toBe('');
      expect(definition).toMatch(/^[A-Z].{30,}\.$/);
    }
  });

  test('references', () => {
    expect(referTo('turn.p99.9')).toMatchObject({ name: 'turn', quantile: 'p99.9', measure: { direction: 'lower' } });
    expect(referTo('concurrency')).toMatchObject({ quantile: undefined, measure: { direction: 'higher' } });
    expect(referTo('newMeasure.p50')).toEqual({ name: 'newMeasure', quantile: 'p50', measure: undefined });
    expect(measureLabel('turn')).toBe('turn p50');
    expect(measureLabel('turn.p99')).toBe('turn p99');
    expect(measureLabel('cpuPerToken')).toBe('cpuPerToken');
  });
});
