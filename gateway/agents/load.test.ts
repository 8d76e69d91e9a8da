import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { COMPLETED, driven } from '../../transports/testing/legs.ts';
import { agents, drivenCommands, SESSION } from './testing/agents.ts';

const GUIDE = fileURLToPath(new URL('../../docs/agents.md', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'gatebench-modules-'));
afterAll(() => rmSync(folder, { recursive: true }));

let modules = 0;

/** A module is imported once by its name. */
function moduleOf(source: string, extension = 'mjs'): string {
  modules += 1;
  const path = join(folder, `module-${modules}.${extension}`);
  writeFileSync(path, source);
  return path;
}

describe('the module of an agent', () => {
  it('runs in its place: by a default export, on events', async () => {
    const module = moduleOf(
      `
      import type { Agent } from '${fileURLToPath(new URL('agent.ts', import.meta.url))}';
      const agent: Agent = (turn, sink, { upstream, session }) => {
        sink.push({ type: 'text', text: session.env.NAME + ' ' }, 0);
        return upstream(turn, sink);
      };
      export default agent;`,
      'ts',
    );
    const { handler, turns } = driven();
    const { run } = await agents(handler, { subagent: { module } });
    const { sink } = run({ agent: 'subagent' });
    turns[0]!.sink.push({ type: 'text', text: 'said' }, 0);
    turns[0]!.sink.push(COMPLETED, 0);
    expect(sink.text).toBe('value said');
    expect((await sink.done).outcome.kind).toBe('completed');
    // The other agent is itself.
    const other = run();
    turns[1]!.sink.push(COMPLETED, 0);
    expect(other.sink.events).toEqual([COMPLETED]);
  });

  it('as the guide has it: reads files that a first inference names, answers with a second, and remembers', async () => {
    const [, example] = /```js\n([\s\S]*?)```/.exec(readFileSync(GUIDE, 'utf8')) ?? [];
    const workspace = join(folder, 'workspace');
    const { handler, next } = driven();
    const { run, remembered, errors } = await agents(handler, {
      codex: { module: moduleOf(example!), tools: ['read_file', 'write_file'] },
    });
    const { sink } = run({}, { ...SESSION, workspace, state: { answered: 4 } });
    const plan = await next();
    expect(plan.turn.input[0]).toMatchObject({ role: 'system', content: expect.stringContaining('One path a line') });
    plan.sink.push({ type: 'started', responseId: 'r' }, 0);
    plan.sink.push({ type: 'text', text: 'a.txt\nb.txt' }, 0);
    plan.sink.push(COMPLETED, 0);
    const answer = await next();
    expect(answer.turn.input).toEqual([
      { role: 'system', content: 'error: "a.txt" does not exist\nerror: "b.txt" does not exist' },
      { role: 'user', content: 'hello' },
    ]);
    answer.sink.push({ type: 'text', text: 'Nothing there.' }, 0);
    answer.sink.push(COMPLETED, 0);
    expect(await sink.done).toMatchObject({ outcome: COMPLETED.outcome, usage: { inputTokens: 6, outputTokens: 4 } });
    expect(sink.text).toBe('Reading a.txt\nReading b.txt\nNothing there.');
    expect(remembered).toEqual([{ key: 'session-key', state: { answered: 5 } }]);
    expect(errors).toEqual([]);
  });

  it('starts commands in its own workspace and environment, whatever it asks for', async () => {
    const module = moduleOf(`export default (turn, sink, { startCommand }) => {
      startCommand({ words: ['x'], workspace: '/', env: { OTHER: '1' } }, () => {});
      return { resume() {}, cancel() {} };
    };`);
    const { start, commands } = drivenCommands();
    const { run } = await agents(driven().handler, { codex: { module }, startCommand: start });
    run();
    expect(commands[0]?.request).toEqual({ words: ['x'], workspace: SESSION.workspace, env: SESSION.env });
  });

  it.each([
    ['is missing', () => join(folder, 'none.mjs'), /^the module of the agent codex, .*none\.mjs, cannot be loaded: Cannot find module/],
    ['does not parse', () => moduleOf('export default ('), /cannot be loaded: /],
    ['throws', () => moduleOf('throw new Error("no luck")'), /cannot be loaded: no luck$/],
    [
      'exports no agent',
      () => moduleOf('export const agent = () => {};'),
      /exports no agent: neither a default function nor an async function `run`$/,
    ],
    [
      'exports an async function by default',
      () => moduleOf('export default async () => {};'),
      /exports its async function by default: it is to be named `run`$/,
    ],
  ])('that %s is an error that says so', async (_, module, message) => {
    const { handler } = driven();
    await expect(agents(handler, { codex: { module: module() } })).rejects.toThrow(message);
  });
});

describe('what a module throws', () => {
  const failed = (message: string) => ({ kind: 'failed', code: 'agent_error', message });

  it.each([
    ['at once', 'export default () => { throw new Error("bad"); }', 'bad'],
    ['as something else than an error', 'export default () => { throw "text"; }', 'text'],
    ['in a promise', 'export async function run() { await null; throw new Error("bad later"); }', 'bad later'],
    ['at once in an async agent', 'export const run = () => { throw new RangeError("bad"); }', 'bad'],
    ['by returning nothing', 'export default () => {}', 'the agent returned nothing that could be resumed and cancelled'],
    [
      'by returning a promise',
      'export default () => Promise.reject(new Error("lost"))',
      'the agent returned a promise: a module exports an async agent as `run`',
    ],
    ['at length', 'export default () => { throw new Error("x".repeat(5000)); }', `${'x'.repeat(1_000)}…`],
  ])('%s ends its turn and is reported', async (_, source, message) => {
    const { handler } = driven();
    const { run, errors } = await agents(handler, { codex: { module: moduleOf(source) } });
    const { sink } = run();
    expect((await sink.done).outcome).toEqual(failed(message));
    expect(sink.ends).toBe(1);
    expect(errors).toMatchObject([{ turn: 'k', agent: 'codex' }]);
    expect(errors[0]!.error.stack).toContain('\n    at ');
  });

  it('from a sink of its own ends its turn, and not the upstream’s socket; its inference is cancelled', async () => {
    const module = moduleOf(`export default (turn, sink, { upstream }) => upstream(turn, { push() { throw new Error('bad sink'); } });`);
    const { handler, turns } = driven();
    const { run, errors } = await agents(handler, { codex: { module } });
    const { sink } = run();
    expect(turns[0]!.sink.push({ type: 'text', text: 'x' }, 0)).toBe(true);
    expect(sink.events).toEqual([{ type: 'end', outcome: failed('bad sink') }]);
    expect(turns[0]!.cancels).toBe(1);
    turns[0]!.sink.push(COMPLETED, 0);
    expect(sink.ends).toBe(1);
    expect(errors.length).toBe(1);
  });

  it('after its end, or from its controls, changes nothing for the client', async () => {
    const module = moduleOf(`export default (turn, sink) => {
      sink.push({ type: 'end', outcome: { kind: 'completed', finish: 'stop' } }, 0);
      sink.push({ type: 'text', text: 'late' }, 0);
      sink.push({ type: 'end', outcome: { kind: 'cancelled' } }, 0);
      return { resume() { throw new Error('bad resume'); }, cancel() { throw new Error('bad cancel'); } };
    };`);
    const { handler } = driven();
    const { run, errors } = await agents(handler, { codex: { module } });
    const { sink, running } = run();
    running.resume();
    running.cancel();
    expect(sink.events).toEqual([{ type: 'end', outcome: COMPLETED.outcome }]);
    expect(errors).toEqual([]);
  });

  it('from `resume` ends its turn', async () => {
    const module = moduleOf('export default () => ({ resume() { throw new Error("bad resume"); }, cancel() {} })');
    const { handler } = driven();
    const { run } = await agents(handler, { codex: { module } });
    const { sink, running } = run();
    running.resume();
    expect((await sink.done).outcome).toEqual(failed('bad resume'));
  });
});
