/**
 * The model's name says how the mock LLM behaves: `PROFILE[@key=value,key=value…]`, such as
 * `fast@tpotMs=1,chunk=5,arrivals=together`. Any client can ask for any behaviour without touching the mock's
 * configuration, and the behaviour stands in every log and report that names the model.
 */
import type { Spread } from './profiles.ts';
import { isProfile, PROFILE_NAMES, PROFILES } from './profiles.ts';

export const ARRIVALS = ['independent', 'together'] as const;

export interface Model {
  readonly name: string;
  readonly ttft: Spread;
  readonly tpot: Spread;
  readonly chunk: { readonly min: number; readonly max: number };
  /** `together`: emissions wait for a grid of `stepMs` that all streams share, as an engine that decodes in steps. */
  readonly arrivals: (typeof ARRIVALS)[number];
  readonly stepMs: number;
  readonly stalls: boolean;
  /** false: every turn takes the medians. */
  readonly jitter: boolean;
  /** Tool calls at the end of each reply … */
  readonly tools: number;
  /** … what each of them calls … */
  readonly tool: ToolUse;
  /** … and until so many rounds of results have come; then the reply ends the turn. Infinity: every reply calls. */
  readonly toolRounds: number;
  /** Tokens of a reply whose request does not say. */
  readonly tokens: number;
}

export interface ToolUse {
  readonly name: string;
  /** JSON. */
  readonly arguments: string;
}

export type ParsedModel = { model: Model } | { problems: string[] };

const TOKENS_DEFAULT = 200;
/** Of one reply. Its plan and its ledger row take ~40 bytes a token. */
export const REPLY_TOKENS_MAX = 200_000;
const NAME_LENGTH_MAX = 200;

/** One value: what it is called in messages, and how its text is read (`undefined`: it is not one). */
interface Key<Value> {
  expected: string;
  read(text: string): Value | undefined;
}

function decimal(min: number, max: number): Key<number> {
  return {
    expected: `a number from ${min} to ${max}`,
    read: (text) => (/^\d{1,9}(\.\d{1,6})?$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined),
  };
}

function integer(min: number, max: number): Key<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    read: (text) => (/^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined),
  };
}

function oneOf<Value extends string>(values: readonly Value[]): Key<Value> {
  return { expected: values.join(' or '), read: (text) => values.find((value) => value === text) };
}

const toolName: Key<string> = {
  expected: 'the name of a tool: 1–64 letters, digits, "_" or "-"',
  read: (text) => (/^[\w-]{1,64}$/.test(text) ? text : undefined),
};

const onOff: Key<boolean> = {
  expected: 'on or off',
  read: (text) => (text === 'on' ? true : text === 'off' ? false : undefined),
};

const CHUNK_TOKENS_MAX = 1_000;
const chunk: Key<Model['chunk']> = {
  expected: `a whole number from 1 to ${CHUNK_TOKENS_MAX}, or a range such as 1-4`,
  read(text) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(text);
    if (!match) return undefined;
    const min = Number(match[1]);
    const max = Number(match[2] ?? match[1]);
    return min >= 1 && min <= max && max <= CHUNK_TOKENS_MAX ? { min, max } : undefined;
  },
};

const TOOL_MS_MAX = 600_000;
const KEYS = {
  ttftMs: decimal(0, 600_000),
  tpotMs: decimal(0, 60_000),
  chunk,
  arrivals: oneOf(ARRIVALS),
  stepMs: decimal(0.1, 60_000),
  stalls: onOff,
  jitter: onOff,
  tools: integer(0, 16),
  tool: toolName,
  toolMs: integer(1, TOOL_MS_MAX),
  toolBlockMs: integer(1, TOOL_MS_MAX),
  toolRounds: integer(0, 1_000),
  tokens: integer(0, REPLY_TOKENS_MAX),
};
type Values = { -readonly [Name in keyof typeof KEYS]?: Exclude<ReturnType<(typeof KEYS)[Name]['read']>, undefined> };
export const MODEL_KEYS = Object.keys(KEYS) as readonly (keyof typeof KEYS)[];

function isKey(name: string): name is keyof typeof KEYS {
  return Object.hasOwn(KEYS, name);
}

/** Reads one `key=value` into `values`. @returns what is wrong with it. */
function readSetting(setting: string, values: Values): string | undefined {
  const equals = setting.indexOf('=');
  const name = equals === -1 ? setting : setting.slice(0, equals);
  const text = equals === -1 ? '' : setting.slice(equals + 1);
  if (!isKey(name)) return `unknown key ${JSON.stringify(name)} (known: ${MODEL_KEYS.join(', ')})`;
  if (values[name] !== undefined) return `${name} is given twice`;
  const value = KEYS[name].read(text);
  if (value === undefined) return `${name} is ${JSON.stringify(text)}, expected ${KEYS[name].expected}`;
  Object.assign(values, { [name]: value });
  return undefined;
}

/** @returns the model, or every problem that its name has. */
export function parseModel(name: string): ParsedModel {
  if (name.length > NAME_LENGTH_MAX) return { problems: [`the name is longer than ${NAME_LENGTH_MAX} characters`] };
  const problems: string[] = [];
  const at = name.indexOf('@');
  const profileName = at === -1 ? name : name.slice(0, at);
  if (!isProfile(profileName)) problems.push(`unknown profile ${JSON.stringify(profileName)} (known: ${PROFILE_NAMES.join(', ')})`);
  const values: Values = {};
  for (const setting of at === -1 ? [] : name.slice(at + 1).split(',')) {
    const problem = readSetting(setting, values);
    if (problem !== undefined) problems.push(problem);
  }
  if (!isProfile(profileName)) return { problems };

  const profile = PROFILES[profileName];
  const tpotMs = values.tpotMs ?? profile.tpot.medianMs;
  const arrivals = values.arrivals ?? 'independent';
  if (values.stepMs !== undefined && arrivals !== 'together') problems.push('stepMs has no meaning without arrivals=together');
  const stepMs = values.stepMs ?? tpotMs;
  if (arrivals === 'together' && stepMs === 0) problems.push('arrivals=together with tpotMs=0 needs a stepMs');
  const tool = toolUse(values, problems);
  if (problems.length > 0) return { problems };
  return {
    model: Object.freeze({
      name,
      ttft: { medianMs: values.ttftMs ?? profile.ttft.medianMs, sigma: profile.ttft.sigma },
      tpot: { medianMs: tpotMs, sigma: profile.tpot.sigma },
      chunk: values.chunk ?? profile.chunk,
      arrivals,
      stepMs,
      stalls: values.stalls ?? profile.stalls,
      jitter: values.jitter ?? profile.jitter,
      tools: values.tools ?? (TOOL_KEYS.some((key) => values[key] !== undefined) ? 1 : 0),
      tool,
      toolRounds: values.toolRounds ?? Number.POSITIVE_INFINITY,
      tokens: values.tokens ?? TOKENS_DEFAULT,
    }),
  };
}

/** Any of them says that the model calls tools: one a reply, unless `tools` says otherwise. */
const TOOL_KEYS = ['tool', 'toolMs', 'toolBlockMs', 'toolRounds'] as const;
const READ_FILE: ToolUse = Object.freeze({ name: 'read_file', arguments: '{"path":"src/queue.ts","from_line":1,"to_line":40}' });

/** A tool that works for a time is told how long, and for how long of it without a break. */
function toolUse(values: Values, problems: string[]): ToolUse {
  const { tools, tool = READ_FILE.name, toolMs: ms, toolBlockMs: blockMs } = values;
  for (const key of TOOL_KEYS) if (tools === 0 && values[key] !== undefined) problems.push(`${key} has no meaning with tools=0`);
  if (tool === READ_FILE.name) {
    if (ms !== undefined || blockMs !== undefined) problems.push(`toolMs and toolBlockMs have no meaning for ${READ_FILE.name}`);
    return READ_FILE;
  }
  if (blockMs !== undefined && ms === undefined) problems.push('toolBlockMs has no meaning without toolMs');
  return Object.freeze({ name: tool, arguments: JSON.stringify({ ms, blockMs }) });
}
