import { describe, expect, test } from 'vitest';
import { changeOf, conditionWords, groupsOf, lettersOf, nameOf } from './arms.ts';
import type { Arm } from './report.ts';
import { BEST_HTTP, exampleArm, HTTP, WEBSOCKET } from './testing/example.ts';

const arm = (id: string, conditions: Arm['conditions'] = {}) => exampleArm(id, { conditions });

describe('arms', () => {
  test('go by letters, which do not end at Z', () => {
    const letters = [...lettersOf({ arms: Array.from({ length: 30 }, (_, index) => arm(`a${index}`)) }).values()];
    expect(letters.slice(0, 2)).toEqual(['A', 'B']);
    expect(letters.slice(25, 29)).toEqual(['Z', 'AA', 'AB', 'AC']);
  });

  test('at the ends have names, under any condition', () => {
    expect([HTTP, `${BEST_HTTP}@tls=true`, `${WEBSOCKET}@rttMs=20`, 'constructor', ''].map((id) => nameOf({ id }))).toEqual([
      'HTTP mode',
      'best HTTP',
      'WebSocket mode',
      undefined,
      undefined,
    ]);
  });

  test.each<[Arm['conditions'], string]>([
    [{}, ''],
    [{ tls: true, rttMs: 20 }, 'TLS, round trip 20 ms'],
    [{ rttMs: '0+20+80', tokensPerChunk: 5 }, 'round trips 0, 20 and 80 ms, 5 tokens a chunk'],
    [{ tls: false, arrivals: 'together', flushMs: 1 }, 'tls false, arrivals together, flushMs 1'],
  ])('have conditions in words: %j', (conditions, words) => {
    expect(conditionWords(conditions)).toBe(words);
  });
});

describe('a rung’s change', () => {
  const arms = [arm(HTTP), arm('sse/chat/per-turn>sse/chat/kept/full/inline'), arm(WEBSOCKET), arm(`${WEBSOCKET}@tls=true`, { tls: true })];
  const change = (from: string, to: string) => changeOf({ from, to }, { arms });

  test('is told by the factors in which its arms differ', () => {
    expect(change(HTTP, arms[1]!.id)).toBe('http → sse');
    expect(change(HTTP, WEBSOCKET)).toBe('http, chat, per-turn, inline → websocket, responses, kept, thread');
    expect(change(WEBSOCKET, `${WEBSOCKET}@tls=true`)).toBe('default → TLS');
  });

  test('is what the rung says where its arms are not there', () => {
    expect(change('inline', 'thread')).toBe('inline → thread');
  });
});

describe('groups of arms', () => {
  const shape = (arms: readonly Arm[]) => groupsOf({ arms }).map(({ title, arms: of }) => [title, of.map(({ id }) => id).join(' ')]);
  const many = (count: number, of: (index: number) => Arm['conditions']) =>
    Array.from({ length: count }, (_, index) => arm(`${index}`, of(index)));

  test('are one of a few, whatever their conditions', () => {
    expect(shape([arm('a'), arm('b', { tls: true }), arm('c')])).toEqual([['', 'a b c']]);
    expect(shape([])).toEqual([['', '']]);
  });

  test('are one a condition where they are many, in the order of the arms', () => {
    const conditions = [{}, { rttMs: 20 }, { rttMs: 80 }];
    expect(shape(many(9, (index) => conditions[index % 3]!))).toEqual([
      ['default conditions', '0 3 6'],
      ['round trip 20 ms', '1 4 7'],
      ['round trip 80 ms', '2 5 8'],
    ]);
  });

  test('are eight at a time where each arm has a condition of its own', () => {
    expect(shape(many(10, (users) => ({ users })))).toEqual([
      ['', '0 1 2 3 4 5 6 7'],
      ['', '8 9'],
    ]);
  });

  test('never hold more than can be told apart, and lose none', () => {
    const groups = groupsOf({ arms: many(20, (index) => ({ tls: index % 2 === 0 })) });
    for (const { arms } of groups) expect(arms.length).toBeLessThanOrEqual(8);
    expect(groups.flatMap(({ arms }) => arms)).toHaveLength(20);
  });
});
