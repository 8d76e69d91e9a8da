import { expect, it } from 'vitest';
import type { Outcome, Sink } from '../transports/contract.ts';
import { COMPLETED, driven, run } from '../transports/testing/legs.ts';
import { counted, TurnCounts, type TurnWatcher } from './counts.ts';

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
  const watcher: TurnWatcher = {
    ended: (_turn, outcome) => ended.push(outcome.kind),
    defect: () => {},
  };
  const counting = counted(counts, watcher, handler);
  for (const _ of [...outcomes, 0]) run(counting);
  for (const [index, outcome] of outcomes.entries()) turns[index]!.sink.push({ type: 'end', outcome }, 0);
  expect(counts.inFlight).toBe(1);
  expect(counts.ended).toEqual({ completed: 1, failed: 1, cancelled: 1, timedOut: 1, refused: 1 });
  expect(Object.fromEntries(counts.codes)).toEqual({ agent_died: 1, queue_full: 1 });
  expect(ended).toEqual(outcomes.map(({ kind }) => kind));
});

it('ends a turn once, also where a handler throws and goes on all the same', () => {
  const counts = new TurnCounts();
  const defects: unknown[] = [];
  let kept: Sink | undefined;
  const broken = counted(counts, { ended() {}, defect: (_turn, error) => defects.push(error) }, (_turn, sink) => {
    kept = sink;
    throw new Error('boom');
  });
  const { sink } = run(broken);
  kept?.push(COMPLETED, 0);
  expect(sink.events).toMatchObject([{ type: 'end', outcome: { kind: 'failed', code: 'internal_error' } }]);
  expect(sink.events[0]).not.toMatchObject({ outcome: { message: expect.stringContaining('boom') } });
  expect(defects).toEqual([new Error('boom')]);
  expect(counts).toMatchObject({ inFlight: 0, ended: { failed: 1, completed: 0 } });
});
