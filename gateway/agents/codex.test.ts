import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { EndEvent, Outcome, ToolCallEvent } from '../../transports/contract.ts';
import { COMPLETED, type Driven, driven, until } from '../../transports/testing/legs.ts';
import type { CommandResult, SessionData } from './agent.ts';
import { agents, drivenCommands, SESSION } from './testing/agents.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A session whose workspace holds one file, `notes.txt`. */
function sessionWithNotes(): SessionData {
  const workspace = mkdtempSync(join(tmpdir(), 'gatebench-codex-'));
  cleanups.push(() => rmSync(workspace, { recursive: true }));
  writeFileSync(join(workspace, 'notes.txt'), 'remember the milk');
  return { ...SESSION, workspace };
}

const call = (index: number, name: string, args: unknown = {}, id = `c${index}`): ToolCallEvent => ({
  type: 'toolCall',
  index,
  id,
  name,
  arguments: JSON.stringify(args),
});

const READ = call(0, 'read_file', { path: 'notes.txt' });

/** Says what is given, then ends; each inference uses 10 tokens of input and 1 of output. */
function reply({ sink }: Driven, events: (string | ToolCallEvent)[], end: Partial<EndEvent> = {}): void {
  const calls = events.some((event) => typeof event !== 'string');
  sink.push({ type: 'started', responseId: 'upstream' }, 0);
  for (const event of events) sink.push(typeof event === 'string' ? { type: 'text', text: event } : event, 0);
  const outcome: Outcome = { kind: 'completed', finish: calls ? 'toolCalls' : 'stop' };
  sink.push({ type: 'end', outcome, usage: { inputTokens: 10, outputTokens: 1 }, responseId: 'upstream', ...end }, 0);
}

const completed = (finish: 'stop' | 'toolCalls' | 'length'): Outcome => ({ kind: 'completed', finish });

describe('codex with tools', () => {
  it('offers them beside the client’s, in the form that envelopes turn into what a leg needs', async () => {
    const { handler, turns, next } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file', 'list_files', 'exec'] } });
    const theirs = [
      { type: 'function', name: 'search' },
      { type: 'function', function: { name: 'exec' } },
    ];
    run({ parameters: { temperature: 0, tools: theirs } });
    await next();
    const { tools, temperature } = turns[0]!.turn.parameters as { tools: { name?: string; parameters?: object }[]; temperature: number };
    expect(temperature).toBe(0);
    // The client has an `exec` of its own.
    expect(tools.map(({ name }) => name)).toEqual(['search', undefined, 'read_file', 'list_files']);
    expect(tools[2]).toEqual({
      type: 'function',
      name: 'read_file',
      description: expect.stringContaining('file of the workspace'),
      strict: false,
      parameters: {
        type: 'object',
        properties: {
          path: { type: 'string', description: 'Relative to the workspace.', maxLength: 4_096 },
          from_line: { type: 'integer', description: 'The first line wanted, from 1.', minimum: 1, maximum: 10_000_000 },
          to_line: { type: 'integer', description: 'The last line wanted.', minimum: 1, maximum: 10_000_000 },
        },
        required: ['path'],
        additionalProperties: false,
      },
    });
  });

  it('runs what the model calls, and asks again with the result: the client sees text alone, and the sum of what was used', async () => {
    const { handler, next } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file'] } });
    const { sink } = run({}, sessionWithNotes());
    reply(await next(), ['Let me ', 'look.', READ], { responseId: 'first' });
    const second = await next();
    expect(second.turn.input).toEqual([
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'Let me look.', toolCalls: [{ id: 'c0', name: 'read_file', arguments: READ.arguments }] },
      { role: 'tool', toolCallId: 'c0', content: 'remember the milk' },
    ]);
    reply(second, ['Milk.'], { responseId: 'second' });
    expect(await sink.done).toEqual({
      type: 'end',
      outcome: completed('stop'),
      usage: { inputTokens: 20, outputTokens: 2 },
      responseId: 'second',
    });
    expect(sink.events.map(({ type }) => type)).toEqual(['started', 'text', 'text', 'text', 'end']);
    expect(sink.text).toBe('Let me look.Milk.');
  });

  it('runs calls one after the other, in their order, and puts fragments together', async () => {
    const { handler, next } = driven();
    const { start, commands } = drivenCommands();
    const { run } = await agents(handler, { codex: { tools: ['exec'] }, startCommand: start });
    run();
    reply(await next(), [
      { ...call(0, 'exec'), arguments: '{"comm' },
      call(1, 'exec', { command: 'second' }),
      { type: 'toolCall', index: 0, id: '', name: '', arguments: 'and":"first 1"}' },
    ]);
    await until(() => commands.length === 1);
    expect(commands[0]!.request).toEqual({ words: ['first', '1'], workspace: SESSION.workspace, env: SESSION.env });
    commands[0]!.say({ type: 'output', stream: 'stdout', text: 'one\n' });
    commands[0]!.say({ type: 'ended', result: { kind: 'exited', status: 3 }, outputDroppedBytes: 7 });
    await until(() => commands.length === 2);
    expect(commands[1]!.request.words).toEqual(['second']);
    commands[1]!.say({ type: 'ended', result: { kind: 'signalled', signal: 'SIGSEGV' } });
    expect((await next()).turn.input.slice(2)).toEqual([
      { role: 'tool', toolCallId: 'c0', content: 'command exited with status 3\none\n\n[7 bytes more of output were dropped]' },
      { role: 'tool', toolCallId: 'c1', content: 'command killed by SIGSEGV\n' },
    ]);
  });

  it('hands a reply that calls another tool to the client whole, its own calls included', async () => {
    const { handler, turns, next } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file'] } });
    const { sink } = run({ parameters: { tools: [{ type: 'function', name: 'ask' }] } });
    reply(await next(), ['Hm.', READ, call(1, 'ask', { what: 1 }), { type: 'toolCall', index: 0, id: '', name: '', arguments: ' ' }]);
    expect((await sink.done).outcome).toEqual(completed('toolCalls'));
    expect(sink.events.slice(2, -1)).toEqual([
      READ,
      call(1, 'ask', { what: 1 }),
      { type: 'toolCall', index: 0, id: '', name: '', arguments: ' ' },
    ]);
    expect(turns.length).toBe(1);
  });

  it.each([
    ['a tool that fails', call(0, 'read_file', { path: 'none.txt' }), 'error: "none.txt" does not exist'],
    ['arguments that do not fit', call(0, 'read_file', { paths: 1 }), 'error: "paths" is no parameter; path must be given'],
    ['arguments that are no JSON', { ...READ, arguments: '{"path":' }, 'error: the arguments are not JSON'],
    ['a long error', call(0, 'read_file', { [`x${'y'.repeat(99)}`]: 1, path: 2, ...many(50) }), expect.stringMatching(/^error: .{1000}…$/)],
  ])('answers the model for %s', async (_, called, content) => {
    const { handler, next } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file'] } });
    run({}, sessionWithNotes());
    reply(await next(), [called]);
    expect((await next()).turn.input.at(-1)).toEqual({ role: 'tool', toolCallId: 'c0', content });
  });

  it('answers the calls of as many rounds as it may, and fails when the model wants more', async () => {
    const { handler, turns, next } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file'], toolRoundsMax: 2 } });
    const { sink } = run({}, sessionWithNotes());
    for (let round = 0; round < 3; round += 1) reply(await next(), [READ]);
    const end = await sink.done;
    expect(end.outcome).toEqual({ kind: 'failed', code: 'agent_error', message: 'the model called tools again after 2 rounds of them' });
    expect(end.usage).toEqual({ inputTokens: 30, outputTokens: 3 });
    expect(turns.length).toBe(3);
  });

  it('runs no call of a reply that was cut short, and those of one that says only that it stopped', async () => {
    const { handler, turns, next } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file'] } });
    const cut = run({}, sessionWithNotes());
    reply(await next(), [READ], { outcome: completed('length') });
    expect((await cut.sink.done).outcome).toEqual(completed('length'));
    expect(turns.length).toBe(1);
    run({}, sessionWithNotes());
    reply(await next(), [{ ...READ, id: '' }], { outcome: completed('stop') });
    // An id is made up where the server gave none.
    expect((await next()).turn.input.at(-1)).toMatchObject({ toolCallId: 'call_0', content: 'remember the milk' });
  });

  it('demands a tool of the first inference only', async () => {
    const { handler, next } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file'] } });
    run({ parameters: { tool_choice: 'required', top_p: 1 } }, sessionWithNotes());
    const first = await next();
    expect(first.turn.parameters?.tool_choice).toBe('required');
    reply(first, [READ]);
    const { parameters } = (await next()).turn;
    expect(parameters).not.toHaveProperty('tool_choice');
    expect(parameters).toMatchObject({ top_p: 1, tools: [{ name: 'read_file' }] });
  });

  it('holds a limit of output tokens for all inferences together', async () => {
    const { handler, turns, next } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file'] } });
    const { sink } = run({ outputTokensMax: 12 }, sessionWithNotes());
    const first = await next();
    expect(first.turn.outputTokensMax).toBe(12);
    reply(first, [READ], { usage: { inputTokens: 1, outputTokens: 9 } });
    const second = await next();
    expect(second.turn.outputTokensMax).toBe(3);
    reply(second, [READ], { usage: { inputTokens: 1, outputTokens: 3 } });
    expect((await sink.done).outcome).toEqual(completed('length'));
    expect(turns.length).toBe(2);
  });

  it('relays a turn that only prepares the upstream', async () => {
    const { handler, turns } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file'] } });
    const { sink } = run({ generate: false });
    turns[0]?.sink.push(COMPLETED, 0);
    expect(sink.events).toEqual([COMPLETED]);
    expect(turns[0]?.turn.parameters).toBeUndefined();
  });
});

describe('an inference of codex with tools that does not complete', () => {
  const lost: Outcome = { kind: 'failed', code: 'connection_lost', message: 'gone' };
  const full: Outcome = { kind: 'refused', status: 429, code: 'queue_full', message: 'try later', retryAfterS: 1 };

  it.each([lost, full])('ends the turn as it ended: $kind', async (outcome) => {
    const { handler, next } = driven();
    const { run, errors } = await agents(handler, { codex: { tools: ['read_file'] } });
    const { sink } = run();
    reply(await next(), ['half'], { outcome });
    expect((await sink.done).outcome).toEqual(outcome);
    // A failure of the upstream's is no error of the agent's.
    expect(errors).toEqual([]);
  });

  it.each([
    [lost, lost],
    [full, { kind: 'failed', code: 'upstream_error', message: 'inference 2 was refused (queue_full): try later' }],
  ])('in a later round too, with what was used until then; a refusal is a failure by then', async (outcome, expected) => {
    const { handler, next } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file'] } });
    const { sink } = run({}, sessionWithNotes());
    reply(await next(), ['one ', READ]);
    const { sink: second } = await next();
    second.push({ type: 'text', text: 'two' }, 0);
    second.push({ type: 'end', outcome }, 0);
    expect(await sink.done).toMatchObject({ outcome: expected, usage: { inputTokens: 10, outputTokens: 1 } });
    expect(sink.text).toBe('one two');
    expect(sink.ends).toBe(1);
  });

  it('is ended by the agent where it is larger than may be held', async () => {
    const { handler, turns, next } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file'], charactersMax: 10 } });
    const { sink } = run();
    const { sink: upstream } = await next();
    upstream.push({ type: 'text', text: 'x'.repeat(10) }, 0);
    await Promise.resolve();
    expect(sink.ends).toBe(0);
    upstream.push({ type: 'text', text: 'y' }, 0);
    expect((await sink.done).outcome).toMatchObject({ kind: 'failed', code: 'reply_too_large' });
    expect(sink.text).toBe('x'.repeat(10));
    expect(turns[0]!.cancels).toBe(1);
  });
});

describe('back-pressure on codex with tools', () => {
  it('reaches the inference, and lifting it resumes that', async () => {
    const { handler, next } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file'] } });
    const { sink, running } = run();
    const upstream = await next();
    expect(upstream.sink.push({ type: 'text', text: 'a' }, 0)).toBe(true);
    sink.takes = false;
    expect(upstream.sink.push({ type: 'text', text: 'b' }, 0)).toBe(false);
    // Still full: so is the answer, whatever the client's sink would say by now.
    sink.takes = true;
    expect(upstream.sink.push({ type: 'text', text: 'c' }, 0)).toBe(false);
    expect(upstream.resumes).toBe(0);
    running.resume();
    running.resume();
    expect(upstream.resumes).toBe(1);
    expect(upstream.sink.push({ type: 'text', text: 'd' }, 0)).toBe(true);
    expect(sink.text).toBe('abcd');
  });

  it('keeps the next inference from starting', async () => {
    const { handler, turns, next } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file'] } });
    const { sink, running } = run({}, sessionWithNotes());
    const first = await next();
    sink.takes = false;
    reply(first, ['text', READ]);
    sink.takes = true;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(turns.length).toBe(1);
    running.resume();
    await next();
    expect(turns.length).toBe(2);
  });
});

describe('codex with tools that is cancelled', () => {
  it('while it infers, cancels the inference and ends once', async () => {
    const { handler, next } = driven();
    const { run, errors } = await agents(handler, { codex: { tools: ['read_file'] } });
    const { sink, running } = run();
    const upstream = await next();
    upstream.sink.push({ type: 'text', text: 'half' }, 0);
    running.cancel();
    running.cancel();
    expect(upstream.sink.push({ type: 'text', text: ' more' }, 0)).toBe(true);
    expect((await sink.done).outcome).toEqual({ kind: 'cancelled' });
    running.cancel();
    running.resume();
    expect(sink.text).toBe('half');
    expect(sink.ends).toBe(1);
    expect(errors).toEqual([]);
  });

  it('while a tool runs, stops that, and ends when it has stopped', async () => {
    const { handler, turns, next } = driven();
    const { start, commands } = drivenCommands();
    let stop = () => {};
    const { run } = await agents(handler, {
      codex: { tools: ['exec'] },
      startCommand: (request, onEvent) => {
        start(request, onEvent);
        return { pause() {}, resume() {}, cancel: () => (stop = () => onEvent({ type: 'ended', result: { kind: 'cancelled' } })) };
      },
    });
    const { sink, running } = run();
    reply(await next(), [call(0, 'exec', { command: 'sleep 10' })]);
    await until(() => commands.length === 1);
    running.cancel();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sink.ends).toBe(0);
    stop();
    expect(await sink.done).toMatchObject({ outcome: { kind: 'cancelled' }, usage: { inputTokens: 10 } });
    expect(turns.length).toBe(1);
  });

  it('while it waits for the client, ends at once', async () => {
    const { handler, turns, next } = driven();
    const { run } = await agents(handler, { codex: { tools: ['read_file'] } });
    const { sink, running } = run({}, sessionWithNotes());
    const first = await next();
    sink.takes = false;
    reply(first, ['text', READ]);
    running.cancel();
    expect((await sink.done).outcome).toEqual({ kind: 'cancelled' });
    expect(turns.length).toBe(1);
  });
});

describe('a message that begins with !', () => {
  const message = (content: string) => ({ input: [{ role: 'user' as const, content }] });

  async function commanded(over: Parameters<typeof agents>[1] = {}) {
    const { handler, turns } = driven();
    const { start, commands } = drivenCommands();
    const under = await agents(handler, { codex: { tools: ['exec'] }, startCommand: start, ...over });
    return { ...under, turns, commands };
  }

  it('is a command: its words are taken apart, its output comes as text, and the LLM is not asked', async () => {
    const { run, turns, commands } = await commanded();
    const { sink } = run({ ...message(`!work.py "a b" --x='1"'`), previousResponseId: 'before' });
    expect(commands[0]!.request).toEqual({
      words: ['work.py', 'a b', '--x=1"'],
      workspace: SESSION.workspace,
      env: SESSION.env,
      outputWhole: true,
    });
    commands[0]!.say({ type: 'output', stream: 'stdout', text: 'out ' });
    commands[0]!.say({ type: 'output', stream: 'stderr', text: 'err' });
    expect(sink.text).toBe('out err');
    commands[0]!.say({ type: 'ended', result: { kind: 'exited', status: 0 } });
    // The conversation upstream is where it was.
    expect(await sink.done).toEqual({ type: 'end', outcome: completed('stop'), responseId: 'before' });
    expect(turns.length).toBe(0);
  });

  it.each<[CommandResult, string]>([
    [{ kind: 'exited', status: 3 }, 'command exited with status 3'],
    [{ kind: 'signalled', signal: 'SIGSEGV' }, 'command killed by SIGSEGV'],
    [{ kind: 'timedOut', afterMs: 60_000 }, 'command timed out after 60000 ms'],
    [
      { kind: 'refused', message: 'the program "ls" is not allowed; allowed: node' },
      'command refused: the program "ls" is not allowed; allowed: node',
    ],
  ])('fails with a message that says how the command ended', async (result, expected) => {
    const { run, commands, errors } = await commanded();
    const { sink } = run(message('!x.py'));
    commands[0]!.say({ type: 'ended', result });
    expect((await sink.done).outcome).toEqual({ kind: 'failed', code: 'agent_error', message: expected });
    expect(errors).toEqual([]);
  });

  it('is refused where it is no command', async () => {
    const { run, commands } = await commanded();
    for (const [line, problem] of [
      ['!', 'there is no command'],
      ['!a | b', 'there is no shell, to which alone "|" means anything; quote it to pass it on'],
      ['!a "b', 'the quote " is not closed'],
    ] as const) {
      const { outcome } = await run(message(line)).sink.done;
      expect(outcome).toEqual({ kind: 'failed', code: 'agent_error', message: `command refused: ${problem}` });
    }
    expect(commands.length).toBe(0);
  });

  it('holds the command back while the client takes nothing', async () => {
    const { run, commands } = await commanded();
    const { sink, running } = run(message('!x.py'));
    const [command] = commands;
    sink.takes = false;
    command!.say({ type: 'output', stream: 'stdout', text: 'x' });
    expect(command!.pauses).toBe(1);
    sink.takes = true;
    running.resume();
    expect(command!.resumes).toBe(1);
    command!.say({ type: 'output', stream: 'stdout', text: 'y' });
    expect(command!.pauses).toBe(1);
    expect(sink.text).toBe('xy');
  });

  it('is cancelled with its turn', async () => {
    const { run, commands } = await commanded();
    const { sink, running } = run(message('!x.py'));
    running.cancel();
    expect((await sink.done).outcome).toEqual({ kind: 'cancelled' });
    expect(commands[0]!.cancels).toBeGreaterThan(0);
    expect(sink.ends).toBe(1);
  });

  it.each([
    ['it has no tool for it', { codex: { tools: ['read_file'] as const } }, message('!x.py')],
    ['it is not the last', {}, { input: [...message('!x.py').input, { role: 'tool' as const, content: '!x.py', toolCallId: 'c' }] }],
  ])('goes to the LLM where %s', async (_, over, turn) => {
    const { run, turns, commands } = await commanded(over);
    run(turn);
    await until(() => turns.length === 1);
    expect(commands.length).toBe(0);
  });
});

function many(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`unknown_parameter_${index}`, index]));
}
