/**
 * The phases of a turn inside a gateway, by the names under which `EndEvent.phases` carries them: milliseconds each,
 * rounded to a microsecond. Beside the durations stand two absolute stamps on CLOCK_MONOTONIC of the gateway's host, so
 * that a client on the same host can say what lay before and after: connect and transit, return transit.
 *
 * The durations lie one after the other on the path from `receivedAtMs` to `sentAtMs`. Each comes from stamps of its
 * own and none is what the others leave, so `sentAtMs − receivedAtMs −` their sum is a residual that tells whether
 * the stamps hold together.
 */
import type { Phases } from './contract.ts';

export const GATEWAY_PHASES = [
  /**
   * From the read that completed the request until the turn may run: parsing, authentication, limits, its history;
   * on a WebSocket also waiting for the turns before it.
   */
  'admission',
  /** Waiting for a thread or process, while all are taken; 0 inline. */
  'queue',
  /** Handing over to the agent, and from its end back to the main thread: what a thread or process costs in hops. */
  'dispatch',
  /** The agent's own code and tools: before its first request to the LLM, between rounds, after the last. */
  'agent',
  /** From each request to the LLM, connecting included, to the read of its first content; summed over the rounds. */
  'upstreamFirstToken',
  /** From the read of each round's first content to the read of its end, less `backPressure` in between. */
  'upstreamStreaming',
  /** From the main thread's knowing the agent's end until it encodes that end for the client's socket. */
  'serialise',
  /** Reading from the LLM, or the agent, stood still, since the client did not take what was there already. */
  'backPressure',
] as const;
export type GatewayPhase = (typeof GATEWAY_PHASES)[number];

/** The absolute stamps beside the durations. */
export const GATEWAY_STAMPS = ['receivedAtMs', 'sentAtMs'] as const;
export type GatewayStamp = (typeof GATEWAY_STAMPS)[number];

/**
 * Of a whole reply, whose phases leave after its body: what it took since to encode the body and hand it to the socket
 * is of `serialise` too.
 */
export function sentLater(phases: Phases, atNs: number): Phases {
  const { serialise, sentAtMs } = phases;
  if (serialise === undefined || sentAtMs === undefined) return phases;
  const atMs = Math.round(atNs / 1e3) / 1e3;
  return { ...phases, serialise: Math.round((serialise + atMs - sentAtMs) * 1e3) / 1e3, sentAtMs: atMs };
}
