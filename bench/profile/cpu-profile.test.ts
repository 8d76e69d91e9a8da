import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CpuProfile, parseCpuProfile, timeSpent, topFunctions } from './cpu-profile.ts';

const frame = (functionName: string, url = 'file:///g/a.ts', lineNumber = 4) => ({ functionName, url, lineNumber, columnNumber: 0 });

/** root → outer → inner → outer (calls itself), and idle; a sample every 10 µs from 1,000 on. */
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)', '', -1), children: [2, 5] },
    { id: 2, callFrame: frame('outer'), children: [3] },
    { id: 3, callFrame: frame('inner', 'file:///g/a.ts', 9), children: [4] },
    { id: 4, callFrame: frame('outer') },
    { id: 5, callFrame: frame('(idle)', '', -1) },
  ],
  startTime: 1_000,
  endTime: 1_060,
  samples: [2, 3, 4, 5, 5, 3],
  timeDeltas: [0, 10, 10, 10, 10, 10],
};

describe('a CPU profile', () => {
  it('gives each sample the time until the next, and idleness apart', () => {
    const time = timeSpent(PROFILE);
    expect(time).toMatchObject({ spanMicros: 60, samples: 6, idleMicros: 20, activeMicros: 40 });
    expect(
      topFunctions(time.root, 10).map(({ frame: { name, line }, selfMicros, totalMicros }) => [name, line, selfMicros, totalMicros]),
    ).toEqual([
      // Its inner call is a part of its outer one.
      ['outer', 5, 20, 40],
      ['inner', 10, 20, 30],
    ]);
    expect(topFunctions(time.root, 1)).toHaveLength(1);
  });

  it('tells a window, with the parts of samples that lie in it', () => {
    const time = timeSpent(PROFILE, { start: 1_015, end: 1_035 });
    expect(time).toMatchObject({ spanMicros: 20, samples: 3, idleMicros: 5, activeMicros: 15 });
    expect(timeSpent(PROFILE, { start: 2_000, end: 3_000 })).toMatchObject({ spanMicros: 0, samples: 0, activeMicros: 0 });
  });

  it('puts samples in order that V8 wrote out of it', () => {
    const late = timeSpent({ ...PROFILE, samples: [2, 5, 3], timeDeltas: [0, 40, -20] });
    expect(late).toMatchObject({ idleMicros: 20, activeMicros: 40 });
  });

  it.each([
    ['', 'empty'],
    ['{"nodes":[', 'no JSON'],
    ['{"nodes":[]}', 'no CPU profile'],
    [JSON.stringify({ ...PROFILE, timeDeltas: [1] }), '6 samples and 1 times'],
  ])('is refused where it is none: %j', (text, problem) => {
    expect(() => parseCpuProfile(text)).toThrow(problem);
  });

  it('with a sample of nothing is refused', () => {
    expect(() => timeSpent({ ...PROFILE, samples: [2, 3, 4, 5, 5, 9] })).toThrow('node 9');
  });
});

/** Computes for 150 ms, waits for 150 ms, and says when, in microseconds of CLOCK_MONOTONIC. */
const PROGRAM = `
const now = () => Number(process.hrtime.bigint() / 1000n);
function burn(until) { let sum = 0; while (now() < until) sum += Math.sqrt(sum + 1); return sum; }
const start = now();
burn(start + 150_000);
const middle = now();
setTimeout(() => console.log(JSON.stringify({ start, middle, end: now() })), 150);
`;

it('of a real program has the clock of a measured window: all of burn in one, idleness in the next', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-cpu-profile-'));
  try {
    const words = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '-e', PROGRAM];
    const { start, middle, end } = JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as Record<string, number>;
    const [file] = readdirSync(folder);
    const profile = parseCpuProfile(readFileSync(join(folder, file!), 'utf8'));
    const computing = timeSpent(profile, { start: start!, end: middle! });
    expect(computing.activeMicros / computing.spanMicros).toBeGreaterThan(0.95);
    const [first] = topFunctions(computing.root, 40).sort((a, b) => b.totalMicros - a.totalMicros);
    expect(computing.spanMicros).toBeGreaterThanOrEqual(150_000);
    const burn = topFunctions(computing.root, 40).find(({ frame: { name } }) => name === 'burn');
    expect(burn!.totalMicros / computing.activeMicros).toBeGreaterThan(0.8);
    expect(first!.totalMicros).toBeLessThanOrEqual(computing.activeMicros);
    const waiting = timeSpent(profile, { start: middle! + 10_000, end: end! - 10_000 });
    expect(waiting.idleMicros / waiting.spanMicros).toBeGreaterThan(0.8);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
