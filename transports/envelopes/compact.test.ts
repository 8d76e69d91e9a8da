/** The two formats of our own, byte for byte. */
import { describe, expect, test } from 'vitest';
import type { Turn, TurnEvent } from '../contract.ts';
import type { Envelope, ReplyContext } from '../envelope.ts';
import { binary } from './binary.ts';
import { ByteReader, numberBytes } from './bytes.ts';
import { compact } from './compact.ts';

const EVENTS: TurnEvent[] = [
  { type: 'started', responseId: 'r1' },
  { type: 'text', text: 'né' },
  { type: 'toolCall', index: 0, id: 'c', name: 'f', arguments: '{}' },
  {
    type: 'end',
    outcome: { kind: 'completed', finish: 'stop' },
    usage: { inputTokens: 9, outputTokens: 1 },
    responseId: 'r1',
    phases: { agent: 1 },
  },
];
const TURN: Turn = {
  key: 'k',
  model: 'm',
  agent: 'codex',
  input: [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'f', arguments: '{}' }] },
    { role: 'tool', content: 'x', toolCallId: 'c' },
  ],
  previousResponseId: 'r0',
  outputTokensMax: 8,
  want: { phases: true },
};

function write(envelope: Envelope, streamId?: string): (string | Buffer)[] {
  const messages: (string | Buffer)[] = [];
  const context: ReplyContext = {
    model: 'm',
    createdS: 1,
    includeUsage: true,
    websocket: true,
    ...(streamId === undefined ? {} : { streamId }),
  };
  const writer = envelope.replyWriter(context, (data) => messages.push(data));
  for (const event of EVENTS) writer.event(event);
  return messages;
}

describe('compact', () => {
  test('writes the least that says it', () => {
    expect(write(compact)).toEqual([
      '{"b":"r1"}',
      '{"d":"né"}',
      '{"t":[0,"c","f","{}"]}',
      '{"e":{"f":"stop","u":[9,1],"b":"r1","p":{"agent":1}}}',
    ]);
    expect(write(compact, '4294967295')[1]).toBe('{"s":4294967295,"d":"né"}');
    expect(compact.writeWhole(EVENTS, { model: 'm', createdS: 1, includeUsage: true, websocket: false })).toBe(
      '{"b":"r1","d":"né","t":[[0,"c","f","{}"]],"e":{"f":"stop","u":[9,1],"b":"r1"}}',
    );
  });

  test('writes a request likewise', () => {
    expect(compact.writeRequest(TURN, { stream: true, websocket: true, streamId: '3' })).toBe(
      '{"s":3,"m":"m","i":[["user","hi"],{"r":"assistant","t":"","c":[["c","f","{}"]]},{"r":"tool","t":"x","a":"c"}],"p":"r0","n":8,"x":{"agent":"codex","phases":"1"}}',
    );
    expect(compact.writeRequest({ ...TURN, input: [] }, { stream: false, websocket: false })).toContain('"w":1');
    expect(compact.writeCancel('3')).toBe('{"s":3,"k":1}');
  });

  test.each([
    '{"s":-1,"d":"a"}',
    '{"s":4294967296,"d":"a"}',
    '{"s":1.5,"d":"a"}',
    '{"s":"1","d":"a"}',
    '{"s":01,"d":"a"}',
    '{"d":"a"',
    '["a"]',
  ])('%s is no message', (message) => {
    expect(compact.parseMessage(message)).toBeUndefined();
  });

  test('a turn starts once, and first', () => {
    for (const first of ['{"b":"r"}', '{"d":"a"}', '{"t":[0,"","",""]}']) {
      const reader = compact.replyReader();
      const understood = [first, '{"b":"r"}'].map((message) => reader.message(compact.parseMessage(message)!, () => {}));
      expect(understood).toEqual([true, false]);
    }
  });

  test('a turn needs input, a past, or the wish that nothing be generated', () => {
    const kind = (fields: object) => compact.readRequest(JSON.stringify({ m: 'm', ...fields }), { websocket: true }).kind;
    expect([{}, { i: [] }, { g: 1 }, { p: 'r' }, { g: 0 }, { i: [['user', '']] }].map(kind)).toEqual([
      'refused',
      'refused',
      'refused',
      'turn',
      'turn',
      'turn',
    ]);
  });

  test('refuses a stream that is none, and HTTP requests that name one', () => {
    const read = (body: object, websocket: boolean) =>
      compact.readRequest(JSON.stringify({ m: 'm', i: [['user', 'hi']], ...body }), { websocket });
    expect(read({ s: -1 }, true)).toMatchObject({ kind: 'refused', refusal: { code: 'invalid_stream_id' } });
    expect(read({ s: 1 }, false)).toMatchObject({ kind: 'refused', refusal: { code: 'unknown_parameter', param: 's' } });
    expect(read({ s: 1, k: 2 }, true)).toMatchObject({ kind: 'refused', streamId: '1', refusal: { code: 'unsupported_event' } });
  });
});

describe('binary', () => {
  test('writes frames', () => {
    const json = '{"f":"stop","u":[9,1],"b":"r1","p":{"agent":1}}';
    expect(write(binary)).toEqual([
      Buffer.from('\x00\x01r1', 'latin1'),
      Buffer.from([0, 0, 0x6e, 0xc3, 0xa9]),
      Buffer.from('\x00\x02\x00\x01c\x01f{}', 'latin1'),
      Buffer.from(`\x00\x03${json}`, 'latin1'),
    ]);
    // 299 + 1 in seven bits a byte.
    expect((write(binary, '299')[1] as Buffer).subarray(0, 3)).toEqual(Buffer.from([0b1010_1100, 0b10, 0]));
    expect(binary.writeCancel('0')).toEqual(Buffer.from([1, 0x11]));
  });

  test('writes a request with its text raw', () => {
    const json = '{"m":"m","p":"r0","n":8,"x":{"agent":"codex","phases":"1"},"t":[[1,0,[["c","f","{}"]]],[2,"c",0]]}';
    expect(binary.writeRequest(TURN, { stream: true, websocket: true, streamId: '3' })).toEqual(
      Buffer.concat([
        Buffer.from([4, 0x10, json.length]),
        Buffer.from(json),
        Buffer.from([3, 2, 2]),
        Buffer.from('hi'),
        Buffer.from([3, 0, 4, 1]),
        Buffer.from('x'),
      ]),
    );
  });

  test('keeps the halves of a character together, however text is cut', () => {
    const messages: Buffer[] = [];
    const writer = binary.replyWriter({ model: 'm', createdS: 1, includeUsage: true, websocket: true }, (data) =>
      messages.push(data as Buffer),
    );
    for (const unit of 'a🙂b🙂'.split('')) {
      writer.event({ type: 'text', text: unit });
      writer.flush();
    }
    writer.event({ type: 'text', text: '\ud83d' });
    writer.event({ type: 'end', outcome: { kind: 'cancelled' } });
    expect(messages.map((message) => message.toString('utf8', 2))).toEqual(['a', '🙂', 'b', '🙂', '\ufffd', '{"x":"cancelled"}']);
  });

  test('numbers go up to 2^32, and no further', () => {
    for (const value of [0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1, 2 ** 32]) {
      expect(new ByteReader(numberBytes(value)).number()).toBe(value);
    }
    for (const bytes of [[0x80], [0xff, 0xff, 0xff, 0xff, 0x7f], [0x80, 0x80, 0x80, 0x80, 0x80, 0x00], []]) {
      const reader = new ByteReader(Buffer.from(bytes));
      reader.number();
      expect(reader.ok).toBe(false);
    }
  });

  test.each([
    ['no type', [0]],
    ['a stream that does not end', [0x80, 0x80]],
    ['nothing', []],
  ])('%s is no message', (_, bytes) => {
    expect(binary.parseMessage(Buffer.from(bytes))).toBeUndefined();
  });

  test.each([
    ['an unknown type', [0, 9]],
    ['a call that is cut short', [0, 2, 0, 5, 65]],
    ['an end that is no JSON', [0, 3, 0x7b]],
  ])('%s is no part of a reply', (_, bytes) => {
    const parsed = binary.parseMessage(Buffer.from(bytes));
    expect(parsed && binary.replyReader().message(parsed, () => {})).toBe(false);
  });

  test('a string of a whole reply may not reach beyond its frame', () => {
    const end = Buffer.from('\x00\x03{"f":"stop"}', 'latin1');
    const call = (nameBytes: number) => Buffer.from([0, 2, 0, 1, 65, nameBytes, 66]);
    const whole = (nameBytes: number) => Buffer.concat([numberBytes(7), call(nameBytes), numberBytes(end.length), end]);
    expect(binary.readWhole(whole(1))?.events[0]).toEqual({ type: 'toolCall', index: 0, id: 'A', name: 'B', arguments: '' });
    for (const nameBytes of [2, 5, 200]) expect(binary.readWhole(whole(nameBytes))).toBeUndefined();
  });

  test('a request that promises more messages than it has is refused', () => {
    const json = '{"m":"m"}';
    const bytes = Buffer.concat([Buffer.from([0, 0x10, json.length]), Buffer.from(json), Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f])]);
    expect(binary.readRequest(bytes, { websocket: false })).toMatchObject({
      kind: 'refused',
      refusal: { code: 'invalid_request', param: 'messages' },
    });
  });
});
