/** An agent's rounds of tools as they cross a wire: the mock LLM finds its place in what each format carries. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../transports/client.ts';
import type { EndEvent, Handler, Message, Sink, ToolCall, Turn, TurnEvent } from '../../transports/contract.ts';
import { serve } from '../../transports/server.ts';
import type { Server } from '../../transports/wire.ts';
import { Upstream } from './handler.ts';
import { loadText, type TextRing } from './text.ts';

let text: TextRing;
let upstream: Upstream;
let server: Server;
beforeAll(async () => {
  text = await loadText();
  upstream = new Upstream({ text, pacing: 'hybrid' });
  server = await serve({ host: '127.0.0.1', port: 0, handler: upstream.handler });
});
afterAll(async () => {
  await server.close(0);
  upstream.stop();
});

class Reply implements Sink {
  text = '';
  readonly calls: ToolCall[] = [];
  readonly #ended = Promise.withResolvers<EndEvent>();

  push(event: TurnEvent): boolean {
    if (event.type === 'text') this.text += event.text;
    else if (event.type === 'end') this.#ended.resolve(event);
    else if (event.type === 'toolCall') {
      const call = this.calls[event.index];
      if (call) call.arguments += event.arguments;
      else this.calls.push({ id: event.id, name: event.name, arguments: event.arguments });
    }
    return true;
  }

  static async to(handler: Handler, turn: Turn): Promise<{ reply: Reply; end: EndEvent }> {
    const reply = new Reply();
    handler(turn, reply);
    return { reply, end: await reply.#ended.promise };
  }
}

test.each([
  { leg: { transport: 'http', envelope: 'chat', connection: 'kept' }, history: 'full' },
  { leg: { transport: 'sse', envelope: 'chat', connection: 'per-turn' }, history: 'full' },
  { leg: { transport: 'sse', envelope: 'responses', connection: 'kept' }, history: 'full' },
  { leg: { transport: 'http', envelope: 'responses', connection: 'kept' }, history: 'delta' },
  { leg: { transport: 'websocket', envelope: 'responses', connection: 'kept' }, history: 'delta' },
  { leg: { transport: 'websocket', envelope: 'compact', connection: 'multiplexed' }, history: 'delta' },
  { leg: { transport: 'websocket', envelope: 'binary', connection: 'kept' }, history: 'full' },
] as const)('$leg.transport/$leg.envelope, $history history', async ({ leg, history }) => {
  const client = connect({ leg, host: '127.0.0.1', port: server.port });
  const key = `trial.${leg.transport}-${leg.envelope}-${history}.0.0`;
  const model = 'fixed@ttftMs=2,tpotMs=0,tools=2,tool=work_on_files,toolMs=10,toolRounds=2';
  const question: Message = { role: 'user', content: `do it [gatebench key=${key} tokens=4]` };
  const texts: string[] = [];
  const finishes: string[] = [];
  let turn: Turn = { key: 'turn', model, input: [question], want: { phases: false } };
  for (let round = 0; round < 3; round += 1) {
    const { reply, end } = await Reply.to(client.handler, turn);
    texts.push(reply.text);
    finishes.push(end.outcome.kind === 'completed' ? end.outcome.finish : end.outcome.kind);
    expect(reply.calls.map(({ name, arguments: args }) => [name, args])).toEqual(
      round === 2 ? [] : Array(2).fill(['work_on_files', '{"ms":10}']),
    );
    const results = reply.calls.map(({ id }): Message => ({ role: 'tool', content: 'worked', toolCallId: id }));
    const answered: Message = { role: 'assistant', content: reply.text, toolCalls: reply.calls };
    turn =
      history === 'full'
        ? { ...turn, input: [...turn.input, answered, ...results] }
        : { ...turn, input: results, previousResponseId: end.responseId! };
  }
  await client.close();
  expect(finishes).toEqual(['toolCalls', 'toolCalls', 'stop']);
  const drawKey = key.slice(key.indexOf('.') + 1);
  expect(texts).toEqual([drawKey, `${drawKey}/1`, `${drawKey}/2`].map((name) => text.textOf(name, 4).piece(0, 4)));
});
