/**
 * What is noted of a turn on its way through the main thread, by whoever has it at the moment. The marks travel with
 * the turn under a symbol: copies of a turn keep it, while no thread, no process and no envelope ever sees it.
 */
import type { Execution, Turn } from '../transports/contract.ts';
import type { TraceContext } from '../transports/traceparent.ts';
import type { AgentClock, AgentSpent } from './agents/clock.ts';

/** Stamps as in `TurnStamps`. */
export class TurnMarks {
  /** Its own, where it is traced. */
  span: TraceContext | undefined;
  agent = '';
  execution: Execution | undefined;
  /** Of the thread or process that has it. */
  unit: string | null = null;
  admittedNs = 0;
  queuedNs = 0;
  dispatchedNs = 0;
  agentStartedNs = 0;
  /** The main thread took delivery of its last event, from a thread or process. */
  deliveredNs = 0;
  /** The main thread has its end. */
  returnedNs = 0;
  /** Of an agent on the main thread, which can be looked at at any time. */
  clock: AgentClock | undefined;
  /** Of an agent elsewhere; comes with the end, so that a turn that is cut short has none. */
  spent: AgentSpent | undefined;
}

const MARKS = Symbol('marks');
type MarkedTurn = Turn & { readonly [MARKS]?: TurnMarks };

export function withMarks(turn: Turn, marks: TurnMarks): Turn {
  return { ...turn, [MARKS]: marks } as MarkedTurn;
}

/** Of a turn that nobody follows, marks of its own. */
export function marksOf(turn: Turn): TurnMarks {
  return (turn as MarkedTurn)[MARKS] ?? new TurnMarks();
}
