/** Properties that hold for every envelope: what is written is read back, and nothing that is read makes it throw. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REFUSAL_CODES, type RefusalCode, TURN_ERROR_CODES, type TurnErrorCode } from '../codes.ts';
import { type EndEvent, EXECUTIONS, type Message, type Outcome, type Turn, type TurnEvent } from '../contract.ts';
import type { Data, Envelope, ReplyContext } from '../envelope.ts';
import { ENVELOPE_BY_NAME } from './index.ts';

const ALL = Object.values(ENVELOPE_BY_NAME);
const isOpenAi = (envelope: Envelope) => envelope.name === 'chat' || envelope.name === 'responses';

/** Any text, halves of surrogate pairs included. */
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('"', '\\', '\n', ' ', '"stream_id":"x"', '\ud83d', '\ude00', '[DONE]', '</script>'),
);
const name = fc.string({ minLength: 1, maxLength: 20 });
const toolCall = fc.record({ id: name, name, arguments: anyText });
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ role: fc.constantFrom('system', 'developer', 'user', 'assistant'), content: anyText }),
  fc.record({ role: fc.constant('assistant'), content: anyText, toolCalls: fc.array(toolCall, { minLength: 1, maxLength: 3 }) }),
  fc.record({ role: fc.constant('tool'), content: anyText, toolCallId: name }),
);

const shared = {
  temperature: fc.double({ min: 0, max: 2, noNaN: true }).map((value) => value + 0),
  top_p: fc.constant(0.5),
  store: fc.boolean(),
  user: fc.string(),
  service_tier: fc.constantFrom('auto', 'flex'),
  metadata: fc.dictionary(fc.string({ maxLength: 8 }), fc.string(), { minKeys: 1, noNullPrototype: true }),
};
const PARAMETERS: Record<'chat' | 'responses', Record<string, fc.Arbitrary<unknown>>> = {
  chat: {
    ...shared,
    seed: fc.integer(),
    stop: fc.oneof(fc.string(), fc.array(fc.string())),
    response_format: fc.constant({ type: 'json_object' }),
  },
  responses: { ...shared, truncation: fc.constant('auto'), instructions: fc.string(), reasoning: fc.constant({ effort: 'low' }) },
};

function turns(envelope: Envelope): fc.Arbitrary<Turn> {
  const { chat, responses } = PARAMETERS;
  const parameters = envelope.name === 'chat' ? chat : envelope.name === 'responses' ? responses : { ...chat, ...responses };
  const traceparent = fc
    .tuple(fc.bigInt(1n, 2n ** 128n - 1n), fc.bigInt(1n, 2n ** 64n - 1n))
    .map(([trace, parent]) => `00-${trace.toString(16).padStart(32, '0')}-${parent.toString(16).padStart(16, '0')}-01`);
  return fc
    .record(
      {
        key: fc.constant('k'),
        model: name,
        input: fc.array(message, { minLength: 1, maxLength: 6 }),
        want: fc.record({ phases: fc.boolean() }),
        agent: name,
        session: name,
        execution: fc.constantFrom(...EXECUTIONS),
        traceparent,
        outputTokensMax: fc.integer({ min: 1 }),
        previousResponseId: name,
        generate: fc.boolean(),
        parameters: fc.record(parameters, { requiredKeys: ['user'] }),
      },
      { requiredKeys: ['key', 'model', 'input', 'want'] },
    )
    .map((turn) => turn as Turn);
}

/** What of a turn an envelope can say. */
function expressible(turn: Turn, envelope: Envelope, websocket: boolean): Turn {
  const { previousResponseId, generate, traceparent, ...rest } = turn;
  let { input } = turn;
  if (envelope.name === 'responses') input = joined(input);
  if (envelope.name === 'binary') input = input.map((one) => ({ ...one, content: one.content.toWellFormed() }));
  return {
    ...rest,
    input,
    // Over HTTP a header of OpenAI's formats.
    ...(traceparent === undefined || (isOpenAi(envelope) && !websocket) ? {} : { traceparent }),
    ...(previousResponseId === undefined || envelope.name === 'chat' ? {} : { previousResponseId }),
    ...(generate === undefined || envelope.name === 'chat' || (envelope.name === 'responses' && !websocket) ? {} : { generate }),
  };
}

/** Calls without text are items of their own in Responses, and belong to the assistant's message before them. */
function joined(input: readonly Message[]): Message[] {
  const messages: Message[] = [];
  for (const one of input) {
    const last = messages.at(-1);
    if (one.toolCalls && one.content === '' && last?.role === 'assistant') {
      messages[messages.length - 1] = { ...last, toolCalls: [...(last.toolCalls ?? []), ...one.toolCalls] };
    } else messages.push(one);
  }
  return messages;
}

const streamIds = (envelope: Envelope) =>
  fc.option(isOpenAi(envelope) ? fc.stringMatching(/^[A-Za-z0-9_.-]{1,256}$/) : fc.integer({ min: 0, max: 0xffff_ffff }).map(String), {
    nil: undefined,
  });
const named = (streamId: string | undefined) => (streamId === undefined ? {} : { streamId });

const safeMessage = fc.constantFrom('', 'the model is gone', 'ä\n"quoted"', 'x'.repeat(300));
const failures: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    kind: fc.constant('failed'),
    code: fc.constantFrom(...(Object.keys(TURN_ERROR_CODES) as TurnErrorCode[])),
    message: safeMessage,
  }),
  fc.constant({ kind: 'cancelled' }),
  fc.record({ kind: fc.constant('timedOut'), message: safeMessage }),
  fc.record(
    {
      kind: fc.constant('refused'),
      status: fc.constantFrom(400, 404, 429, 503),
      code: fc.constantFrom(...(Object.keys(REFUSAL_CODES) as RefusalCode[])),
      message: safeMessage,
      param: fc.constantFrom('model', 'input[3].content'),
      retryAfterS: fc.integer({ min: 0, max: 3600 }),
    },
    { requiredKeys: ['kind', 'status', 'code', 'message'] },
  ),
) as fc.Arbitrary<Outcome>;

type Step = { flush: true } | Exclude<TurnEvent, EndEvent>;

/** The events of a turn, with a flush here and there. Calls are numbered in the order in which they begin. */
const replies = fc
  .record({
    started: fc.option(name, { nil: undefined }),
    pieces: fc.array(fc.oneof(anyText, fc.constant({ flush: true as const }), fc.record({ call: fc.nat({ max: 3 }), args: fc.string() })), {
      maxLength: 12,
    }),
    failure: fc.option(failures, { nil: undefined, freq: 2 }),
    length: fc.boolean(),
    usage: fc.option(fc.record({ inputTokens: fc.nat(), outputTokens: fc.nat() }), { nil: undefined }),
    phases: fc.option(
      fc.dictionary(
        fc.constantFrom('admission', 'queue wait', 'agent'),
        fc.nat().map((ms) => ms / 1000),
      ),
      { nil: undefined },
    ),
  })
  .map(({ started, pieces, failure, length, usage, phases }) => {
    const steps: Step[] = started === undefined ? [] : [{ type: 'started', responseId: started }];
    let calls = 0;
    for (const piece of pieces) {
      if (typeof piece === 'string') steps.push({ type: 'text', text: piece });
      else if ('flush' in piece) steps.push(piece);
      else if (piece.call < calls) steps.push({ type: 'toolCall', index: piece.call, id: '', name: '', arguments: `${piece.args}.` });
      else {
        steps.push({ type: 'toolCall', index: calls, id: `call_${calls}`, name: 'look', arguments: piece.args });
        calls += 1;
      }
    }
    const outcome: Outcome = failure ?? { kind: 'completed', finish: length ? 'length' : calls > 0 ? 'toolCalls' : 'stop' };
    const end: EndEvent = {
      type: 'end',
      outcome,
      ...(usage === undefined ? {} : { usage }),
      ...(started === undefined ? {} : { responseId: started }),
      ...(phases === undefined ? {} : { phases: { ...phases } }),
    };
    return { steps, end, started };
  });

/** Adjacent text as one event, adjacent fragments of a call as one, empty text as none. */
function merged(events: readonly TurnEvent[]): TurnEvent[] {
  const out: TurnEvent[] = [];
  for (const event of events) {
    const last = out.at(-1);
    if (event.type === 'text') {
      if (event.text === '') continue;
      if (last?.type === 'text') out[out.length - 1] = { type: 'text', text: last.text + event.text };
      else out.push(event);
    } else if (event.type === 'toolCall' && last?.type === 'toolCall' && last.index === event.index) {
      out[out.length - 1] = { ...last, arguments: last.arguments + event.arguments };
    } else out.push(event);
  }
  return out;
}

function contentBytesOf(events: readonly TurnEvent[]): number {
  return events.reduce(
    (sum, event) => sum + Buffer.byteLength(event.type === 'text' ? event.text : event.type === 'toolCall' ? event.arguments : ''),
    0,
  );
}

/** What a peer would have in hand: a copy, since codecs may reuse what they were given. */
const copied = (data: Data): Data => (typeof data === 'string' ? data : Buffer.from(data));

function write(envelope: Envelope, context: ReplyContext, steps: readonly Step[], end: EndEvent): Data[] {
  const messages: Data[] = [];
  const writer = envelope.replyWriter(context, (data) => messages.push(copied(data)));
  for (const step of steps) {
    if ('flush' in step) writer.flush();
    else writer.event(step);
  }
  writer.event(end);
  return messages;
}

/** The ids that a format demands are made up where the handler gave none: they are not compared. */
function withoutIds(events: TurnEvent[]): TurnEvent[] {
  return events
    .filter((event) => event.type !== 'started')
    .map((event) => {
      if (event.type !== 'end') return event;
      const { responseId: _, ...end } = event;
      return end;
    });
}

describe.each(ALL)('$name', (envelope) => {
  test.each([false, true])('a turn comes out of its request as it went in (websocket: %s)', (websocket) => {
    fc.assert(
      fc.property(turns(envelope), fc.boolean(), streamIds(envelope), (turn, stream, id) => {
        const streamId = websocket ? id : undefined;
        const data = copied(envelope.writeRequest(turn, { stream, websocket, ...named(streamId) }));
        const request = envelope.readRequest(data, { websocket, headers: {} });
        if (request.kind !== 'turn') throw new Error(JSON.stringify(request));
        const { key, ...read } = request.turn;
        const { key: _, ...due } = expressible(turn, envelope, websocket);
        expect(key).toMatch(/^t[0-9a-z]+$/);
        expect(read).toEqual(due);
        expect(request.streamId).toBe(streamId);
        expect(request.stream).toBe(websocket || (stream && envelope.name !== 'binary'));
      }),
      { numRuns: 300 },
    );
  });

  test('a streamed reply comes out as it went in, on its stream, with its bytes counted', () => {
    fc.assert(
      fc.property(replies, streamIds(envelope), fc.boolean(), ({ steps, end, started }, id, websocket) => {
        const streamId = websocket ? id : undefined;
        const context: ReplyContext = { model: 'm"1', createdS: 1_700_000_000, includeUsage: true, websocket, ...named(streamId) };
        const reader = envelope.replyReader();
        const events: TurnEvent[] = [];
        for (const data of write(envelope, context, steps, end)) {
          const parsed = envelope.parseMessage(data);
          if (!parsed) throw new Error(`not parsed: ${data}`);
          if (data !== '[DONE]') expect(parsed.streamId).toBe(streamId);
          expect(reader.message(parsed, (event) => events.push(event))).toBe(true);
        }
        let due: TurnEvent[] = [...steps.filter((step) => !('flush' in step)), end] as TurnEvent[];
        let read: TurnEvent[] = events;
        if (isOpenAi(envelope) && started === undefined) [due, read] = [withoutIds(due), withoutIds(read)];
        // An error event of Responses has no room for the usage.
        if (envelope.name === 'responses' && (end.outcome.kind === 'refused' || !events.some((event) => event.type === 'started'))) {
          due = due.map((event) => {
            if (event.type !== 'end') return event;
            const { usage: _, ...rest } = event;
            return rest;
          });
        }
        if (envelope.name === 'binary') {
          const whole = (list: TurnEvent[]) =>
            merged(list).map((event) =>
              event.type === 'text'
                ? { ...event, text: event.text.toWellFormed() }
                : event.type === 'toolCall'
                  ? { ...event, arguments: event.arguments.toWellFormed() }
                  : event,
            );
          [due, read] = [whole(due), whole(read)];
        }
        expect(merged(read)).toEqual(merged(due));
        expect(reader.contentBytes).toBe(contentBytesOf(events));
        expect(reader.diagnosticsBytes > 0).toBe(end.phases !== undefined);
      }),
      { numRuns: 500 },
    );
  });

  test('a whole reply comes out as it went in, phases apart', () => {
    fc.assert(
      fc.property(replies, ({ steps, end, started }) => {
        const outcome: Outcome = end.outcome.kind === 'completed' ? end.outcome : { kind: 'completed', finish: 'length' };
        const events: TurnEvent[] = [...(steps.filter((step) => !('flush' in step)) as TurnEvent[]), { ...end, outcome }];
        const context: ReplyContext = { model: 'm', createdS: 1_700_000_000, includeUsage: true, websocket: false };
        const read = envelope.readWhole(copied(envelope.writeWhole(events, context)));
        if (!read) throw new Error('not read');
        const text = events.reduce((all, event) => all + (event.type === 'text' ? event.text : ''), '');
        const calls = new Map<number, TurnEvent & { type: 'toolCall' }>();
        for (const event of events) {
          if (event.type !== 'toolCall') continue;
          const call = calls.get(event.index);
          calls.set(event.index, call ? { ...call, arguments: call.arguments + event.arguments } : event);
        }
        const { phases: _, ...rest } = end;
        const due: TurnEvent[] = [
          ...(started === undefined ? [] : [{ type: 'started' as const, responseId: started }]),
          ...(text === '' ? [] : [{ type: 'text' as const, text: envelope.name === 'binary' ? text.toWellFormed() : text }]),
          ...calls.values(),
          { ...rest, outcome },
        ];
        const anonymous = isOpenAi(envelope) && started === undefined;
        expect(anonymous ? withoutIds(read.events) : read.events).toEqual(anonymous ? withoutIds(due) : due);
        expect(read.contentBytes).toBe(contentBytesOf(read.events));
      }),
      { numRuns: 300 },
    );
  });

  test('a cancel names its stream', () => {
    fc.assert(
      fc.property(streamIds(envelope), (streamId) => {
        expect(envelope.readRequest(envelope.writeCancel(streamId), { websocket: true })).toEqual({ kind: 'cancel', ...named(streamId) });
      }),
    );
  });

  test('errors are read back, from streams and from HTTP bodies', () => {
    const error = { status: 429, code: 'queue_full', message: 'the queue is full', param: 'model', retryAfterS: 3 };
    const refused = { kind: 'refused', status: 429, code: 'queue_full', message: 'the queue is full', param: 'model', retryAfterS: 3 };
    const events: TurnEvent[] = [];
    const streamId = '12';
    const parsed = envelope.parseMessage(envelope.writeError(error, { websocket: true, streamId }));
    expect(parsed?.streamId).toBe(streamId);
    expect(parsed && envelope.replyReader().message(parsed, (event) => events.push(event))).toBe(true);
    expect(events).toEqual([{ type: 'end', outcome: refused }]);
    expect(envelope.readError(429, envelope.writeError(error, { websocket: false }), 3)).toEqual({ type: 'end', outcome: refused });
  });
});

/** JSON with the keys that the formats know, and values of any kind under them. */
const KEYS = [
  ...[
    'type',
    'stream_id',
    'model',
    'messages',
    'input',
    'role',
    'content',
    'text',
    'metadata',
    'tools',
    'tool_calls',
    'function',
    'id',
    'index',
    'name',
  ],
  ...[
    'arguments',
    'choices',
    'delta',
    'finish_reason',
    'error',
    'code',
    'message',
    'usage',
    'response',
    'output',
    'item',
    'output_index',
    'status',
  ],
  ...['gatebench', 'phases', 'gatebench.execution', 'object', 'stream', 'n', '__proto__', 'constructor', 'toString', 'toJSON'],
  ...['m', 'i', 's', 'k', 'd', 'b', 't', 'e', 'f', 'x', 'c', 'h', 'p', 'u', 'w', 'g', 'r', 'a'],
];
const leaf = fc.oneof(
  fc.constantFrom(
    ...['chat.create', 'response.create', 'response.cancel', 'response.completed', 'response.output_item.added', 'function_call'],
  ),
  fc.constantFrom(
    'function',
    'user',
    'assistant',
    'tool',
    'message',
    'input_text',
    'error',
    'refused',
    'failed',
    'stop',
    'queue_full',
    'gatebench.done',
  ),
  fc.constantFrom<unknown>(0, -1, 1e308, 4294967296, null, true, '', '\ud800', [], {}),
  fc.jsonValue({ maxDepth: 2 }),
);
const { hostileJson } = fc.letrec<{ hostileJson: unknown }>((tie) => ({
  hostileJson: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    leaf,
    fc.array(tie('hostileJson'), { maxLength: 3 }),
    // Entries, so that `__proto__` is a key like any other, as it is for JSON.parse.
    fc.array(fc.tuple(fc.constantFrom(...KEYS), tie('hostileJson')), { maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

function hostile(envelope: Envelope): fc.Arbitrary<Data> {
  const valid = fc.oneof(
    fc.tuple(turns(envelope), fc.boolean()).map(([turn, websocket]) => envelope.writeRequest(turn, { stream: true, websocket })),
    fc.tuple(replies, fc.boolean(), fc.nat()).map(([{ steps, end }, websocket, pick]) => {
      const messages = write(envelope, { model: 'm', createdS: 1, includeUsage: true, websocket }, steps, end);
      return messages[pick % messages.length]!;
    }),
    replies.map(({ steps, end }) => {
      const events = [...(steps.filter((step) => !('flush' in step)) as TurnEvent[]), end];
      return envelope.writeWhole(events, { model: 'm', createdS: 1, includeUsage: true, websocket: false });
    }),
  );
  const damaged = fc
    .tuple(valid, fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 255 }), fc.boolean())
    .map(([data, at, byte, cut]) => {
      const bytes = Buffer.from(data as string);
      const position = Math.floor(at * bytes.length);
      if (cut) return bytes.subarray(0, position);
      bytes[position] = byte;
      return bytes;
    });
  const json = fc.oneof(hostileJson, fc.jsonValue()).map((value) => Buffer.from(JSON.stringify(value) ?? ''));
  const bytes = fc.oneof(damaged, json, fc.uint8Array({ maxLength: 80 }).map(Buffer.from), anyText.map(Buffer.from));
  return envelope.binaryFrames ? bytes : bytes.map((data) => data.toString('utf8'));
}

describe.each(ALL)('$name, against anything that may come', (envelope) => {
  test('decoders answer with a value and keep to the contract', () => {
    fc.assert(
      fc.property(fc.array(hostile(envelope), { minLength: 1, maxLength: 4 }), (messages) => {
        const reader = envelope.replyReader();
        const events: TurnEvent[] = [];
        for (const data of messages) {
          for (const websocket of [false, true]) {
            const request = envelope.readRequest(data, { websocket, headers: { traceparent: ['a', 'b'] } });
            if (request.kind === 'refused') {
              expect(request.refusal.status).toBe(400);
              expect(REFUSAL_CODES).toHaveProperty(request.refusal.code);
              expect(request.refusal.message.length).toBeLessThan(4_000);
            }
          }
          const parsed = envelope.parseMessage(data);
          if (parsed) reader.message(parsed, (event) => events.push(event));
          const whole = envelope.readWhole(data);
          if (whole) expect(whole.events.at(-1)?.type).toBe('end');
          const { outcome } = envelope.readError(500, data, undefined);
          expect(outcome.kind).not.toBe('completed');
        }
        // At most one start, and that first; at most one end, and that last.
        expect(events.slice(1).filter((event) => event.type === 'started')).toEqual([]);
        expect(events.slice(0, -1).filter((event) => event.type === 'end')).toEqual([]);
        expect(Object.getPrototypeOf({})).toBe(Object.prototype);
      }),
      { numRuns: 1_500 },
    );
  });

  test('nesting without end does no harm', () => {
    const nested = deep(20_000);
    const texts = [
      nested,
      `{"type":${nested},"model":"m","messages":[{"role":"assistant","content":"","tool_calls":[{"type":${nested}}]}],"tools":[${nested}]}`,
      `{"type":"response.create","model":"m","input":[{"type":${nested}}],"tools":[${nested}]}`,
      `{"choices":[],"gatebench":{"phases":{"a":${nested}}},"error":{"code":${nested},"message":${nested}}}`,
      `{"type":"response.completed","response":{"status":${nested},"error":${nested}}}`,
      `{"m":"m","i":[["user",${nested}]],"c":{"tools":[${nested}]},"e":{"x":"failed","m":${nested},"p":{"a":${nested}}}}`,
    ];
    for (const text of texts) {
      const data = envelope.binaryFrames ? Buffer.from(text) : text;
      for (const websocket of [false, true]) expect(envelope.readRequest(data, { websocket }).kind).toBe('refused');
      const parsed = envelope.parseMessage(data);
      if (parsed) envelope.replyReader().message(parsed, () => {});
      envelope.readWhole(data);
      expect(envelope.readError(500, data, undefined).outcome.kind).toBe('failed');
    }
  });
});
