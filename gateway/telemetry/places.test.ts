import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OTHER } from '../../dashboards/catalog.ts';
import { LabelBounds } from '../../dashboards/metrics/labels.ts';
import { Places } from './places.ts';

const made = (placesMax: number) => {
  const bounds = new LabelBounds();
  return { bounds, places: new Places({ placesMax, label: 'thread', bounds }) };
};

it('gives the first units their own names, and those after them the places that are free', () => {
  const { places } = made(8);
  places.settle(['agent-1', 'agent-2', 'process-1']);
  expect(['agent-1', 'agent-2', 'process-1'].map((name) => places.of(name))).toEqual(['agent-1', 'agent-2', 'process-1']);
  places.settle(['agent-2', 'agent-3', 'process-1', 'process-9']);
  expect(['agent-2', 'agent-3', 'process-1', 'process-9'].map((name) => places.of(name))).toEqual([
    'agent-2',
    'agent-1',
    'process-1',
    'process-2',
  ]);
});

it('has other for those beyond the bound, and counts them', () => {
  const { places, bounds } = made(1);
  places.settle(['agent-1', 'agent-2']);
  expect(['agent-1', 'agent-2'].map((name) => places.of(name))).toEqual(['agent-1', OTHER]);
  expect(bounds.overflows.get('thread')).toBe(1);
  places.settle(['agent-2']);
  expect(places.of('agent-2')).toBe('agent-1');
});

it('never has two units in one place, nor more places than units have been there at once', () => {
  const units = fc
    .uniqueArray(fc.integer({ min: 1, max: 50 }), { maxLength: 6 })
    .map((numbers) => numbers.map((number) => `agent-${number}`));
  fc.assert(
    fc.property(fc.array(units, { maxLength: 10 }), (steps) => {
      const { places } = made(6);
      for (const names of steps) {
        places.settle(names);
        const taken = names.map((name) => places.of(name));
        expect(new Set(taken).size).toBe(names.length);
        for (const place of taken) expect(Number(place.split('-')[1])).toBeLessThanOrEqual(6);
      }
    }),
  );
});
