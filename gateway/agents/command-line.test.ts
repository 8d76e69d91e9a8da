import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitCommandLine } from './command-line.ts';

const words = (line: string) => {
  const split = splitCommandLine(line);
  return split.ok ? split.words : split.problem;
};

describe('a command line', () => {
  it.each<[string, string[]]>([
    ['a', ['a']],
    ['  a \t b  ', ['a', 'b']],
    ['a "b c" d', ['a', 'b c', 'd']],
    ["a 'b \"c'", ['a', 'b "c']],
    ['a "b \'c"', ['a', "b 'c"]],
    [`a "b \\"c\\\\ \\d"`, ['a', 'b "c\\ \\d']],
    ["a 'b\\c\\'", ['a', 'b\\c\\']],
    ['a b\\ c \\"d', ['a', 'b c', '"d']],
    ['a "" \'\'', ['a', '', '']],
    [`a"b"'c'd`, ['abcd']],
    ['a $HOME *.py ~', ['a', '$HOME', '*.py', '~']],
    ["a '|' \"&&\" \\; '\n'", ['a', '|', '&&', ';', '\n']],
    ['a\n', ['a']],
  ])('%j is taken apart', (line, expected) => {
    expect(words(line)).toEqual(expected);
  });

  it.each([
    ['', 'there is no command'],
    [' \t\n', 'there is no command'],
    ['a "b', 'the quote " is not closed'],
    ['a \\', 'there is nothing after the last backslash'],
    ...['|', '&', ';', '<', '>', '`'].map((character) => [`a ${character} b`, `there is no shell, to which alone "${character}" means`]),
    ['a\nb', 'there is no shell, to which alone "\\n" means'],
  ])('%j is refused', (line, problem) => {
    expect(words(line)).toContain(problem);
  });

  it('gives back any words that were quoted', () => {
    const quoted = (word: string) => `'${word.replaceAll("'", `'"'"'`)}'`;
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (given) => {
        expect(words(given.map(quoted).join(' '))).toEqual(given);
      }),
    );
  });

  it('means to a shell what it means here, as far as it means anything here', () => {
    const plain = fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '\\'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(plain, (line) => {
        const split = splitCommandLine(line);
        fc.pre(split.ok);
        const script = `for word in ${line}; do printf '%s\\0' "$word"; done`;
        const heard = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
        expect(split.ok && split.words.map((word) => `${word}\0`).join('')).toBe(heard);
      }),
      { numRuns: 50 },
    );
  });
});
