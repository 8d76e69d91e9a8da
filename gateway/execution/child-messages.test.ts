import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentSpent } from '../agents/clock.ts';
import { childMessage } from './child-messages.ts';
import type { FromChild } from './messages.ts';

const SPENT: AgentSpent = {
  type: 'spent',
  ...{ startedNs: 1e15, endedNs: 1.1e15, sentNs: 2, firstNs: 0, lastNs: 0 },
  ...{ agentNs: 1, upstreamFirstTokenNs: 2, upstreamStreamingNs: 0, backPressureNs: 0 },
};

const GOOD: readonly FromChild[] = [
  [],
  [
    ...[0, 1.5e9],
    ...[1, { type: 'started', responseId: 'r' } as const],
    ...[1, 'text'],
    ...[1, { type: 'toolCall', index: 0, id: 'c', name: 'f', arguments: '{' } as const],
    ...[0, 2],
    ...[
      2,
      { type: 'end', outcome: { kind: 'completed', finish: 'stop' }, usage: { inputTokens: 1, outputTokens: 2 }, responseId: 'r' } as const,
    ],
  ],
  [
    ...[1, { type: 'end', outcome: { kind: 'failed', code: 'agent_error', message: 'm' } } as const],
    ...[2, { type: 'end', outcome: { kind: 'cancelled' } } as const],
    ...[3, { type: 'end', outcome: { kind: 'timedOut', message: 'm' } } as const],
    ...[4, { type: 'end', outcome: { kind: 'refused', status: 429, code: 'queue_full', message: 'm', retryAfterS: 1 } } as const],
  ],
  [1, SPENT, 1, { type: 'end', outcome: { kind: 'cancelled' } }],
  { accepted: 1, atNs: 12_345 },
  { remember: 'key', state: { a: [1, { b: null }] } },
  { startCommand: 1, turn: 2, request: { words: ['ls'], workspace: '/w', env: { A: 'b' }, timeoutMs: 5, outputWhole: true } },
  { controlCommand: 1, to: 'pause' },
  { takenOf: 1, characters: 0 },
  { errorOf: 'k', agent: 'codex', message: 'm', stack: 's' },
  { ready: 1 },
  { failed: 'no module' },
  { usage: { cpuNs: 1, computing: false, heapUsedBytes: 1, externalBytes: 0, rssBytes: 5 } },
];

const end = (outcome: unknown) => [1, { type: 'end', outcome }];

const BAD: readonly [string, unknown][] = [
  ['no object', 'text'],
  ['nothing', null],
  ['an unknown message', { hello: 1 }],
  ['half a pair', [1]],
  ['an id that is no number', ['1', 'x']],
  ['a stamp that is none', [0, 'x']],
  ['a number where an event is due', [1, 5]],
  ['an unknown event', [1, { type: 'other' }]],
  ['text as an event of its own', [1, { type: 'text', text: 5 }]],
  ['less than no time', [1, { ...SPENT, agentNs: -1 }]],
  ['time spent that is only half told', [1, { type: 'spent', startedNs: 1 }]],
  ['an end without outcome', [1, { type: 'end' }]],
  ['an unknown code', end({ kind: 'failed', code: 'made_up', message: 'm' })],
  ['a status that would be success', end({ kind: 'refused', status: 200, code: 'queue_full', message: 'm' })],
  ['an outcome that is the generator’s own', end({ kind: 'dropped' })],
  ['a control that is none', { controlCommand: 1, to: 'kill' }],
  ['words that are no text', { startCommand: 1, turn: 1, request: { words: [1], workspace: '/', env: {} } }],
];

describe('what a process says', () => {
  it.each(GOOD.map((message) => [JSON.stringify(message).slice(0, 60), message] as const))('is taken as it is: %s', (_name, message) => {
    expect(childMessage(JSON.parse(JSON.stringify(message)))).toEqual(message);
  });

  it.each(BAD)('is not believed: %s', (_name, message) => {
    expect(childMessage(message)).toBeUndefined();
  });

  it('never makes the gateway throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...GOOD.map((message) => JSON.stringify(message))), fc.nat(), (value, text, at) => {
        childMessage(value);
        // A message of which one part is another.
        const message = JSON.parse(text) as Record<string, unknown>;
        const keys = [...Object.keys(message), '0'];
        message[keys[at % keys.length]!] = value;
        childMessage(message);
      }),
    );
  });
});
