import { describe, expect, it } from 'vitest';
import { didYouMean, suggest } from './suggest.ts';

describe('a suggestion', () => {
  it.each([
    ['latncy', 'latency'],
    ['Latency', 'latency'],
    ['ltaency', 'latency'],
    ['cpus', 'cpu'],
    ['ltncy', 'latency'],
    ['lat', undefined],
    ['gpt', undefined],
    ['', undefined],
  ])('for %j is %j', (word, expected) => {
    expect(suggest(word, ['latency', 'token-overhead', 'cpu'])).toBe(expected);
  });

  it('is the nearest', () => {
    expect(suggest('reports', ['repots', 'report', 'ports'])).toBe('repots');
    expect(didYouMean('reprot', ['report', 'schema'])).toBe('; did you mean report?');
    expect(didYouMean('x', ['report'])).toBe('');
  });
});
