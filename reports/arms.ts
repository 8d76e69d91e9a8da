/** What arms are called: a letter inside a scenario, a name where they have one, their conditions in words, what a rung changes. */
import type { Arm, Comparison, Factors, Rung, Scenario } from './report.ts';

/** So many arms stand side by side in a table or a chart; of more, a reader wants those of one condition. */
export const ARMS_BESIDE_MAX = 8;

/** Ids of arms are long: inside a scenario they go by a letter, explained once. */
export function lettersOf(scenario: Pick<Scenario, 'arms'>): ReadonlyMap<string, string> {
  return new Map(scenario.arms.map(({ id }, index) => [id, letter(index)]));
}

function letter(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letter(Math.floor(index / 26) - 1) + last;
}

/** `C ÷ A`. */
export function pairOf(comparison: Comparison, letters: ReadonlyMap<string, string>): string {
  return `${letters.get(comparison.candidate) ?? comparison.candidate} ÷ ${letters.get(comparison.baseline) ?? comparison.baseline}`;
}

/** Arms whose trials are their own: the parts of a mix share the mix's, and are judged with it. */
export function withOwnTrials(arms: readonly Arm[]): Arm[] {
  const parts = new Set(arms.flatMap(({ mixOf = [] }) => mixOf));
  return arms.filter(({ id }) => !parts.has(id));
}

/** What arms are called that stand at the ends of most comparisons; conditions apart. */
const NAMES: Readonly<Record<string, string>> = {
  'http/chat/per-turn>sse/chat/kept/full/inline': 'HTTP mode',
  'sse/chat/kept>sse/chat/kept/full/inline': 'best HTTP',
  'websocket/responses/kept>sse/chat/kept/full/thread': 'WebSocket mode',
};

/** `undefined` for an arm that has but its id. */
export function nameOf({ id }: Pick<Arm, 'id'>): string | undefined {
  const path = id.split('@', 1)[0] ?? '';
  return Object.hasOwn(NAMES, path) ? NAMES[path] : undefined;
}

/** `TLS, round trip 20 ms`; empty where all is as by default. */
export function conditionWords(conditions: Arm['conditions']): string {
  return Object.entries(conditions)
    .map(([name, value]) => {
      if (name === 'tls' && value === true) return 'TLS';
      if (name === 'rttMs') return roundTrips(String(value));
      if (name === 'tokensPerChunk') return `${value} tokens a chunk`;
      return `${name} ${value}`;
    })
    .join(', ');
}

/** A mix of several is written `0+20+80`. */
function roundTrips(times: string): string {
  const [first = '', ...more] = times.split('+');
  const last = more.pop();
  return last === undefined ? `round trip ${first} ms` : `round trips ${[first, ...more].join(', ')} and ${last} ms`;
}

const FACTORS: readonly (keyof Factors)[] = [
  'clientTransport',
  'clientEnvelope',
  'clientConnection',
  'upstreamTransport',
  'upstreamEnvelope',
  'upstreamConnection',
  'history',
  'execution',
];

/** What a rung changes: `http → sse`, by the factors in which its arms differ; else what it says itself. */
export function changeOf({ from, to }: Pick<Rung, 'from' | 'to'>, { arms }: Pick<Scenario, 'arms'>): string {
  const [before, after] = [from, to].map((id) => arms.find((arm) => arm.id === id));
  if (!before || !after) return `${from} → ${to}`;
  const changed = FACTORS.filter((name) => before.factors[name] !== after.factors[name]);
  const of = ({ factors }: Arm) => changed.map((name) => factors[name]).join(', ');
  if (changed.length > 0) return `${of(before)} → ${of(after)}`;
  return `${conditionWords(before.conditions) || 'default'} → ${conditionWords(after.conditions) || 'default'}`;
}

/** Arms that are looked at together. */
export interface Group {
  /** The condition that they share; empty where there is but one group, or none is shared. */
  title: string;
  arms: readonly Arm[];
}

/**
 * A few arms are looked at together, whatever their conditions. Many are parted by condition, since to compare arms is to
 * compare them under one; and where that parts everything from everything, by their order.
 */
export function groupsOf({ arms }: Pick<Scenario, 'arms'>): Group[] {
  if (arms.length <= ARMS_BESIDE_MAX) return [{ title: '', arms }];
  const groups = [...Map.groupBy(arms, ({ conditions }) => conditionWords(conditions))];
  if (groups.length * 2 > arms.length) return chunks(arms).map((chunk) => ({ title: '', arms: chunk }));
  return groups.flatMap(([title, of]) => chunks(of).map((chunk) => ({ title: title || 'default conditions', arms: chunk })));
}

function chunks(arms: readonly Arm[]): Arm[][] {
  const count = Math.ceil(arms.length / ARMS_BESIDE_MAX);
  return Array.from({ length: count }, (_, index) => arms.slice(index * ARMS_BESIDE_MAX, (index + 1) * ARMS_BESIDE_MAX));
}
