import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GatewayStatus } from './operate/admin-client.ts';
import { runStatus } from './status.ts';
import { FakeAdmin, statusPage, thread, threadsPage } from './testing/admin.ts';
import { keptIo } from './testing/io.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatebench-status-'));
});
afterEach(() => {
  delete process.env.GATEBENCH_TOKEN;
  rmSync(folder, { recursive: true });
});

async function run(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  const io = keptIo();
  const status = await runStatus(argv, io);
  return { status, ...io.seen };
}

function gateway(over: Partial<GatewayStatus> = {}): Promise<FakeAdmin> {
  return FakeAdmin.start({
    'GET /status': () => statusPage(over),
    'GET /threads': () => threadsPage(thread({ state: 'busy', agent: 'codex' })),
  });
}

describe('status', () => {
  it('shows a running gateway, for people and for programs', async () => {
    await using admin = await gateway();
    const shown = await run('--admin', String(admin.port));
    expect(shown).toMatchObject({ status: 0, err: '' });
    expect(shown.out).toMatch(/^gateway 0\.1\.0 · running · process 4242/);
    const { status, out } = await run('--admin', String(admin.port), '--json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toEqual(statusPage());
  });

  it('shows its threads', async () => {
    await using admin = await gateway();
    const file = join(folder, 'gateway.json');
    writeFileSync(file, JSON.stringify({ gateway: { adminPort: admin.port } }));
    const shown = await run('--threads', '--config', file);
    expect(shown.status).toBe(0);
    expect(shown.out).toMatch(/^agent-1 +busy +codex/m);
    expect(JSON.parse((await run('--threads', '--config', file, '--json')).out)).toMatchObject({
      threads: [{ name: 'main' }, { name: 'agent-1' }],
    });
  });

  it('fails where none answers, and says how to find out more', async () => {
    let port: number;
    {
      await using admin = await gateway();
      port = admin.port;
    }
    expect(await run('--admin', String(port))).toEqual({
      status: 1,
      out: '',
      err: `gatebench status: http://127.0.0.1:${port}/status: connect ECONNREFUSED 127.0.0.1:${port}\ngatebench status --all says what to do\n`,
    });
  });

  it('lists all that is wrong with how it was called', async () => {
    const { status, err } = await run('x', '--threads', '--all', '--watch', '--json', '--admin', '0', '--token-env', 'GATEBENCH_NO_SUCH');
    expect(status).toBe(2);
    expect(err.split('\n').map((line) => line.replace('gatebench status: ', ''))).toEqual([
      'x is one word too many',
      '--threads and --all exclude each other',
      '--watch and --json exclude each other',
      '--watch goes with the figures, not with --all',
      '--watch needs a terminal',
      'the environment variable GATEBENCH_NO_SUCH is not set',
      '--admin is a whole number from 1 to 65535; "0" is not',
      'gatebench status --help shows what it takes',
      '',
    ]);
    expect(await run('--token-env', 'HOME')).toMatchObject({ status: 2, err: expect.stringContaining('--token-env goes with --all') });
    expect(await run('--config', join(folder, 'none.json'))).toMatchObject({ status: 2, err: expect.stringContaining('ENOENT') });
  });
});

describe('status --all', () => {
  it('judges a gateway that is not there', async () => {
    let port: number;
    {
      await using admin = await gateway();
      port = admin.port;
    }
    const shown = await run('--all', '--admin', String(port));
    expect(shown).toMatchObject({ status: 1, err: '' });
    expect(shown.out).toMatch(/^✗ {2}gateway .*ECONNREFUSED/);
    expect(JSON.parse((await run('--all', '--json', '--admin', String(port))).out)).toMatchObject({
      ok: false,
      checks: [{ name: 'gateway', state: 'bad', remedy: expect.stringContaining('gatebench gateway start') }],
    });
  });

  it('counts the errors of this run of the gateway in its log, and shows the last', async () => {
    const file = join(folder, 'gateway.log');
    const line = (pid: number, time: string, stack?: string) =>
      JSON.stringify({ level: 50, pid, time, msg: 'x', ...(stack === undefined ? {} : { err: { stack } }) });
    const log = { ...statusPage().log, file, currentFile: `${file}`, errorsLogged: 3, lastErrorAt: '2026-01-02T00:00:00.000Z' };
    writeFileSync(
      join(folder, 'gateway.1.log'),
      [
        line(4_242, '2025-12-31T23:00:00.000Z', 'Error: of an earlier process with its number'),
        line(1, '2026-01-01T10:00:00.000Z', 'Error: of another process'),
        line(4_242, '2026-01-01T10:00:00.000Z', 'Error: first\n    at a'),
      ].join('\n'),
    );
    writeFileSync(
      join(folder, 'gateway.2.log'),
      [
        line(4_242, '2026-01-02T00:00:00.000Z', 'TypeError: last\n    at b'),
        line(4_242, '2026-01-02T00:00:00.000Z'),
        'no JSON "stack"',
        '',
      ].join('\n'),
    );
    await using admin = await gateway({ log });
    const { status, out } = await run('--all', '--json', '--admin', String(admin.port));
    expect(status).toBe(1);
    const { checks } = JSON.parse(out) as { checks: { name: string; said: string }[] };
    expect(checks.find(({ name }) => name === 'errors')?.said).toMatch(/^3 logged .*; 2 with a stack, the last: TypeError: last$/);
  });
});
