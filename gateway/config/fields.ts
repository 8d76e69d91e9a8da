/**
 * The kinds of value that the configuration has. Each says once what it expects, in the words of the problem that a
 * user reads; zod checks, and the JSON Schema comes from the same definition.
 */
import { z } from 'zod';

export function integer(min: number, max: number, unit = '') {
  const error = `an integer from ${min} to ${max}${unit === '' ? '' : ` (${unit})`}`;
  // Not `z.int()`: its issue aborts the whole parse, and rules between fields would go unchecked.
  return z.number({ error }).multipleOf(1, { error }).min(min, { error }).max(max, { error });
}

/** An object with these keys and no others. */
export function section<Shape extends z.ZodRawShape>(shape: Shape, expected = 'an object') {
  return z.strictObject(shape, { error: expected });
}

export function milliseconds(min: number, max = 24 * 3_600_000) {
  return integer(min, max, 'milliseconds');
}

export function flag() {
  return z.boolean({ error: 'true or false' });
}

export function text(expected: string, pattern: RegExp) {
  return z.string({ error: expected }).regex(pattern, { error: expected });
}

/**
 * One of some words. `unavailable` names words that a reader of the documentation may expect: they are
 * refused as not available, where others are refused as unknown.
 */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words, unavailable: readonly string[] = []) {
  const expected = words.map((word) => JSON.stringify(word)).join(', ');
  return z.enum(words, {
    error: ({ input }) =>
      unavailable.includes(String(input)) ? `${expected}: ${JSON.stringify(input)} is not available in this version` : expected,
  });
}

const UNITS = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const;

/** Bytes as a number, or as text with a unit. The result is bytes. Its default is a `prefault`: zod describes only inputs in a schema. */
export function size(min: number, max: number) {
  const error = `a size from ${min} to ${max} bytes, as a number or like "64KB", "100MB", "1GB" (1 KB is 1024 bytes)`;
  return z
    .union([integer(min, max), z.string({ error }).regex(/^\d{1,12}(B|KB|MB|GB)$/, { error })], { error })
    .transform(bytesOf)
    .refine((bytes) => bytes >= min && bytes <= max, { error });
}

function bytesOf(value: number | string): number {
  if (typeof value === 'number') return value;
  const unit = /[KMG]?B$/.exec(value)![0] as keyof typeof UNITS;
  return Number.parseInt(value, 10) * UNITS[unit];
}
