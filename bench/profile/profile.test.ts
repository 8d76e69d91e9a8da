import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SCENARIOS } from '../../scenarios/index.ts';
import { arm } from '../arms.ts';
import { parseCpuProfile } from './cpu-profile.ts';
import type { ProfileIndex } from './index-file.ts';
import { profile } from './profile.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatebench-profile-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A light load: what is asked is what comes of it. */
function profiled(measureMs: number, note: (text: string) => void = () => {}): Promise<ProfileIndex> {
  const id = 'sse/chat/kept>sse/chat/kept/full/thread@users=10';
  const load = { scenario: SCENARIOS['thread-relay']!, arm: arm(id), measureMs, seed: 1, clinic: [] };
  return profile({ ...load, outDir: folder, command: ['gatebench', 'profile'], signal: new AbortController().signal, note });
}

/** Of this process. */
function gatewayPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
        return parent === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('gateway/main');
      } catch {
        return false;
      }
    });
}

describe('a profile', () => {
  it('has every thread of the gateway by name, with its functions and a flame graph, and a report that links them', async () => {
    const index = await profiled(1_000);
    expect(index.cpuMs).toBeGreaterThan(0);
    expect(index).toMatchObject({ trouble: null, report: 'report.html', tools: [{ tool: 'cpu-prof', ok: true, reason: null }] });
    expect(index.threads.map(({ name, threadId, reason }) => ({ name, own: threadId > 0, reason }))).toEqual([
      { name: 'main', own: false, reason: null },
      { name: 'agent-1', own: true, reason: null },
    ]);
    for (const { profile: file, flame, spanMs, busyMs, samples, top } of index.threads) {
      expect(parseCpuProfile(readFileSync(join(folder, file!), 'utf8')).samples.length).toBeGreaterThanOrEqual(samples);
      expect(spanMs).toBeCloseTo(1_000, -2);
      expect(busyMs).toBeGreaterThan(0);
      const page = readFileSync(join(folder, flame!), 'utf8');
      expect(page).toContain(top[0]!.function.replaceAll('<', '&lt;'));
      // Somewhere on the stacks; which functions are at their top is up to the moments that were sampled.
      expect(page).toMatch(/(gateway|transports)\/[\w/-]+\.ts/);
    }
    const report = readFileSync(join(folder, 'report.html'), 'utf8');
    for (const link of ['index.html', 'flame-main.html', 'flame-agent-1.html']) expect(report).toContain(`href="${link}"`);
    expect(JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))).toEqual(JSON.parse(JSON.stringify(index)));
  }, 60_000);

  it.skipIf(!existsSync('/proc/self/stat'))(
    'of a gateway that dies says so, and leaves nothing running',
    async () => {
      const running = profiled(60_000);
      const killing = setInterval(() => {
        // Its first file is there: it has started.
        for (const pid of gatewayPids()) process.kill(pid, 'SIGKILL');
      }, 1_500);
      const index = await running.finally(() => clearInterval(killing));
      expect(index.trouble).toMatch(/^gateway sse\/chat\/kept>.* ended with SIGKILL/);
      expect(index.tools).toEqual([{ tool: 'cpu-prof', ok: false, files: [], reason: index.trouble }]);
      expect(index.report).toBeNull();
      expect(readFileSync(join(folder, 'index.html'), 'utf8')).toContain('ended with SIGKILL');
      expect(gatewayPids()).toEqual([]);
    },
    60_000,
  );
});
