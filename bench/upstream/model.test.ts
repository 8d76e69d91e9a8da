import { describe, expect, test } from 'vitest';
import { MODEL_KEYS, type Model, parseModel } from './model.ts';
import { PROFILE_NAMES, PROFILES } from './profiles.ts';

function modelOf(name: string): Model {
  const parsed = parseModel(name);
  if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
  return parsed.model;
}

function problemsOf(name: string): string[] {
  const parsed = parseModel(name);
  return 'problems' in parsed ? parsed.problems : [];
}

describe('model names', () => {
  test('a profile alone takes all its own values', () => {
    for (const name of PROFILE_NAMES) {
      const { ttft, tpot, chunk, stalls, jitter } = PROFILES[name];
      expect(modelOf(name)).toEqual({
        name,
        ttft,
        tpot,
        chunk,
        stalls,
        jitter,
        arrivals: 'independent',
        stepMs: tpot.medianMs,
        tools: 0,
        tool: { name: 'read_file', arguments: expect.stringContaining('"path"') },
        toolRounds: Number.POSITIVE_INFINITY,
        tokens: 200,
      });
    }
  });

  test('every key changes its value and nothing else', () => {
    const name =
      'fast@ttftMs=12.5,tpotMs=2,chunk=5,arrivals=together,stepMs=4,stalls=off,jitter=off,tools=3,tool=compute,toolMs=25,toolBlockMs=5,toolRounds=4,tokens=77';
    expect(modelOf(name)).toEqual({
      name,
      ttft: { medianMs: 12.5, sigma: 0.25 },
      tpot: { medianMs: 2, sigma: 0.25 },
      chunk: { min: 5, max: 5 },
      arrivals: 'together',
      stepMs: 4,
      stalls: false,
      jitter: false,
      tools: 3,
      tool: { name: 'compute', arguments: '{"ms":25,"blockMs":5}' },
      toolRounds: 4,
      tokens: 77,
    });
    expect(MODEL_KEYS.every((key) => name.includes(`${key}=`))).toBe(true);
    expect(modelOf('fast@chunk=2-7').chunk).toEqual({ min: 2, max: 7 });
  });

  test('the step of engines that emit together is a token by default', () => {
    expect(modelOf('fixed@arrivals=together').stepMs).toBe(20);
    expect(modelOf('fixed@tpotMs=7,arrivals=together').stepMs).toBe(7);
  });

  test('a name that says which tool calls one a reply; arguments are what the name says of them', () => {
    expect(modelOf('fast@tool=work_on_files,toolMs=10')).toMatchObject({
      tools: 1,
      tool: { name: 'work_on_files', arguments: '{"ms":10}' },
    });
    expect(modelOf('fast@tool=list_files').tool).toEqual({ name: 'list_files', arguments: '{}' });
    expect(modelOf('fast@tools=2,toolRounds=0')).toMatchObject({ tools: 2, toolRounds: 0, tool: { name: 'read_file' } });
    expect(JSON.parse(modelOf('fast@tools=1').tool.arguments)).toEqual({ path: 'src/queue.ts', from_line: 1, to_line: 40 });
  });

  test('all problems of a name are listed', () => {
    expect(problemsOf('slow@chunk=0,chunk=2,speed=9,jitter=maybe,tokens=1e3')).toEqual([
      `unknown profile "slow" (known: ${PROFILE_NAMES.join(', ')})`,
      'chunk is "0", expected a whole number from 1 to 1000, or a range such as 1-4',
      `unknown key "speed" (known: ${MODEL_KEYS.join(', ')})`,
      'jitter is "maybe", expected on or off',
      'tokens is "1e3", expected a whole number from 0 to 200000',
    ]);
  });

  test.each([
    ['', 1],
    ['fast@', 1],
    ['fast@tpotMs', 1],
    ['fast@tpotMs=', 1],
    ['fast@tpotMs=-1', 1],
    ['fast@tpotMs=NaN,ttftMs=Infinity', 2],
    ['fast@tpotMs=1,tpotMs=2', 1],
    ['fast@chunk=4-2', 1],
    ['fast@__proto__=1,constructor=2', 2],
    ['fast@stepMs=2', 1],
    ['fast@tpotMs=0,arrivals=together', 1],
    ['fast@tool=', 1],
    ['fast@tool=a.b', 1],
    ['fast@toolMs=5', 1],
    ['fast@tool=compute,toolBlockMs=5', 1],
    ['fast@tools=0,tool=compute,toolRounds=1', 2],
    ['fast@toolRounds=1001,toolMs=1.5', 2],
    ['fast@tool=compute,toolMs=0', 1],
    ['toString', 1],
    [`fast@${'tokens=1,'.repeat(50)}`, 1],
  ])('%s has problems', (name, count) => {
    expect(problemsOf(name)).toHaveLength(count);
  });
});
