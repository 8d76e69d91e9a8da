/** The rows of the two sides that the join brings together, and the marker that carries a turn's key. */
import type { EnvelopeName, Outcome, Phases, TransportName } from '../../transports/contract.ts';

/** One call that arrived at the mock LLM. */
export interface LedgerRow {
  key: string;
  /** How often the turn's agent had come back with results of tools: each round is one inference of the turn. */
  round: number;
  /** How many calls of this key and round came before: retries. */
  ordinal: number;
  transport: TransportName;
  envelope: EnvelopeName;
  /** Numbers the connection that the call arrived on. */
  connection: number;
  requestBytes: number;
  receivedAtNs: number;
  /** The worst delay of a token behind its own schedule. */
  latenessNsMax: number;
  outcome: Outcome['kind'];
}

/** One turn as the generator saw it. */
export interface ArrivalRow {
  key: string;
  intendedNs: number;
  startedNs: number;
  /** When the client held the complete reply. */
  endedNs: number;
  outcome: Outcome['kind'] | 'dropped';
  /** Of a turn that failed or was refused. */
  code?: string;
  /** Reads of the first and the last content; absent where none came. */
  contentNs?: readonly [firstNs: number, lastNs: number];
  /** In the measured window. */
  measured: boolean;
  /** By index in the trial's `links`; 0 without any. */
  link: number;
  /** Where the workload asks for them and the target sent them: as they came, so possibly anything. */
  phases?: Phases;
  /** As it was sent with the turn. */
  traceparent?: string;
}

/**
 * The marker that stands in the last user message: the only thing that survives every gateway.
 * `tokens` is how many tokens the reply shall have; `fault` asks the mock LLM to misbehave.
 */
export interface Marker {
  key: string;
  tokens?: number;
  fault?: string;
}

const MARKER = /\[gatebench key=([\w.-]{1,64})(?: tokens=(\d{1,7}))?(?: fault=([\w@.:-]{1,64}))?\]/;

export function writeMarker(marker: Marker): string {
  const tokens = marker.tokens === undefined ? '' : ` tokens=${marker.tokens}`;
  const fault = marker.fault === undefined ? '' : ` fault=${marker.fault}`;
  return `[gatebench key=${marker.key}${tokens}${fault}]`;
}

export function readMarker(text: string): Marker | undefined {
  const found = MARKER.exec(text);
  if (!found?.[1]) return undefined;
  return {
    key: found[1],
    ...(found[2] === undefined ? {} : { tokens: Number(found[2]) }),
    ...(found[3] === undefined ? {} : { fault: found[3] }),
  };
}

/**
 * `TRIAL.SEED.SESSION.TURN`: unique in a ledger that holds many trials; and what follows the first dot is the same
 * for every arm that is offered this turn. Sessions of the load beside the measured one are `b0`, `b1`, ….
 */
export function turnKey(trialId: string, seed: number, session: string, turn: number): string {
  return `${trialId}.${seed.toString(36)}.${session}.${turn}`;
}

/** What a load calls its sessions. */
export function sessionName(role: LoadRole, index: number): string {
  return role === 'beside' ? `b${index}` : String(index);
}

export type LoadRole = 'measured' | 'beside';

const BESIDE_KEY = /^[^.]*\.[^.]*\.b\d+\.\d+$/;

/** Whether the key is of a turn of the load beside the measured one, of whose arrivals nobody keeps a record. */
export function isBesideKey(key: string): boolean {
  return BESIDE_KEY.test(key);
}

/**
 * What a turn's timing and text are drawn from: its key without the trial's name, which stands before the first dot.
 * Turns of different trials (of different arms, then) that are the same otherwise get the same reply.
 */
export function drawKeyOf(key: string): string {
  const rest = key.slice(key.indexOf('.') + 1);
  return rest === '' ? key : rest;
}
