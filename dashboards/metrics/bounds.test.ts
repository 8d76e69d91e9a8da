/** What keeps metrics from growing: exemplars and labels. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OTHER } from '../catalog.ts';
import { Exemplars } from './exemplars.ts';
import { LabelBounds, summed } from './labels.ts';

describe('exemplars', () => {
  const BOUNDARIES = [1, 2];
  const offer = (exemplars: Exemplars, traceId: string, value: number, labels = {}) =>
    exemplars.offer('m', labels, BOUNDARIES, { traceId, value });
  const kept = (exemplars: Exemplars, labels = {}) => exemplars.of('m', labels)?.map((one) => one?.traceId);

  it('are one a bucket, at its upper bound within it', () => {
    const exemplars = new Exemplars();
    for (const [traceId, value] of [
      ['a', 1],
      ['b', 1.5],
      ['c', 3],
    ] as const)
      offer(exemplars, traceId, value);
    expect(kept(exemplars)).toEqual(['a', 'b', 'c']);
    expect(exemplars.count).toBe(3);
  });

  it('are the slowest of the last minute', () => {
    let nowMs = 0;
    const exemplars = new Exemplars({ nowMs: () => nowMs });
    offer(exemplars, 'slow', 1.9);
    nowMs = 59_999;
    offer(exemplars, 'faster', 1.1);
    expect(kept(exemplars)?.[1]).toBe('slow');
    nowMs = 60_000;
    offer(exemplars, 'faster', 1.1);
    expect(kept(exemplars)?.[1]).toBe('faster');
    offer(exemplars, 'equal', 1.1);
    expect(kept(exemplars)?.[1]).toBe('equal');
  });

  it('are those of a series, whatever the order of its labels', () => {
    const exemplars = new Exemplars();
    offer(exemplars, 'a', 1, { x: '1', y: '2' });
    expect(kept(exemplars, { y: '2', x: '1' })).toEqual(['a']);
    expect(kept(exemplars, { x: '1' })).toBeUndefined();
  });

  it('never become more than their bound, and those that are there stay fresh', () => {
    const exemplars = new Exemplars({ exemplarsMax: 10, keepMs: 0 });
    for (let index = 0; index < 100; index += 1) offer(exemplars, `t${index}`, 1, { x: `${index}` });
    expect(exemplars.count).toBe(10);
    expect(kept(exemplars, { x: '10' })).toBeUndefined();
    offer(exemplars, 'new', 1, { x: '3' });
    expect(kept(exemplars, { x: '3' })).toEqual(['new']);
  });
});

describe('labels', () => {
  it('that are known stay, all else is other and counted', () => {
    const bounds = new LabelBounds();
    const of = bounds.bound({ name: 'l', values: ['a', 'b'], bound: 2 });
    expect(bounds.overflows.get('l')).toBe(0);
    expect(['a', 'b', 'c', '', 'a'].map(of)).toEqual(['a', 'b', OTHER, OTHER, 'a']);
    expect(bounds.overflows.get('l')).toBe(2);
  });

  it('take no more values than their bound, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.integer({ min: 0, max: 5 }), (values, bound) => {
        const bounds = new LabelBounds();
        const of = bounds.bound({ name: 'l', bound });
        const taken = new Set(values.map(of));
        taken.delete(OTHER);
        expect(taken.size).toBeLessThanOrEqual(bound);
        // Once told apart, always told apart.
        for (const value of taken) expect(of(value)).toBe(value);
      }),
    );
  });

  it('learn only what is vouched for, and nothing long', () => {
    const bounds = new LabelBounds();
    const of = bounds.learning({ name: 'l', bound: 5 });
    expect(of('a', false)).toBe(OTHER);
    expect(of('a', true)).toBe('a');
    expect(of('a', false)).toBe('a');
    expect(of('x'.repeat(101), true)).toBe(OTHER);
  });

  it('that have become the same are added up', () => {
    const counts = new Map([
      ['a', 1],
      ['b', 2],
      ['c', 4],
    ]);
    expect([...summed(counts, (value) => (value === 'a' ? 'a' : OTHER))]).toEqual([
      ['a', 1],
      [OTHER, 6],
    ]);
  });
});
