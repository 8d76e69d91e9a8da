/** What all request codecs share: refusing before a turn exists, and finding a request's stream first of all. */
import type { RefusalCode } from '../codes.ts';
import type { ParsedRequest } from '../envelope.ts';
import { isObject, isStreamId, type JsonObject, parseJson } from './json.ts';

export type Refused = ParsedRequest & { kind: 'refused' };
/** An absent stream has no field, not an undefined one: an object to spread. */
export type Named = { streamId?: string };

export function refused(code: RefusalCode, message: string, param?: string, named: Named = {}): Refused {
  return { kind: 'refused', refusal: { status: 400, code, message, ...(param === undefined ? {} : { param }) }, ...named };
}

/** @returns the object that the text is, or the refusal of what is none. */
export function parseRequest(text: string): { body: JsonObject } | { refusal: Refused } {
  const value = parseJson(text);
  if (value === undefined) return { refusal: refused('invalid_json', 'the request is not JSON') };
  return isObject(value) ? { body: value } : { refusal: refused('invalid_request', 'the request must be a JSON object') };
}

/** Reads `stream_id` before everything else, so that whatever else is wrong can be answered on the right stream. */
export function readStreamId(body: JsonObject): { named: Named } | { refusal: Refused } {
  const id = body.stream_id;
  if (id === undefined || id === null) return { named: {} };
  if (isStreamId(id)) return { named: { streamId: id } };
  return { refusal: refused('invalid_stream_id', '`stream_id` must be 1 to 256 letters, digits, `_`, `-` or `.`', 'stream_id') };
}
