/**
 * Options of a command, as data: read from words, and shown as help, from one list.
 *
 * Reading never stops at the first problem. `node:util`'s parser takes the words apart; what is known, what takes a
 * value and what may come twice is checked here, since its own strict mode throws at the first mistake.
 */
import { parseArgs } from 'node:util';
import { didYouMean } from './suggest.ts';

export interface Flag {
  /** Without the dashes. */
  name: string;
  /** What its value is called; absent where it takes none. */
  takes?: string;
  /** May be given more than once. */
  repeat?: true;
  help: string;
}

export interface Words {
  /** By flag, as often as it was given; `''` for those without a value. */
  values: ReadonlyMap<string, readonly string[]>;
  positionals: readonly string[];
  problems: string[];
}

/** Every command has it. */
export const HELP: Flag = { name: 'help', help: 'this text' };

export function readFlags(argv: readonly string[], flags: readonly Flag[]): Words {
  const known = new Map([...flags, HELP].map((flag) => [flag.name, flag]));
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries([...known.values()].map(({ name, takes }) => [name, { type: takes === undefined ? 'boolean' : 'string' }])),
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  const problems: string[] = [];
  let skipIndex = -1;
  for (const token of tokens) {
    if (token.kind === 'positional' && token.index !== skipIndex) positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = known.get(token.name);
    const problem = flag ? problemOf(flag, token, values.has(flag.name)) : unknown(token.rawName, [...known.keys()]);
    if (problem === undefined) values.set(token.name, [...(values.get(token.name) ?? []), token.value ?? '']);
    else problems.push(problem);
    // The word after a misspelt option is most likely its value: one problem, not two.
    if (!flag && token.inlineValue !== true) skipIndex = token.index + 1;
  }
  return { values, positionals, problems };
}

function problemOf(
  flag: Flag,
  token: { value?: string | undefined; inlineValue?: boolean | undefined },
  seen: boolean,
): string | undefined {
  const { name, takes } = flag;
  if (seen && !flag.repeat) return `--${name} is given more than once`;
  if (takes === undefined) return token.value === undefined ? undefined : `--${name} takes no value`;
  // A word that looks like an option is one: the value was forgotten. `--seed=-1` is still possible.
  const forgotten = token.value === undefined || token.value === '' || (token.inlineValue !== true && token.value.startsWith('--'));
  return forgotten ? `--${name} needs a value: --${name} ${takes}` : undefined;
}

function unknown(rawName: string, names: readonly string[]): string {
  return `there is no option ${rawName}${didYouMean(
    rawName,
    names.map((name) => `--${name}`),
  )}`;
}

export interface Range {
  min: number;
  max: number;
  integer: boolean;
}

/** The value of a flag as a number; `undefined` where it was not given or is no such number, which is then a problem. */
export function readNumber(words: Words, name: string, { min, max, integer }: Range): number | undefined {
  const text = words.values.get(name)?.[0];
  if (text === undefined) return undefined;
  const value = /^-?\d+(\.\d+)?(e\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max && (!integer || Number.isInteger(value))) return value;
  words.problems.push(`--${name} is ${integer ? 'a whole number' : 'a number'} from ${min} to ${max}; ${JSON.stringify(text)} is not`);
  return undefined;
}

/** Lines of two columns. */
export function helpLines(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}

export function flagLines(flags: readonly Flag[]): string {
  return helpLines(
    [...flags, HELP].map(({ name, takes, repeat, help }) => [`--${name}${takes ? ` ${takes}` : ''}${repeat ? ' …' : ''}`, help] as const),
  );
}
