/**
 * Ends that are no completion, on the wire and back.
 *
 * Errors of all envelopes are OpenAI's over HTTP (`{"error": {message, type, code, param}}`), since some are made
 * before an envelope is known (an unknown path, a bad token), and the same object in the streams of the two formats
 * that are OpenAI's. Inside a stream, `status` says that the turn was refused or failed before it began; without a
 * status it failed on the way. Two codes stand for outcomes: `cancelled` and `timed_out`.
 *
 * What a peer says is not trusted: codes are checked against our lists, messages are cut, and what looks like a
 * credential is taken out, for upstreams echo keys ("Incorrect API key provided: …") and messages end up in logs.
 */
import { REFUSAL_CODES, type RefusalCode, TURN_ERROR_CODES, type TurnErrorCode } from '../codes.ts';
import type { EndEvent, Outcome } from '../contract.ts';
import type { Data } from '../envelope.ts';
import { isObject, type JsonObject, parseObject, stringOf, textOf } from './json.ts';

export type Unfinished = Exclude<Outcome, { kind: 'completed' }>;

export interface WireError {
  status?: number;
  code: string;
  message: string;
  param?: string;
  retryAfterS?: number;
}

const FAILURE_CHARACTERS_MAX = 300;
export const REFUSAL_CHARACTERS_MAX = 1_000;
/** As much of an error body as is looked at for a message. */
const SCANNED_CHARACTERS_MAX = 4_096;
const CODE_CHARACTERS_MAX = 64;
/** A path into a request and the name of its field. */
export const PARAM_CHARACTERS_MAX = 128;
const RETRY_AFTER_S_MAX = 86_400;

export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(REFUSAL_CODES, code);
}

export function isTurnErrorCode(code: string): code is TurnErrorCode {
  return Object.hasOwn(TURN_ERROR_CODES, code);
}

export function errorOfOutcome(outcome: Unfinished): WireError {
  switch (outcome.kind) {
    case 'failed':
      return { code: outcome.code, message: outcome.message };
    case 'cancelled':
      return { code: 'cancelled', message: 'the turn was cancelled' };
    case 'timedOut':
      return { code: 'timed_out', message: outcome.message };
    case 'refused': {
      const { kind: _, ...error } = outcome;
      return error;
    }
  }
}

/** OpenAI's error object. `retry_after` (seconds) is our addition, for where there is no header. */
export function writeErrorObject({ status, code, message, param, retryAfterS }: WireError): object {
  return {
    message,
    type: typeOf(status),
    code,
    param: param ?? null,
    ...(retryAfterS === undefined ? {} : { retry_after: retryAfterS }),
  };
}

function typeOf(status: number | undefined): string {
  if (status === undefined || status >= 500) return 'server_error';
  if (status === 401) return 'authentication_error';
  return status === 429 ? 'rate_limit_error' : 'invalid_request_error';
}

/** An error as the body of an HTTP reply; `retry_after` is the header's there. */
export function writeHttpError({ status, code, message, param }: WireError & { status: number }): string {
  return JSON.stringify({ error: writeErrorObject({ status, code, message, ...(param === undefined ? {} : { param }) }) });
}

/** Reads what stands under `error`: OpenAI's object, and the plain string or bare message that others send. */
export function readErrorObject(error: unknown, status: unknown): WireError {
  const known = typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599 ? { status } : {};
  if (!isObject(error)) return { ...known, code: '', message: stringOf(error) ?? 'an error without a message' };
  const param = stringOf(error.param);
  const retryAfterS = retryAfterOf(error.retry_after);
  return {
    ...known,
    code: stringOf(error.code) ?? stringOf(error.type) ?? '',
    message: stringOf(error.message) ?? 'an error without a message',
    ...(param === undefined ? {} : { param: clean(param, PARAM_CHARACTERS_MAX) }),
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
  };
}

export function retryAfterOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= RETRY_AFTER_S_MAX ? value : undefined;
}

/**
 * What an error in a stream, or the body of an error reply, makes of the turn.
 * @param foreign the code for a failure that names none of ours.
 */
export function outcomeOfError(error: WireError, foreign: 'upstream_error' | 'upstream_status'): Unfinished {
  const { status, code } = error;
  if (code === 'cancelled') return { kind: 'cancelled' };
  if (code === 'timed_out') return { kind: 'timedOut', message: clean(error.message, FAILURE_CHARACTERS_MAX) };
  if (status !== undefined) {
    const refusalCode = isRefusalCode(code) ? code : status < 500 ? refusalCodeOf(status, code) : undefined;
    if (refusalCode) {
      return {
        kind: 'refused',
        status,
        code: refusalCode,
        message: clean(named(error, refusalCode), REFUSAL_CHARACTERS_MAX),
        ...(error.param === undefined ? {} : { param: error.param }),
        ...(error.retryAfterS === undefined ? {} : { retryAfterS: error.retryAfterS }),
      };
    }
  }
  if (isTurnErrorCode(code)) return { kind: 'failed', code, message: clean(error.message, FAILURE_CHARACTERS_MAX) };
  return { kind: 'failed', code: foreign, message: clean(named(error, foreign), FAILURE_CHARACTERS_MAX) };
}

/** A foreign code is kept in the message. */
function named({ code, message }: WireError, ours: string): string {
  return code === '' || code === ours ? message : `${code.slice(0, CODE_CHARACTERS_MAX)}: ${message}`;
}

/** Our code for a status of the 400s whose body names none of ours. */
function refusalCodeOf(status: number, code: string): RefusalCode | TurnErrorCode {
  if (isTurnErrorCode(code)) return code;
  return STATUS_CODES.get(status) ?? 'upstream_status';
}

const STATUS_CODES: ReadonlyMap<number, RefusalCode> = new Map([
  [400, 'invalid_request'],
  [401, 'unauthorized'],
  [403, 'unauthorized'],
  [404, 'not_found'],
  [405, 'method_not_allowed'],
  [413, 'message_too_large'],
  [415, 'unsupported_content_type'],
  [422, 'invalid_request'],
  [426, 'upgrade_required'],
  [429, 'rate_limited'],
]);

/** Reads the body of an HTTP reply with status ≥ 400, whoever wrote it. */
export function readHttpError(status: number, data: Data, retryAfterS: number | undefined): EndEvent {
  const text = textOf(data);
  const body = parseObject(text);
  const error = body ? readErrorBody(body, status) : { status, code: '', message: flat(text) };
  const retry = retryAfterOf(retryAfterS);
  // Whoever is unavailable takes no turns, whatever the reason.
  const unavailable = status === 503 && !isOurs(error.code) ? { code: 'shutting_down', message: named(error, '') } : {};
  const outcome = outcomeOfError({ ...error, ...unavailable, ...(retry === undefined ? {} : { retryAfterS: retry }) }, 'upstream_status');
  if (outcome.kind === 'failed' && outcome.code === 'upstream_status') {
    return { type: 'end', outcome: { ...outcome, message: clean(`status ${status}: ${outcome.message}`, FAILURE_CHARACTERS_MAX) } };
  }
  return { type: 'end', outcome };
}

/** Some servers put the error's fields at the top. */
function readErrorBody(body: JsonObject, status: number): WireError {
  return readErrorObject(body.error === undefined || body.error === null ? body : body.error, status);
}

function isOurs(code: string): boolean {
  return isRefusalCode(code) || isTurnErrorCode(code) || code === 'cancelled' || code === 'timed_out';
}

/** A body that is no JSON (a proxy's page of HTML, say) as one line. */
function flat(text: string): string {
  return text.slice(0, SCANNED_CHARACTERS_MAX).replace(/\s+/g, ' ').trim();
}

const CREDENTIALS: readonly RegExp[] = [
  // Bearer and other schemes, with what follows them.
  /\b(?:Bearer|Basic)\s+[\w.~+/=-]{8,}/gi,
  // Keys by their customary prefixes.
  /\b(?:sk|pk|rk|xai|gsk|key|token)[-_][\w*.-]{6,}/gi,
  // JSON Web Tokens.
  /\beyJ[\w-]{6,}\.[\w.-]*/g,
  // Anything that is called a key, token, secret or password.
  /\b(?:api[\s_-]?key(?:\s+provided)?|access[_-]?token|token|secret|password|authorization)["']?\s*[:=]\s*["']?[^\s"',}]{4,}/gi,
];

/** Cuts a message and takes out what looks like a credential. */
export function clean(message: string, charactersMax: number): string {
  let text = message.slice(0, SCANNED_CHARACTERS_MAX);
  for (const pattern of CREDENTIALS) text = text.replace(pattern, '[redacted]');
  return text.length <= charactersMax ? text.toWellFormed() : `${text.slice(0, charactersMax - 1).toWellFormed()}…`;
}
