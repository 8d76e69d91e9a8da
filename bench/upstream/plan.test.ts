import { describe, expect, test } from 'vitest';
import { type Model, parseModel } from './model.ts';
import { nextStepNs, plan, STALLS } from './plan.ts';

const DRAWS = 20_000;

function modelOf(name: string): Model {
  const parsed = parseModel(name);
  if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
  return parsed.model;
}

function quantile(values: Float64Array, q: number): number {
  return values.toSorted()[Math.floor(values.length * q)]!;
}

/** Relative error of a quantile. */
function error(values: Float64Array, q: number, expected: number): number {
  return Math.abs(quantile(values, q) / expected - 1);
}

describe('times to the first token, of 20,000 turns', () => {
  test.each([
    ['haiku-4.5-like', { 0.5: 1_120, 0.9: 1_900, 0.99: 3_070 }],
    ['opus-4.5-like', { 0.5: 2_430, 0.9: 4_330, 0.99: 6_390 }],
    ['vllm-light', { 0.5: 27, 0.99: 98 }],
    ['vllm-16', { 0.5: 2_650, 0.99: 4_610 }],
    ['fast', { 0.5: 50 }],
  ])('%s has the quantiles that were measured, within 5 %%', (name, expected) => {
    const model = modelOf(name);
    const drawn = Float64Array.from({ length: DRAWS }, (_, turn) => plan(`turn-${turn}`, 0, model, 1).ttftNs / 1e6);
    for (const [q, ms] of Object.entries(expected)) expect(error(drawn, Number(q), ms)).toBeLessThan(0.05);
  });
});

describe('times per token', () => {
  test.each([
    ['haiku-4.5-like', 8, 13.5],
    ['opus-4.5-like', 17.9, 31.2],
    ['vllm-light', 6.1, 18.7],
    ['vllm-16', 46.6, 258],
  ])('%s: (last − first) ÷ tokens between has the quantiles that were measured, stalls included', (name, p50Ms, p99Ms) => {
    const model = modelOf(name);
    const chunks = 60;
    const drawn = Float64Array.from({ length: DRAWS }, (_, turn) => {
      const { offsetsNs } = plan(`turn-${turn}`, 0, model, chunks * model.chunk.max);
      return (offsetsNs.at(-1)! - offsetsNs[0]!) / ((chunks - 1) * model.chunk.max) / 1e6;
    });
    expect(error(drawn, 0.5, p50Ms)).toBeLessThan(0.03);
    // At the p99 the few stalls of a short turn add their own spread.
    expect(error(drawn, 0.99, p99Ms)).toBeLessThan(0.08);
  });

  test('gaps stall by 3 to 6 times at the share that is stated, and are equal otherwise', () => {
    const model = modelOf('fast@jitter=off,chunk=1');
    const { offsetsNs } = plan('stalling', 0, model, 100_000);
    const baseNs = 1e6 / (1 + STALLS.share * 3.5);
    let stalls = 0;
    for (let chunk = 1; chunk < offsetsNs.length; chunk += 1) {
      const factor = (offsetsNs[chunk]! - offsetsNs[chunk - 1]!) / baseNs;
      if (factor > 1.001) {
        stalls += 1;
        expect(factor).toBeGreaterThan(2.999);
        expect(factor).toBeLessThan(6.001);
      } else expect(factor).toBeCloseTo(1, 4);
    }
    expect(stalls / 100_000).toBeGreaterThan(0.0135);
    expect(stalls / 100_000).toBeLessThan(0.0165);
    expect(offsetsNs.at(-1)! / 1e6 / 100_000).toBeCloseTo(1, 1);
  });

  test('without jitter and stalls the plan is arithmetic', () => {
    const { offsetsNs, tokens, ttftNs } = plan('any', 0, modelOf('fixed@chunk=3'), 8);
    expect(ttftNs).toBe(50e6);
    expect([...tokens]).toEqual([3, 3, 2]);
    expect([...offsetsNs]).toEqual([50e6, 110e6, 150e6]);
  });
});

describe('chunks', () => {
  test('add up to the tokens, each number as often as the others', () => {
    const { tokens } = plan('chunks', 0, modelOf('fast'), 50_000);
    expect(tokens.reduce((sum, size) => sum + size, 0)).toBe(50_000);
    for (const size of [1, 2, 3, 4]) expect(tokens.filter((other) => other === size).length / tokens.length).toBeCloseTo(0.25, 1);
    expect(Math.max(...tokens)).toBe(4);
  });

  test('a reply without tokens has none, but a time', () => {
    const { offsetsNs, tokens, ttftNs } = plan('none', 0, modelOf('fixed'), 0);
    expect([offsetsNs.length, tokens.length, ttftNs]).toEqual([0, 0, 50e6]);
  });
});

describe('draws', () => {
  const model = modelOf('fast');

  test('depend on the key and the ordinal alone', () => {
    const first = plan('key', 0, model, 300);
    for (let other = 0; other < 50; other += 1) plan(`other-${other}`, 0, model, 300);
    expect(plan('key', 0, model, 300)).toEqual(first);
    expect(plan('key', 1, model, 300).ttftNs).not.toBe(first.ttftNs);
    expect(plan('yek', 0, model, 300).ttftNs).not.toBe(first.ttftNs);
  });

  test('are the same in every process and version: arms of old and new code face them alike', () => {
    const { ttftNs, offsetsNs, tokens } = plan('golden', 0, model, 8);
    expect({ ttftNs, offsetsNs: [...offsetsNs], tokens: [...tokens] }).toMatchInlineSnapshot(`
      {
        "offsetsNs": [
          69847728,
          74456927,
        ],
        "tokens": [
          4,
          4,
        ],
        "ttftNs": 69847728,
      }
    `);
  });

  test('one quantity does not shift another', () => {
    const { ttftNs } = plan('key', 0, model, 300);
    expect(plan('key', 0, modelOf('fast@chunk=1,tpotMs=9,stalls=off'), 20).ttftNs).toBe(ttftNs);
    const slow = plan('key', 0, modelOf('fast@chunk=1,stalls=off'), 100).offsetsNs;
    const twice = plan('key', 0, modelOf('fast@chunk=1,stalls=off,tpotMs=2'), 100).offsetsNs;
    expect((twice[99]! - twice[0]!) / (slow[99]! - slow[0]!)).toBeCloseTo(2, 5);
  });
});

test('the grid is the same for all times', () => {
  expect([0, 1, 5e6, 5e6 + 1, 9_999_999].map((atNs) => nextStepNs(atNs, 5e6))).toEqual([0, 5e6, 5e6, 10e6, 10e6]);
});
