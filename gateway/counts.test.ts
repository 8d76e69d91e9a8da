import { expect, it } from 'vitest';
import type { Outcome } from '../transports/contract.ts';
import { driven, run } from '../transports/testing/legs.ts';
import { counted, TurnCounts } from './counts.ts';

it('has every turn in exactly one place', () => {
  const counts = new TurnCounts();
  const ended: string[] = [];
  const { handler, turns } = driven();
  const outcomes: Outcome[] = [
    { kind: 'completed', finish: 'stop' },
    { kind: 'failed', code: 'agent_died', message: '' },
    { kind: 'cancelled' },
    { kind: 'timedOut', message: '' },
    { kind: 'refused', status: 429, code: 'queue_full', message: '' },
  ];
  const counting = counted(counts, (_turn, outcome) => ended.push(outcome.kind), handler);
  for (const _ of [...outcomes, 0]) run(counting);
  for (const [index, outcome] of outcomes.entries()) turns[index]!.sink.push({ type: 'end', outcome }, 0);
  expect(counts.inFlight).toBe(1);
  expect(counts.ended).toEqual({ completed: 1, failed: 1, cancelled: 1, timedOut: 1, refused: 1 });
  expect(Object.fromEntries(counts.codes)).toEqual({ agent_died: 1, queue_full: 1 });
  expect(ended).toEqual(outcomes.map(({ kind }) => kind));
});
