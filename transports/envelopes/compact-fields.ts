/**
 * The fields of a turn and of its end under short names: what `compact` is made of, and the rare parts of `binary`.
 *
 * Of a turn: `m` model · `i` messages, each `[role, text]`, or `{r: role, t: text, a: tool call answered, c: [[id, name,
 * arguments], …]}` where it has to do with tools · `p` previous response id · `n` most output tokens · `g` 0 where
 * nothing is to be generated · `w` 1 where the reply is wanted whole (HTTP) · `x` wishes of the gateway: `agent`,
 * `session`, `execution`, `traceparent`, `phases` · `c` model parameters, under the names of either OpenAI API.
 *
 * Of an end: `f` how it finished (`stop`, `toolCalls`, `length`), or `x` what happened instead (`failed`, `cancelled`,
 * `timedOut`, `refused`) with `c` code, `m` message, `h` HTTP status, `a` field at fault, `r` seconds to wait · `u`
 * tokens [in, out] · `b` response id · `p` milliseconds by phase.
 */
import type { EndEvent, Message, Outcome, ToolCall, Turn } from '../contract.ts';
import type { ParsedRequest } from '../envelope.ts';
import {
  clean,
  isRefusalCode,
  isTurnErrorCode,
  outcomeOfError,
  PARAM_CHARACTERS_MAX,
  REFUSAL_CHARACTERS_MAX,
  retryAfterOf,
} from './errors.ts';
import { isObject, type JsonObject, stringOf, utf8Length } from './json.ts';
import { isRole } from './messages.ts';
import { ALL_PARAMETERS, readModel, readParameters, readTokensMax } from './parameters.ts';
import { Problems } from './problems.ts';
import { endOf, readPhases, readUsage } from './replies.ts';
import type { Named } from './requests.ts';
import { type RequestOptions, readWishes, turnOf, wishesOf } from './wishes.ts';

const TURN_FIELDS: ReadonlySet<string> = new Set(['m', 'i', 'p', 'n', 'g', 'w', 'x', 'c']);
const NO_FIELDS: ReadonlySet<string> = new Set();
const WISHES: ReadonlySet<string> = new Set(['agent', 'session', 'execution', 'traceparent', 'phases']);

export function writeTurnFields(turn: Turn, whole: boolean, messages: readonly unknown[] | undefined): object {
  const wishes = wishesOf(turn);
  const { previousResponseId, outputTokensMax, generate, parameters } = turn;
  return {
    m: turn.model,
    ...(messages === undefined ? {} : { i: messages }),
    ...(previousResponseId === undefined ? {} : { p: previousResponseId }),
    ...(outputTokensMax === undefined ? {} : { n: outputTokensMax }),
    ...(generate === undefined ? {} : { g: generate ? 1 : 0 }),
    ...(whole ? { w: 1 } : {}),
    ...(Object.keys(wishes).length === 0 ? {} : { x: wishes }),
    ...(parameters === undefined ? {} : { c: parameters }),
  };
}

/**
 * Reads the fields of a turn; the codec has taken its own out of them.
 * @param input the messages, where they do not stand in the field `i`.
 */
export function readTurnFields(fields: JsonObject, options: RequestOptions, named: Named, input?: readonly Message[]): ParsedRequest {
  const problems = new Problems();
  problems.unknown(Object.keys(fields).filter((name) => !TURN_FIELDS.has(name)));
  const parameters = readParameters(readObject(fields.c, 'c', problems), ALL_PARAMETERS, NO_FIELDS, problems);
  const wished = readObject(fields.x, 'x', problems);
  problems.unknown(
    Object.keys(wished)
      .filter((name) => !WISHES.has(name))
      .map((name) => `x.${name}`),
  );
  const wishes = readWishes(wished, (field) => `x.${field}`, problems);
  const { p: previousResponseId } = fields;
  if (previousResponseId !== undefined && (typeof previousResponseId !== 'string' || previousResponseId === '')) {
    problems.invalid('p', 'a string that is not empty');
  }
  for (const flag of ['g', 'w']) {
    if (fields[flag] !== undefined && fields[flag] !== 0 && fields[flag] !== 1) problems.invalid(flag, '0 or 1');
  }
  const turn = {
    model: readModel(fields.m, 'm', problems),
    input: input ?? readMessages(fields.i, problems),
    previousResponseId: stringOf(previousResponseId),
    generate: fields.g === undefined ? undefined : fields.g === 1,
    outputTokensMax: readTokensMax(fields.n, 'n', problems),
    parameters,
  };
  if (turn.input.length === 0 && turn.previousResponseId === undefined && turn.generate !== false) {
    problems.invalid('i', 'an array that is not empty');
  }
  const refusal = problems.refusal();
  if (refusal) return { kind: 'refused', refusal, ...named };
  return { kind: 'turn', turn: turnOf(turn, wishes, options), stream: options.websocket || fields.w !== 1, includeUsage: true, ...named };
}

function readObject(value: unknown, name: string, problems: Problems): JsonObject {
  if (isObject(value)) return value;
  if (value !== undefined) problems.invalid(name, 'an object');
  return {};
}

export function writeMessage({ role, content, toolCallId, toolCalls }: Message): unknown {
  if (toolCallId === undefined && toolCalls === undefined) return [role, content];
  return {
    r: role,
    t: content,
    ...(toolCallId === undefined ? {} : { a: toolCallId }),
    ...(toolCalls === undefined ? {} : { c: writeCalls(toolCalls) }),
  };
}

export function writeCalls(calls: readonly ToolCall[]): readonly [string, string, string][] {
  return calls.map(({ id, name, arguments: args }) => [id, name, args]);
}

function readMessages(messages: unknown, problems: Problems): Message[] {
  if (messages === undefined) return [];
  if (!Array.isArray(messages)) {
    problems.invalid('i', 'an array');
    return [];
  }
  return messages.map((message, index) => {
    const [role, content] = Array.isArray(message) ? message : isObject(message) ? [message.r, message.t] : [];
    if (!isRole(role) || typeof content !== 'string') {
      problems.invalid(`i[${index}]`, '[role, text] or {r, t, a, c}');
      return { role: 'user', content: '' };
    }
    const read: Message = { role, content };
    if (!isObject(message)) return read;
    if (typeof message.a === 'string') read.toolCallId = message.a;
    else if (message.a !== undefined) problems.invalid(`i[${index}].a`, 'a string');
    const calls = message.c === undefined ? undefined : readCalls(message.c);
    if (calls) read.toolCalls = calls;
    else if (message.c !== undefined) problems.invalid(`i[${index}].c`, 'an array of [id, name, arguments]');
    return read;
  });
}

export function readCalls(calls: unknown): ToolCall[] | undefined {
  if (!Array.isArray(calls)) return undefined;
  const read: ToolCall[] = [];
  for (const call of calls) {
    if (!Array.isArray(call) || call.length !== 3 || !call.every((part) => typeof part === 'string')) return undefined;
    const [id, name, args] = call as [string, string, string];
    read.push({ id, name, arguments: args });
  }
  return read;
}

export function writeEndFields({ outcome, usage, responseId, phases }: EndEvent): object {
  return {
    ...writeOutcome(outcome),
    ...(usage === undefined ? {} : { u: [usage.inputTokens, usage.outputTokens] }),
    ...(responseId === undefined ? {} : { b: responseId }),
    ...(phases === undefined ? {} : { p: phases }),
  };
}

function writeOutcome(outcome: Outcome): object {
  switch (outcome.kind) {
    case 'completed':
      return { f: outcome.finish };
    case 'failed':
      return { x: 'failed', c: outcome.code, m: outcome.message };
    case 'cancelled':
      return { x: 'cancelled' };
    case 'timedOut':
      return { x: 'timedOut', m: outcome.message };
    case 'refused': {
      const { status, code, message, param, retryAfterS } = outcome;
      return {
        x: 'refused',
        c: code,
        m: message,
        h: status,
        ...(param === undefined ? {} : { a: param }),
        ...(retryAfterS === undefined ? {} : { r: retryAfterS }),
      };
    }
  }
}

/** @returns the end and the bytes of its phases, or `undefined` when it is malformed. */
export function readEndFields(fields: unknown): { end: EndEvent; diagnosticsBytes: number } | undefined {
  if (!isObject(fields)) return undefined;
  const outcome = readOutcome(fields);
  if (!outcome) return undefined;
  const [input, output] = Array.isArray(fields.u) ? fields.u : [];
  const phases = readPhases(fields.p);
  const end = endOf(outcome, readUsage(input, output), stringOf(fields.b), phases);
  return { end, diagnosticsBytes: phases ? utf8Length(`,"p":${JSON.stringify(phases)}`) : 0 };
}

/** Messages are cut and cleaned like those of any peer. */
function readOutcome({ f, x, c, m, h, a, r }: JsonObject): Outcome | undefined {
  if (f === 'stop' || f === 'toolCalls' || f === 'length') return { kind: 'completed', finish: f };
  const code = stringOf(c) ?? '';
  const message = stringOf(m) ?? 'an error without a message';
  switch (x) {
    case 'cancelled':
      return { kind: 'cancelled' };
    case 'timedOut':
      return outcomeOfError({ code: 'timed_out', message }, 'upstream_error');
    case 'failed':
      return outcomeOfError({ code: isTurnErrorCode(code) ? code : '', message }, 'upstream_error');
    case 'refused': {
      if (!isRefusalCode(code) && !isTurnErrorCode(code)) return undefined;
      if (typeof h !== 'number' || !Number.isInteger(h) || h < 400 || h > 599) return undefined;
      const retryAfterS = retryAfterOf(r);
      return {
        kind: 'refused',
        status: h,
        code,
        message: clean(message, REFUSAL_CHARACTERS_MAX),
        ...(typeof a === 'string' ? { param: clean(a, PARAM_CHARACTERS_MAX) } : {}),
        ...(retryAfterS === undefined ? {} : { retryAfterS }),
      };
    }
    default:
      return undefined;
  }
}
