import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TurnEvent } from '../../transports/contract.ts';
import { COMPLETED } from '../../transports/testing/legs.ts';
import { AgentClock } from '../agents/clock.ts';
import { type Credit, SharedCredit, SharedDeliveries, sharedWords, ToldCredit, ToldDeliveries } from './credit.ts';
import type { Batch } from './messages.ts';
import { Outbox, type Source } from './outbox.ts';

const text = (content: string): TurnEvent => ({ type: 'text', text: content });

class TestSource implements Source {
  readonly id: number;
  lastText = 0;
  lastBatch = 0;
  room = 0;

  constructor(id: number) {
    this.id = id;
  }

  roomAgain(): void {
    this.room += 1;
  }
}

const unbounded: Credit = { take: () => true };

/** An outbox whose passes of the event loop the test makes. */
function outbox(credit: Credit = unbounded) {
  const posted: Batch[] = [];
  let pending: (() => void) | undefined;
  const box = new Outbox(
    (batch) => posted.push(batch),
    credit,
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

describe('the outbox of a unit', () => {
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
    expect(posted).toEqual([[0, 1, 1, { type: 'started', responseId: 'r' }, 0, 2, 1, 'AB', 2, 'X', 0, 4, 1, COMPLETED]]);
    pass();
    expect(posted.length).toBe(1);
  });

  it('has how a turn’s time was spent go with its end, and with no stamp', () => {
    const { box, posted, pass } = outbox();
    const a = new TestSource(1);
    const spent = new AgentClock().spent();
    box.add(a, text('A'), 2);
    box.addSpent(a, spent);
    box.add(a, COMPLETED, 2);
    pass();
    expect(posted).toEqual([[0, 2, 1, 'A', 1, spent, 1, COMPLETED]]);
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
    expect(posted.map((batch) => batch.filter((event) => typeof event === 'string'))).toEqual([['A', 'B'], ['C']]);
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

const CREDITS = {
  'by messages': (tell: () => void) => {
    const credit = new ToldCredit();
    const deliveries = new ToldDeliveries((batches) => {
      credit.acknowledged(batches);
      tell();
    });
    return { credit, deliveries };
  },
  'by shared memory': (tell: () => void) => {
    const shared = sharedWords();
    return { credit: new SharedCredit(shared), deliveries: new SharedDeliveries(shared, tell) };
  },
};

/** An outbox with this credit, and the main thread that delivers what it sends. */
function credited(make: (typeof CREDITS)[keyof typeof CREDITS]) {
  let told = 0;
  const { credit, deliveries } = make(() => {
    told += 1;
    box.credited();
  });
  const { box, posted, pass } = outbox(credit);
  const source = new TestSource(1);
  const send = (content: string) => {
    box.add(source, text(content), 0);
    pass();
  };
  return { posted, send, deliveries, told: () => told };
}

describe.each(Object.entries(CREDITS))('credit %s', (_name, make) => {
  it('lets 8 batches be under way; what waits meanwhile leaves as one', () => {
    const { posted, send, deliveries } = credited(make);
    for (let index = 0; index < 11; index += 1) send(String(index % 10));
    expect(posted.length).toBe(8);
    for (let index = 0; index < 4; index += 1) deliveries.delivered();
    expect(posted.length).toBe(9);
    expect(posted.at(-1)).toEqual([1, '890']);
    send('x');
    expect(posted.length).toBe(10);
  });

  it('never lets more be under way, and never leaves what can be sent unsent', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (steps) => {
        const { posted, send, deliveries } = credited(make);
        let delivered = 0;
        let sent = 0;
        for (const deliver of steps) {
          if (!deliver) {
            send('x');
            sent += 1;
          } else if (delivered < posted.length) {
            deliveries.delivered();
            delivered += 1;
          }
          expect(posted.length - delivered).toBeLessThanOrEqual(8);
        }
        while (delivered < posted.length) {
          deliveries.delivered();
          delivered += 1;
        }
        expect(
          posted
            .flat()
            .filter((event) => typeof event === 'string')
            .join('').length,
        ).toBe(sent);
      }),
    );
  });
});

it('shared memory wakes a thread for credit only when it waits for some', () => {
  const { posted, send, deliveries, told } = credited(CREDITS['by shared memory']);
  for (let index = 0; index < 100; index += 1) {
    send('x');
    deliveries.delivered();
  }
  expect(posted.length).toBe(100);
  expect(told()).toBe(0);
  for (let index = 0; index < 9; index += 1) send('x');
  deliveries.delivered();
  expect(told()).toBe(1);
  expect(posted.length).toBe(109);
});
