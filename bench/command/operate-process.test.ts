/** What an operator types, against a real gateway: `status` in all its forms, and the log that it says it has. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modulePath } from '../host/package.ts';
import { runLogs } from './logs.ts';
import { runStatus } from './status.ts';
import { keptIo } from './testing/io.ts';

const TOKEN = 'a-token-of-this-test';
const AGENT = `
export default function agent(turn) {
  throw new TypeError('cannot think');
}`;

let folder: string;
let gateway: ChildProcess;
let ports: { gateway: number; admin: number };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatebench-operate-'));
  const config = join(folder, 'openclaw.json');
  writeFileSync(join(folder, 'agent.mjs'), AGENT);
  writeFileSync(
    config,
    JSON.stringify({
      gateway: { port: 0, adminPort: 0 },
      auth: { tokens: [TOKEN] },
      acp: { codex: { module: 'agent.mjs' } },
      agents: { threadPool: { maxThreads: 1 } },
      upstream: { url: 'http://127.0.0.1:9' },
      logging: { file: 'gateway.log' },
    }),
  );
  gateway = spawn(process.execPath, [modulePath('bench/cli'), 'gateway', 'start', '--config', config, '--mode', 'thread-bound'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: gateway.stdout! }), 'line')) as [string];
  ({ ports } = JSON.parse(line) as { ports: typeof ports });
});

afterAll(async () => {
  delete process.env.GATEBENCH_TOKEN;
  gateway.kill('SIGTERM');
  await once(gateway, 'exit');
  rmSync(folder, { recursive: true });
});

async function run(command: typeof runStatus, ...words: string[]): Promise<{ status: number; out: string; err: string }> {
  const io = keptIo();
  const status = await command([...words, '--admin', String(ports.admin)], io);
  return { status, ...io.seen };
}

interface Checklist {
  ok: boolean;
  checks: { name: string; state: string; said: string }[];
}

async function checklist(): Promise<Checklist> {
  return JSON.parse((await run(runStatus, '--all', '--json')).out) as Checklist;
}

const stateOf = ({ checks }: Checklist, name: string) => checks.find((check) => check.name === name)?.state;

describe('an operator', () => {
  it('sees the gateway and its threads', async () => {
    const { status, out } = await run(runStatus);
    expect(status).toBe(0);
    expect(out).toContain(`ws://127.0.0.1:${ports.gateway}\n`);
    expect(out).toContain('in threads, at most 1;');
    const { threads, osThreads } = JSON.parse((await run(runStatus, '--threads', '--json')).out) as {
      threads: { name: string; kind: string; cpuMs: number; osThreadId: number }[];
      osThreads: number;
    };
    expect(threads.map(({ kind }) => kind)).toEqual(['main', 'thread']);
    for (const { cpuMs, osThreadId } of threads) {
      expect(cpuMs).toBeGreaterThan(0);
      expect(osThreadId).toBeGreaterThan(0);
    }
    expect(osThreads).toBeGreaterThan(threads.length);
    expect((await run(runStatus, '--threads')).out).toMatch(/^agent-1 +idle +any +0 /m);
  });

  it('is told whether a token is valid, and never shown one', async () => {
    delete process.env.GATEBENCH_TOKEN;
    expect(stateOf(await checklist(), 'token')).toBe('unknown');
    process.env.GATEBENCH_TOKEN = 'another';
    expect(stateOf(await checklist(), 'token')).toBe('bad');
    process.env.GATEBENCH_TOKEN = TOKEN;
    const all = await checklist();
    expect(stateOf(all, 'token')).toBe('ok');
    expect(stateOf(all, 'port')).toBe('ok');
    for (const words of [[], ['--json'], ['--all']]) expect((await run(runStatus, ...words)).out).not.toContain(TOKEN);
  });

  it('finds an agent that threw: in the figures, in the checklist, and its stack in the log', async () => {
    expect(stateOf(await checklist(), 'errors')).toBe('ok');
    const answer = await fetch(`http://127.0.0.1:${ports.gateway}/v1/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ model: 'm', input: 'think' }),
    });
    expect(await answer.json()).toMatchObject({ error: { code: 'agent_error' } });
    expect((await run(runStatus)).out).toContain('agent_error 1');
    const all = await checklist();
    expect(all.ok).toBe(false);
    expect(all.checks.find(({ name }) => name === 'errors')?.said).toMatch(
      /^1 logged .*; 1 with a stack, the last: TypeError: cannot think$/,
    );
    const { status, out } = await run(runLogs, '--level', 'error');
    expect(status).toBe(0);
    expect(out).toMatch(/TypeError: cannot think\n +at agent \(.*agent\.mjs:3:9\)/);
    expect(out).not.toContain(TOKEN);
  });
});
