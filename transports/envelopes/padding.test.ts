/** Padding in the field `obfuscation`: exactly as large as asked, and nothing to those who read the reply. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EndEvent, TurnEvent } from '../contract.ts';
import type { ReplyContext } from '../envelope.ts';
import { chat } from './chat.ts';
import { responses } from './responses.ts';

const STARTED: TurnEvent = { type: 'started', responseId: 'r1' };
const END: EndEvent = {
  type: 'end',
  outcome: { kind: 'completed', finish: 'stop' },
  usage: { inputTokens: 1, outputTokens: 2 },
  responseId: 'r1',
};
const textEvents = (texts: readonly string[]): TurnEvent[] => texts.map((text) => ({ type: 'text', text }));
/** `,"obfuscation":""` */
const FIELD_BYTES = 17;

describe.each([chat, responses])('$name', (envelope) => {
  const context = (extraBytesPerToken: number, over: Partial<ReplyContext> = {}): ReplyContext => ({
    model: 'm',
    createdS: 0,
    includeUsage: true,
    websocket: false,
    extraBytesPerToken,
    ...over,
  });

  /** @param perMessage text events before each flush */
  function write(texts: readonly string[], of: ReplyContext, perMessage = 1): string[] {
    const messages: string[] = [];
    const writer = envelope.replyWriter(of, (data) => messages.push(String(data)));
    writer.event(STARTED);
    for (const [index, event] of textEvents(texts).entries()) {
      writer.event(event);
      if (index % perMessage === perMessage - 1) writer.flush();
    }
    writer.event(END);
    return messages;
  }

  function read(messages: readonly string[]): TurnEvent[] {
    const reader = envelope.replyReader();
    const events: TurnEvent[] = [];
    for (const message of messages) expect(reader.message(envelope.parseMessage(message)!, (event) => events.push(event))).toBe(true);
    return events;
  }

  it('pads the messages that carry text, by so much for each text event, and no others', () => {
    const texts = ['a', 'b', 'ü', 'd'];
    const bytes = (messages: readonly string[]) => Buffer.byteLength(messages.join(''));
    const bare = bytes(write(texts, context(0)));
    expect(bytes(write(texts, context(100)))).toBe(bare + texts.length * (100 + FIELD_BYTES));
    const joined = bytes(write(texts, context(0), 2));
    expect(bytes(write(texts, context(100), 2))).toBe(joined + 4 * 100 + 2 * FIELD_BYTES);
    const padded = write(texts, context(100)).filter((message) => message.includes('obfuscation'));
    expect(padded.map((message) => (JSON.parse(message) as { obfuscation: string }).obfuscation.length)).toEqual([100, 100, 100, 100]);
  });

  it('reads padded messages as if they were not, on the fast path too', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), fc.nat(40), fc.option(fc.constantFrom('1', 'planner')), (texts, bytes, id) => {
        const of = { websocket: id !== null, ...(id === null ? {} : { streamId: id }) };
        const padded = write(texts, context(bytes, of));
        expect(read(padded)).toEqual(read(write(texts, context(0, of))));
        for (const message of padded) expect(envelope.parseMessage(message)?.streamId).toBe(id ?? undefined);
      }),
    );
    const [fast] = write(['a'], context(8_000)).filter((message) => message.includes('obfuscation'));
    expect(Array.isArray(envelope.parseMessage(fast!)?.value)).toBe(true);
    // Beyond what the fast path takes.
    expect(read(write(['a', 'b'], context(60_000)))).toEqual(read(write(['a', 'b'], context(0))));
  });

  it('pads a whole reply once, by so much for each text event', () => {
    const events = [STARTED, ...textEvents(['a', 'b', 'c']), END];
    const bare = String(envelope.writeWhole(events, context(0)));
    const padded = String(envelope.writeWhole(events, context(50)));
    expect(padded.length).toBe(bare.length + 3 * 50 + FIELD_BYTES);
    expect(envelope.readWhole(padded)).toEqual(envelope.readWhole(bare));
    expect(String(envelope.writeWhole([STARTED, END], context(50)))).not.toContain('obfuscation');
  });
});
