import { describe, expect, it } from 'vitest';
import { field } from './files.ts';

describe('a field of a status file', () => {
  const status = 'Name:\tnode\nState:\tS (sleeping)\nVmRSS:\t   13536 kB\nvoluntary_ctxt_switches:\t16\nnonvoluntary_ctxt_switches:\t13\n';

  it.each([
    ['Name', 'node'],
    ['VmRSS', '13536 kB'],
    ['voluntary_ctxt_switches', '16'],
    ['nonvoluntary_ctxt_switches', '13'],
    ['VmHWM', undefined],
    ['State', 'S (sleeping)'],
  ])('%s is %s', (name, value) => {
    expect(field(status, name)).toBe(value);
  });

  it('is read from a last line that does not end', () => {
    expect(field('A:\t1\nB:\t2', 'B')).toBe('2');
  });

  it('is unknown where the file is', () => {
    expect(field(undefined, 'Name')).toBeUndefined();
    expect(field('', 'Name')).toBeUndefined();
  });
});
