import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Flag, flagLines, readFlags, readNumber } from './flags.ts';

const FLAGS: readonly Flag[] = [
  { name: 'full', help: 'long' },
  { name: 'seed', takes: 'N', help: 'of what is drawn' },
  { name: 'threshold', takes: 'EXPR', repeat: true, help: 'what must hold' },
];

const read = (line: string) => readFlags(line === '' ? [] : line.split(' '), FLAGS);

describe('words of a command', () => {
  it('are options and positionals, in any order', () => {
    const words = read('latency --seed 7 --full cpu --threshold=a<1 --threshold b<2');
    expect(Object.fromEntries(words.values)).toEqual({ seed: ['7'], full: [''], threshold: ['a<1', 'b<2'] });
    expect(words.positionals).toEqual(['latency', 'cpu']);
    expect(words.problems).toEqual([]);
  });

  it('after -- are positionals', () => {
    expect(read('-- --full').positionals).toEqual(['--full']);
  });

  it.each([
    ['--sead 3', ['there is no option --sead; did you mean --seed?']],
    ['--colour', ['there is no option --colour']],
    ['-x', ['there is no option -x']],
    ['--seed', ['--seed needs a value: --seed N']],
    ['--seed=', ['--seed needs a value: --seed N']],
    ['--seed --full', ['--seed needs a value: --seed N']],
    ['--full=yes', ['--full takes no value']],
    ['--seed 1 --seed 2', ['--seed is given more than once']],
    [
      '--sed 1 --fll --seed',
      [
        'there is no option --sed; did you mean --seed?',
        'there is no option --fll; did you mean --full?',
        '--seed needs a value: --seed N',
      ],
    ],
  ])('%s: every problem at once', (line, problems) => {
    expect(read(line).problems).toEqual(problems);
  });

  it('do not take the value of a misspelt option for a positional', () => {
    expect(read('--sead 3 latency').positionals).toEqual(['latency']);
    expect(read('--sead=3 latency').positionals).toEqual(['latency']);
  });

  it('never throw', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('--seed', '--full', '--', '-', '--=', '--seed=', '--__proto__', '--constructor=1'))),
        (argv) => {
          const { problems, values } = readFlags(argv, FLAGS);
          expect(Array.isArray(problems)).toBe(true);
          for (const name of values.keys()) expect(['full', 'seed', 'threshold', 'help']).toContain(name);
        },
      ),
    );
  });
});

describe('a number', () => {
  const range = { min: 0, max: 100, integer: true };

  it.each<[string, number | undefined, string[]]>([
    ['--seed 7', 7, []],
    ['--seed 0', 0, []],
    ['--seed 100', 100, []],
    ['', undefined, []],
    ['--seed 101', undefined, ['--seed is a whole number from 0 to 100; "101" is not']],
    ['--seed=-1', undefined, ['--seed is a whole number from 0 to 100; "-1" is not']],
    ['--seed 1.5', undefined, ['--seed is a whole number from 0 to 100; "1.5" is not']],
    ['--seed 0x10', undefined, ['--seed is a whole number from 0 to 100; "0x10" is not']],
    ['--seed many', undefined, ['--seed is a whole number from 0 to 100; "many" is not']],
  ])('%s', (line, value, problems) => {
    const words = read(line);
    expect(readNumber(words, 'seed', range)).toBe(value);
    expect(words.problems).toEqual(problems);
  });

  it('may have a fraction where that makes sense', () => {
    expect(readNumber(read('--seed 1.5'), 'seed', { ...range, integer: false })).toBe(1.5);
  });
});

describe('help', () => {
  it('lists the options and itself, in columns', () => {
    expect(flagLines(FLAGS)).toBe(
      '  --full              long\n  --seed N            of what is drawn\n  --threshold EXPR …  what must hold\n  --help              this text\n',
    );
  });
});
