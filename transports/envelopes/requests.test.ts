/** Requests of OpenAI's two formats: what is taken, what is refused and how, and what the other format makes of it. */
import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions';
import type { ResponseCreateParams } from 'openai/resources/responses/responses';
import { describe, expect, test } from 'vitest';
import type { Refusal, Turn } from '../contract.ts';
import type { Envelope } from '../envelope.ts';
import { chat } from './chat.ts';
import { compact } from './compact.ts';
import { responses } from './responses.ts';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const TRACE_2 = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203332-01';
const MESSAGES = [{ role: 'user' as const, content: 'hi' }];

function read(envelope: Envelope, body: object, websocket = false, headers = {}): Turn {
  const request = envelope.readRequest(JSON.stringify(body), { websocket, headers });
  if (request.kind !== 'turn') throw new Error(JSON.stringify(request));
  return request.turn;
}

function refusal(envelope: Envelope, body: unknown, websocket = false): Refusal {
  const request = envelope.readRequest(typeof body === 'string' ? body : JSON.stringify(body), { websocket });
  if (request.kind !== 'refused') throw new Error(JSON.stringify(request));
  return request.refusal;
}

describe('chat', () => {
  test('takes every parameter of the API that is about text, and passes it on untouched', () => {
    const parameters = {
      frequency_penalty: 0.1,
      function_call: 'auto',
      functions: [{ name: 'f' }],
      logit_bias: { '50256': -100 },
      logprobs: true,
      modalities: ['text'],
      moderation: { model: 'omni-moderation-latest' },
      parallel_tool_calls: false,
      prediction: { type: 'content', content: 'x' },
      presence_penalty: 0,
      prompt_cache_key: 'k',
      prompt_cache_options: {},
      prompt_cache_retention: '24h',
      reasoning_effort: 'low',
      response_format: { type: 'json_object' },
      safety_identifier: 's',
      seed: 1,
      service_tier: 'auto',
      stop: ['\n'],
      store: false,
      temperature: 0.5,
      tool_choice: { type: 'function', function: { name: 'f' } },
      tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
      top_logprobs: 2,
      top_p: 1,
      user: 'u',
      verbosity: 'low',
      web_search_options: {},
    } satisfies Partial<ChatCompletionCreateParams>;
    const turn = read(chat, {
      model: 'm',
      messages: MESSAGES,
      n: 1,
      max_tokens: 5,
      stream_options: { include_usage: true },
      ...parameters,
    });
    expect(turn.parameters).toEqual(parameters);
    expect(turn.outputTokensMax).toBe(5);
    const written = JSON.parse(String(chat.writeRequest(turn, { stream: true, websocket: false })));
    expect(written).toEqual({
      model: 'm',
      messages: MESSAGES,
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 5,
      ...parameters,
    });
  });

  test('joins text parts, and reads tool calls and their answers', () => {
    const messages = [
      {
        role: 'developer',
        content: [
          { type: 'text', text: 'be ' },
          { type: 'text', text: 'brief' },
        ],
        name: 'ignored',
      },
      { role: 'assistant', content: null, tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'c', content: 'done' },
    ];
    expect(read(chat, { model: 'm', messages }).input).toEqual([
      { role: 'developer', content: 'be brief' },
      { role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'f', arguments: '{}' }] },
      { role: 'tool', content: 'done', toolCallId: 'c' },
    ]);
  });

  test('names all unknown fields, the first as `param`, and every other problem beside', () => {
    const found = refusal(chat, { model: 7, messages: [], temprature: 1, max_tokens: -1, previous_response_id: 'r', stream: 'yes' });
    expect(found).toMatchObject({ status: 400, code: 'unknown_parameter', param: 'temprature' });
    expect(found.message).toBe(
      'unknown: `temprature`, `previous_response_id`; `model` must be a string that is not empty; `messages` must be an array that is not empty; ' +
        '`stream` must be a boolean; `max_tokens` must be a positive integer',
    );
  });

  test.each([
    ['an image', [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }], 'messages[0].content[0]'],
    [
      'a custom tool',
      [{ role: 'assistant', content: '', tool_calls: [{ id: 'c', type: 'custom', custom: {} }] }],
      'messages[0].tool_calls[0]',
    ],
    ['audio', [{ role: 'assistant', content: '', audio: { id: 'a' } }], 'messages[0].audio'],
  ])('refuses %s as unsupported content', (_, messages, param) => {
    expect(refusal(chat, { model: 'm', messages })).toMatchObject({ status: 400, code: 'unsupported_content', param });
  });

  test.each([
    [{ n: 2 }, 'n'],
    [{ max_tokens: 1, max_completion_tokens: 2 }, 'max_tokens'],
    [{ temperature: '1' }, 'temperature'],
    [{ tools: {} }, 'tools'],
    [{ metadata: { a: 1 } }, 'metadata.a'],
    [{ metadata: { 'gatebench.execution': 'fiber' } }, 'metadata.gatebench.execution'],
    [{ metadata: { 'gatebench.agent': '' } }, 'metadata.gatebench.agent'],
    [{ stream_options: 1 }, 'stream_options'],
    [{ tools: JSON.parse(`${'['.repeat(70)}${']'.repeat(70)}`) }, 'tools'],
  ])('refuses %o', (fields, param) => {
    expect(refusal(chat, { model: 'm', messages: MESSAGES, ...fields })).toMatchObject({ status: 400, code: 'invalid_request', param });
  });

  test('a request with a million problems gets a short answer', () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`field${index}`, 0]));
    const found = refusal(chat, { ...many, ['x'.repeat(5_000)]: 1, model: 'm', messages: Array.from({ length: 50_000 }, () => 0) });
    expect(found.message).toContain('and 49981 more');
    expect(found.message).toContain('and 49981 more problems');
    expect(found.message.length).toBeLessThan(4_000);
  });

  test('tells what is no JSON from what is no object', () => {
    expect(refusal(chat, '{"model"').code).toBe('invalid_json');
    expect(refusal(chat, '[]').code).toBe('invalid_request');
  });

  test('asks for the stream and its usage over HTTP, and for neither stream nor usage when whole', () => {
    const request = (body: object) => chat.readRequest(JSON.stringify({ model: 'm', messages: MESSAGES, ...body }), { websocket: false });
    expect(request({ stream: true, stream_options: { include_usage: true } })).toMatchObject({ stream: true, includeUsage: true });
    expect(request({ stream: true })).toMatchObject({ stream: true, includeUsage: false });
    expect(request({})).toMatchObject({ stream: false, includeUsage: false });
  });
});

describe('responses', () => {
  test('takes every parameter of the API that a gateway can honour, and passes it on untouched', () => {
    const parameters = {
      access_programs: {},
      context_management: [],
      image: {},
      include: [],
      instructions: 'be brief',
      max_tool_calls: 3,
      moderation: { model: 'omni-moderation-latest' },
      parallel_tool_calls: true,
      prompt_cache_key: 'k',
      prompt_cache_options: {},
      prompt_cache_retention: '24h',
      reasoning: { effort: 'low' },
      safety_identifier: 's',
      service_tier: 'auto',
      store: true,
      temperature: 0.5,
      text: { verbosity: 'low' },
      tool_choice: 'auto',
      tools: [{ type: 'function', name: 'f', parameters: {}, strict: true }],
      top_logprobs: 2,
      top_p: 1,
      truncation: 'auto',
      user: 'u',
    } satisfies Partial<ResponseCreateParams>;
    const turn = read(responses, {
      model: 'm',
      input: 'hi',
      previous_response_id: 'r',
      max_output_tokens: 5,
      background: false,
      ...parameters,
    });
    expect(turn).toMatchObject({ parameters, previousResponseId: 'r', outputTokensMax: 5, input: [{ role: 'user', content: 'hi' }] });
    const written = JSON.parse(String(responses.writeRequest(turn, { stream: false, websocket: false })));
    expect(written).toEqual({ model: 'm', input: MESSAGES, previous_response_id: 'r', max_output_tokens: 5, ...parameters });
  });

  test('instructions are no part of the input, and the leading system message of a chat request', () => {
    const turn = read(responses, { model: 'm', input: 'hi', instructions: 'be brief' });
    expect(turn.input).toEqual(MESSAGES);
    const written = JSON.parse(String(chat.writeRequest(turn, { stream: false, websocket: false })));
    expect(written).toEqual({ model: 'm', messages: [{ role: 'system', content: 'be brief' }, ...MESSAGES] });
  });

  test('reads items: messages, calls that join the assistant before them, and their outputs', () => {
    const input = [
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'a' },
          { type: 'input_text', text: 'b' },
        ],
      },
      {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'c', annotations: [] }],
      },
      { type: 'function_call', id: 'fc_1', call_id: 'x', name: 'f', arguments: '{}' },
      { type: 'function_call', call_id: 'y', name: 'g', arguments: '{}' },
      { type: 'function_call_output', call_id: 'x', output: 'done' },
    ];
    expect(read(responses, { model: 'm', input }).input).toEqual([
      { role: 'user', content: 'ab' },
      {
        role: 'assistant',
        content: 'c',
        toolCalls: [
          { id: 'x', name: 'f', arguments: '{}' },
          { id: 'y', name: 'g', arguments: '{}' },
        ],
      },
      { role: 'tool', content: 'done', toolCallId: 'x' },
    ]);
  });

  test.each([
    [{ input: [{ type: 'reasoning', summary: [] }] }, 'unsupported_content', 'input[0]'],
    [{ input: [{ role: 'user', content: [{ type: 'input_image' }] }] }, 'unsupported_content', 'input[0].content[0]'],
    [{ input: [] }, 'invalid_request', 'input'],
    [{}, 'invalid_request', 'input'],
    [{ input: 'hi', background: true }, 'invalid_request', 'background'],
    [{ input: 'hi', conversation: 'conv_1' }, 'invalid_request', 'conversation'],
    [{ input: 'hi', prompt: { id: 'p' } }, 'invalid_request', 'prompt'],
    [{ input: 'hi', stream_id: 's' }, 'unknown_parameter', 'stream_id'],
    [{ input: 'hi', generate: false }, 'unknown_parameter', 'generate'],
  ])('refuses %o over HTTP', (fields, code, param) => {
    expect(refusal(responses, { model: 'm', ...fields })).toMatchObject({ status: 400, code, param });
  });

  test('over WebSocket, a turn is an event on a stream, and may only prepare', () => {
    const event = { type: 'response.create', stream_id: 'a', model: 'm', generate: false, stream: true, background: null };
    expect(responses.readRequest(JSON.stringify(event), { websocket: true })).toMatchObject({
      kind: 'turn',
      stream: true,
      streamId: 'a',
      turn: { input: [], generate: false },
    });
    expect(responses.readRequest('{"type":"response.cancel","stream_id":"a"}', { websocket: true })).toEqual({
      kind: 'cancel',
      streamId: 'a',
    });
  });

  test.each([
    [{ type: 'response.steer', stream_id: 'a' }, 'unsupported_event', 'a'],
    [{ model: 'm', input: 'hi' }, 'unsupported_event', undefined],
    [{ type: 'response.create', stream_id: 'a b', model: 'm', input: 'hi' }, 'invalid_stream_id', undefined],
    [{ type: 'response.create', stream_id: 'x'.repeat(257), model: 'm', input: 'hi' }, 'invalid_stream_id', undefined],
    [{ type: 'response.create', stream_id: 'a', model: 'm', input: 'hi', stream: false }, 'invalid_request', 'a'],
    [{ type: 'response.create', stream_id: 'a', model: 'm', input: 'hi', background: true }, 'invalid_request', 'a'],
    [{ type: 'response.create', stream_id: 'a', model: 'm', input: 'hi', wrong: 1 }, 'unknown_parameter', 'a'],
  ])('refuses %o over WebSocket, on its stream', (event, code, streamId) => {
    const request = responses.readRequest(JSON.stringify(event), { websocket: true });
    expect(request).toMatchObject({ kind: 'refused', refusal: { status: 400, code } });
    expect(request.streamId).toBe(streamId);
  });
});

describe('wishes', () => {
  const metadata = {
    'gatebench.agent': 'codex',
    'gatebench.session': 's1',
    'gatebench.execution': 'thread',
    'gatebench.phases': '1',
    'gatebench.traceparent': TRACE,
    other: 'kept',
  };

  test.each([
    [chat, { messages: MESSAGES }],
    [responses, { input: 'hi' }],
  ])('$name carries them in metadata, and keeps what is not ours', (envelope, body) => {
    const turn = read(envelope, { model: 'm', ...body, metadata });
    expect(turn).toMatchObject({
      agent: 'codex',
      session: 's1',
      execution: 'thread',
      traceparent: TRACE,
      want: { phases: true },
      parameters: { metadata: { other: 'kept' } },
    });
    const written = (websocket: boolean) => JSON.parse(String(envelope.writeRequest(turn, { stream: websocket, websocket }))).metadata;
    expect(written(true)).toEqual(metadata);
    const { 'gatebench.traceparent': _, ...others } = metadata;
    expect(written(false)).toEqual(others);
    expect(read(envelope, { model: 'm', ...body, metadata: { 'gatebench.phases': '0' } }).want.phases).toBe(false);
  });

  test('a trace is that of the request: header before metadata over HTTP, the other way round over WebSocket', () => {
    const body = { model: 'm', input: 'hi', metadata: { 'gatebench.traceparent': TRACE } };
    const event = { type: 'response.create', ...body };
    expect(read(responses, body, false, { traceparent: TRACE_2 }).traceparent).toBe(TRACE_2);
    expect(read(responses, event, true, { traceparent: TRACE_2 }).traceparent).toBe(TRACE);
    expect(read(responses, { ...event, metadata: {} }, true, { traceparent: TRACE_2 }).traceparent).toBe(TRACE_2);
  });

  test.each([
    '',
    'x',
    TRACE.toUpperCase(),
    `${TRACE}-more`,
    TRACE.replace('00-', 'ff-'),
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`,
  ])('the traceparent %j is passed over', (traceparent) => {
    const turn = read(responses, { model: 'm', input: 'hi', metadata: { 'gatebench.traceparent': traceparent } }, false, { traceparent });
    expect(turn).not.toHaveProperty('traceparent');
  });
});

describe('across formats', () => {
  const tool = { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true };
  const schema = { name: 'answer', schema: { type: 'object' }, strict: true };
  const inChat = {
    tools: [
      { type: 'function', function: tool },
      { type: 'custom', custom: { name: 'c' } },
    ],
    tool_choice: { type: 'function', function: { name: 'f' } },
    response_format: { type: 'json_schema', json_schema: schema },
    reasoning_effort: 'high',
    verbosity: 'low',
    temperature: 1,
  };
  const inResponses = {
    tools: [
      { type: 'function', ...tool },
      { type: 'custom', custom: { name: 'c' } },
    ],
    tool_choice: { type: 'function', name: 'f' },
    text: { format: { type: 'json_schema', ...schema }, verbosity: 'low' },
    reasoning: { effort: 'high' },
    temperature: 1,
  };
  const rewritten = (from: Envelope, to: Envelope, fields: object) => {
    const {
      model: _,
      input: _input,
      messages: _messages,
      ...parameters
    } = JSON.parse(String(to.writeRequest(read(from, { model: 'm', ...fields }), { stream: false, websocket: false })));
    return parameters;
  };

  test('parameters that both have are translated, both ways', () => {
    expect(rewritten(chat, responses, { messages: MESSAGES, ...inChat })).toEqual(inResponses);
    expect(rewritten(responses, chat, { input: 'hi', ...inResponses })).toEqual(inChat);
  });

  test('parameters that the other does not have stay out', () => {
    expect(rewritten(chat, responses, { messages: MESSAGES, stop: 'x', seed: 1 })).toEqual({});
    expect(rewritten(responses, chat, { input: 'hi', truncation: 'auto', include: [] })).toEqual({});
  });

  test('compact carries either, and no others', () => {
    const turn = read(compact, { m: 'm', i: [['user', 'hi']], c: { seed: 1, truncation: 'auto', metadata: { a: 'b' } } });
    expect(turn.parameters).toEqual({ seed: 1, truncation: 'auto', metadata: { a: 'b' } });
    expect(refusal(compact, { m: 'm', i: [['user', 'hi']], c: { sede: 1 } })).toMatchObject({ code: 'unknown_parameter', param: 'sede' });
    expect(refusal(compact, { m: 'm', i: [['user', 'hi']], x: { agnet: 'a' } })).toMatchObject({
      code: 'unknown_parameter',
      param: 'x.agnet',
    });
  });
});
