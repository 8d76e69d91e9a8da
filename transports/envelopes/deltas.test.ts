/**
 * The fast path for text deltas says exactly what `JSON.parse` says. A space before a message keeps it off the fast
 * path and changes nothing else, so that each message can be compared with itself.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TurnEvent } from '../contract.ts';
import type { Envelope } from '../envelope.ts';
import { chat } from './chat.ts';
import { compact } from './compact.ts';
import { parseJson } from './json.ts';
import { responses } from './responses.ts';

/** Inside a JSON string: what belongs there, what does not, and what nearly does. */
const odd = fc
  .array(
    fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom(
        '\\n',
        '\\"',
        '\\\\',
        '\\/',
        '\\u0041',
        '\\ud83d',
        '\\ude00',
        '\\u00',
        '\\x',
        '\\',
        '"',
        '\n',
        '\u007f',
        '\u2028',
        '\ud83d',
        '🙂',
        'ä',
      ),
      fc.constantFrom('"stream_id":"x"', '"},"finish_reason":null}]}', '","delta":"', '"content":"', '}'),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''));
const inside = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('token', ' the', 'naïve', 'a\\nb', '\\ud83d', '') },
  { weight: 1, arbitrary: odd },
);
const number = fc.oneof(
  { weight: 6, arbitrary: fc.nat().map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('0', '00', '-1', '1.0', '1e3', '', '999999999999999', '9999999999999999', '4294967295', '4294967296'),
  },
);
/** Something between two fields, mostly nothing. */
const between = fc.oneof(
  { weight: 12, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(' ', ',', ',"x":1', ',"error":{}', '"', '}') },
);
const maybe = (text: fc.Arbitrary<string>) => fc.oneof(fc.constant(''), text);
const tail = maybe(inside.map((id) => `,"stream_id":"${id}"`));

const MESSAGES: Record<string, fc.Arbitrary<string>> = {
  chat: fc
    .tuple(
      fc.tuple(inside, number, inside, inside),
      fc.array(between, { minLength: 4, maxLength: 4 }),
      tail,
      fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    )
    .map(
      ([[id, created, model, text], gaps, end, [tier, print, probs, usage, padding]]) =>
        `{"id":"${id}","object":"chat.completion.chunk"${gaps[0]},"created":${created},"model":"${model}"` +
        `${tier ? ',"service_tier":"default"' : ''}${print ? ',"system_fingerprint":null' : ''},"choices":[{"index":0${gaps[1]},"delta":{"content":"${text}"}` +
        `${probs ? ',"logprobs":null' : ''},"finish_reason":null}]${usage ? ',"usage":null' : ''}${padding ? `,"obfuscation":"${id}"` : ''}${gaps[2]}${end}}${gaps[3]}`,
    ),
  responses: fc
    .tuple(fc.tuple(number, inside, number, number, inside), fc.array(between, { minLength: 3, maxLength: 3 }), tail, fc.boolean())
    .map(
      ([[sequence, item, position, content, text], gaps, end, padding]) =>
        `{"type":"response.output_text.delta","sequence_number":${sequence}${gaps[0]},"item_id":"${item}","output_index":${position},"content_index":${content}` +
        `,"delta":"${text}"${gaps[1]},"logprobs":[]${padding ? `,"obfuscation":"${item}"` : ''}${end}}${gaps[2]}`,
    ),
  compact: fc
    .tuple(maybe(number.map((stream) => `"s":${stream},`)), inside, fc.array(between, { minLength: 2, maxLength: 2 }))
    .map(([stream, text, gaps]) => `{${stream}"d":"${text}"${gaps[0]}}${gaps[1]}`),
};

interface Seen {
  streamId: string | undefined;
  understood: boolean;
  events: TurnEvent[];
  contentBytes: number;
}

function read(envelope: Envelope, text: string): Seen | undefined {
  const parsed = envelope.parseMessage(text);
  if (!parsed) return undefined;
  const reader = envelope.replyReader();
  const events: TurnEvent[] = [];
  const understood = reader.message(parsed, (event) => events.push(event));
  return { streamId: parsed.streamId, understood, events, contentBytes: reader.contentBytes };
}

function isFast(envelope: Envelope, text: string): boolean {
  const value = envelope.parseMessage(text)?.value;
  return Array.isArray(value) || typeof value === 'string';
}

describe.each([chat, responses, compact])('$name', (envelope) => {
  test('reads every message as the ordinary way does', () => {
    let fast = 0;
    let valid = 0;
    const check = (text: string) => {
      const isJson = parseJson(text) !== undefined;
      const seen = read(envelope, text);
      expect(seen).toEqual(read(envelope, ` ${text}`));
      if (!isJson) expect(seen).toBeUndefined();
      if (isJson) valid += 1;
      if (isFast(envelope, text)) fast += 1;
    };
    fc.assert(fc.property(MESSAGES[envelope.name]!, check), { numRuns: 3_000 });
    // The comparison says something only where both ways were taken, and often.
    expect(fast).toBeGreaterThan(200);
    expect(valid - fast).toBeGreaterThan(50);
  });

  test.each([undefined, '7'])('takes the fast path for what it writes itself, escapes included (stream %s)', (streamId) => {
    const texts = ['token', ' ', 'two words', 'naïve 🙂', '"quoted"', 'line\n', '\\', '\ud83d', '\u0000', 'x'.repeat(5_000)];
    for (const text of texts) {
      const messages: string[] = [];
      const context = {
        model: 'gpt-mini-like',
        createdS: 1_700_000_000,
        includeUsage: true,
        websocket: true,
        ...(streamId === undefined ? {} : { streamId }),
      };
      const writer = envelope.replyWriter(context, (data) => messages.push(String(data)));
      writer.event({ type: 'text', text });
      writer.flush();
      const delta = messages.at(-1)!;
      expect(isFast(envelope, delta)).toBe(true);
      expect(read(envelope, delta)?.events.at(-1)).toEqual({ type: 'text', text });
      expect(read(envelope, delta)?.streamId).toBe(streamId);
    }
  });

  test('leaves long messages to JSON.parse', () => {
    const messages: string[] = [];
    const writer = envelope.replyWriter({ model: 'm', createdS: 1, includeUsage: true, websocket: false }, (data) =>
      messages.push(String(data)),
    );
    const text = '\n'.repeat(1_000_000);
    writer.event({ type: 'text', text });
    writer.flush();
    expect(isFast(envelope, messages.at(-1)!)).toBe(false);
    expect(read(envelope, messages.at(-1)!)?.events.at(-1)).toEqual({ type: 'text', text });
  });
});

test('deltas as OpenAI sends them, with padding and all, take the fast path', () => {
  const chunk =
    '{"id":"chatcmpl-B9","object":"chat.completion.chunk","created":1741569952,"model":"gpt-5.4","service_tier":"default","system_fingerprint":"fp_44","choices":' +
    '[{"index":0,"delta":{"content":"Hello"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"s7a0"}';
  expect(isFast(chat, chunk)).toBe(true);
  expect(read(chat, chunk)?.events).toEqual([
    { type: 'started', responseId: 'chatcmpl-B9' },
    { type: 'text', text: 'Hello' },
  ]);
  const event =
    '{"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_67","output_index":0,"content_index":0,"delta":"Hi","logprobs":[],"obfuscation":"Jk2"}';
  expect(isFast(responses, event)).toBe(true);
  expect(read(responses, event)?.events).toEqual([{ type: 'text', text: 'Hi' }]);
});
