/** What an agent remembers of a session: JSON within a bound, copied, so that nobody holds on to somebody else's object. */
import type { Json, JsonObject } from './agent.ts';

/** Of its JSON text. It is sent to threads with every turn of the session. */
export const STATE_BYTES_MAX = 64 * 1024;

/** @throws when `state` is no plain JSON object, or too large. */
export function copyState(state: JsonObject): JsonObject {
  const text: string | undefined = JSON.stringify(state);
  if (text === undefined || !text.startsWith('{')) throw new TypeError('what a session remembers must be a JSON object');
  const bytes = Buffer.byteLength(text);
  if (bytes > STATE_BYTES_MAX) throw new RangeError(`what a session remembers is ${bytes} bytes, more than ${STATE_BYTES_MAX}`);
  return frozen(JSON.parse(text) as JsonObject);
}

function frozen<T extends Json>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
