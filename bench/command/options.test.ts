import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scenario } from '../scenario.ts';
import { parseBenchOptions } from './options.ts';

function scenario(name: string, load: 'open' | 'replay'): Scenario {
  const fixed = { kind: 'fixed', value: 1 } as const;
  const extent = { launches: 1, trialsPerLaunch: 1, warmupMs: 1, measureMs: 1, drainMs: 1 };
  return {
    name,
    asks: `What of ${name}?`,
    why: '',
    arms: [],
    measures: ['turn'],
    model: { profile: 'fast' },
    workload: { turnsPerSession: 1, thinkMs: fixed, inputTokens: fixed, outputTokens: fixed, history: 'full', phases: false },
    plan: {
      kind: 'load',
      load:
        load === 'open'
          ? { kind: 'open', sessionsPerSecond: 1, arrivals: { process: 'poisson' } }
          : { kind: 'replay', path: '', format: 'azure', speedup: 1, limit: 0, outputTokensMax: 1 },
    },
    quick: extent,
    full: extent,
    margin: 0.05,
  };
}

const CATALOGUE = {
  scenarios: Object.fromEntries(
    [scenario('latency', 'open'), scenario('cpu', 'open'), scenario('relay', 'open'), scenario('replay', 'replay')].map((one) => [
      one.name,
      one,
    ]),
  ),
  defaults: { quick: ['latency', 'cpu'], full: ['latency', 'cpu', 'relay'] },
};

const folder = mkdtempSync(join(tmpdir(), 'gatebench-options-'));
const azure = join(folder, 'trace.csv');
const mooncake = join(folder, 'trace.jsonl');
const broken = join(folder, 'broken.csv');
beforeAll(() => {
  writeFileSync(azure, 'TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00.1,10,5\n');
  writeFileSync(mooncake, '{"timestamp":0,"input_length":10,"output_length":5}\n');
  writeFileSync(broken, 'TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,10,5\n2024-05-10 00:00:00.1,10,many\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const parse = (...argv: string[]) => parseBenchOptions(argv, CATALOGUE, false);
const optionsOf = (...argv: string[]) => {
  const result = parse(...argv);
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.options;
};
const problemsOf = (...argv: string[]) => {
  const result = parse(...argv);
  return result.ok ? [] : result.problems;
};

describe('options of a run', () => {
  it('are complete without a word', () => {
    expect(optionsOf()).toEqual({
      scenarios: ['latency', 'cpu'],
      depth: 'quick',
      seed: 42,
      outDir: 'reports/latest',
      json: false,
      thresholds: [],
      progress: 'lines',
      command: ['gatebench', 'bench'],
    });
  });

  it('are what was asked for, and frozen', () => {
    const argv = [
      'relay',
      'cpu',
      '--full',
      '--phases',
      '--launches',
      '8',
      '--seed',
      '7',
      '--out',
      'here',
      '--json',
      '--quiet',
      '--threshold',
      'ttft.p99<400',
    ];
    const options = optionsOf(...argv, '--arms', 'bare/sse', '--arms', 'sse/chat/kept>sse/chat/kept/full/inline@users=0,tls=true');
    expect(options).toMatchObject({
      scenarios: ['relay', 'cpu'],
      depth: 'full',
      phases: true,
      launches: 8,
      seed: 7,
      outDir: 'here',
      json: true,
      progress: 'none',
      // Canonical: what is the default is left out.
      arms: ['bare/sse', 'sse/chat/kept>sse/chat/kept/full/inline@tls=true'],
      thresholds: [{ expression: 'ttft.p99 < 400', limit: 400 }],
    });
    for (const part of [options, options.scenarios, options.arms, options.thresholds, options.thresholds[0], options.command]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('draw progress in place only where someone watches', () => {
    const progressOf = (watched: boolean, ...argv: string[]) => {
      const result = parseBenchOptions(argv, CATALOGUE, watched);
      return result.ok ? result.options.progress : undefined;
    };
    expect([progressOf(true), progressOf(false), progressOf(true, '--quiet')]).toEqual(['live', 'lines', 'none']);
  });

  it('take claims for the default scenarios, and each scenario once', () => {
    expect(optionsOf('claims', 'relay', 'cpu').scenarios).toEqual(['latency', 'cpu', 'relay']);
    expect(optionsOf('--full').scenarios).toEqual(['latency', 'cpu', 'relay']);
    expect(optionsOf('cpu', 'claims', '--full').scenarios).toEqual(['cpu', 'latency', 'relay']);
  });
});

describe('round-trip times', () => {
  const id = 'sse/chat/kept>sse/chat/kept/full/inline';
  const mixing = { ...scenario('mixing', 'open'), arms: [id], roundTripsMs: [0, 20, 80] };
  const strange = { ...scenario('strange', 'open'), arms: ['autocannon/http/chat/kept'] };
  const catalogue = { ...CATALOGUE, scenarios: { ...CATALOGUE.scenarios, mixing, strange } };
  const problemsAt = (...argv: string[]) => {
    const result = parseBenchOptions(argv, catalogue, false);
    return result.ok ? [] : result.problems;
  };

  it('are a list, frozen, and nothing where they are not given', () => {
    const { roundTripsMs } = optionsOf('--rtt', '0,20,80');
    expect(roundTripsMs).toEqual([0, 20, 80]);
    expect(Object.isFrozen(roundTripsMs)).toBe(true);
    expect(optionsOf('--rtt', '7.5').roundTripsMs).toEqual([7.5]);
    expect(optionsOf()).not.toHaveProperty('roundTripsMs');
  });

  it.each(['20,20', 'x', '0+20', '-1', '10001', '1,2,3,4,5,6,7,8,9'])('are not %s', (text) => {
    expect(problemsOf(`--rtt=${text}`)).toEqual([
      `--rtt is up to 8 different numbers of milliseconds from 0 to 10000, with commas; "${text}" is not`,
    ]);
  });

  it('are for generators that know links', () => {
    expect(problemsAt('strange', '--rtt', '20')).toEqual([
      '--rtt is not for scenario strange: autocannon/http/chat/kept has a generator that knows no links',
    ]);
    expect(problemsAt('strange', '--rtt', '20', '--arms', id)).toEqual([]);
  });

  it('are those of the run or of an arm, and not both', () => {
    expect(problemsAt('latency', '--rtt', '20', '--arms', id, '--arms', `${id}@rttMs=80`)).toEqual([
      `arm "${id}@rttMs=80" has a round-trip time of its own, and --rtt has 20 ms: one or the other`,
    ]);
    expect(problemsAt('mixing', '--arms', id, '--arms', `${id}@rttMs=20`)).toEqual([
      `arm "${id}@rttMs=20" has a round-trip time of its own, and scenario mixing has 0, 20, 80 ms: one or the other`,
    ]);
    expect(problemsAt('mixing', '--arms', `${id}@rttMs=5`, '--arms', `${id}@rttMs=20`)).toEqual([]);
    expect(problemsAt('latency', '--arms', id, '--arms', `${id}@rttMs=20`)).toEqual([]);
  });

  it('have as many users each', () => {
    expect(problemsAt('mixing', '--arms', `${id}@users=200`)).toEqual([
      `arm "${id}@users=200": the 3 round-trip times of scenario mixing cannot have as many users each`,
    ]);
    expect(problemsAt('mixing', '--rtt', '0,20', '--arms', `${id}@users=200`)).toEqual([]);
  });
});

describe('a load beside', () => {
  const id = 'sse/chat/kept>sse/chat/kept/full/thread@besideUsers=2';

  it('is for scenarios that have one', () => {
    const beside = { ...scenario('thread-bound', 'open'), beside: { turnMs: 400, outputTokens: 8 } };
    const catalogue = { ...CATALOGUE, scenarios: { ...CATALOGUE.scenarios, 'thread-bound': beside } };
    expect(parseBenchOptions(['thread-bound', '--arms', id], catalogue, false)).toMatchObject({ ok: true, options: { arms: [id] } });
    expect(problemsOf('latency', 'cpu', '--arms', id)).toEqual([
      `arm "${id}": scenario latency has no load beside its own`,
      `arm "${id}": scenario cpu has no load beside its own`,
    ]);
  });
});

describe('a recording', () => {
  it('is for the scenario that replays, which need not be named', () => {
    expect(optionsOf('--trace', azure)).toMatchObject({
      scenarios: ['replay'],
      trace: { path: azure, format: 'azure', speedup: 1, limit: 100_000 },
    });
    expect(optionsOf('replay', '--trace', mooncake, '--speedup', '2.5', '--limit', '10')).toMatchObject({
      trace: { format: 'mooncake', speedup: 2.5, limit: 10 },
    });
  });

  it.each<[string, string[], (RegExp | string)[]]>([
    ['is needed there', ['replay'], ['scenario replay needs a recording: --trace FILE']],
    ['is used nowhere else', ['cpu', '--trace', azure], [/not for cpu/]],
    [
      'comes before its settings',
      ['--speedup', '2', '--limit', '3'],
      ['--speedup goes with --trace FILE', '--limit goes with --trace FILE'],
    ],
    ['has a known format', ['--trace', 'trace.parquet'], [/must end in \.csv/]],
    ['must exist', ['--trace', join(folder, 'none.csv')], [/cannot be read/]],
    ['is read to its end', ['--trace', broken], [/line 2: /, /line 3: /]],
    [
      'is not stretched without end',
      ['--trace', azure, '--speedup', '0', '--limit', '0'],
      [/--speedup is a number from/, /--limit is a whole number from/],
    ],
  ])('%s', (_name, argv, expected) => {
    const problems = problemsOf(...argv);
    expect(problems).toHaveLength(expected.length);
    for (const [index, problem] of problems.entries()) expect(problem).toMatch(expected[index]!);
  });
});

describe('problems', () => {
  it('are all listed, whatever they are about', () => {
    expect(
      problemsOf(
        'latncy',
        'quux',
        'a/b',
        '--quick',
        '--full',
        '--launches',
        '0',
        '--seed',
        'x',
        '--threshold',
        'fps<1',
        '--arms',
        'bare/sse',
        '--arms',
        'bare/sse',
        '--arms',
        'sse',
        '--jsn',
      ),
    ).toEqual([
      'there is no option --jsn; did you mean --json?',
      'there is no scenario latncy; did you mean latency?',
      'there is no scenario quux; there are claims, latency, cpu, relay, replay',
      'a/b looks like an arm; each arm takes its own --arms',
      '--quick and --full exclude each other',
      'arm "bare/sse" is given twice',
      'arm "sse": expected CLIENT/ENVELOPE/CONNECTION>UPSTREAM/ENVELOPE/CONNECTION/HISTORY/EXECUTION',
      '--launches is a whole number from 1 to 100; "0" is not',
      '--seed is a whole number from 0 to 4294967295; "x" is not',
      expect.stringMatching(/^threshold "fps<1": there is no measure fps/),
    ]);
  });

  it('are found in names that every object has', () => {
    expect(problemsOf('constructor', '__proto__')).toHaveLength(2);
  });
});
