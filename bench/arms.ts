/**
 * Arms: one value of each factor, written as an id that a reader can take apart.
 *
 *     websocket/responses/multiplexed>sse/chat/kept/full/thread@arrivals=together,flushMs=1
 *     └──────── client leg ─────────┘ └ upstream leg ┘ history execution @ conditions that are not the default
 *
 * Further kinds are measured beside gateways: `bare/sse` and `bare/websocket` (hand-written relays, optionally
 * `/pass-through`), `direct/<leg>` (the client straight at the mock LLM), and in the client's place there
 * `counting/<leg>` (counts bytes only), `recorder/sse/chat/kept` (an independent witness of the ledger) and
 * `autocannon/http/chat/kept`.
 */
import { CONNECTIONS, ENVELOPES, EXECUTIONS, type Execution, TRANSPORTS } from '../transports/contract.ts';
import { historyProblem, legProblem } from '../transports/registry.ts';
import type { Leg } from '../transports/wire.ts';
import {
  type Conditions,
  DEFAULT_CONDITIONS,
  isLinked,
  otherConditions,
  parseConditions,
  roundTripsCondition,
  roundTripsOf,
} from './conditions.ts';

/** Without a gateway: our generator, one that only counts bytes, an independent witness, or autocannon. */
export const DIRECT = ['direct', 'counting', 'recorder', 'autocannon'] as const;
export type Direct = (typeof DIRECT)[number];

export function isDirect(kind: Arm['kind']): kind is Direct {
  return (DIRECT as readonly string[]).includes(kind);
}

export interface Arm {
  id: string;
  kind: 'gateway' | 'bare' | 'pass-through' | Direct;
  client: Leg;
  upstream: Leg;
  history: 'full' | 'delta';
  execution: Execution;
  conditions: Conditions;
}

/** The legs that the hand-written relays speak. */
const BARE: Readonly<Record<string, { client: Leg; upstream: Leg }>> = {
  sse: { client: leg('sse', 'chat', 'kept'), upstream: leg('sse', 'chat', 'kept') },
  websocket: { client: leg('websocket', 'responses', 'kept'), upstream: leg('sse', 'responses', 'kept') },
};

/** Legs that the comparison's generators speak. */
const OTHER_GENERATORS: Readonly<Record<Direct, { includes(leg: string): boolean; join(by: string): string }>> = {
  direct: { includes: () => true, join: () => '' },
  counting: ['sse/chat/kept', 'websocket/responses/kept'],
  recorder: ['sse/chat/kept'],
  autocannon: ['http/chat/kept'],
};

export type ArmResult = { ok: true; arm: Arm } | { ok: false; problems: string[] };

/** Reads an id; all problems at once. The id of the result is canonical: defaults left out, conditions in order. */
export function parseArm(text: string): ArmResult {
  const problems: string[] = [];
  const [path = '', conditionText, ...more] = text.split('@');
  if (more.length > 0) problems.push(`arm "${text}": more than one @`);
  const conditions = parseConditions(`arm "${text}"`, conditionText, problems);
  const shape = parsePath(text, path, problems);
  if (!shape || problems.length > 0) return { ok: false, problems };
  const arm = { ...shape, conditions, id: '' };
  arm.id = formatArm(arm);
  for (const [name, value] of [
    ['client leg', arm.client],
    ['upstream leg', arm.upstream],
  ] as const) {
    const problem =
      legProblem(value) ??
      (value.transport === 'memory' ? 'memory joins two ends of one process; arms run in processes of their own' : undefined);
    if (problem) problems.push(`arm "${text}", ${name}: ${problem}`);
  }
  const history = historyProblem(arm.client, arm.history);
  if (history) problems.push(`arm "${text}": ${history}`);
  problems.push(...conditionProblems(arm).map((problem) => `arm "${text}": ${problem}`));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, arm };
}

/** Of conditions that need something of the other factors, or of each other. */
function conditionProblems({ kind, client, conditions }: Arm): string[] {
  const { auth, heartbeatMs, besideCpu, besideUsers } = conditions;
  const problems = linkProblems(kind, conditions);
  if (kind !== 'gateway') {
    const needed = (['auth', 'heartbeatMs', 'besideCpu', 'besideUsers', 'telemetry'] as const).filter(
      (name) => conditions[name] !== DEFAULT_CONDITIONS[name],
    );
    return [...problems, ...needed.map((name) => `${name} needs the gateway`)];
  }
  if (auth === 'message' && (client.transport !== 'websocket' || client.envelope === 'binary')) {
    problems.push('auth=message needs a client leg of JSON messages over websocket');
  }
  if (heartbeatMs > 0 && client.transport !== 'websocket') problems.push('heartbeatMs needs a client leg over websocket');
  if (heartbeatMs > 0 && auth === 'none') problems.push('heartbeatMs needs auth=bearer or auth=message');
  if (besideCpu > 0 && besideUsers === 0) problems.push('besideCpu needs besideUsers, whose turns it is about');
  return problems;
}

function linkProblems(kind: Arm['kind'], conditions: Conditions): string[] {
  const problems: string[] = [];
  if (isLinked(conditions) && !goesOverLinks(kind)) problems.push('rttMs needs our own generator');
  const times = roundTripsOf(conditions).length;
  for (const name of ['users', 'besideUsers'] as const) {
    const users = conditions[name];
    if (users % times > 0) problems.push(`${name}=${users} is no multiple of the ${times} round-trip times, each of which has as many`);
  }
  return problems;
}

/** Whether the generator of such arms knows of emulated links. */
export function goesOverLinks(kind: Arm['kind']): boolean {
  return kind === 'direct' || !isDirect(kind);
}

/** The same arm with other round-trip times of its client leg: a mix where there are several. */
export function withRoundTrips(arm: Arm, roundTripsMs: readonly number[]): Arm {
  const changed = { ...arm, conditions: { ...arm.conditions, rttMs: roundTripsCondition(roundTripsMs) } };
  return { ...changed, id: formatArm(changed) };
}

/** The arms that a mix of round-trip times is told apart into, ascending; none where there is but one. */
export function partsOf(arm: Arm): Arm[] {
  const times = roundTripsOf(arm.conditions);
  return times.length === 1 ? [] : times.map((time) => withRoundTrips(arm, [time]));
}

/** For ids that stand in the source. @throws on a bad one. */
export function arm(text: string): Arm {
  const result = parseArm(text);
  if (!result.ok) throw new Error(result.problems.join('; '));
  return result.arm;
}

export function formatLeg(value: Leg): string {
  return `${value.transport}/${value.envelope}/${value.connection}`;
}

export function formatArm(value: Omit<Arm, 'id'>): string {
  const { kind, client, upstream, history, execution } = value;
  let path = `${formatLeg(client)}>${formatLeg(upstream)}/${history}/${execution}`;
  if (isDirect(kind)) path = `${kind}/${formatLeg(client)}`;
  if (kind === 'bare') path = `bare/${client.transport}`;
  if (kind === 'pass-through') path = `bare/${client.transport}/pass-through`;
  const conditions = Object.entries(otherConditions(value.conditions)).map(([name, setting]) => `${name}=${setting}`);
  return conditions.length === 0 ? path : `${path}@${conditions.join(',')}`;
}

function leg(transport: Leg['transport'], envelope: Leg['envelope'], connection: Leg['connection']): Leg {
  return { transport, envelope, connection };
}

type Shape = Pick<Arm, 'kind' | 'client' | 'upstream' | 'history' | 'execution'>;

function parsePath(text: string, path: string, problems: string[]): Shape | undefined {
  const rest = { history: 'full', execution: 'inline' } as const;
  const parts = path.split('/');
  if (parts[0] === 'bare') {
    const legs = BARE[parts[1] ?? ''];
    const passThrough = parts[2] === 'pass-through';
    if (legs && parts.length === (passThrough ? 3 : 2)) return { kind: passThrough ? 'pass-through' : 'bare', ...legs, ...rest };
    problems.push(`arm "${text}": bare relays are bare/sse and bare/websocket, each also with /pass-through`);
    return undefined;
  }
  const direct = DIRECT.find((kind) => kind === parts[0]);
  if (direct) {
    const client = parseLeg(text, parts.slice(1), problems);
    if (client && !OTHER_GENERATORS[direct].includes(formatLeg(client))) {
      problems.push(`arm "${text}": ${direct} can take ${OTHER_GENERATORS[direct].join(', ')}`);
    }
    return client && { kind: direct, client, upstream: client, ...rest };
  }
  const [clientText = '', upstreamText, ...more] = path.split('>');
  if (upstreamText === undefined || more.length > 0) {
    problems.push(`arm "${text}": expected CLIENT/ENVELOPE/CONNECTION>UPSTREAM/ENVELOPE/CONNECTION/HISTORY/EXECUTION`);
    return undefined;
  }
  const upstreamParts = upstreamText.split('/');
  const client = parseLeg(text, clientText.split('/'), problems);
  const upstream = parseLeg(text, upstreamParts.slice(0, 3), problems);
  const history = oneOf(text, 'history', upstreamParts[3], ['full', 'delta'] as const, problems);
  const execution = oneOf(text, 'execution', upstreamParts[4], EXECUTIONS, problems);
  if (upstreamParts.length > 5) problems.push(`arm "${text}": more than HISTORY/EXECUTION after the upstream leg`);
  return client && upstream && history && execution ? { kind: 'gateway', client, upstream, history, execution } : undefined;
}

function parseLeg(text: string, parts: readonly string[], problems: string[]): Leg | undefined {
  if (parts.length !== 3) {
    problems.push(`arm "${text}": a leg is TRANSPORT/ENVELOPE/CONNECTION, "${parts.join('/')}" is not`);
    return undefined;
  }
  const transport = oneOf(text, 'transport', parts[0], TRANSPORTS, problems);
  const envelope = oneOf(text, 'envelope', parts[1], ENVELOPES, problems);
  const connection = oneOf(text, 'connection', parts[2], CONNECTIONS, problems);
  return transport && envelope && connection ? { transport, envelope, connection } : undefined;
}

function oneOf<Value extends string>(
  text: string,
  what: string,
  seen: string | undefined,
  values: readonly Value[],
  problems: string[],
): Value | undefined {
  const found = values.find((value) => value === seen);
  if (!found) problems.push(`arm "${text}": ${what} is one of ${values.join(', ')}; "${seen ?? ''}" is not`);
  return found;
}
