import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Arrival, Turn } from '../transports/contract.ts';
import { turn } from '../transports/testing/legs.ts';
import { STATE_BYTES_MAX } from './agents/state.ts';
import { Sessions, type SessionsOptions } from './sessions.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function sessions(over: Partial<SessionsOptions> = {}): { sessions: Sessions; errors: Error[] } {
  const errors: Error[] = [];
  const made = new Sessions({
    idleTimeoutMs: 10_000,
    workspacesMax: 100,
    allowedEnv: [],
    files: true,
    onError: (error) => errors.push(error),
    ...over,
  });
  cleanups.push(() => made.close());
  return { sessions: made, errors };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'gatebench-sessions-'));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const over = (transport: Arrival['transport'], client?: string, connection = 1): Partial<Turn> => ({
  arrival: { transport, envelope: 'chat', connection, requestBytes: 1, readAtNs: 0, ...(client === undefined ? {} : { client }) },
});
const named = (session: string, client?: string, connection?: number) => turn({ ...over('sse', client, connection), session });

/** As an agent's first file does. */
function leave(workspace: string, name = 'file.txt'): void {
  mkdirSync(workspace, { recursive: true, mode: 0o700 });
  writeFileSync(join(workspace, name), 'left');
}

describe('turns', () => {
  it('share a session by its name, whatever their connection, and only with the same client', () => {
    const { sessions: all } = sessions();
    const first = all.open(named('s', 'ann', 1));
    expect(all.open(named('s', 'ann', 2))).toEqual(first);
    const others = [
      named('s', 'bob'),
      named('t', 'ann'),
      named('s'),
      named('n s', 'an'),
      turn({ ...over('websocket', 'ann'), session: 's2' }),
    ];
    const keys = [first, ...others.map((one) => all.open(one))].map(({ key }) => key);
    expect(new Set(keys).size).toBe(6);
    expect(keys.every((key) => /^[0-9a-f]{32}$/.test(key!))).toBe(true);
    expect(all.count).toBe(6);
  });

  it('of a WebSocket connection share one where they name none', () => {
    const { sessions: all } = sessions();
    const [one, same, next, other] = [
      turn(over('websocket', 'ann', 1)),
      turn(over('websocket', 'ann', 1)),
      turn(over('websocket', 'ann', 2)),
      turn(over('websocket', 'bob', 1)),
    ].map((each) => all.open(each).key);
    expect(same).toBe(one);
    expect(new Set([one, next, other]).size).toBe(3);
  });

  it('over HTTP stand alone where they name none: each has a workspace of its own, and no key', () => {
    const { sessions: all } = sessions();
    const data = ['http', 'sse', 'sse-h2'].map((transport) => all.open(turn(over(transport as Arrival['transport'], 'ann'))));
    for (const one of data) expect(one).not.toHaveProperty('key');
    expect(new Set(data.map(({ workspace }) => workspace)).size).toBe(3);
    expect(all.count).toBe(0);
  });

  it('get the variables of their own client, as far as they are allowed', () => {
    const { sessions: all } = sessions({ allowedEnv: ['PROJECT', 'LEVEL'] });
    expect(all.open(turn({ ...named('s'), env: { PROJECT: 'x', PATH: '/evil', LD_PRELOAD: 'y' } })).env).toEqual({ PROJECT: 'x' });
    expect(all.open(named('s')).env).toEqual({});
  });
});

describe('what is remembered', () => {
  it('is there for the next turn of the session and for no other', () => {
    const { sessions: all } = sessions();
    const { key, state } = all.open(named('s', 'ann'));
    expect(state).toEqual({});
    expect(all.remember(key!, { count: 1 })).toBe(true);
    expect(state).toEqual({});
    expect(all.open(named('s', 'ann')).state).toEqual({ count: 1 });
    expect(all.open(named('s', 'bob')).state).toEqual({});
  });

  it('is refused where it is too large, or the session unknown: what was there stays', () => {
    const { sessions: all } = sessions();
    const { key } = all.open(named('s'));
    all.remember(key!, { good: true });
    expect(all.remember(key!, { text: 'x'.repeat(STATE_BYTES_MAX) })).toBe(false);
    expect(all.remember('f'.repeat(32), { a: 1 })).toBe(false);
    expect(all.open(named('s')).state).toEqual({ good: true });
  });
});

describe('a workspace', () => {
  it('is made by nobody but who needs it', async () => {
    const { sessions: all } = sessions();
    const data = [all.open(named('s')), all.open(turn(over('http')))];
    for (const one of data) all.done(one);
    await all.workspaces.settled();
    expect(readdirSync(all.workspaces.root)).toEqual([]);
    expect(statSync(all.workspaces.root).mode & 0o777).toBe(0o700);
  });

  it('of a turn that stands alone goes with it', async () => {
    const { sessions: all, errors } = sessions();
    const data = all.open(turn(over('http')));
    leave(data.workspace);
    all.done(data);
    // At once under its name; its files a little later.
    expect(existsSync(data.workspace)).toBe(false);
    await all.workspaces.settled();
    expect(readdirSync(all.workspaces.root)).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('goes when its session is idle too long, and not while it has a turn', async () => {
    vi.useFakeTimers();
    const { sessions: all } = sessions({ idleTimeoutMs: 10_000 });
    const data = all.open(named('s'));
    const second = all.open(named('s'));
    leave(data.workspace);
    all.remember(data.key!, { old: true });
    all.done(data);
    vi.advanceTimersByTime(60_000);
    expect(existsSync(data.workspace)).toBe(true);
    all.done(second);
    vi.advanceTimersByTime(9_000);
    expect(existsSync(data.workspace)).toBe(true);
    vi.advanceTimersByTime(2_001);
    expect(existsSync(data.workspace)).toBe(false);
    expect(all.count).toBe(0);
    expect(all.open(named('s'))).toEqual({ ...data, state: {} });
  });

  it('goes when there are more than are kept: that which was used least recently, and none with a turn', () => {
    const { sessions: all } = sessions({ workspacesMax: 2 });
    const busy = all.open(named('busy'));
    const [old, recent] = [all.open(named('old')), all.open(named('recent'))];
    // All have turns: more than the bound stay.
    expect(all.count).toBe(3);
    for (const { workspace } of [busy, old, recent]) leave(workspace);
    all.done(old);
    expect(existsSync(old.workspace)).toBe(false);
    all.done(recent);
    expect(all.count).toBe(2);
    all.done(all.open(named('recent')));
    all.open(named('another'));
    expect(existsSync(recent.workspace)).toBe(false);
    expect(existsSync(busy.workspace)).toBe(true);
    expect(all.count).toBe(2);
  });

  it('is empty for the next of its name, also while the files of the last are still being removed', async () => {
    const { sessions: all } = sessions({ workspacesMax: 1 });
    const data = all.open(named('s'));
    for (let index = 0; index < 200; index += 1) leave(data.workspace, `${index}`);
    all.done(data);
    all.done(all.open(named('other')));
    const again = all.open(named('s'));
    expect(again.workspace).toBe(data.workspace);
    leave(again.workspace, 'new');
    await all.workspaces.settled();
    expect(readdirSync(again.workspace)).toEqual(['new']);
  });

  it('is removed with its links, and never with what they lead to', async () => {
    const outside = folder();
    writeFileSync(join(outside, 'precious'), '');
    const { sessions: all } = sessions();
    const data = all.open(turn(over('http')));
    leave(data.workspace);
    symlinkSync(outside, join(data.workspace, 'folder'));
    symlinkSync(join(outside, 'precious'), join(data.workspace, 'file'));
    all.done(data);
    const linked = all.open(turn(over('http')));
    symlinkSync(outside, linked.workspace);
    all.done(linked);
    await all.workspaces.settled();
    expect(readdirSync(outside)).toEqual(['precious']);
    expect(readdirSync(all.workspaces.root)).toEqual([]);
  });

  it('is nothing but what was given out: other folders are not touched', async () => {
    const outside = folder();
    const { sessions: all } = sessions({ folder: join(outside, 'root') });
    const { root } = all.workspaces;
    const paths = [outside, root, join(root, 'notes'), join(root, '..', 'x'), `${root}/${'a'.repeat(32)}/inner`, `/${'a'.repeat(32)}`];
    mkdirSync(join(root, 'notes'));
    for (const workspace of paths) {
      expect(all.workspaces.owns(workspace), workspace).toBe(false);
      all.done({ workspace, env: {}, state: {} });
    }
    await all.workspaces.settled();
    expect(readdirSync(root)).toEqual(['notes']);
    expect(all.workspaces.owns(all.open(named('s')).workspace)).toBe(true);
    expect(all.workspaces.owns(all.open(turn(over('http'))).workspace)).toBe(true);
  });
});

describe('the folder of workspaces', () => {
  it('is a temporary one, and goes with the gateway', async () => {
    const { sessions: all, errors } = sessions();
    const { root, temporary } = all.workspaces;
    expect(temporary).toBe(true);
    leave(all.open(named('s')).workspace);
    await all.close();
    expect(existsSync(root)).toBe(false);
    expect(errors).toEqual([]);
  });

  it('that is given stays: sessions find their files again, what turns left is removed, and the idle go', async () => {
    const given = join(folder(), 'deep', 'workspaces');
    const first = sessions({ folder: given }).sessions;
    const data = first.open(named('s', 'ann'));
    const alone = first.open(turn(over('http')));
    const connected = first.open(turn(over('websocket', 'ann')));
    for (const { workspace } of [data, alone, connected]) leave(workspace);
    await first.close();
    expect(readdirSync(given).length).toBe(3);
    vi.useFakeTimers();
    const second = sessions({ folder: given, idleTimeoutMs: 10_000 }).sessions;
    await second.workspaces.settled();
    expect(existsSync(alone.workspace)).toBe(false);
    const again = second.open(named('s', 'ann'));
    expect(again).toEqual(data);
    expect(existsSync(join(again.workspace, 'file.txt'))).toBe(true);
    // Connection 1 is another one now.
    expect(second.open(turn(over('websocket', 'ann'))).workspace).not.toBe(connected.workspace);
    vi.advanceTimersByTime(11_001);
    expect(existsSync(connected.workspace)).toBe(false);
    expect(existsSync(again.workspace)).toBe(true);
  });

  it('that is fixed is the workspace of all, and is never removed', async () => {
    const fixed = folder();
    const { sessions: all } = sessions({ fixed, workspacesMax: 1 });
    const data = [all.open(named('a')), all.open(named('b')), all.open(turn(over('http')))];
    expect(new Set(data.map(({ workspace }) => workspace)).size).toBe(1);
    expect(data[0]?.key).not.toBe(data[1]?.key);
    expect(all.workspaces.owns(data[0]!.workspace)).toBe(true);
    leave(data[0]!.workspace);
    for (const one of data) all.done(one);
    await all.close();
    expect(readdirSync(fixed)).toEqual(['file.txt']);
  });

  it('is not made where no agent can leave files, nor may a program start there', async () => {
    const { sessions: all } = sessions({ files: false });
    const data = all.open(named('s'));
    all.done(data);
    expect(existsSync(all.workspaces.root)).toBe(false);
    expect(all.workspaces.owns(data.workspace)).toBe(false);
    await all.close();
  });

  it('that cannot be made is an error at once', () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    expect(() => sessions({ folder: join(file, 'below') })).toThrow('ENOTDIR');
  });
});
