import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLOSE_CODES, REFUSAL_CODES, TURN_ERROR_CODES } from './codes.ts';

const documented = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const row = /^\| `(\w+)` \| (.+) \|$/.exec(line);
    return row ? [[row[1], row[2]]] : [];
  });

describe('the documentation of codes', () => {
  it('has every code with its meaning, and no other', () => {
    expect(documented).toEqual([REFUSAL_CODES, TURN_ERROR_CODES, CLOSE_CODES].flatMap((codes) => Object.entries(codes)));
  });
});
