/**
 * The phases of a turn's critical path, by the names that a report gives them: what they are called on a page, and what
 * they mean. In the order of the path, which is also that of the split's columns.
 */
export interface PhaseName {
  /** In `PhaseSplit.meanMs`. */
  key: string;
  title: string;
  definition: string;
}

export const PHASES: readonly PhaseName[] = [
  { key: 'scheduleLag', title: 'schedule lag', definition: 'The load generator started the turn so much later than it was due.' },
  {
    key: 'transit',
    title: 'connect and transit',
    definition: 'From the start until the gateway had read the request: a connection where none was open, the link, the request’s bytes.',
  },
  { key: 'admission', title: 'admission', definition: 'Until the turn might run: parsing, authentication, limits, its history.' },
  { key: 'queue', title: 'queue wait', definition: 'Waiting for a thread or process while all were taken.' },
  { key: 'dispatch', title: 'dispatch', definition: 'Hops to the thread or process and back.' },
  { key: 'agent', title: 'agent', definition: 'The agent’s own code and its tools.' },
  {
    key: 'upstreamFirstToken',
    title: 'upstream first token',
    definition: 'From the request to the model until the read of its first content, over all inferences of the turn.',
  },
  {
    key: 'upstreamStreaming',
    title: 'upstream streaming',
    definition: 'From that read to the one of the last content, less back-pressure.',
  },
  { key: 'serialise', title: 'serialise', definition: 'From the agent’s end until the end of the reply was encoded for the socket.' },
  { key: 'backPressure', title: 'back-pressure', definition: 'The gateway was held back since its client did not take what was there.' },
  {
    key: 'returnTransit',
    title: 'return transit',
    definition: 'From the end of the reply being encoded until the client read it.',
  },
];
export const RESIDUAL: PhaseName = {
  key: 'residual',
  title: 'residual',
  definition:
    'What the stamps, each taken independently, leave over of the time from when the turn was due until its client held the end of the reply.',
};

/** A name that this version does not know stands for itself. */
export function phaseTitle(key: string): string {
  return [...PHASES, RESIDUAL].find((phase) => phase.key === key)?.title ?? key;
}
