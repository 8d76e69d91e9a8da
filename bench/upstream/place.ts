/**
 * Where in a turn a call of the LLM stands: whose turn it is, and how often the agent has come back with results of
 * tools. Both are read from the request alone, so they survive every gateway; one that continues a response instead of
 * sending its history again brings less, and stands where that response left off.
 */
import { createHash } from 'node:crypto';
import type { Message } from '../../transports/contract.ts';
import { type Marker, readMarker } from '../ledger/rows.ts';

export interface Place {
  /** Of the last user message. */
  readonly marker: Marker;
  /** How many times results of tools have come since that message. */
  readonly round: number;
}

/** @param previous of the response that the request continues. */
export function placeOf(input: readonly Message[], previous: Place | undefined): Place {
  const asked = input.findLastIndex((message) => message.role === 'user');
  if (asked === -1 && previous) return { marker: previous.marker, round: previous.round + roundsAfter(input, -1) };
  const marker = asked === -1 ? undefined : readMarker(input[asked]!.content);
  return { marker: marker ?? unmarked(asked === -1 ? input : input.slice(0, asked + 1)), round: roundsAfter(input, asked) };
}

/** Results that stand side by side are those of one reply: between two rounds lies the reply that calls again. */
function roundsAfter(input: readonly Message[], asked: number): number {
  let rounds = 0;
  for (let index = asked + 1; index < input.length; index += 1) {
    if (input[index]!.role === 'tool' && input[index - 1]?.role !== 'tool') rounds += 1;
  }
  return rounds;
}

/** The key of a turn without one: a hash of what was said so far, less results of tools. */
function unmarked(input: readonly Message[]): Marker {
  const hash = createHash('sha1');
  for (const message of input) hash.update(message.role).update('\n').update(message.content).update('\n');
  return { key: `unmarked-${hash.digest('hex').slice(0, 16)}` };
}
