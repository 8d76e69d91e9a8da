/** `gatebench profile`: reads what is asked, profiles, and says what came of it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Arm, isDirect, parseArm } from '../arms.ts';
import { CLINIC_TOOLS, type ClinicTool } from '../profile/clinic.ts';
import { profile } from '../profile/profile.ts';
import type { Scenario } from '../scenario.ts';
import { EXIT, type Io, refuse } from './command.ts';
import { type Flag, flagLines, readFlags, readNumber, type Words } from './flags.ts';
import { onInterrupt } from './interrupt.ts';
import { profileText } from './profile-text.ts';
import { didYouMean } from './suggest.ts';

const NAME = 'gatebench profile';
const DEFAULTS = { seconds: 10, seed: 42, folder: 'reports/profiles' } as const;
const SECONDS = { min: 1, max: 120, integer: false };
const SEED = { min: 0, max: 0xffff_ffff, integer: true };
const NONE = 'none';

const FLAGS: readonly Flag[] = [
  { name: 'arm', takes: 'ID', help: 'which gateway, in place of the scenario’s first' },
  { name: 'seconds', takes: 'N', help: `of load for each tool, after a warm-up (${DEFAULTS.seconds})` },
  { name: 'clinic', takes: 'TOOL,…', help: `of ${CLINIC_TOOLS.join(', ')}, those to run besides (all; ${NONE} for none of them)` },
  { name: 'seed', takes: 'N', help: `of everything drawn at random (${DEFAULTS.seed})` },
  { name: 'out', takes: 'DIR', help: `where it all goes (${DEFAULTS.folder}/TIME)` },
  { name: 'json', help: 'print index.json on standard output' },
];

export interface ProfileOptions {
  scenario: Scenario;
  arm: Arm;
  measureMs: number;
  seed: number;
  clinic: readonly ClinicTool[];
  outDir: string;
  json: boolean;
}

export type ProfileOptionsResult = { ok: true; options: ProfileOptions } | { ok: false; problems: readonly string[] };

export async function runProfile(argv: readonly string[], io: Io, scenarios: Readonly<Record<string, Scenario>>): Promise<number> {
  if (readFlags(argv, FLAGS).values.has('help')) {
    io.out(helpText(scenarios));
    return EXIT.pass;
  }
  const parsed = parseProfileOptions(argv, scenarios, new Date());
  if (!parsed.ok) return refuse(io, NAME, parsed.problems);
  const { json, ...options } = parsed.options;
  using interrupt = onInterrupt();
  const command = ['gatebench', 'profile', ...argv];
  const index = await profile({ ...options, command, signal: interrupt.signal, note: (text) => io.err(`${text}\n`) });
  io.out(json ? `${JSON.stringify(index, null, 2)}\n` : profileText(index, options.outDir, io.terminal));
  if (index.trouble !== null) io.err(`${NAME}: ${index.trouble}\n`);
  return index.trouble === null && index.threads.some(({ profile: file }) => file !== null) ? EXIT.pass : EXIT.failure;
}

export function parseProfileOptions(
  argv: readonly string[],
  scenarios: Readonly<Record<string, Scenario>>,
  now: Date,
): ProfileOptionsResult {
  const words = readFlags(argv, FLAGS);
  const { values, positionals, problems } = words;
  const one = (name: string) => values.get(name)?.[0];
  const known = Object.keys(scenarios);
  const [name, ...more] = positionals;
  const scenario = name !== undefined && Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;
  if (name === undefined) problems.push(`which scenario? There are ${known.join(', ')}`);
  else if (!scenario) problems.push(`there is no scenario ${name}${didYouMean(name, known) || `; there are ${known.join(', ')}`}`);
  if (more.length > 0) problems.push(`one scenario at a time; ${more.join(', ')} ${more.length === 1 ? 'is' : 'are'} too many`);
  const arm = scenario && readArm(scenario, one('arm'), problems);
  const seconds = readNumber(words, 'seconds', SECONDS) ?? DEFAULTS.seconds;
  const seed = readNumber(words, 'seed', SEED) ?? DEFAULTS.seed;
  const clinic = readClinic(words);
  const outDir = one('out') ?? join(DEFAULTS.folder, now.toISOString().slice(0, 19).replaceAll(':', '-'));
  // What lies in it already would be taken for a part of it.
  if (existsSync(join(outDir, 'index.json'))) problems.push(`--out ${outDir} holds a profile already`);
  if (!scenario || !arm || problems.length > 0) return { ok: false, problems };
  return { ok: true, options: { scenario, arm, measureMs: Math.round(seconds * 1e3), seed, clinic, outDir, json: values.has('json') } };
}

function readArm(scenario: Scenario, text: string | undefined, problems: string[]): Arm | undefined {
  if (scenario.plan.kind === 'load' && scenario.plan.load.kind === 'replay') {
    problems.push(`scenario ${scenario.name} needs a recording, which ${NAME} does not take`);
    return undefined;
  }
  const ids = text === undefined ? scenario.arms : [text];
  const parsed = ids.map(parseArm);
  problems.push(...parsed.flatMap((result) => (result.ok ? [] : result.problems)));
  const arms = parsed.flatMap((result) => (result.ok ? [result.arm] : []));
  const chosen = arms.find(({ kind }) => (text === undefined ? kind === 'gateway' : !isDirect(kind)));
  if (!chosen && arms.length > 0) {
    problems.push(
      text === undefined ? `scenario ${scenario.name} has no arm with a gateway: --arm ID` : `arm "${text}" has no gateway to profile`,
    );
  }
  if (chosen && chosen.conditions.besideUsers > 0 && !scenario.beside) {
    problems.push(`arm "${chosen.id}": scenario ${scenario.name} has no load beside its own`);
  }
  return chosen;
}

function readClinic({ values, problems }: Words): ClinicTool[] {
  const text = values.get('clinic')?.[0];
  if (text === undefined) return [...CLINIC_TOOLS];
  if (text === NONE) return [];
  const asked = new Set(text.split(','));
  for (const word of asked) {
    if (!(CLINIC_TOOLS as readonly string[]).includes(word)) {
      problems.push(
        `--clinic takes ${CLINIC_TOOLS.join(', ')} or ${NONE}; ${JSON.stringify(word)} is neither${didYouMean(word, CLINIC_TOOLS)}`,
      );
    }
  }
  return CLINIC_TOOLS.filter((tool) => asked.has(tool));
}

function helpText(scenarios: Readonly<Record<string, Scenario>>): string {
  return `usage: ${NAME} SCENARIO [options]

Loads one arm of a scenario, its gateway started with --cpu-prof, and says where each of its threads spent its time:
in the terminal by function, in DIR as flame graphs (index.html). Then the same load once more for each of clinic's
tools, which are installed when first asked for. What a tool could not do is said, and stops none of the others.

${flagLines(FLAGS)}
Scenarios: ${Object.keys(scenarios).join(', ')}
Exit status: 0 profiled, 1 no profile or the gateway died, 2 bad usage.
`;
}
