import { describe, expect, it } from 'vitest';
import { isProfiled, profilingArguments } from './profiling.ts';

describe('profiling of threads and processes', () => {
  it('is what the gateway’s own command line asks for, with the inspector that it needs', () => {
    const own = ['--import=x', '--cpu-prof', '--cpu-prof-dir=/p', '--cpu-prof-interval=500', '--max-old-space-size=100'];
    expect(profilingArguments(own)).toEqual([
      '--cpu-prof',
      '--cpu-prof-dir=/p',
      '--cpu-prof-interval=500',
      ...(process.allowedNodeEnvironmentFlags.has('--allow-inspector') ? ['--allow-inspector'] : []),
      '--disable-warning=SecurityWarning',
    ]);
    expect(isProfiled(own)).toBe(true);
  });

  it('is nothing otherwise, so that no agent has an inspector', () => {
    expect(profilingArguments(['--cpu-prof-dir=/p', '--cpu-profile'])).toEqual([]);
    expect(profilingArguments([])).toEqual([]);
    expect(isProfiled(['--cpu-prof-dir=/p'])).toBe(false);
  });
});
