/**
 * The official `openai` client against the gateway as a process, unchanged: chat, streamed chat, streamed Responses
 * (each also whole), and Responses over WebSocket with its own WebSocket client.
 */
import OpenAI from 'openai';
import type { ResponsesServerEvent } from 'openai/resources/responses/responses';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Handler } from '../transports/contract.ts';
import { serve } from '../transports/server.ts';
import type { Server } from '../transports/wire.ts';
import { configFor, GatewayProcess } from './testing/process.ts';

const TOKEN = 'a-token-for-this-test';
const PIECES = ['Once', ' upon', ' a', ' time', ', 世界'];

/** Answers with the pieces, or with a tool call when the turn brings tools. */
const upstreamModel: Handler = (turn, sink) => {
  const said = turn.input.at(-1)?.content ?? '';
  sink.push({ type: 'started', responseId: 'up-1' }, 0);
  const tools = turn.parameters?.tools !== undefined;
  if (tools) sink.push({ type: 'toolCall', index: 0, id: 'call_1', name: 'look', arguments: '{"where":"here"}' }, 0);
  else for (const text of said.startsWith('count') ? [`${turn.input.length} messages`] : PIECES) sink.push({ type: 'text', text }, 0);
  sink.push(
    { type: 'end', outcome: { kind: 'completed', finish: tools ? 'toolCalls' : 'stop' }, usage: { inputTokens: 7, outputTokens: 5 } },
    0,
  );
  return { resume() {}, cancel() {} };
};

let upstream: Server;
let gateway: GatewayProcess;
let client: OpenAI;

beforeAll(async () => {
  upstream = await serve({ host: '127.0.0.1', port: 0, handler: upstreamModel });
  gateway = new GatewayProcess(configFor(upstream.port, { auth: { tokens: [TOKEN] } }));
  const { ports } = await gateway.ready();
  client = new OpenAI({ apiKey: TOKEN, baseURL: `http://127.0.0.1:${ports.gateway}/v1`, maxRetries: 0 });
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await upstream.close(0);
});

const tools = [{ type: 'function' as const, function: { name: 'look', parameters: { type: 'object', properties: {} } } }];

describe('the openai client', () => {
  it('completes a chat', async () => {
    const reply = await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hello' }], temperature: 0.2 });
    expect(reply.choices[0]?.message.content).toBe(PIECES.join(''));
    expect(reply.choices[0]?.finish_reason).toBe('stop');
    expect(reply.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 });
  });

  it('streams a chat', async () => {
    const stream = client.chat.completions.stream({
      model: 'm',
      messages: [{ role: 'user', content: 'hello' }],
      stream_options: { include_usage: true },
    });
    const deltas: string[] = [];
    stream.on('content', (delta) => deltas.push(delta));
    const final = await stream.finalChatCompletion();
    expect(deltas.join('')).toBe(PIECES.join(''));
    expect(final.choices[0]?.message.content).toBe(PIECES.join(''));
    expect(final.usage?.completion_tokens).toBe(5);
  });

  it('gets tool calls, streamed and whole', async () => {
    const request = { model: 'm', messages: [{ role: 'user' as const, content: 'hello' }], tools };
    const whole = await client.chat.completions.create(request);
    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    for (const { choices } of [whole, streamed]) {
      expect(choices[0]?.finish_reason).toBe('tool_calls');
      expect(choices[0]?.message.tool_calls?.[0]).toMatchObject({
        id: 'call_1',
        function: { name: 'look', arguments: '{"where":"here"}' },
      });
    }
  });

  it('streams a response, and goes on from it by its id', async () => {
    const stream = client.responses.stream({ model: 'm', input: 'hello' });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    const final = await stream.finalResponse();
    expect(final.output_text).toBe(PIECES.join(''));
    expect(final.usage).toMatchObject({ input_tokens: 7, output_tokens: 5 });
    expect(types[0]).toBe('response.created');
    expect(types.at(-1)).toBe('response.completed');
    const next = await client.responses.create({ model: 'm', input: 'count', previous_response_id: final.id });
    expect(next.output_text).toBe('3 messages');
    await expect(client.responses.create({ model: 'm', input: 'x', previous_response_id: 'resp_unknown' })).rejects.toMatchObject({
      code: 'previous_response_not_found',
    });
  });

  it('takes turns over the Responses WebSocket, several streams at once', async () => {
    const socket = new ResponsesWS(client);
    const texts = new Map<string | undefined, string>();
    const ids = new Map<string | undefined, string>();
    const completed = (count: number) =>
      new Promise<void>((resolve, reject) => {
        let left = count;
        const onEvent = (event: ResponsesServerEvent) => {
          const streamId = (event as { stream_id?: string }).stream_id;
          if (event.type === 'response.output_text.delta') texts.set(streamId, (texts.get(streamId) ?? '') + event.delta);
          if (event.type === 'error') reject(new Error(JSON.stringify(event)));
          if (event.type !== 'response.completed') return;
          ids.set(streamId, event.response.id);
          left -= 1;
          if (left === 0) {
            socket.off('event', onEvent);
            resolve();
          }
        };
        socket.on('event', onEvent);
      });
    socket.on('error', () => {});
    const first = completed(1);
    socket.send({ type: 'response.create', model: 'm', input: 'hello' });
    await first;
    expect(texts.get(undefined)).toBe(PIECES.join(''));
    const second = completed(2);
    socket.send({ type: 'response.create', stream_id: 'planner', model: 'm', input: 'hello' });
    socket.send({ type: 'response.create', stream_id: 'fork', model: 'm', input: 'count', previous_response_id: ids.get(undefined)! });
    await second;
    expect(texts.get('planner')).toBe(PIECES.join(''));
    expect(texts.get('fork')).toBe('3 messages');
    const warmed = completed(1);
    socket.send({ type: 'response.create', stream_id: 'planner', model: 'm', input: 'remember', generate: false });
    await warmed;
    expect(texts.get('planner')).toBe(PIECES.join(''));
    socket.close();
  });

  it('is told clearly what is wrong', async () => {
    await expect(
      client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'x' }], colour: 'red' } as never),
    ).rejects.toMatchObject({
      status: 400,
      code: 'unknown_parameter',
      param: 'colour',
    });
    const stranger = new OpenAI({ apiKey: 'wrong', baseURL: client.baseURL, maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toMatchObject({ status: 401 });
    const models = await client.models.list();
    expect(Array.isArray(models.data)).toBe(true);
  });
});
