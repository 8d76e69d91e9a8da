import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message, Turn, TurnEvent } from '../transports/contract.ts';
import { COMPLETED, driven, run } from '../transports/testing/legs.ts';
import { bytesOf, conversation, ResponseStore } from './history/store.ts';
import { type HistoryPolicy, history } from './history.ts';

const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });
const text = (content: string): TurnEvent => ({ type: 'text', text: content });

/** A gateway whose upstream answers as it is told. */
function conversing(policy: HistoryPolicy, store = new ResponseStore(100, 1_000_000)) {
  const { handler, turns } = driven();
  const remembering = history(store, policy, handler);
  const say = (turn: Partial<Turn>, answer: readonly TurnEvent[]) => {
    const { sink } = run(remembering, turn);
    const upstream = turns.at(-1);
    for (const event of answer) upstream?.sink.push(event, 0);
    const started = sink.events.find((event) => event.type === 'started');
    return { seen: upstream?.turn, events: sink.events, id: started?.responseId };
  };
  return { say, store, turns };
}

describe('full history', () => {
  it('sends the whole conversation, in order, and no id', () => {
    const { say } = conversing('full');
    const first = say({ input: [user('a')] }, [{ type: 'started', responseId: 'up1' }, text('A'), text('!'), COMPLETED]);
    const second = say({ input: [user('b')], previousResponseId: first.id! }, [text('B'), COMPLETED]);
    const third = say({ input: [user('c')], previousResponseId: second.id! }, [text('C'), COMPLETED]);
    expect(third.seen?.input).toEqual([user('a'), assistant('A!'), user('b'), assistant('B'), user('c')]);
    expect(third.seen).not.toHaveProperty('previousResponseId');
    // A conversation may fork.
    const fork = say({ input: [user('d')], previousResponseId: first.id! }, [COMPLETED]);
    expect(fork.seen?.input).toEqual([user('a'), assistant('A!'), user('d')]);
  });

  it("gives responses ids of its own, in place of the upstream's or where there was none", () => {
    const { say } = conversing('full');
    const named = say({}, [{ type: 'started', responseId: 'up1' }, text('A'), COMPLETED]);
    expect(named.id).toMatch(/^resp_[0-9a-f]{32}$/);
    expect(named.events).toEqual([{ type: 'started', responseId: named.id }, text('A'), { ...COMPLETED, responseId: named.id }]);
    const unnamed = say({}, [text('A'), COMPLETED]);
    expect(unnamed.events.map(({ type }) => type)).toEqual(['started', 'text', 'end']);
    expect(unnamed.id).not.toBe(named.id);
  });

  it('keeps tool calls, put together from their fragments', () => {
    const { say } = conversing('full');
    const call = (index: number, id: string, name: string, fragment: string): TurnEvent => ({
      type: 'toolCall',
      index,
      id,
      name,
      arguments: fragment,
    });
    const first = say({ input: [user('a')] }, [call(0, 'c1', 'ls', '{"p'), call(0, '', '', '":1}'), call(1, 'c2', 'cat', '{}'), COMPLETED]);
    const result: Message = { role: 'tool', content: 'x', toolCallId: 'c1' };
    const second = say({ input: [result], previousResponseId: first.id! }, []);
    const toolCalls = [
      { id: 'c1', name: 'ls', arguments: '{"p":1}' },
      { id: 'c2', name: 'cat', arguments: '{}' },
    ];
    expect(second.seen?.input).toEqual([user('a'), { role: 'assistant', content: '', toolCalls }, result]);
  });

  it('refuses ids that it does not know, without asking the upstream', () => {
    const { say, turns } = conversing('full');
    const { events } = say({ previousResponseId: 'resp_unknown' }, []);
    expect(events).toMatchObject([
      { type: 'end', outcome: { kind: 'refused', status: 400, code: 'previous_response_not_found', param: 'previous_response_id' } },
    ]);
    expect(turns.length).toBe(0);
  });

  it.each(['failed', 'cancelled'] as const)('does not keep what %s', (kind) => {
    const { say, store } = conversing('full');
    const outcome = kind === 'failed' ? ({ kind, code: 'connection_lost', message: '' } as const) : { kind };
    say({}, [text('A'), { type: 'end', outcome }]);
    expect(store.count).toBe(0);
  });

  it('passes replies on that are larger than the store, and does not keep them', () => {
    const { say, store } = conversing('full', new ResponseStore(10, 1_000));
    const { events } = say({}, [text('x'.repeat(800)), text('y'.repeat(300)), text('z'), COMPLETED]);
    expect(events.filter(({ type }) => type === 'text').length).toBe(3);
    expect(store).toMatchObject({ count: 0, bytes: 0 });
  });
});

describe('delta history', () => {
  it("names the upstream's response and sends what is new", () => {
    const { say, store } = conversing('delta');
    const first = say({ input: [user('a')] }, [{ type: 'started', responseId: 'up1' }, text('A'), { ...COMPLETED, responseId: 'up1' }]);
    const second = say({ input: [user('b')], previousResponseId: first.id! }, [COMPLETED]);
    expect(second.seen).toMatchObject({ input: [user('b')], previousResponseId: 'up1' });
    expect(store.bytes).toBe(0);
  });
});

describe('the store', () => {
  it('forgets the least recently used beyond its count', () => {
    const store = new ResponseStore(2, 1_000_000);
    store.add('a', []);
    store.add('b', []);
    store.find('a');
    store.add('c', []);
    expect([store.find('a'), store.find('b'), store.find('c')].map((found) => found !== undefined)).toEqual([true, false, true]);
  });

  it('keeps the beginning of a conversation as long as its end, and counts each message once', () => {
    const store = new ResponseStore(1, 1_000_000);
    store.add('a', [user('one')]);
    store.add('b', [user('two')], store.find('a'));
    expect(store.find('a')).toBeUndefined();
    expect(conversation(store.find('b')!)).toEqual([user('one'), user('two')]);
    expect(store.bytes).toBe(bytesOf(user('one')) + bytesOf(user('two')));
    store.add('c', []);
    expect(store.bytes).toBe(0);
  });

  it('does not keep a response whose conversation was forgotten meanwhile', () => {
    const store = new ResponseStore(1, 1_000_000);
    store.add('a', [user('one')]);
    const previous = store.find('a');
    store.add('b', [user('other')]);
    store.add('c', [user('two')], previous);
    expect(store.find('c')).toBeUndefined();
    expect(store.bytes).toBe(bytesOf(user('other')));
  });

  it('never exceeds its bounds, and frees every byte in the end', () => {
    const step = fc.record({ size: fc.integer({ min: 0, max: 900 }), previous: fc.option(fc.nat(20)) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = new ResponseStore(5, 3_000);
        for (const [index, { size, previous }] of steps.entries()) {
          const chain = previous === null ? undefined : store.find(String(index - previous - 1));
          store.add(String(index), [user('x'.repeat(size))], chain);
          expect(store.count).toBeLessThanOrEqual(5);
          expect(store.bytes).toBeLessThanOrEqual(3_000);
        }
        for (let index = 0; index < 5; index += 1) store.add(`last${index}`, []);
        expect(store.bytes).toBe(0);
      }),
    );
  });
});
