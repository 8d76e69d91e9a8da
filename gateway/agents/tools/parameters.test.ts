import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { integer, parametersOf, parseArguments, text } from './parameters.ts';

const FIELDS = {
  required: { path: text('A path.', 5), count: integer('A count.', 1, 3) },
  optional: { note: text('A note.', 2) },
};

const parsed = (value: unknown) => {
  try {
    return parseArguments(typeof value === 'string' ? value : JSON.stringify(value), FIELDS);
  } catch (error) {
    return (error as Error).message;
  }
};

describe('arguments of a tool', () => {
  it('are taken as they are where they fit, at their bounds too', () => {
    for (const given of [
      { path: '', count: 1 },
      { path: '12345', count: 3, note: 'ab' },
    ]) {
      expect(parsed(given)).toEqual(given);
    }
  });

  it.each<[unknown, string]>([
    [{ path: '123456', count: 4 }, 'path must be a string of at most 5 characters; count must be an integer from 1 to 3'],
    [
      { path: 1, count: 0, note: 'abc' },
      'path must be a string of at most 5 characters; count must be an integer from 1 to 3; note must be a string of at most 2 characters',
    ],
    [{ count: 1.5, other: 1 }, '"other" is no parameter; path must be given; count must be an integer from 1 to 3'],
    [{ path: 'a', count: 1, note: null }, 'note must be a string of at most 2 characters'],
    ['{"__proto__":1,"path":"a","count":1}', '"__proto__" is no parameter'],
    ['', 'path must be given; count must be given'],
    ['[]', 'the arguments must be a JSON object'],
    ['null', 'the arguments must be a JSON object'],
    ['{', 'the arguments are not JSON'],
  ])('%j are refused with all that is wrong', (given, message) => {
    expect(parsed(given)).toBe(message);
  });

  it('fit exactly where the schema that the model is given says so', () => {
    const validate = new Ajv().compile(parametersOf(FIELDS));
    const value = fc.oneof(fc.string({ maxLength: 7 }), fc.integer({ min: -1, max: 5 }), fc.double(), fc.constant(null), fc.boolean());
    const given = fc.dictionary(fc.constantFrom('path', 'count', 'note', 'other'), value);
    fc.assert(
      fc.property(given, (values) => {
        // As it arrives: a number that JSON cannot write is null.
        const arrived: unknown = JSON.parse(JSON.stringify(values));
        expect(typeof parsed(values) === 'object').toBe(validate(arrived));
      }),
      { numRuns: 500 },
    );
  });
});
