import { expect, it } from 'vitest';
import { sentLater } from './phases.ts';

it('a whole reply was sent later than its end was known: the time between is of serialise', () => {
  const phases = { agent: 2, serialise: 0.25, receivedAtMs: 1_000, sentAtMs: 1_010.5 };
  expect(sentLater(phases, 1_013_123_456)).toEqual({ agent: 2, serialise: 2.873, receivedAtMs: 1_000, sentAtMs: 1_013.123 });
});

it('phases of somebody else’s stay as they are', () => {
  const phases = { queue: 3 };
  expect(sentLater(phases, 1e9)).toBe(phases);
});
