/** Ends of turns that the gateway makes itself. */
import { type EndEvent, type Outcome, OVER, type Refusal, type Running, type Sink } from '../transports/contract.ts';

export function endOf(outcome: Outcome): EndEvent {
  return { type: 'end', outcome };
}

/** Ends a turn before it began. */
export function refuse(sink: Sink, refusal: Refusal): Running {
  sink.push(endOf({ kind: 'refused', ...refusal }), 0);
  return OVER;
}
