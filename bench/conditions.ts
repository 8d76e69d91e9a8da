/**
 * What is the same for both legs of an arm and their middle: encryption, the client leg's link, what the mock LLM
 * sends, what lies beside the measured turns. In an arm's id those stand that are not the default.
 */
import { ROUND_TRIP_MS_MAX } from './link/limits.ts';

export interface Conditions {
  tls: boolean;
  /** The client leg's round-trip time, over an emulated link; 0: straight. A mix (`0+20+80`) has sessions of each. */
  rttMs: number | RoundTripMix;
  /** Tokens of one chunk of the mock LLM. */
  tokensPerChunk: number;
  /** Whether the streams of the mock LLM emit on one grid, as an engine step makes them, or each by itself. */
  arrivals: 'independent' | 'together';
  flushMs: number;
  compression: boolean;
  /** Of multiplexed legs. */
  streamsPerConnection: number;
  /** Closed loop with this many users instead of the scenario's load; 0: the scenario's. */
  users: number;
  /** How clients prove who they are: not at all, by a token at the handshake, or also by a JWT on each message. */
  auth: Auth;
  /** Of the gateway's verified heartbeats; 0: none. */
  heartbeatMs: number;
  /** Share of a turn of the load beside that is work of the processor, in per cent; the rest waits for the mock LLM. */
  besideCpu: number;
  /** Users of the load beside, which the scenario defines; 0: the measured turns are alone. */
  besideUsers: number;
  /** What the gateway tells of itself meanwhile: nothing, metrics, or also traces of 1 % of the turns, or of all. */
  telemetry: Telemetry;
}

export const TELEMETRIES = ['off', 'metrics', 'traces1', 'all'] as const;
export type Telemetry = (typeof TELEMETRIES)[number];

/** The share of turns that is traced. */
export const TRACE_RATIOS: Readonly<Record<Telemetry, number>> = { off: 0, metrics: 0, traces1: 0.01, all: 1 };

export const AUTHS = ['none', 'bearer', 'message'] as const;
export type Auth = (typeof AUTHS)[number];

/** Several round-trip times in ascending order, as they stand in an id. */
export type RoundTripMix = `${number}+${string}`;

export const DEFAULT_CONDITIONS: Readonly<Conditions> = Object.freeze({
  tls: false,
  rttMs: 0,
  tokensPerChunk: 1,
  arrivals: 'independent',
  flushMs: 0,
  compression: false,
  streamsPerConnection: 16,
  users: 0,
  auth: 'none',
  heartbeatMs: 0,
  besideCpu: 0,
  besideUsers: 0,
  telemetry: 'off',
});

/** As many as one trial mixes; each gets its share of the sessions, and below a dozen turns a median says little. */
export const ROUND_TRIPS_MAX = 8;

/** The round-trip times of the client leg, ascending: several where they are mixed. */
export function roundTripsOf({ rttMs }: Pick<Conditions, 'rttMs'>): number[] {
  return typeof rttMs === 'number' ? [rttMs] : rttMs.split('+').map(Number);
}

/** One time for all sessions, or a mix of several. */
export function roundTripsCondition(roundTripsMs: readonly number[]): Conditions['rttMs'] {
  const [first = 0, ...more] = [...new Set(roundTripsMs)].sort((a, b) => a - b);
  return more.length === 0 ? first : `${first}+${more.join('+')}`;
}

/** `round trip 20 ms`, `round trips 0, 20 and 80 ms`. */
export function roundTripWords(roundTripsMs: readonly number[]): string {
  const last = roundTripsMs.at(-1)!;
  return roundTripsMs.length === 1 ? `round trip ${last} ms` : `round trips ${roundTripsMs.slice(0, -1).join(', ')} and ${last} ms`;
}

/** Whether the client leg goes over an emulated link. */
export function isLinked(conditions: Pick<Conditions, 'rttMs'>): boolean {
  return conditions.rttMs !== 0;
}

/** The conditions that are not the default. */
export function otherConditions(conditions: Conditions): Record<string, string | number | boolean> {
  const other: Record<string, string | number | boolean> = {};
  for (const name of Object.keys(DEFAULT_CONDITIONS) as (keyof Conditions)[]) {
    if (conditions[name] !== DEFAULT_CONDITIONS[name]) other[name] = conditions[name];
  }
  return other;
}

/** @param list `tls=true,flushMs=1`. @param about what the problems begin with. */
export function parseConditions(about: string, list: string | undefined, problems: string[]): Conditions {
  const conditions: Conditions = { ...DEFAULT_CONDITIONS };
  for (const part of list === undefined ? [] : list.split(',')) {
    const [name = '', setting = ''] = part.split('=');
    if (!Object.hasOwn(READERS, name)) {
      problems.push(`${about}: no condition is called "${name}"; there are ${Object.keys(READERS).join(', ')}`);
      continue;
    }
    const key = name as keyof Conditions;
    const value = READERS[key](setting);
    if (value === undefined) problems.push(`${about}: condition ${name} cannot be "${setting}"`);
    else Object.assign(conditions, { [key]: value });
  }
  return conditions;
}

/** `0,20,80` by its commas, `0+20+80` by its plus signs. `undefined` for what is no list of distinct round-trip times. */
export function readRoundTrips(text: string, separator: ',' | '+'): number[] | undefined {
  const times = text.split(separator).map((word) => readNumber(word, 0, ROUND_TRIP_MS_MAX, false));
  const known = times.filter((time) => time !== undefined);
  const valid = known.length === times.length && known.length <= ROUND_TRIPS_MAX && new Set(known).size === known.length;
  return valid ? known : undefined;
}

const READERS: { [Name in keyof Conditions]: (text: string) => Conditions[Name] | undefined } = {
  tls: readBoolean,
  rttMs: (text) => {
    const times = readRoundTrips(text, '+');
    return times && roundTripsCondition(times);
  },
  tokensPerChunk: (text) => readNumber(text, 1, 1_000, true),
  arrivals: (text) => (text === 'independent' || text === 'together' ? text : undefined),
  flushMs: (text) => readNumber(text, 0, 1_000, false),
  compression: readBoolean,
  streamsPerConnection: (text) => readNumber(text, 1, 10_000, true),
  users: (text) => readNumber(text, 0, 100_000, true),
  auth: (text) => AUTHS.find((auth) => auth === text),
  heartbeatMs: (text) => readNumber(text, 0, 3_600_000, true),
  besideCpu: (text) => readNumber(text, 0, 95, true),
  besideUsers: (text) => readNumber(text, 0, 1_000, true),
  telemetry: (text) => TELEMETRIES.find((telemetry) => telemetry === text),
};

function readBoolean(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

function readNumber(text: string, min: number, max: number, whole: boolean): number | undefined {
  const value = Number(text);
  return text !== '' && value >= min && value <= max && (!whole || Number.isInteger(value)) ? value : undefined;
}
