import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ToolName } from '../names.ts';
import { noCommands } from '../testing/agents.ts';
import { grantedTools } from './index.ts';

let outside: string;
let workspace: string;
let abort: AbortController;

beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'gatebench-tools-'));
  workspace = join(outside, 'workspace');
  abort = new AbortController();
  writeFileSync(join(outside, 'secret.txt'), 'secret');
});
afterEach(() => {
  rmSync(outside, { recursive: true });
});

const session = () => ({ env: {}, state: {}, workspace });

function call(name: ToolName, args: unknown): Promise<string> {
  return grantedTools([name]).get(name)!.run(JSON.stringify(args), { session: session(), signal: abort.signal, startCommand: noCommands });
}

describe('files of the workspace', () => {
  it('are written, listed and read; folders are made as needed, for nobody else to see', async () => {
    expect(existsSync(workspace)).toBe(false);
    expect(await call('list_files', {})).toBe('');
    expect(statSync(workspace).mode & 0o777).toBe(0o700);
    expect(await call('write_file', { path: 'a/b/c.txt', content: 'one\ntwo\nthrée' })).toBe('wrote 14 bytes');
    await call('write_file', { path: './z.txt', content: '' });
    expect(await call('list_files', {})).toBe('a/\nz.txt');
    expect(await call('list_files', { path: 'a/b' })).toBe('c.txt');
    expect(await call('read_file', { path: 'a/../a/b/c.txt' })).toBe('one\ntwo\nthrée');
    expect(await call('read_file', { path: 'a/b/c.txt', from_line: 2 })).toBe('two\nthrée');
    expect(await call('read_file', { path: 'a/b/c.txt', from_line: 2, to_line: 2 })).toBe('two');
    expect(await call('read_file', { path: 'a/b/c.txt', from_line: 9 })).toBe('');
    await call('write_file', { path: 'a/b/c.txt', content: 'x' });
    expect(readFileSync(join(workspace, 'a/b/c.txt'), 'utf8')).toBe('x');
  });

  it.each<[ToolName, Record<string, unknown>]>([
    ['read_file', {}],
    ['list_files', {}],
    ['write_file', { content: 'overwritten' }],
  ])('%s does not lead out of it', async (name, args) => {
    mkdirSync(join(workspace, 'folder'), { recursive: true });
    symlinkSync(join(outside, 'secret.txt'), join(workspace, 'link.txt'));
    symlinkSync(outside, join(workspace, 'up'));
    symlinkSync('../../secret.txt', join(workspace, 'folder', 'relative.txt'));
    symlinkSync(join(outside, 'new.txt'), join(workspace, 'dangling.txt'));
    symlinkSync(join(outside, 'none'), join(workspace, 'dangling'));
    symlinkSync('loop', join(workspace, 'loop'));
    const refusals: [string, RegExp][] = [
      ['../secret.txt', /leads out of the workspace$/],
      ['folder/../../secret.txt', /leads out of the workspace$/],
      ['..', /leads out of the workspace$/],
      [join(outside, 'secret.txt'), /is absolute: paths count from the workspace$/],
      [workspace, /is absolute/],
      ['link.txt', /leads out of the workspace$/],
      ['up/secret.txt', /leads out of the workspace$/],
      ['up/workspace/../secret.txt', /leads out of the workspace$|does not exist$/],
      ['folder/relative.txt', /leads out of the workspace$/],
      ['dangling.txt', /does not exist$|is a symbolic link$/],
      ['dangling/new.txt', /does not exist$|lies in what is no folder$/],
      ['dangling/deep/new.txt', /does not exist$|lies in what is no folder$|lies in none$/],
      ['loop', /symbolic link$/],
      ['a\0b', /none$/],
      ['', /none$/],
    ];
    for (const [path, message] of refusals) await expect(call(name, { ...args, path }), path).rejects.toThrow(message);
    expect(readFileSync(join(outside, 'secret.txt'), 'utf8')).toBe('secret');
    expect(readdirSync(outside).sort()).toEqual(['secret.txt', 'workspace']);
  });

  it('are reached through links that stay inside', async () => {
    await call('write_file', { path: 'real/a.txt', content: 'here' });
    symlinkSync('real', join(workspace, 'link'));
    symlinkSync('a.txt', join(workspace, 'real', 'b.txt'));
    expect(await call('read_file', { path: 'link/b.txt' })).toBe('here');
    await call('write_file', { path: 'link/new.txt', content: 'n' });
    expect(readFileSync(join(workspace, 'real/new.txt'), 'utf8')).toBe('n');
  });

  it('are files: folders are not read, and a pipe does not keep anyone waiting', async () => {
    mkdirSync(join(workspace, 'folder'), { recursive: true });
    execFileSync('mkfifo', [join(workspace, 'pipe')]);
    await expect(call('read_file', { path: 'folder' })).rejects.toThrow('"folder" is no file');
    await expect(call('write_file', { path: 'folder', content: '' })).rejects.toThrow('"folder" is a folder');
    await expect(call('write_file', { path: '.', content: '' })).rejects.toThrow('is the workspace itself');
    await expect(call('read_file', { path: 'pipe' })).rejects.toThrow('"pipe" is no file');
    await expect(call('write_file', { path: 'pipe', content: 'x' })).rejects.toThrow('"pipe" is no file');
    await expect(call('list_files', { path: 'pipe' })).rejects.toThrow('"pipe" is no folder');
    await expect(call('write_file', { path: 'pipe/x', content: '' })).rejects.toThrow('lies in what is no folder');
  });

  it('have bounds: of what is read, returned, and listed', async () => {
    mkdirSync(workspace);
    writeFileSync(join(workspace, 'large'), Buffer.alloc(4 * 1024 * 1024, 'a'));
    const { length } = 'x'.repeat(262_144);
    expect(await call('read_file', { path: 'large' })).toBe(
      `${'a'.repeat(length)}\n[${4 * 1024 * 1024 - length} characters more: ask for lines]`,
    );
    writeFileSync(join(workspace, 'large'), Buffer.alloc(4 * 1024 * 1024 + 1, 'a'));
    await expect(call('read_file', { path: 'large' })).rejects.toThrow('the file has 4194305 bytes, more than 4194304');
    rmSync(join(workspace, 'large'));
    for (let index = 0; index < 1_000; index += 1) writeFileSync(join(workspace, `${index}`), '');
    expect((await call('list_files', {})).split('\n').length).toBe(1_000);
    writeFileSync(join(workspace, 'one-more'), '');
    const lines = (await call('list_files', {})).split('\n');
    expect(lines.length).toBe(1_001);
    expect(lines.at(-1)).toBe('[there are more]');
  });
});

describe('compute', () => {
  it('uses about the processor time that is asked for, and does the same work to the same end', async () => {
    const before = process.threadCpuUsage();
    const result = JSON.parse(await call('compute', { ms: 60 })) as { digest: string; ms: number };
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1_000).toBeGreaterThanOrEqual(60);
    expect(result.ms).toBeGreaterThanOrEqual(60);
    expect(result.digest).toMatch(/^[0-9a-f]{1,8}$/);
    expect(JSON.parse(await call('compute', { ms: 0 }))).toEqual({ digest: '811c9dc5', ms: 0 });
  });

  it('lets nothing else happen meanwhile, unless it is to have breaks', async () => {
    let passes = 0;
    let counting = true;
    const count = () => {
      passes += 1;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    await call('compute', { ms: 20 });
    expect(passes).toBe(0);
    await call('compute', { ms: 20, blockMs: 2 });
    counting = false;
    expect(passes).toBeGreaterThanOrEqual(5);
  });

  it('stops at the next break when it is cancelled', async () => {
    const computing = call('compute', { ms: 600_000, blockMs: 1 });
    setImmediate(() => abort.abort());
    await expect(computing).rejects.toThrow('aborted');
  });
});

describe('work_on_files', () => {
  it('writes, checks and deletes for as long as is asked for, and leaves nothing', async () => {
    const sinceMs = performance.now();
    const result = JSON.parse(await call('work_on_files', { ms: 40, files: 3, bytes: 1_000 })) as Record<string, number>;
    expect(performance.now() - sinceMs).toBeGreaterThanOrEqual(40);
    expect(result.rounds).toBeGreaterThanOrEqual(1);
    expect(result).toEqual({ rounds: result.rounds, filesWritten: result.rounds! * 3, bytesWritten: result.rounds! * 3_000 });
    expect(readdirSync(workspace)).toEqual([]);
  });

  it('does one round at least', async () => {
    expect(JSON.parse(await call('work_on_files', { ms: 0 }))).toEqual({ rounds: 1, filesWritten: 8, bytesWritten: 524_288 });
  });

  it('stops when it is cancelled, and leaves nothing then either', async () => {
    const working = call('work_on_files', { ms: 600_000 });
    setTimeout(() => abort.abort(), 20);
    await expect(working).rejects.toThrow('aborted');
    expect(readdirSync(workspace)).toEqual([]);
  });

  it('says when a file did not hold what was written', async () => {
    const working = call('work_on_files', { ms: 600_000, files: 1, bytes: 4_000_000 });
    working.catch(() => {});
    const spoil = setInterval(() => {
      const [folder] = existsSync(workspace) ? readdirSync(workspace) : [];
      if (folder === undefined) return;
      try {
        truncateSync(join(workspace, folder, '0.bin'), 5);
      } catch {
        // Not written yet, or deleted.
      }
    }, 1);
    try {
      await expect(working).rejects.toThrow('did not hold what was written');
    } finally {
      clearInterval(spoil);
    }
  });
});

describe('exec', () => {
  it('fails for the model where the line is no command, and answers where the gateway refuses', async () => {
    await expect(call('exec', { command: 'a > b' })).rejects.toThrow('there is no shell');
    expect(await call('exec', { command: 'a' })).toBe('command refused: none can\n');
  });
});
