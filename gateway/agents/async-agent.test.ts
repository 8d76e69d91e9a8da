import { describe, expect, it } from 'vitest';
import type { Handler } from '../../transports/contract.ts';
import { COMPLETED, Collector, driven, turn } from '../../transports/testing/legs.ts';
import { type AgentRun, type AsyncAgent, asyncAgent } from './async-agent.ts';
import { TurnContext } from './context.ts';
import { STATE_BYTES_MAX } from './state.ts';
import { drivenCommands, noCommands, SESSION, STREAMING } from './testing/agents.ts';

function start(agent: AsyncAgent, { upstream = driven().handler, startCommand = noCommands, session = SESSION, takes = true } = {}) {
  const errors: Error[] = [];
  const remembered: unknown[] = [];
  const asked = turn({ agent: 'codex' });
  const context = new TurnContext(
    {
      upstream,
      startCommand,
      remember: (key, state) => remembered.push([key, state]),
      onAgentError: (_k, _a, error) => errors.push(error),
    },
    asked,
    session,
  );
  const sink = new Collector();
  sink.takes = takes;
  const running = asyncAgent(agent, STREAMING)(asked, sink, context);
  return { sink, running, errors, remembered };
}

describe('an async agent', () => {
  it('ends completed when it returns nothing, and as it says when it returns an outcome', async () => {
    const silent = start(async () => undefined);
    expect(await silent.sink.done).toEqual({ type: 'end', outcome: COMPLETED.outcome });
    const outcome = { kind: 'failed', code: 'agent_error', message: 'gave up' } as const;
    const saying = start(async () => outcome);
    expect(await saying.sink.done).toEqual({ type: 'end', outcome });
    expect(saying.errors).toEqual([]);
  });

  it('waits with `emit` until the client takes more', async () => {
    let said = 0;
    const { sink, running } = start(
      async ({ emit }) => {
        for (; said < 3; said += 1) await emit('x');
        return undefined;
      },
      { takes: false },
    );
    await settled();
    expect(said).toBe(0);
    expect(sink.text).toBe('x');
    running.resume();
    await settled();
    expect(said).toBe(1);
    sink.takes = true;
    running.resume();
    await sink.done;
    expect(sink.text).toBe('xxx');
  });

  it('may have several inferences at once: each is resumed, and the client gets one start', async () => {
    const { handler, turns } = driven();
    const { sink, running } = start(
      async ({ infer }) => {
        const [one, two] = await Promise.all([infer(), infer({ silent: true })]);
        return { kind: 'failed', code: 'agent_error', message: `${one.text} ${two.text}` };
      },
      { upstream: handler },
    );
    for (const { sink: upstream } of turns) upstream.push({ type: 'started', responseId: 'r' }, 0);
    sink.takes = false;
    expect(turns[0]!.sink.push({ type: 'text', text: 'one' }, 0)).toBe(false);
    expect(turns[1]!.sink.push({ type: 'text', text: 'two' }, 0)).toBe(true);
    running.resume();
    expect(turns.map(({ resumes }) => resumes)).toEqual([1, 1]);
    turns[0]!.sink.push(COMPLETED, 0);
    await settled();
    turns[1]!.sink.push({ ...COMPLETED, responseId: 'of the silent one' }, 0);
    expect(await sink.done).toMatchObject({
      outcome: { message: 'one two' },
      usage: { inputTokens: 6, outputTokens: 4 },
      responseId: 'r1',
    });
    expect(sink.events.map(({ type }) => type)).toEqual(['started', 'text', 'end']);
  });

  it('keeps calls from the client in a silent inference', async () => {
    const { handler, turns } = driven();
    const { sink } = start(
      async ({ infer, emit }) => {
        const { calls, handedOn } = await infer({ silent: true });
        await emit(JSON.stringify({ calls, handedOn }));
        return undefined;
      },
      { upstream: handler },
    );
    turns[0]!.sink.push({ type: 'toolCall', index: 0, id: 'c', name: 'f', arguments: '{}' }, 0);
    turns[0]!.sink.push({ ...COMPLETED, outcome: { kind: 'completed', finish: 'toolCalls' } }, 0);
    await sink.done;
    expect(JSON.parse(sink.text)).toEqual({ calls: [{ id: 'c', name: 'f', arguments: '{}' }], handedOn: false });
  });

  it('may catch an inference that failed, and go on', async () => {
    const { handler, turns } = driven();
    const { sink } = start(
      async ({ infer, emit }) => {
        await infer().catch((error: Error) => emit(`instead of ${error.message}`));
        return undefined;
      },
      { upstream: handler },
    );
    turns[0]!.sink.push({ type: 'end', outcome: { kind: 'failed', code: 'upstream_status', message: '500' } }, 0);
    expect((await sink.done).outcome).toEqual(COMPLETED.outcome);
    expect(sink.text).toBe('instead of 500');
  });

  it('leaves nothing behind that it did not wait for', async () => {
    const { handler, turns } = driven();
    const { start: startCommand, commands } = drivenCommands();
    const { sink, errors } = start(
      async ({ infer, command, emit }) => {
        void infer();
        void command(['x']);
        void emit('never taken');
        return undefined;
      },
      { upstream: handler, startCommand, takes: false },
    );
    await sink.done;
    expect(turns[0]!.cancels).toBe(1);
    expect(commands[0]!.cancels).toBe(1);
    turns[0]!.sink.push({ type: 'text', text: 'late' }, 0);
    await settled();
    expect(sink.events.at(-1)?.type).toBe('end');
    expect(sink.ends).toBe(1);
    expect(errors).toEqual([]);
  });

  it('ends failed where the upstream itself throws', async () => {
    const upstream: Handler = () => {
      throw new Error('no client');
    };
    const { sink, errors } = start(({ infer }) => infer().then(() => undefined), { upstream });
    expect((await sink.done).outcome).toEqual({ kind: 'failed', code: 'agent_error', message: 'no client' });
    expect(errors.length).toBe(1);
  });

  it('gets the output of a command that is not streamed', async () => {
    const { start: startCommand, commands } = drivenCommands();
    const { sink } = start(
      async ({ command, emit }) => {
        const { result, output, droppedBytes } = await command(['make', 'it'], { timeoutMs: 5 });
        await emit(JSON.stringify({ result, output, droppedBytes }));
        return undefined;
      },
      { startCommand },
    );
    expect(commands[0]!.request).toMatchObject({ words: ['make', 'it'], timeoutMs: 5, outputWhole: false });
    commands[0]!.say({ type: 'output', stream: 'stdout', text: 'a' });
    commands[0]!.say({ type: 'output', stream: 'stderr', text: 'b' });
    commands[0]!.say({ type: 'ended', result: { kind: 'exited', status: 1 }, outputDroppedBytes: 9 });
    await sink.done;
    expect(JSON.parse(sink.text)).toEqual({ result: { kind: 'exited', status: 1 }, output: 'ab', droppedBytes: 9 });
  });
});

describe('an async agent that is cancelled', () => {
  it.each<[string, (run: AgentRun) => Promise<unknown>]>([
    ['infer', ({ infer }) => infer()],
    ['emit', ({ emit }) => emit('x')],
    ['tool', ({ tool }) => tool({ name: 'none', arguments: '' })],
    ['command', ({ command }) => command(['x'])],
  ])('has all that it awaits rejected from then on: %s', async (_, call) => {
    const { handler } = driven();
    let thrown: unknown;
    const { sink, running, errors } = start(
      async (run) => {
        await run.infer().catch(() => {});
        await call(run).catch((error: unknown) => {
          thrown = error;
        });
        throw new Error('whatever it does then');
      },
      { upstream: handler },
    );
    running.cancel();
    expect(await sink.done).toEqual({ type: 'end', outcome: { kind: 'cancelled' } });
    expect(thrown).toMatchObject({ name: 'AbortError' });
    expect(errors).toEqual([]);
  });

  it('ends when it has come to its own end, and not before', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { sink, running } = start(async () => {
      await promise;
      return undefined;
    });
    running.cancel();
    await settled();
    expect(sink.ends).toBe(0);
    resolve();
    expect((await sink.done).outcome).toEqual({ kind: 'cancelled' });
  });
});

describe('what an agent remembers', () => {
  const remembering = (state: unknown) => start(async ({ remember }) => void remember(state as never) as undefined);

  it('is a copy that nobody can change', async () => {
    const state = { list: [1, { deep: true }] };
    const { sink, remembered } = remembering(state);
    await sink.done;
    state.list.push(2);
    const [[key, kept]] = remembered as [[string, typeof state]];
    expect(key).toBe('session-key');
    expect(kept).toEqual({ list: [1, { deep: true }] });
    expect(() => kept.list.push(3)).toThrow(TypeError);
    expect(Object.isFrozen(kept.list[1])).toBe(true);
  });

  it('has a bound: at it not yet, one byte more is too much', async () => {
    const frame = '{"text":""}'.length;
    const fits = remembering({ text: 'x'.repeat(STATE_BYTES_MAX - frame) });
    expect((await fits.sink.done).outcome.kind).toBe('completed');
    expect(fits.remembered.length).toBe(1);
    const large = remembering({ text: 'x'.repeat(STATE_BYTES_MAX - frame + 1) });
    expect((await large.sink.done).outcome).toMatchObject({
      code: 'agent_error',
      message: 'what a session remembers is 65537 bytes, more than 65536',
    });
    expect(large.remembered).toEqual([]);
  });

  it.each([[[1]], ['text'], [undefined], [() => 1]])('must be a JSON object: %o is none', async (state) => {
    const { sink, remembered } = remembering(state);
    expect((await sink.done).outcome).toMatchObject({ code: 'agent_error', message: 'what a session remembers must be a JSON object' });
    expect(remembered).toEqual([]);
  });

  it('goes nowhere where the turn stands alone', async () => {
    const { key: _, ...alone } = SESSION;
    const { sink, remembered } = start(async ({ remember }) => void remember({ a: 1 }) as undefined, { session: alone });
    expect((await sink.done).outcome.kind).toBe('completed');
    expect(remembered).toEqual([]);
  });
});

/** All that promises have still to do. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
