import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuBetween, LinuxCpuMeter, openCpuMeter, parsePs, parseSchedstat, parseStat } from './cpu.ts';
import { fixtureFiles } from './testing/fixture-files.ts';

const MS = 1_000_000;

interface Thread {
  runNs: number;
  waitNs?: number;
  name?: string;
  voluntary?: number;
  involuntary?: number;
}

/** A process as /proc shows it: its live threads, and the ticks that all its threads used so far. */
function proc(table: Record<string, string>, threads: Record<number, Thread>, ticks: { user: number; system: number }): void {
  for (const path of Object.keys(table)) delete table[path];
  table['/proc/7/stat'] = `7 (no) de) S 1 7 7 0 -1 4194304 102 0 0 0 ${ticks.user} ${ticks.system} 0 0 20 0 1 0 169285 3133440 388`;
  table['/proc/7/status'] = 'Name:\tnode\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n';
  for (const [tid, { runNs, waitNs = 0, name = 'node', voluntary = 0, involuntary = 0 }] of Object.entries(threads)) {
    table[`/proc/7/task/${tid}/schedstat`] = `${runNs} ${waitNs} 3\n`;
    table[`/proc/7/task/${tid}/status`] =
      `Name:\t${name}\nvoluntary_ctxt_switches:\t${voluntary}\nnonvoluntary_ctxt_switches:\t${involuntary}\n`;
  }
}

function meterOf(table: Record<string, string>): LinuxCpuMeter {
  let atNs = 0;
  return new LinuxCpuMeter(7, fixtureFiles(table), () => {
    atNs += 100 * MS;
    return atNs;
  });
}

describe('processor time on Linux', () => {
  it('is the sum of the live threads, to the nanosecond', () => {
    const table: Record<string, string> = {};
    const meter = meterOf(table);
    proc(
      table,
      {
        7: { runNs: 12_345_678, waitNs: 5, voluntary: 4, involuntary: 2 },
        8: { runNs: 1_000_001, waitNs: 6, name: 'agent-1', voluntary: 1 },
      },
      { user: 1, system: 0 },
    );
    expect(meter.sample()).toEqual({
      atNs: 100 * MS,
      cpuNs: 13_345_679,
      waitNs: 11,
      voluntarySwitches: 5,
      involuntarySwitches: 2,
      rssBytes: 1_048_576,
      rssPeakBytes: 2_097_152,
      threads: [
        { tid: 7, name: 'node', runNs: 12_345_678, waitNs: 5, voluntarySwitches: 4, involuntarySwitches: 2 },
        { tid: 8, name: 'agent-1', runNs: 1_000_001, waitNs: 6, voluntarySwitches: 1, involuntarySwitches: 0 },
      ],
    });
  });

  it('keeps what a thread was last seen to have used', () => {
    const table: Record<string, string> = {};
    const meter = meterOf(table);
    proc(table, { 7: { runNs: 4 * MS }, 8: { runNs: 3 * MS, waitNs: 2 * MS, involuntary: 9 } }, { user: 0, system: 0 });
    meter.sample();
    proc(table, { 7: { runNs: 5 * MS, waitNs: 1 * MS, involuntary: 1 } }, { user: 0, system: 0 });
    const sample = meter.sample();
    expect(sample).toMatchObject({ cpuNs: 8 * MS, waitNs: 3 * MS, involuntarySwitches: 10 });
    expect(sample?.threads.map(({ tid }) => tid)).toEqual([7]);
  });

  it('takes from the process what threads used after they were last seen, and counts on from there exactly', () => {
    const table: Record<string, string> = {};
    const meter = meterOf(table);
    proc(table, { 7: { runNs: 4 * MS }, 8: { runNs: 3 * MS } }, { user: 0, system: 0 });
    meter.sample();
    // Thread 8 ran 500 ms more and ended unseen.
    proc(table, { 7: { runNs: 5 * MS } }, { user: 40, system: 10 });
    expect(meter.sample()?.cpuNs).toBe(500 * MS);
    proc(table, { 7: { runNs: 6 * MS + 1 } }, { user: 40, system: 10 });
    expect(meter.sample()?.cpuNs).toBe(501 * MS + 1);
  });

  it('tells a new thread from the old one whose number it got', () => {
    const table: Record<string, string> = {};
    const meter = meterOf(table);
    proc(table, { 8: { runNs: 30 * MS } }, { user: 0, system: 0 });
    meter.sample();
    proc(table, { 8: { runNs: 2 * MS } }, { user: 0, system: 0 });
    expect(meter.sample()?.cpuNs).toBe(32 * MS);
  });

  it('leaves out a thread whose files vanish between listing and reading', () => {
    const table: Record<string, string> = {};
    const meter = meterOf(table);
    proc(table, { 7: { runNs: 4 * MS }, 8: { runNs: 3 * MS } }, { user: 0, system: 0 });
    delete table['/proc/7/task/8/schedstat'];
    expect(meter.sample()).toMatchObject({ cpuNs: 4 * MS });
  });

  it('is unknown for a process that is gone, or a zombie', () => {
    const table: Record<string, string> = {};
    const meter = meterOf(table);
    expect(meter.sample()).toBeUndefined();
    proc(table, {}, { user: 3, system: 0 });
    table['/proc/7/status'] = 'Name:\tnode\nState:\tZ (zombie)\n';
    expect(meter.sample()).toBeUndefined();
  });

  it('never falls, never exceeds the truth, and is short by two ticks at most', () => {
    // Each step: how long each of three threads runs, and which of them ends and is replaced by a new one, unseen.
    const step = fc.record({
      runNs: fc.array(fc.nat(30 * MS), { minLength: 3, maxLength: 3 }),
      ends: fc.option(fc.nat(2), { nil: undefined }),
      lastNs: fc.nat(30 * MS),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const table: Record<string, string> = {};
        const meter = meterOf(table);
        const threads = [0, 1, 2].map((index) => ({ tid: 10 + index, runNs: 0 }));
        let truthNs = 0;
        let lastNs = 0;
        for (const [index, { runNs, ends, lastNs: unseenNs }] of steps.entries()) {
          for (const [thread, ns] of runNs.entries()) {
            threads[thread]!.runNs += ns;
            truthNs += ns;
          }
          if (ends !== undefined) {
            truthNs += unseenNs;
            threads[ends] = { tid: 100 + index, runNs: 0 };
          }
          const half = truthNs / 2;
          const ticks = { user: Math.floor(half / (10 * MS)), system: Math.floor(half / (10 * MS)) };
          proc(table, Object.fromEntries(threads.map(({ tid, runNs: ns }) => [tid, { runNs: ns }])), ticks);
          const cpuNs = meter.sample()!.cpuNs;
          expect(cpuNs).toBeGreaterThanOrEqual(lastNs);
          expect(cpuNs).toBeLessThanOrEqual(truthNs);
          expect(cpuNs).toBeGreaterThan(truthNs - 20 * MS);
          lastNs = cpuNs;
        }
      }),
    );
  });
});

describe('a span', () => {
  it('is the difference of its ends', () => {
    const at = { rssBytes: 0, rssPeakBytes: null, threads: [] };
    const from = { ...at, atNs: 1_000, cpuNs: 400, waitNs: 100, voluntarySwitches: 5, involuntarySwitches: 1 };
    const to = { ...at, atNs: 3_000, cpuNs: 1_400, waitNs: 600, voluntarySwitches: 9, involuntarySwitches: 3 };
    expect(cpuBetween(from, to)).toEqual({
      wallNs: 2_000,
      cpuNs: 1_000,
      waitNs: 500,
      waitRatio: 0.5,
      voluntarySwitches: 4,
      involuntarySwitches: 2,
    });
    expect(cpuBetween(from, { ...to, waitNs: null })).toMatchObject({ cpuNs: 1_000, waitNs: null, waitRatio: null });
    expect(cpuBetween(from, { ...to, cpuNs: 400 })).toMatchObject({ cpuNs: 0, waitRatio: null });
  });
});

describe('the texts', () => {
  it.each([
    ['27556715 2801762 30\n', { runNs: 27_556_715, waitNs: 2_801_762 }],
    ['', undefined],
    ['a b c', undefined],
  ])('schedstat %j', (text, value) => {
    expect(parseSchedstat(text)).toEqual(value);
  });

  it('stat, whatever the command is called', () => {
    expect(parseStat('7 (a) S (b) 1) R 7519 7519 3181 0 -1 4194304 102 0 0 0 21 13 0 0 20 0')).toBe(340 * MS);
    expect(parseStat('nonsense')).toBeUndefined();
    expect(parseStat(undefined)).toBeUndefined();
  });

  it.each([
    ['  0:01.25  2048\n', { cpuNs: 1_250 * MS, rssBytes: 2_097_152 }],
    ['00:00:07   512\n', { cpuNs: 7_000 * MS, rssBytes: 524_288 }],
    ['2-03:04:05 1\n', { cpuNs: 183_845_000 * MS, rssBytes: 1_024 }],
    ['', undefined],
    ['- -', undefined],
  ])('ps %j', (text, value) => {
    expect(parsePs(text)).toEqual(value);
  });
});

describe('a real process', () => {
  it('is seen to work, and to end', async () => {
    // Says so when it has used 200 ms of processor time, and then waits.
    const code = 'while (process.cpuUsage().user < 200e3); console.log(1); process.stdin.resume()';
    const child = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const meter = openCpuMeter(child.pid!);
    await once(child.stdout, 'data');
    const sample = meter.sample();
    expect(sample?.cpuNs).toBeGreaterThanOrEqual(180 * MS);
    expect(sample?.rssBytes).toBeGreaterThan(10_000_000);
    child.stdin.end();
    await exited;
    expect(meter.sample()).toBeUndefined();
  });
});
