/** Chat Completions on the wire, against OpenAI's documented shapes and OpenAI's own accumulator. */
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream';
import { describe, expect, test } from 'vitest';
import type { TurnEvent } from '../contract.ts';
import type { ReplyContext } from '../envelope.ts';
import { chat } from './chat.ts';

const CONTEXT: ReplyContext = { model: 'gpt-mini-like', createdS: 1_763_971_200, includeUsage: true, websocket: false };
const HEAD = '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763971200,"model":"gpt-mini-like","choices":';
const STARTED: TurnEvent = { type: 'started', responseId: 'chatcmpl-1' };
const END: TurnEvent = {
  type: 'end',
  outcome: { kind: 'completed', finish: 'stop' },
  usage: { inputTokens: 9, outputTokens: 2 },
  phases: { agent: 1.5 },
};

function write(events: readonly TurnEvent[], context: Partial<ReplyContext> = {}): string[] {
  const messages: string[] = [];
  const writer = chat.replyWriter({ ...CONTEXT, ...context }, (data, name) => {
    expect(name).toBeUndefined();
    messages.push(String(data));
  });
  for (const event of events) {
    writer.event(event);
    writer.flush();
  }
  return messages;
}

function read(messages: readonly string[]): { events: TurnEvent[]; understood: boolean[] } {
  const reader = chat.replyReader();
  const events: TurnEvent[] = [];
  const understood = messages.map((message) => {
    const parsed = chat.parseMessage(message);
    return parsed !== undefined && reader.message(parsed, (event) => events.push(event));
  });
  return { events, understood };
}

describe('a streamed reply', () => {
  test('is written as OpenAI writes it', () => {
    const messages = write([STARTED, { type: 'text', text: 'Hi' }, { type: 'text', text: ' "you"\n' }, END]);
    expect(messages).toEqual([
      `${HEAD}[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`,
      `${HEAD}[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}`,
      `${HEAD}[{"index":0,"delta":{"content":" \\"you\\"\\n"},"finish_reason":null}]}`,
      `${HEAD}[{"index":0,"delta":{},"finish_reason":"stop"}]}`,
      `${HEAD}[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}`,
      `${HEAD}[],"gatebench":{"phases":{"agent":1.5}}}`,
      '[DONE]',
    ]);
  });

  test('names a tool call once, and then only its position', () => {
    const call = (index: number, id: string, name: string, args: string): TurnEvent => ({
      type: 'toolCall',
      index,
      id,
      name,
      arguments: args,
    });
    const deltas = write([STARTED, call(0, 'c0', 'f', ''), call(1, 'c1', 'g', '{'), call(0, '', '', '{}'), call(1, '', '', '}')])
      .slice(1)
      .map((message) => JSON.parse(message).choices[0].delta.tool_calls);
    expect(deltas).toEqual([
      [{ index: 0, id: 'c0', type: 'function', function: { name: 'f', arguments: '' } }],
      [{ index: 1, id: 'c1', type: 'function', function: { name: 'g', arguments: '{' } }],
      [{ index: 0, function: { arguments: '{}' } }],
      [{ index: 1, function: { arguments: '}' } }],
    ]);
  });

  test('holds text back until it is flushed, and keeps the order', () => {
    const messages: string[] = [];
    const writer = chat.replyWriter(CONTEXT, (data) => messages.push(String(data)));
    for (const text of ['a', 'b', 'c']) writer.event({ type: 'text', text });
    expect(messages).toEqual([]);
    writer.flush();
    writer.flush();
    expect(messages.length).toBe(2);
    expect(messages[1]).toContain('"content":"abc"');
    writer.event({ type: 'text', text: 'd' });
    writer.event({ type: 'toolCall', index: 0, id: 'c', name: 'f', arguments: '' });
    expect(messages.slice(2).map((message) => message.includes('"content":"d"'))).toEqual([true, false]);
  });

  test('has neither usage nor phases where nobody asked for them', () => {
    const end: TurnEvent = { type: 'end', outcome: { kind: 'completed', finish: 'length' }, usage: { inputTokens: 9, outputTokens: 2 } };
    expect(write([STARTED, end], { includeUsage: false }).slice(1)).toEqual([
      `${HEAD}[{"index":0,"delta":{},"finish_reason":"length"}]}`,
      '[DONE]',
    ]);
  });

  test('names its stream in every message over WebSocket, and ends with an object', () => {
    const messages = write([STARTED, { type: 'text', text: 'Hi' }, END], { websocket: true, streamId: 'a.1' });
    for (const message of messages) {
      expect(message.endsWith(',"stream_id":"a.1"}')).toBe(true);
      expect(chat.parseMessage(message)?.streamId).toBe('a.1');
    }
    expect(messages.at(-1)).toBe('{"object":"gatebench.done","stream_id":"a.1"}');
    expect(write([STARTED, END], { websocket: true }).at(-1)).toBe('{"object":"gatebench.done"}');
  });

  test("is understood by OpenAI's client", async () => {
    const call: TurnEvent[] = [
      { type: 'toolCall', index: 0, id: 'call_1', name: 'look', arguments: '{"a"' },
      { type: 'toolCall', index: 0, id: '', name: '', arguments: ':1}' },
      { type: 'toolCall', index: 1, id: 'call_2', name: 'see', arguments: '{}' },
    ];
    const end: TurnEvent = { ...END, outcome: { kind: 'completed', finish: 'toolCalls' } };
    const messages = write([STARTED, { type: 'text', text: 'Let me' }, { type: 'text', text: ' see.' }, ...call, end]);
    expect(messages.pop()).toBe('[DONE]');
    const stream = ChatCompletionStream.fromReadableStream(new Blob([messages.join('\n')]).stream());
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]?.message.content).toBe('Let me see.');
    expect(completion.choices[0]?.finish_reason).toBe('tool_calls');
    expect(
      completion.choices[0]?.message.tool_calls?.map((one) =>
        one.type === 'function' ? [one.id, one.function.name, one.function.arguments] : [],
      ),
    ).toEqual([
      ['call_1', 'look', '{"a":1}'],
      ['call_2', 'see', '{}'],
    ]);
    expect(completion.usage?.total_tokens).toBe(11);
  });
});

describe('reading', () => {
  const delta = (fields: string) =>
    `{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,${fields}}]}`;

  test('the role chunk starts the turn and is no content', () => {
    const { events } = read([delta('"delta":{"role":"assistant","content":""},"finish_reason":null')]);
    expect(events).toEqual([{ type: 'started', responseId: 'c1' }]);
  });

  test('an error in the stream is a failure, never a completion', () => {
    const { events, understood } = read([
      delta('"delta":{"content":"a"},"finish_reason":null'),
      delta('"delta":{},"finish_reason":"stop"'),
      '{"error":{"message":"boom","type":"server_error","param":null,"code":"engine_overloaded"}}',
      '[DONE]',
    ]);
    expect(understood).toEqual([true, true, true, true]);
    expect(events.filter((event) => event.type === 'end')).toEqual([
      { type: 'end', outcome: { kind: 'failed', code: 'upstream_error', message: 'engine_overloaded: boom' }, responseId: 'c1' },
    ]);
  });

  test('[DONE] without a finish reason is malformed', () => {
    const { events, understood } = read([delta('"delta":{"content":"a"},"finish_reason":null'), '[DONE]']);
    expect(understood).toEqual([true, false]);
    expect(events.some((event) => event.type === 'end')).toBe(false);
  });

  test('only the first choice is read', () => {
    const { events } = read([
      '{"id":"c","choices":[{"index":1,"delta":{"content":"b"},"finish_reason":"stop"},{"index":0,"delta":{"content":"a"}}]}',
      '[DONE]',
    ]);
    expect(events).toEqual([
      { type: 'started', responseId: 'c' },
      { type: 'text', text: 'a' },
    ]);
  });

  test('usage may come with the finish, after it, or never', () => {
    const usage = '"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}';
    const finish = '"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]';
    for (const messages of [[`{"id":"c",${finish},${usage}}`], [`{"id":"c",${finish}}`, `{"id":"c","choices":[],${usage}}`]]) {
      const end = read([...messages, '[DONE]']).events.at(-1);
      expect(end).toEqual({
        type: 'end',
        outcome: { kind: 'completed', finish: 'stop' },
        usage: { inputTokens: 1, outputTokens: 2 },
        responseId: 'c',
      });
    }
    expect(read([`{"id":"c",${finish}}`, '[DONE]']).events.at(-1)).not.toHaveProperty('usage');
  });

  test.each([
    [
      'a content filter',
      'content_filter',
      { kind: 'failed', code: 'upstream_error', message: 'content_filter: the upstream cut the reply short' },
    ],
    ['the limit of tokens', 'length', { kind: 'completed', finish: 'length' }],
    ['tools', 'tool_calls', { kind: 'completed', finish: 'toolCalls' }],
  ])('the end by %s', (_, reason, outcome) => {
    const { events } = read([delta(`"delta":{},"finish_reason":"${reason}"`), '[DONE]']);
    expect(events.at(-1)).toEqual({ type: 'end', outcome, responseId: 'c1' });
  });

  test('phases are counted as diagnostics, the whole chunk', () => {
    const chunk = `${HEAD}[],"gatebench":{"phases":{"agent":1.5}}}`;
    const reader = chat.replyReader();
    reader.message(chat.parseMessage(chunk)!, () => {});
    expect(reader.diagnosticsBytes).toBe(chunk.length);
    expect(reader.contentBytes).toBe(0);
  });

  test.each([
    '{"choices":[{"index":0,"delta":{"content":7}}]}',
    '{"choices":{}}',
    '{"choices":[1]}',
    '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":-1}]}}]}',
    '{}',
  ])('%s is no part of a reply', (message) => {
    expect(read([message]).understood).toEqual([false]);
  });

  test.each(['', 'null', '[]', '7', '"x"', '{"stream_id":""}', '{"stream_id":7}', '{"stream_id":"a b"}'])('%s is no message', (message) => {
    expect(chat.parseMessage(message)).toBeUndefined();
  });
});

test('a whole reply is a chat.completion', () => {
  const body = chat.writeWhole([STARTED, { type: 'text', text: 'Hi' }, END], CONTEXT);
  expect(JSON.parse(String(body))).toEqual({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_763_971_200,
    model: 'gpt-mini-like',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hi', refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
  });
  expect(chat.readWhole('{"id":"c","choices":[{"message":{"content":"a"}}]}')).toBeUndefined();
  expect(chat.readWhole('{"error":{"message":"no"}}')?.events).toEqual([
    { type: 'end', outcome: { kind: 'failed', code: 'upstream_error', message: 'no' } },
  ]);
});
