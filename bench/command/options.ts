/**
 * What `gatebench bench` was asked to do: read once, from words, into one frozen object. Every problem of the command
 * line and of the files that it names is found before anything starts.
 */
import { type Arm, arm, goesOverLinks, parseArm } from '../arms.ts';
import { isLinked, ROUND_TRIPS_MAX, readRoundTrips } from '../conditions.ts';
import { readTrace, type TraceFormat } from '../driver/trace.ts';
import { ROUND_TRIP_MS_MAX } from '../link/limits.ts';
import type { Scenario } from '../scenario.ts';
import { type Flag, readFlags, readNumber, type Words } from './flags.ts';
import { didYouMean } from './suggest.ts';
import { parseThreshold, type Threshold } from './thresholds.ts';

export interface TraceOptions {
  path: string;
  format: TraceFormat;
  /** Gaps between turns are divided by this. */
  speedup: number;
  /** Rows used, from the first. */
  limit: number;
}

export interface BenchOptions {
  /** Names from `scenarios/`, at least one, none twice. */
  scenarios: readonly string[];
  depth: 'quick' | 'full';
  /** Canonical ids that take the place of each scenario's own arms; the first is the baseline. */
  arms?: readonly string[];
  seed: number;
  outDir: string;
  /** report.json goes to standard output too. */
  json: boolean;
  /** In place of what the scenarios and the depth say. */
  launches?: number;
  /** Of the client leg's emulated link, in place of what the scenarios say; several are mixed by session. */
  roundTripsMs?: readonly number[];
  /** All turns bring their phases back, also of scenarios that do not ask for them. */
  phases?: true;
  /** There if and only if one of the scenarios replays. */
  trace?: TraceOptions;
  thresholds: readonly Threshold[];
  /** A live page of the run. */
  ui?: true;
  /** On standard error: redrawn in place, one line an event, or not at all. */
  progress: 'live' | 'lines' | 'none';
  /** As it was called, for the report. */
  command: readonly string[];
}

export type BenchOptionsResult = { ok: true; options: BenchOptions } | { ok: false; problems: readonly string[] };

/** What there is to choose from. */
export interface ScenarioCatalogue {
  scenarios: Readonly<Record<string, Scenario>>;
  /** Run when none is named; together they are called `claims`. */
  defaults: Readonly<Record<BenchOptions['depth'], readonly string[]>>;
}

export const CLAIMS = 'claims';

const DEFAULTS = Object.freeze({ depth: 'quick', seed: 42, outDir: 'reports/latest', speedup: 1, limit: 100_000 } as const);
const SEED_MAX = 0xffff_ffff;
const LAUNCHES_MAX = 100;
const SPEEDUP = { min: 0.001, max: 1_000_000, integer: false };
const LIMIT = { min: 1, max: 10_000_000, integer: true };

export const BENCH_FLAGS: readonly Flag[] = [
  { name: 'quick', help: 'few and short launches: minutes (the default)' },
  { name: 'full', help: 'as many and as long as narrow intervals need' },
  { name: 'arms', takes: 'ID', repeat: true, help: 'measure these arms instead of the scenario’s; the first is the baseline' },
  { name: 'launches', takes: 'N', help: 'launches of each arm, the unit of replication' },
  { name: 'rtt', takes: 'MS,…', help: 'round-trip times of the clients’ link, mixed by session, instead of the scenario’s: 0,20,80' },
  { name: 'phases', help: 'say what turns spend their time on in every scenario; replies grow by the bytes that tell it' },
  { name: 'threshold', takes: 'EXPR', repeat: true, help: "what must hold, or the exit status is 99: 'ttft.p99 < 400'" },
  { name: 'trace', takes: 'FILE', help: 'turns of a recording, for the scenario replay: Azure’s .csv or Mooncake’s .jsonl' },
  { name: 'speedup', takes: 'N', help: `divide the recording’s gaps (${DEFAULTS.speedup})` },
  { name: 'limit', takes: 'N', help: `use only its first rows (${DEFAULTS.limit})` },
  { name: 'seed', takes: 'N', help: `of everything drawn at random (${DEFAULTS.seed})` },
  { name: 'out', takes: 'DIR', help: `where the report goes (${DEFAULTS.outDir})` },
  { name: 'ui', help: 'a live page of the run, at an address that is printed; watching costs gateways a little' },
  { name: 'json', help: 'print report.json on standard output' },
  { name: 'quiet', help: 'no progress' },
];

export function parseBenchOptions(argv: readonly string[], catalogue: ScenarioCatalogue, watched: boolean): BenchOptionsResult {
  const words = readFlags(argv, BENCH_FLAGS);
  const { values, problems } = words;
  const has = (name: string) => values.has(name);
  const depth = has('full') ? 'full' : DEFAULTS.depth;
  const scenarios = readScenarios(words, catalogue, depth);
  if (has('quick') && has('full')) problems.push('--quick and --full exclude each other');
  const arms = readArms(words, scenarios, catalogue);
  const launches = readNumber(words, 'launches', { min: 1, max: LAUNCHES_MAX, integer: true });
  const roundTripsMs = readRoundTripsOption(words, arms, scenarios, catalogue);
  const seed = readNumber(words, 'seed', { min: 0, max: SEED_MAX, integer: true }) ?? DEFAULTS.seed;
  const thresholds = readThresholds(words);
  const trace = readTraceOptions(words, scenarios, catalogue);
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    options: Object.freeze({
      scenarios: Object.freeze(scenarios),
      depth,
      ...(arms.length === 0 ? {} : { arms: Object.freeze(arms) }),
      seed,
      outDir: values.get('out')?.[0] ?? DEFAULTS.outDir,
      json: has('json'),
      ...(launches === undefined ? {} : { launches }),
      ...(has('phases') ? { phases: true } : {}),
      ...(roundTripsMs === undefined ? {} : { roundTripsMs: Object.freeze(roundTripsMs) }),
      ...(trace === undefined ? {} : { trace: Object.freeze(trace) }),
      thresholds: Object.freeze(thresholds),
      ...(has('ui') ? { ui: true as const } : {}),
      progress: has('quiet') ? 'none' : watched ? 'live' : 'lines',
      command: Object.freeze(['gatebench', 'bench', ...argv]),
    }),
  };
}

function readScenarios({ positionals, values, problems }: Words, catalogue: ScenarioCatalogue, depth: BenchOptions['depth']): string[] {
  const { scenarios } = catalogue;
  const defaults = catalogue.defaults[depth];
  const known = Object.keys(scenarios);
  if (positionals.length === 0) return values.has('trace') ? known.filter((name) => replays(scenarios[name])) : [...defaults];
  const chosen = new Set<string>();
  for (const name of positionals) {
    if (Object.hasOwn(scenarios, name)) chosen.add(name);
    else if (name === CLAIMS) for (const part of defaults) chosen.add(part);
    else if (name.includes('/')) problems.push(`${name} looks like an arm; each arm takes its own --arms`);
    else problems.push(`there is no scenario ${name}${didYouMean(name, known) || `; there are ${[CLAIMS, ...known].join(', ')}`}`);
  }
  return [...chosen];
}

function readArms({ values, problems }: Words, chosen: readonly string[], { scenarios }: ScenarioCatalogue): string[] {
  const ids = new Set<string>();
  for (const text of values.get('arms') ?? []) {
    const result = parseArm(text);
    if (!result.ok) problems.push(...result.problems);
    else if (ids.has(result.arm.id)) problems.push(`arm "${text}" is given twice`);
    else ids.add(result.arm.id);
    if (!result.ok || result.arm.conditions.besideUsers === 0) continue;
    for (const name of chosen) if (!scenarios[name]?.beside) problems.push(`arm "${text}": scenario ${name} has no load beside its own`);
  }
  return [...ids];
}

function readRoundTripsOption(
  { values, problems }: Words,
  arms: readonly string[],
  chosen: readonly string[],
  { scenarios }: ScenarioCatalogue,
): number[] | undefined {
  const text = values.get('rtt')?.[0];
  const times = text === undefined ? undefined : readRoundTrips(text, ',');
  if (text !== undefined && !times) {
    problems.push(
      `--rtt is up to ${ROUND_TRIPS_MAX} different numbers of milliseconds from 0 to ${ROUND_TRIP_MS_MAX}, with commas; ${JSON.stringify(text)} is not`,
    );
  }
  for (const name of times ? chosen : []) {
    const strange = scenarios[name]?.arms.map(arm).find(({ kind }) => !goesOverLinks(kind));
    if (strange && arms.length === 0) problems.push(`--rtt is not for scenario ${name}: ${strange.id} has a generator that knows no links`);
  }
  const own = arms.map(arm);
  if (times) problems.push(...mixProblems(own, times, '--rtt'));
  for (const name of times ? [] : chosen) {
    const { roundTripsMs } = scenarios[name] ?? {};
    if (roundTripsMs) problems.push(...mixProblems(own, roundTripsMs, `scenario ${name}`));
  }
  return times;
}

/** Of arms of the user's choice, which take the round-trip times that others of the run have, or have their own, but not both. */
function mixProblems(arms: readonly Arm[], times: readonly number[], whose: string): string[] {
  const linked = arms.filter(({ conditions }) => isLinked(conditions));
  const others = arms.filter(({ kind, conditions }) => goesOverLinks(kind) && !isLinked(conditions));
  const mixed = whose === '--rtt' || others.length > 0 ? linked : [];
  return [
    ...mixed.map(({ id }) => `arm "${id}" has a round-trip time of its own, and ${whose} has ${times.join(', ')} ms: one or the other`),
    ...others
      .filter(({ conditions: { users, besideUsers } }) => users % times.length > 0 || besideUsers % times.length > 0)
      .map(({ id }) => `arm "${id}": the ${times.length} round-trip times of ${whose} cannot have as many users each`),
  ];
}

function readThresholds({ values, problems }: Words): Threshold[] {
  const thresholds: Threshold[] = [];
  for (const text of values.get('threshold') ?? []) {
    const result = parseThreshold(text);
    if (result.ok) thresholds.push(Object.freeze(result.threshold));
    else problems.push(result.problem);
  }
  return thresholds;
}

function readTraceOptions(words: Words, chosen: readonly string[], { scenarios }: ScenarioCatalogue): TraceOptions | undefined {
  const { values, problems } = words;
  const speedup = readNumber(words, 'speedup', SPEEDUP) ?? DEFAULTS.speedup;
  const limit = readNumber(words, 'limit', LIMIT) ?? DEFAULTS.limit;
  const path = values.get('trace')?.[0];
  const replaying = chosen.filter((name) => replays(scenarios[name]));
  if (path === undefined) {
    for (const name of ['speedup', 'limit']) if (values.has(name)) problems.push(`--${name} goes with --trace FILE`);
    for (const name of replaying) problems.push(`scenario ${name} needs a recording: --trace FILE`);
    return undefined;
  }
  if (chosen.length > 0 && replaying.length === 0) problems.push(`--trace is not for ${chosen.join(', ')}, which make their own load`);
  const format = formatOf(path);
  if (!format) {
    problems.push(`--trace ${path}: its name must end in .csv (Azure’s format) or .jsonl (Mooncake’s)`);
    return undefined;
  }
  const trace = readTrace(path, format, limit);
  if (!trace.ok) problems.push(...trace.problems.map((problem) => `--trace ${path}: ${problem}`));
  return { path, format, speedup, limit };
}

function formatOf(path: string): TraceFormat | undefined {
  if (/\.csv$/i.test(path)) return 'azure';
  return /\.(jsonl|ndjson)$/i.test(path) ? 'mooncake' : undefined;
}

function replays(scenario: Scenario | undefined): boolean {
  return scenario?.plan.kind === 'load' && scenario.plan.load.kind === 'replay';
}
