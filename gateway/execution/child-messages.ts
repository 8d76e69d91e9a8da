/**
 * What a process says, looked at before it is believed: code that is not trusted may run there, and can write to its
 * channel what it likes. A message that is not exactly one of those agreed on ends the process.
 */
import { z } from 'zod';
import { REFUSAL_CODES, TURN_ERROR_CODES } from '../../transports/codes.ts';
import type { AgentSpent } from '../agents/clock.ts';
import type { Batch, FromChild } from './messages.ts';

const count = z.number().int().nonnegative();
const json = z.record(z.string(), z.json());
const code = <T extends string>(codes: Readonly<Record<T, string>>) => z.enum(Object.keys(codes) as [T, ...T[]]);
const turnError = code(TURN_ERROR_CODES);

const outcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('completed'), finish: z.enum(['stop', 'toolCalls', 'length']) }),
  z.object({ kind: z.literal('failed'), code: turnError, message: z.string() }),
  z.object({ kind: z.literal('cancelled') }),
  z.object({ kind: z.literal('timedOut'), message: z.string() }),
  z.object({
    kind: z.literal('refused'),
    status: z.number().int().min(400).max(599),
    code: z.union([code(REFUSAL_CODES), turnError]),
    message: z.string(),
    param: z.string().exactOptional(),
    retryAfterS: z.number().nonnegative().exactOptional(),
  }),
]);

const SPENT = [
  ...(['startedNs', 'endedNs', 'sentNs', 'firstNs', 'lastNs'] as const),
  ...(['agentNs', 'upstreamFirstTokenNs', 'upstreamStreamingNs', 'backPressureNs'] as const),
] satisfies readonly (keyof AgentSpent)[];

/** Text is a string of its own, as in `Batch`. */
const event = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), responseId: z.string() }),
  z.object({ type: z.literal('toolCall'), index: count, id: z.string(), name: z.string(), arguments: z.string() }),
  z.object({
    type: z.literal('spent'),
    ...Object.fromEntries(SPENT.map((field) => [field, z.number().nonnegative()])),
  }),
  z.object({
    type: z.literal('end'),
    outcome,
    usage: z.object({ inputTokens: count, outputTokens: count }).exactOptional(),
    responseId: z.string().exactOptional(),
    phases: z.record(z.string(), z.number()).exactOptional(),
  }),
]);

const others = z.union([
  z.object({ accepted: count, atNs: z.number() }),
  z.object({ remember: z.string(), state: json }),
  z.object({
    startCommand: count,
    turn: count,
    request: z.object({
      words: z.array(z.string()),
      workspace: z.string(),
      env: z.record(z.string(), z.string()),
      timeoutMs: z.number().positive().exactOptional(),
      outputWhole: z.boolean().exactOptional(),
    }),
  }),
  z.object({ controlCommand: count, to: z.enum(['pause', 'resume', 'cancel']) }),
  z.object({ takenOf: count, characters: count }),
  z.object({ errorOf: z.string(), agent: z.string(), message: z.string(), stack: z.string() }),
  z.object({ ready: z.literal(1) }),
  z.object({ failed: z.string() }),
  z.object({
    usage: z.object({ cpuNs: count, computing: z.boolean(), heapUsedBytes: count, externalBytes: count, rssBytes: count.nullable() }),
  }),
]);

export function childMessage(message: unknown): FromChild | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  if (!Array.isArray(message)) return others.safeParse(message).data;
  return isBatch(message) ? message : undefined;
}

/** By hand, since most of what comes is text. */
function isBatch(message: unknown[]): message is Batch {
  if (message.length % 2 !== 0) return false;
  for (let index = 0; index < message.length; index += 2) {
    const id = message[index];
    const what = message[index + 1];
    if (typeof id !== 'number') return false;
    const sound = id === 0 ? typeof what === 'number' : typeof what === 'string' || event.safeParse(what).success;
    if (!sound) return false;
  }
  return true;
}
