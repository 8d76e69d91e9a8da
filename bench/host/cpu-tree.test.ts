import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type CpuSample, cpuBetween } from './cpu.ts';
import { CpuTreeMeter, openCpuTreeMeter } from './cpu-tree.ts';
import { fixtureFiles } from './testing/fixture-files.ts';

const MS = 1_000_000;

interface Fake {
  cpuMs: number;
  waitMs?: number;
  children?: number[];
  /** Ticks of children that it waited for. */
  waitedFor?: number;
}

/** A family of processes; a test changes it to let time pass. */
function family(initial: Readonly<Record<number, Fake>>) {
  const texts: Record<string, string> = {};
  let processes: Readonly<Record<number, Fake>> = {};
  const set = (next: Readonly<Record<number, Fake>>) => {
    processes = next;
    for (const path of Object.keys(texts)) delete texts[path];
    for (const [pid, { children = [], waitedFor = 0 }] of Object.entries(next)) {
      texts[`/proc/${pid}/stat`] = `${pid} (node (x) S 1 7 7 0 -1 4194304 102 0 0 0 9 9 ${waitedFor} 0 20 0 1 0 169285 3133440 388`;
      texts[`/proc/${pid}/task/${pid}/children`] = children.map((child) => `${child} `).join('');
    }
  };
  set(initial);
  const meter = new CpuTreeMeter(7, fixtureFiles(texts), (pid) => ({
    sample(): CpuSample | undefined {
      const of = processes[pid];
      if (!of) return undefined;
      const waitNs = (of.waitMs ?? 0) * MS;
      const rest = { voluntarySwitches: 1, involuntarySwitches: 2, rssBytes: 1_000, rssPeakBytes: 2_000, threads: [] };
      return { atNs: 5, cpuNs: of.cpuMs * MS, waitNs, ...rest };
    },
  }));
  return { meter, set };
}

describe('processor time of a process and those that it started', () => {
  it('is the sum of all that live, grandchildren included', () => {
    const { meter } = family({
      7: { cpuMs: 10, children: [8, 9] },
      8: { cpuMs: 20, waitMs: 3, children: [10] },
      9: { cpuMs: 30 },
      10: { cpuMs: 40 },
    });
    expect(meter.sample()).toEqual({
      atNs: 5,
      cpuNs: 100 * MS,
      waitNs: 3 * MS,
      voluntarySwitches: 4,
      involuntarySwitches: 8,
      rssBytes: 4_000,
      rssPeakBytes: null,
      threads: [],
    });
  });

  it('keeps what ended ones used, as their parent counts it, and what they were last seen to have waited', () => {
    const { meter, set } = family({ 7: { cpuMs: 10, children: [8] }, 8: { cpuMs: 20, waitMs: 5 } });
    const before = meter.sample()!;
    // It went on for 15 ms after it was last seen; a tick is 10 ms.
    set({ 7: { cpuMs: 11, waitMs: 1, waitedFor: 3, children: [9] }, 9: { cpuMs: 2 } });
    const span = cpuBetween(before, meter.sample()!);
    expect(span).toMatchObject({ cpuNs: 13 * MS, waitNs: 1 * MS, involuntarySwitches: 2 });
  });

  it('is over with the first of them', () => {
    const { meter, set } = family({ 7: { cpuMs: 10, children: [8] }, 8: { cpuMs: 20 } });
    set({ 8: { cpuMs: 21 } });
    expect(meter.sample()).toBeUndefined();
  });

  it.runIf(process.platform === 'linux')('finds a real child, and counts it when it is gone', async () => {
    const meter = openCpuTreeMeter(process.pid)!;
    const before = meter.sample()!;
    const child = spawn(
      process.execPath,
      [
        '-e',
        'const until = process.cpuUsage().user + 1e5; while (process.cpuUsage().user < until); console.log(1); setInterval(() => {}, 1e3)',
      ],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    await once(child.stdout, 'data');
    const during = meter.sample()!;
    expect(during.cpuNs - before.cpuNs).toBeGreaterThan(100 * MS);
    expect(during.rssBytes).toBeGreaterThan(before.rssBytes + 10_000_000);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(meter.sample()!.cpuNs - during.cpuNs).toBeGreaterThan(-30 * MS);
  });
});
