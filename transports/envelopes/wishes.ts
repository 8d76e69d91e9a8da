/**
 * What a client asks of a gateway besides the turn: the agent, the session, how to run it, whether to report phases,
 * and whose trace it belongs to. OpenAI's two formats carry it in `metadata` under `gatebench.` (a field that their
 * servers accept and other clients can set), the other two as short fields of their own.
 */
import { EXECUTIONS, type Execution, type Message, type Turn } from '../contract.ts';
import { isTraceparent } from '../traceparent.ts';
import { isObject, type JsonObject } from './json.ts';
import type { Problems } from './problems.ts';

export interface Wishes {
  agent?: string;
  session?: string;
  execution?: Execution;
  traceparent?: string;
  phases: boolean;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

export interface RequestOptions {
  websocket: boolean;
  headers?: Headers;
}

const NAME_CHARACTERS_MAX = 256;
const PREFIX = 'gatebench.';
/** Checks wishes field by field; `names` says what the fields are called in the messages about them. */
export function readWishes(fields: JsonObject, name: (field: string) => string, problems: Problems): Wishes {
  const wishes: Wishes = { phases: fields.phases === '1' || fields.phases === 1 };
  for (const field of ['agent', 'session'] as const) {
    const value = fields[field];
    if (value === undefined) continue;
    if (typeof value === 'string' && value.length > 0 && value.length <= NAME_CHARACTERS_MAX) wishes[field] = value;
    else problems.invalid(name(field), `a string of 1 to ${NAME_CHARACTERS_MAX} characters`);
  }
  const { execution, traceparent } = fields;
  if (execution !== undefined) {
    const known = EXECUTIONS.find((one) => one === execution);
    if (known) wishes.execution = known;
    else problems.invalid(name('execution'), `one of ${EXECUTIONS.join(', ')}`);
  }
  // Trace Context, 4.3: a value that cannot be read is treated as if it were not there.
  if (isTraceparent(traceparent)) wishes.traceparent = traceparent;
  return wishes;
}

/** Reads OpenAI's `metadata`. What is not ours stays with the turn's parameters. */
export function readMetadata(metadata: unknown, problems: Problems): { wishes: Wishes; rest: Record<string, string> | undefined } {
  if (metadata === undefined || metadata === null) return { wishes: { phases: false }, rest: undefined };
  if (!isObject(metadata)) {
    problems.invalid('metadata', 'an object of strings');
    return { wishes: { phases: false }, rest: undefined };
  }
  const ours: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const others: [string, string][] = [];
  for (const [key, value] of Object.entries(metadata)) {
    if (OURS.has(key)) ours[key.slice(PREFIX.length)] = value;
    else if (typeof value === 'string') others.push([key, value]);
    else problems.invalid(`metadata.${key}`, 'a string');
  }
  const wishes = readWishes(ours, (field) => `metadata.${PREFIX}${field}`, problems);
  return { wishes, rest: others.length === 0 ? undefined : Object.fromEntries(others) };
}

const OURS: ReadonlySet<string> = new Set(['agent', 'session', 'execution', 'phases', 'traceparent'].map((field) => PREFIX + field));

/** Over HTTP the trace stands in a header: a server that knows nothing of it may refuse metadata (OpenAI's, where `store` is off). */
export function writeMetadata(turn: Turn, { websocket }: { websocket: boolean }): Record<string, unknown> | undefined {
  const rest = turn.parameters?.metadata;
  const metadata: Record<string, unknown> = isObject(rest) ? { ...rest } : {};
  const { traceparent, ...wishes } = wishesOf(turn);
  for (const field in wishes) metadata[PREFIX + field] = wishes[field];
  if (websocket && traceparent !== undefined) metadata[`${PREFIX}traceparent`] = traceparent;
  return Object.keys(metadata).length === 0 ? undefined : metadata;
}

/** The wishes of a turn, as strings; those that it does not have are absent. */
export function wishesOf(turn: Turn): Record<string, string> {
  return {
    ...(turn.agent === undefined ? {} : { agent: turn.agent }),
    ...(turn.session === undefined ? {} : { session: turn.session }),
    ...(turn.execution === undefined ? {} : { execution: turn.execution }),
    ...(turn.traceparent === undefined ? {} : { traceparent: turn.traceparent }),
    ...(turn.want.phases ? { phases: '1' } : {}),
  };
}

/**
 * The trace that a request belongs to. Over HTTP the header is this request's, and wins; over WebSocket it is the
 * handshake's, and stands in only where the message has none.
 */
function traceparentOf(wishes: Wishes, { websocket, headers }: RequestOptions): string | undefined {
  const header = isTraceparent(headers?.traceparent) ? headers.traceparent : undefined;
  return websocket ? (wishes.traceparent ?? header) : (header ?? wishes.traceparent);
}

export interface TurnFields {
  model: string;
  input: readonly Message[];
  previousResponseId?: string | undefined;
  generate?: boolean | undefined;
  outputTokensMax?: number | undefined;
  parameters?: Readonly<Record<string, unknown>> | undefined;
}

let turnsRead = 0;

/** A turn as it was read from a request: what is absent there is absent here. */
export function turnOf(fields: TurnFields, wishes: Wishes, options: RequestOptions): Turn {
  const { agent, session, execution, phases } = wishes;
  const { model, input, previousResponseId, generate, outputTokensMax, parameters } = fields;
  const traceparent = traceparentOf(wishes, options);
  turnsRead += 1;
  return {
    key: `t${turnsRead.toString(36)}`,
    model,
    input,
    ...(agent === undefined ? {} : { agent }),
    ...(previousResponseId === undefined ? {} : { previousResponseId }),
    ...(generate === undefined ? {} : { generate }),
    ...(outputTokensMax === undefined ? {} : { outputTokensMax }),
    ...(execution === undefined ? {} : { execution }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(session === undefined ? {} : { session }),
    want: { phases },
    ...(parameters === undefined || Object.keys(parameters).length === 0 ? {} : { parameters }),
  };
}
