/**
 * Which turns are traced, and under which span what they cause hangs. A parent's flag decides, as it came with the
 * turn; a turn without a parent begins a trace of its own in the share of cases that the configuration says.
 */
import type { Handler } from '../../transports/contract.ts';
import { isSampled, newSpanId, newTraceId, type TraceContext, writeTraceparent } from '../../transports/traceparent.ts';
import { marksOf } from '../turn-marks.ts';

/** @returns the span of the turn's own; nothing where it is not traced. */
export type Sampler = (traceparent: string | undefined) => TraceContext | undefined;

export function sampler(ratio: number, random: () => number = Math.random): Sampler {
  return (traceparent) => {
    if (traceparent === undefined) {
      if (ratio === 0 || random() >= ratio) return undefined;
      return { traceId: newTraceId(), spanId: newSpanId(), sampled: true };
    }
    if (!isSampled(traceparent)) return undefined;
    return { traceId: traceparent.slice(3, 35), spanId: newSpanId(), sampled: true };
  };
}

/**
 * Behind it a traced turn's `traceparent` is its own span: so it goes to threads, processes and the LLM. That of a turn
 * that is not traced stays as it came, flag included, so that whoever comes later does not begin a trace of its own.
 */
export function traced(sample: Sampler, inner: Handler): Handler {
  return (turn, sink) => {
    const span = sample(turn.traceparent);
    if (span === undefined) return inner(turn, sink);
    marksOf(turn).span = span;
    return inner({ ...turn, traceparent: writeTraceparent(span) }, sink);
  };
}
