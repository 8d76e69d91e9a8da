import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Handler, Turn, TurnEvent } from '../../transports/contract.ts';
import { COMPLETED, driven } from '../../transports/testing/legs.ts';
import { agents, SESSION, STREAMING } from './testing/agents.ts';

describe('an inference', () => {
  it('carries nothing that is the gateway’s alone', async () => {
    const { handler, turns } = driven();
    const { run } = await agents(handler);
    const over: Partial<Turn> = {
      agent: 'codex',
      execution: 'inline',
      session: 's',
      env: { A: '1' },
      traceparent: 't',
      arrival: { transport: 'sse', envelope: 'chat', connection: 1, requestBytes: 2, readAtNs: 0, client: 'c' },
      want: { phases: true },
    };
    run({ ...over, parameters: { temperature: 1 } });
    expect(turns[0]?.turn).toEqual({
      key: 'k',
      model: 'm',
      input: [{ role: 'user', content: 'hello' }],
      traceparent: 't',
      want: { phases: false },
      parameters: { temperature: 1 },
    });
  });

  it('goes straight to the client where the agent only relays: the same events, the same control', async () => {
    const { handler, turns } = driven();
    const { run } = await agents(handler);
    const { sink, running } = run();
    const said: TurnEvent = { type: 'text', text: 'a' };
    turns[0]!.sink.push(said, 7);
    expect(sink.events[0]).toBe(said);
    expect(sink.readAtNs).toEqual([7]);
    running.resume();
    running.cancel();
    expect(turns[0]).toMatchObject({ resumes: 1, cancels: 1 });
    expect(sink.ends).toBe(1);
  });
});

describe('subagent', () => {
  it('takes no tools', async () => {
    const { handler, turns } = driven();
    const { run } = await agents(handler);
    const { outcome } = await run({ agent: 'subagent', parameters: { tools: [{ type: 'function' }] } }).sink.done;
    expect(outcome).toMatchObject({ kind: 'refused', status: 400, param: 'tools' });
    run({ agent: 'subagent', parameters: { tools: [] } });
    expect(turns.length).toBe(1);
  });
});

describe('an agent that does not stream', () => {
  const WHOLE = { codex: { ...STREAMING, streaming: false, charactersMax: 10 } };

  it('answers in one piece when all is there', async () => {
    const { handler, turns } = driven();
    const { run } = await agents(handler, WHOLE);
    const { sink } = run();
    const { sink: upstream } = turns[0]!;
    upstream.push({ type: 'started', responseId: 'r' }, 0);
    upstream.push({ type: 'text', text: 'ab' }, 1);
    upstream.push({ type: 'text', text: 'cd' }, 2);
    expect(sink.events.length).toBe(1);
    upstream.push({ type: 'toolCall', index: 0, id: 'c', name: 'f', arguments: '{}' }, 3);
    upstream.push(COMPLETED, 4);
    expect(sink.events.map(({ type }) => type)).toEqual(['started', 'text', 'toolCall', 'end']);
    expect(sink.text).toBe('abcd');
  });

  it('fails when the answer is larger than it may hold: at the limit not yet, one more is too many', async () => {
    const { handler, turns } = driven();
    const { run } = await agents(handler, WHOLE);
    const { sink } = run();
    turns[0]!.sink.push({ type: 'text', text: 'x'.repeat(10) }, 0);
    expect(sink.ends).toBe(0);
    turns[0]!.sink.push({ type: 'text', text: 'x' }, 0);
    expect(sink.events).toMatchObject([{ type: 'end', outcome: { kind: 'failed', code: 'reply_too_large' } }]);
    expect(turns[0]!.cancels).toBe(1);
  });
});

it('turns what an agent throws into the end of its turn, and reports it with its stack', async () => {
  const broken: Handler = () => {
    throw new Error('boom');
  };
  const { run, errors } = await agents(broken);
  const { outcome } = await run().sink.done;
  expect(outcome).toEqual({ kind: 'failed', code: 'agent_error', message: 'boom' });
  expect(errors).toMatchObject([{ turn: 'k', agent: 'codex', error: { message: 'boom' } }]);
  expect(errors[0]?.error.stack).toContain('agents.test.ts');
});

describe('a delay', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('of the agent and one of the upstream lie one after the other', async () => {
    const { handler, turns } = driven();
    const { run } = await agents(handler, { delayMs: { agent: 20, upstream: 30 } });
    const { sink, running } = run();
    vi.advanceTimersByTime(49);
    expect(turns.length).toBe(0);
    vi.advanceTimersByTime(1);
    expect(turns.length).toBe(1);
    running.cancel();
    expect(sink.ends).toBe(1);
    expect(turns[0]?.cancels).toBe(1);
  });

  it('of the upstream comes before every inference', async () => {
    const { handler, turns } = driven();
    const { run } = await agents(handler, { codex: { tools: ['list_files'] }, delayMs: { upstream: 30 } });
    run({}, { ...SESSION, workspace: '/nowhere/at/all' });
    await vi.advanceTimersByTimeAsync(30);
    turns[0]!.sink.push({ type: 'toolCall', index: 0, id: 'c', name: 'list_files', arguments: '{"wrong":1}' }, 0);
    turns[0]!.sink.push({ ...COMPLETED, outcome: { kind: 'completed', finish: 'toolCalls' } }, 0);
    await vi.advanceTimersByTimeAsync(29);
    expect(turns.length).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(turns.length).toBe(2);
  });
});
