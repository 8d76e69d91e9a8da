/** The spans of a trace as the live page shows them: from the beginning of the turn, in milliseconds, parents first. */
import type { LiveSpan } from './feed.ts';
import type { TraceSpan } from './otlp-json.ts';

/** @param spans the root first, and each parent before its children, as they are made. */
export function liveSpans(spans: readonly TraceSpan[]): LiveSpan[] {
  const places = new Map(spans.map(({ spanId }, place) => [spanId, place]));
  const startNs = Math.min(...spans.map((span) => span.startNs));
  return spans.map((span, place) => {
    const parent = span.parentSpanId === undefined ? undefined : places.get(span.parentSpanId);
    return {
      name: span.name,
      startMs: ms(span.startNs - startNs),
      durationMs: ms(span.endNs - span.startNs),
      // What hangs under a span of another process is the root here.
      parent: parent === undefined || parent >= place ? null : parent,
      attributes: span.error === undefined ? span.attributes : { ...span.attributes, error: span.error },
    };
  });
}

function ms(ns: number): number {
  return Math.round(ns / 1e3) / 1e3;
}
