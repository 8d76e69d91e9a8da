import { expect, test } from 'vitest';
import { Responses } from './responses.ts';

test('the oldest response goes when the bound is reached', () => {
  const responses = new Responses(3);
  for (const [id, tokens] of [
    ['a', 1],
    ['b', 2],
    ['c', 3],
    ['d', 4],
  ] as const)
    responses.remember(id, { contextTokens: tokens, place: { marker: { key: id }, round: 0 } });
  expect(['a', 'b', 'c', 'd'].map((id) => responses.find(id)?.contextTokens)).toEqual([undefined, 2, 3, 4]);
});

test('ids are all different and all of one length', () => {
  const responses = new Responses();
  const ids = Array.from({ length: 5_000 }, () => responses.nextId());
  expect(new Set([...ids, new Responses().nextId()]).size).toBe(5_001);
  expect(new Set(ids.map((id) => id.length))).toEqual(new Set([37]));
  expect(ids[0]).toMatch(/^resp_[\da-f]{32}$/);
});
