/** The Responses API on the wire, against OpenAI's documented shapes and OpenAI's own accumulator. */
import { ResponseStream } from 'openai/lib/responses/ResponseStream';
import { describe, expect, test } from 'vitest';
import type { Outcome, TurnEvent } from '../contract.ts';
import type { ReplyContext } from '../envelope.ts';
import { responses } from './responses.ts';

const CONTEXT: ReplyContext = { model: 'gpt-mini-like', createdS: 1_763_971_200, includeUsage: true, websocket: false };
const STARTED: TurnEvent = { type: 'started', responseId: 'resp_1' };
const USAGE = { inputTokens: 9, outputTokens: 2 };
const end = (outcome: Outcome): TurnEvent => ({ type: 'end', outcome, usage: USAGE, responseId: 'resp_1' });
const COMPLETED = end({ kind: 'completed', finish: 'stop' });
const CALLS: TurnEvent[] = [
  { type: 'toolCall', index: 0, id: 'call_1', name: 'look', arguments: '{"a"' },
  { type: 'toolCall', index: 1, id: 'call_2', name: 'see', arguments: '' },
  { type: 'toolCall', index: 0, id: '', name: '', arguments: ':1}' },
  { type: 'toolCall', index: 1, id: '', name: '', arguments: '{}' },
];

function write(events: readonly TurnEvent[], context: Partial<ReplyContext> = {}): string[] {
  const messages: string[] = [];
  const writer = responses.replyWriter({ ...CONTEXT, ...context }, (data, name) => {
    expect(name).toBe(JSON.parse(String(data)).type);
    messages.push(String(data));
  });
  for (const event of events) {
    writer.event(event);
    writer.flush();
  }
  return messages;
}

function read(messages: readonly string[]): { events: TurnEvent[]; understood: boolean[] } {
  const reader = responses.replyReader();
  const events: TurnEvent[] = [];
  const understood = messages.map((message) => {
    const parsed = responses.parseMessage(message);
    return parsed !== undefined && reader.message(parsed, (event) => events.push(event));
  });
  return { events, understood };
}

const typesOf = (messages: readonly string[]) => messages.map((message) => JSON.parse(message).type.replace('response.', ''));
const accumulate = (messages: readonly string[]) =>
  ResponseStream.fromReadableStream(new Blob([messages.join('\n')]).stream()).finalResponse();

describe('a streamed reply', () => {
  test('has the events of OpenAI in their order, numbered', () => {
    const messages = write([STARTED, { type: 'text', text: 'Hi' }, { type: 'text', text: '!' }, COMPLETED]);
    expect(typesOf(messages)).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'completed',
    ]);
    expect(messages.map((message) => JSON.parse(message).sequence_number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(messages[4]).toBe(
      '{"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1_0","output_index":0,"content_index":0,"delta":"Hi","logprobs":[]}',
    );
    const part = { type: 'output_text', text: 'Hi!', annotations: [], logprobs: [] };
    const item = { id: 'msg_1_0', type: 'message', status: 'completed', role: 'assistant', content: [part] };
    expect(JSON.parse(messages[2]!)).toEqual({
      type: 'response.output_item.added',
      sequence_number: 2,
      output_index: 0,
      item: { ...item, status: 'in_progress', content: [] },
    });
    expect(JSON.parse(messages[6]!)).toEqual({
      type: 'response.output_text.done',
      sequence_number: 6,
      item_id: 'msg_1_0',
      output_index: 0,
      content_index: 0,
      text: 'Hi!',
      logprobs: [],
    });
    expect(JSON.parse(messages.at(-1)!)).toEqual({
      type: 'response.completed',
      sequence_number: 9,
      response: {
        id: 'resp_1',
        object: 'response',
        created_at: 1_763_971_200,
        status: 'completed',
        error: null,
        incomplete_details: null,
        instructions: null,
        metadata: {},
        model: 'gpt-mini-like',
        output: [item],
        parallel_tool_calls: true,
        temperature: null,
        tool_choice: 'auto',
        tools: [],
        top_p: null,
        usage: {
          input_tokens: 9,
          input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
          output_tokens: 2,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 11,
        },
      },
    });
  });

  test('closes the message when tools are called, and opens another for text after them', () => {
    const messages = write([
      STARTED,
      { type: 'text', text: 'a' },
      ...CALLS,
      { type: 'text', text: 'b' },
      end({ kind: 'completed', finish: 'toolCalls' }),
    ]);
    const opened = messages.map((message) => JSON.parse(message)).filter((event) => event.type === 'response.output_item.added');
    expect(opened.map((event) => [event.output_index, event.item.type, event.item.id])).toEqual([
      [0, 'message', 'msg_1_0'],
      [1, 'function_call', 'fc_1_1'],
      [2, 'function_call', 'fc_1_2'],
      [3, 'message', 'msg_1_3'],
    ]);
    const { output } = JSON.parse(messages.at(-1)!).response;
    expect(output.map((item: { arguments?: string; content?: { text: string }[] }) => item.arguments ?? item.content?.[0]?.text)).toEqual([
      'a',
      '{"a":1}',
      '{}',
      'b',
    ]);
  });

  test("is understood by OpenAI's client", async () => {
    const messages = write([
      STARTED,
      { type: 'text', text: 'Let me' },
      { type: 'text', text: ' see.' },
      ...CALLS,
      { type: 'text', text: 'Done.' },
      COMPLETED,
    ]);
    const response = await accumulate(messages);
    expect(response.id).toBe('resp_1');
    expect(response.status).toBe('completed');
    expect(response.output_text).toBe('Let me see.Done.');
    expect(response.output.flatMap((item) => (item.type === 'function_call' ? [[item.call_id, item.name, item.arguments]] : []))).toEqual([
      ['call_1', 'look', '{"a":1}'],
      ['call_2', 'see', '{}'],
    ]);
    expect(response.usage?.total_tokens).toBe(11);
  });

  test.each([
    [{ kind: 'completed', finish: 'length' }, 'incomplete', { incomplete_details: { reason: 'max_output_tokens' }, error: null }],
    [{ kind: 'cancelled' }, 'incomplete', { incomplete_details: { reason: 'cancelled' }, error: null }],
    [
      { kind: 'failed', code: 'agent_died', message: 'gone' },
      'failed',
      { incomplete_details: null, error: { code: 'agent_died', message: 'gone' } },
    ],
    [{ kind: 'timedOut', message: 'late' }, 'failed', { incomplete_details: null, error: { code: 'timed_out', message: 'late' } }],
  ] as [Outcome, string, object][])("ends by %o as OpenAI's client takes it", async (outcome, status, fields) => {
    const messages = write([STARTED, { type: 'text', text: 'partial' }, ...CALLS, end(outcome)]);
    expect(typesOf(messages).at(-1)).toBe(status);
    const response = await accumulate(messages);
    expect(response).toMatchObject({ status, output_text: 'partial', ...fields });
    expect(read(messages).events.at(-1)).toEqual(end(outcome));
  });

  test("a turn that ends before it started is an error event, which OpenAI's client throws", async () => {
    const messages = write([{ type: 'end', outcome: { kind: 'failed', code: 'connect_failed', message: 'no' } }]);
    expect(messages).toEqual(['{"type":"error","error":{"message":"no","type":"server_error","code":"connect_failed","param":null}}']);
    await expect(accumulate(messages)).rejects.toThrow('no');
  });

  test('a turn without output is complete at once', async () => {
    const messages = write([STARTED, COMPLETED]);
    expect(typesOf(messages)).toEqual(['created', 'in_progress', 'completed']);
    expect((await accumulate(messages)).output).toEqual([]);
  });

  test('phases stand in the last event and are counted', () => {
    const phases = { agent: 1.5, 'queue wait': 0 };
    const messages = write([STARTED, { ...COMPLETED, phases } as TurnEvent], { websocket: true, streamId: 's1' });
    const field = ',"gatebench":{"phases":{"agent":1.5,"queue wait":0}}';
    expect(messages.at(-1)?.endsWith(`${field},"stream_id":"s1"}`)).toBe(true);
    const reader = responses.replyReader();
    const events: TurnEvent[] = [];
    for (const message of messages) reader.message(responses.parseMessage(message)!, (event) => events.push(event));
    expect(events.at(-1)).toEqual({ ...COMPLETED, phases });
    expect(reader.diagnosticsBytes).toBe(field.length);
  });
});

describe('reading', () => {
  const item = (fields: string) => `{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call",${fields}}}`;

  test('events of unknown types, and [DONE], are passed over', () => {
    const { events, understood } = read([
      '{"type":"response.brain_scan.delta","delta":"x"}',
      '{"type":"keepalive","sequence_number":1}',
      '[DONE]',
    ]);
    expect(understood).toEqual([true, true, true]);
    expect(events).toEqual([]);
  });

  test('what came in deltas is not taken again from the closing events', () => {
    const messages = write([STARTED, { type: 'text', text: 'Hi' }, ...CALLS, COMPLETED]);
    const { events } = read(messages);
    expect(events.filter((event) => event.type === 'text')).toEqual([{ type: 'text', text: 'Hi' }]);
    expect(events.filter((event) => event.type === 'toolCall').map((event) => event.arguments)).toEqual(['', '{"a"', '', ':1}', '{}']);
  });

  test('text and arguments that come only in the closing events are taken from there', () => {
    const { events, understood } = read([
      '{"type":"response.output_text.done","output_index":0,"text":"all at once"}',
      item('"call_id":"c","name":"f"'),
      '{"type":"response.function_call_arguments.done","output_index":1,"arguments":"{}"}',
    ]);
    expect(understood).toEqual([true, true, true]);
    expect(events).toEqual([
      { type: 'text', text: 'all at once' },
      { type: 'toolCall', index: 0, id: 'c', name: 'f', arguments: '' },
      { type: 'toolCall', index: 0, id: '', name: '', arguments: '{}' },
    ]);
  });

  test.each([
    [
      '{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"content_filter"}}}',
      'upstream_error',
      'the response is incomplete: content_filter',
    ],
    [
      '{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"boom"}}}',
      'upstream_error',
      'server_error: boom',
    ],
    [
      '{"type":"error","code":"rate_limit_exceeded","message":"slow down","param":null}',
      'upstream_error',
      'rate_limit_exceeded: slow down',
    ],
    ['{"type":"response.failed","response":{}}', 'upstream_error', 'an error without a message'],
  ])('%s is a failure', (message, code, text) => {
    expect(read([message]).events).toEqual([{ type: 'end', outcome: { kind: 'failed', code, message: text } }]);
  });

  test('a position in the output is taken once', () => {
    expect(read([item('"call_id":"a"'), item('"call_id":"b"')]).understood).toEqual([true, false]);
  });

  test("an error with a status is a refusal, in OpenAI's form for WebSockets", () => {
    const message =
      '{"type":"error","status":400,"error":{"type":"invalid_request_error","code":"previous_response_not_found","message":"gone","param":"previous_response_id"}}';
    const outcome = { kind: 'refused', status: 400, code: 'previous_response_not_found', message: 'gone', param: 'previous_response_id' };
    expect(read([message]).events).toEqual([{ type: 'end', outcome }]);
  });

  test.each([
    '{"type":"response.output_text.delta","output_index":0,"delta":7}',
    '{"type":"response.output_text.delta","delta":"no position"}',
    '{"type":"response.output_text.delta","output_index":4096,"delta":"too far"}',
    '{"type":"response.function_call_arguments.delta","output_index":1,"delta":"of no call"}',
    '{"type":"response.completed"}',
    '{}',
  ])('%s is no part of a reply', (message) => {
    expect(read([message]).understood).toEqual([false]);
  });
});

test('a whole reply is a response; cut at its length it is incomplete', () => {
  const body = responses.writeWhole([STARTED, { type: 'text', text: 'Hi' }, end({ kind: 'completed', finish: 'length' })], CONTEXT);
  expect(JSON.parse(String(body))).toMatchObject({
    id: 'resp_1',
    object: 'response',
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    output: [{ type: 'message', id: 'msg_1_0', content: [{ type: 'output_text', text: 'Hi' }] }],
  });
  expect(responses.readWhole('{"status":"completed"}')).toBeUndefined();
  expect(responses.readWhole('{"status":"failed","output":[],"error":{"message":"no"}}')?.events).toEqual([
    { type: 'end', outcome: { kind: 'failed', code: 'upstream_error', message: 'no' } },
  ]);
});
