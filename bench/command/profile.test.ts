import { describe, expect, it } from 'vitest';
import { SCENARIOS } from '../../scenarios/index.ts';
import { parseProfileOptions } from './profile.ts';

const NOW = new Date('2026-11-24T15:20:31.500Z');
const parse = (...argv: string[]) => parseProfileOptions(argv, SCENARIOS, NOW);
const problemsOf = (...argv: string[]) => {
  const result = parse(...argv);
  return result.ok ? [] : result.problems;
};

describe('what to profile', () => {
  it('is the scenario’s first arm with a gateway, under all tools', () => {
    const result = parse('relay');
    expect(result).toMatchObject({
      ok: true,
      options: {
        arm: { id: 'sse/chat/kept>sse/chat/kept/full/inline' },
        measureMs: 10_000,
        seed: 42,
        clinic: ['doctor', 'flame', 'bubbleprof'],
        outDir: 'reports/profiles/2026-11-24T15-20-31',
        json: false,
      },
    });
  });

  it('can be another arm, shorter, under some tools or none', () => {
    const words = ['relay', '--arm', 'bare/sse', '--seconds', '1.5', '--clinic', 'flame,doctor', '--out', 'p', '--json'];
    expect(parse(...words)).toMatchObject({
      ok: true,
      options: { arm: { id: 'bare/sse' }, measureMs: 1_500, clinic: ['doctor', 'flame'], outDir: 'p', json: true },
    });
    expect(parse('relay', '--clinic', 'none')).toMatchObject({ options: { clinic: [] } });
  });

  it.each([
    [[], 'which scenario? There are headline,'],
    [['rely'], 'there is no scenario rely'],
    [['relay', 'latency'], 'one scenario at a time; latency is too many'],
    [['replay'], 'scenario replay needs a recording'],
    [['generator-cost'], 'scenario generator-cost has no arm with a gateway: --arm ID'],
    [['relay', '--arm', 'direct/sse/chat/kept'], 'arm "direct/sse/chat/kept" has no gateway to profile'],
    [['relay', '--arm', 'sse'], 'arm "sse": expected CLIENT'],
    [['relay', '--arm', 'sse/chat/kept>sse/chat/kept/full/inline@besideUsers=2'], 'scenario relay has no load beside its own'],
    [['relay', '--clinic', 'docter'], '--clinic takes doctor, flame, bubbleprof or none; "docter" is neither'],
    [['relay', '--seconds', '0'], '--seconds is a number from 1 to 120'],
  ])('%j is refused', (argv, problem) => {
    expect(problemsOf(...argv).join('\n')).toContain(problem);
  });

  it('is refused with all that is wrong', () => {
    expect(problemsOf('relay', '--seconds', '0', '--clinic', 'x', '--arm', 'y')).toHaveLength(3);
  });
});
