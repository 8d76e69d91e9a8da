/**
 * The spans of a turn's phases, under the span of the gateway. What is known of a phase is how long it took in all, and
 * of some when they began; one that happened in several pieces (an agent's code before and after an inference) is
 * shown in one. So each is laid where it began, or after the one before it where that ends later: they never overlap,
 * none leaves the parent, and a gap is time that no phase accounts for.
 */
import type { TraceSpan } from './otlp-json.ts';

/** In order of the turn's way. */
export interface PhaseLength {
  readonly name: string;
  /** CLOCK_MONOTONIC; 0: not known, it follows the one before. */
  readonly startNs: number;
  readonly ms: number;
}

/** One for each phase that took time. @param newSpanId a different one at each call */
export function phaseSpans(parent: TraceSpan, phases: readonly PhaseLength[], newSpanId: () => string): TraceSpan[] {
  const { traceId, spanId: parentSpanId, endNs: lastNs } = parent;
  const spans: TraceSpan[] = [];
  let fromNs = parent.startNs;
  for (const { name, startNs, ms } of phases) {
    if (!(ms > 0)) continue;
    const start = Math.min(Math.max(startNs, fromNs), lastNs);
    fromNs = Math.min(start + Math.round(ms * 1e6), lastNs);
    spans.push({ traceId, spanId: newSpanId(), parentSpanId, name, kind: 'internal', startNs: start, endNs: fromNs, attributes: {} });
  }
  return spans;
}
