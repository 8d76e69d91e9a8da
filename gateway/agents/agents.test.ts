import { describe, expect, it } from 'vitest';
import type { Handler, Turn } from '../../transports/contract.ts';
import { COMPLETED, driven, run } from '../../transports/testing/legs.ts';
import { type AgentSettings, agentHandler } from './index.ts';

const STREAMING: AgentSettings = { streaming: true, charactersMax: 10 };
const WHOLE: AgentSettings = { streaming: false, charactersMax: 10 };

const agents = (upstream: Handler, settings = STREAMING) => agentHandler({ codex: settings, subagent: settings }, { upstream });

describe('an inference', () => {
  it('carries nothing that is the gateway’s alone', () => {
    const { handler, turns } = driven();
    const turn: Partial<Turn> = {
      agent: 'codex',
      execution: 'inline',
      session: 's',
      env: { A: '1' },
      traceparent: 't',
      want: { phases: true },
    };
    run(agents(handler), { ...turn, parameters: { temperature: 1 } });
    expect(turns[0]?.turn).toEqual({
      key: 'k',
      model: 'm',
      input: [{ role: 'user', content: 'hello' }],
      want: { phases: false },
      parameters: { temperature: 1 },
    });
  });
});

describe('subagent', () => {
  it('takes no tools', async () => {
    const { handler, turns } = driven();
    const { outcome } = await run(agents(handler), { agent: 'subagent', parameters: { tools: [{ type: 'function' }] } }).sink.done;
    expect(outcome).toMatchObject({ kind: 'refused', status: 400, param: 'tools' });
    run(agents(handler), { agent: 'subagent', parameters: { tools: [] } });
    expect(turns.length).toBe(1);
  });
});

describe('an agent that does not stream', () => {
  it('answers in one piece when all is there', () => {
    const { handler, turns } = driven();
    const { sink } = run(agents(handler, WHOLE), { agent: 'codex' });
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

  it('fails when the answer is larger than it may hold: at the limit not yet, one more is too many', () => {
    const { handler, turns } = driven();
    const { sink } = run(agents(handler, WHOLE), { agent: 'codex' });
    turns[0]!.sink.push({ type: 'text', text: 'x'.repeat(10) }, 0);
    expect(sink.ends).toBe(0);
    turns[0]!.sink.push({ type: 'text', text: 'x' }, 0);
    expect(sink.events).toMatchObject([{ type: 'end', outcome: { kind: 'failed', code: 'reply_too_large' } }]);
    expect(turns[0]!.cancels).toBe(1);
  });
});

it('turns what an agent throws into the end of its turn', async () => {
  const broken: Handler = () => {
    throw new Error('boom');
  };
  const { outcome } = await run(agents(broken), { agent: 'codex' }).sink.done;
  expect(outcome).toEqual({ kind: 'failed', code: 'agent_error', message: 'boom' });
});
