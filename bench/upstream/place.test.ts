import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../transports/contract.ts';
import { placeOf } from './place.ts';

const user = (key: string): Message => ({ role: 'user', content: `[gatebench key=${key} tokens=5]` });
const result: Message = { role: 'tool', content: 'done', toolCallId: 'c' };
const calling: Message = { role: 'assistant', content: 'let me see', toolCalls: [{ id: 'c', name: 'f', arguments: '{}' }] };

describe('where a call stands', () => {
  test.each<{ what: string; input: Message[]; key: string; round: number }>([
    { what: 'a question', input: [user('a')], key: 'a', round: 0 },
    { what: 'results of one reply', input: [user('a'), calling, result, result, result], key: 'a', round: 1 },
    { what: 'two rounds', input: [user('a'), calling, result, calling, result, result], key: 'a', round: 2 },
    { what: 'rounds of an earlier turn', input: [user('a'), calling, result, calling, user('b')], key: 'b', round: 0 },
    { what: 'an answer that was begun', input: [user('a'), calling, result, calling], key: 'a', round: 1 },
    { what: 'results before the question', input: [result, user('a')], key: 'a', round: 0 },
  ])('$what', ({ input, key, round }) => {
    expect(placeOf(input, undefined)).toEqual({ marker: { key, tokens: 5 }, round });
    // A question of its own stands for itself, whatever it continues.
    expect(placeOf(input, { marker: { key: 'other' }, round: 7 })).toEqual({ marker: { key, tokens: 5 }, round });
  });

  test('all rounds of a turn without a marker have one key; other turns have others', () => {
    const question: Message = { role: 'user', content: 'why?' };
    const [first, second, other] = [[question], [question, calling, result], [{ ...question, content: 'how?' }]].map((input) =>
      placeOf(input, undefined),
    );
    expect(first!.marker.key).toMatch(/^unmarked-[\da-f]{16}$/);
    expect(second).toEqual({ marker: first!.marker, round: 1 });
    expect(other!.marker.key).not.toBe(first!.marker.key);
  });

  test('however much of the turn a request leaves to the response that it continues, it stands at the same place', () => {
    // Rounds by the number of results in each; `cut` is where the request begins that continues a response.
    const rounds = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(rounds, fc.nat(), (results, pick) => {
        const replies = results.map((count) => [calling, ...Array.from({ length: count }, () => result)]);
        const cut = pick % results.length;
        const full = placeOf([user('a'), ...replies.flat()], undefined);
        const before = placeOf([user('a'), ...replies.slice(0, cut).flat()], undefined);
        // The reply at the cut is the response itself, so only its results are sent.
        const delta = placeOf([...replies[cut]!.slice(1), ...replies.slice(cut + 1).flat()], before);
        expect(full).toEqual({ marker: { key: 'a', tokens: 5 }, round: results.length });
        expect(delta).toEqual(full);
      }),
    );
  });
});
