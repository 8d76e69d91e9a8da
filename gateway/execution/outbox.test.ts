import { describe, expect, it } from 'vitest';
import type { TurnEvent } from '../../transports/contract.ts';
import { COMPLETED } from '../../transports/testing/legs.ts';
import { BATCHES_UNACKNOWLEDGED_MAX, type Batch } from './messages.ts';
import { Outbox, type Source } from './outbox.ts';

const text = (content: string): TurnEvent => ({ type: 'text', text: content });

class TestSource implements Source {
  readonly id: number;
  lastText = -1;
  room = 0;

  constructor(id: number) {
    this.id = id;
  }

  roomAgain(): void {
    this.room += 1;
  }
}

/** An outbox whose passes of the event loop the test makes. */
function outbox() {
  const posted: Batch[] = [];
  let pending: (() => void) | undefined;
  const box = new Outbox(
    (batch) => posted.push(batch),
    (flush) => {
      pending = flush;
    },
  );
  const pass = () => {
    const flush = pending;
    pending = undefined;
    flush?.();
  };
  return { box, posted, pass };
}

describe('the outbox of a worker', () => {
  it('sends what came in one pass as one batch, with the text of a turn joined', () => {
    const { box, posted, pass } = outbox();
    const [a, b] = [new TestSource(1), new TestSource(2)];
    box.add(a, { type: 'started', responseId: 'r' }, 1);
    box.add(a, text('A'), 2);
    box.add(b, text('X'), 2);
    box.add(a, text('B'), 3);
    box.add(a, COMPLETED, 4);
    expect(posted).toEqual([]);
    pass();
    expect(posted).toEqual([
      { ids: [1, 1, 2, 1], events: [{ type: 'started', responseId: 'r' }, 'AB', 'X', COMPLETED], readAtNs: [1, 2, 2, 4] },
    ]);
    pass();
    expect(posted.length).toBe(1);
  });

  it('joins text only within a batch, and not across other events', () => {
    const { box, posted, pass } = outbox();
    const a = new TestSource(1);
    box.add(a, text('A'), 1);
    box.add(a, { type: 'toolCall', index: 0, id: 'c', name: 'f', arguments: '' }, 1);
    box.add(a, text('B'), 1);
    pass();
    box.add(a, text('C'), 2);
    pass();
    expect(posted.map(({ events }) => events.filter((event) => typeof event === 'string'))).toEqual([['A', 'B'], ['C']]);
  });

  it('holds back beyond the unacknowledged batches, and sends what waited in one', () => {
    const { box, posted, pass } = outbox();
    const a = new TestSource(1);
    for (let index = 0; index < BATCHES_UNACKNOWLEDGED_MAX + 3; index += 1) {
      box.add(a, text(String(index % 10)), 0);
      pass();
    }
    expect(posted.length).toBe(BATCHES_UNACKNOWLEDGED_MAX);
    box.acknowledged(1);
    expect(posted.length).toBe(BATCHES_UNACKNOWLEDGED_MAX + 1);
    expect(posted.at(-1)?.events).toEqual(['890']);
    box.acknowledged(4);
    expect(posted.length).toBe(BATCHES_UNACKNOWLEDGED_MAX + 1);
  });

  it('asks sources to pause when too much waits, and tells each once when there is room', () => {
    const { box, pass } = outbox();
    const [a, b] = [new TestSource(1), new TestSource(2)];
    expect(box.add(a, text('x'.repeat(256 * 1024)), 0)).toBe(true);
    expect(box.add(a, text('x'), 0)).toBe(false);
    expect(box.add(a, text('x'), 0)).toBe(false);
    expect(box.add(b, text('x'), 0)).toBe(false);
    expect([a.room, b.room]).toEqual([0, 0]);
    pass();
    expect([a.room, b.room]).toEqual([1, 1]);
    expect(box.add(a, text('x'), 0)).toBe(true);
  });
});
