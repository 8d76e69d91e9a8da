/** A turn's trace as rows of a waterfall: where each span lies, how deep it hangs, and what none of them accounts for. */
import type { LiveSpan, LiveTurn } from '../feed.ts';

export interface WaterfallRow {
  span: LiveSpan;
  depth: number;
  /** Of the whole turn, 0 to 1. */
  from: number;
  share: number;
}

export interface Waterfall {
  rows: WaterfallRow[];
  totalMs: number;
  /** Of the deepest known span with children: its length less theirs. `null`: nothing is known of its parts. */
  unaccountedMs: number | null;
}

export function waterfallOf({ spans }: LiveTurn): Waterfall {
  const totalMs = Math.max(...spans.map(({ startMs, durationMs }) => startMs + durationMs), 0);
  const rows: WaterfallRow[] = [];
  const add = (parent: number | null, depth: number): void => {
    for (const [index, span] of spans.entries()) {
      if (span.parent !== parent) continue;
      rows.push({
        span,
        depth,
        from: totalMs === 0 ? 0 : span.startMs / totalMs,
        share: totalMs === 0 ? 0 : span.durationMs / totalMs,
      });
      add(index, depth + 1);
    }
  };
  add(null, 0);
  return { rows, totalMs, unaccountedMs: unaccounted(spans) };
}

function unaccounted(spans: readonly LiveSpan[]): number | null {
  const parents = new Set(spans.flatMap(({ parent }) => (parent === null ? [] : [parent])));
  if (parents.size === 0) return null;
  let restMs = 0;
  for (const index of parents) {
    const children = spans.filter(({ parent }) => parent === index);
    restMs += spans[index]!.durationMs - children.reduce((sum, { durationMs }) => sum + durationMs, 0);
  }
  return Math.max(0, restMs);
}

/** The span without children that took longest: what a reader looks at first. */
export function longestOf({ spans }: LiveTurn): { span: LiveSpan; index: number } | undefined {
  let longest: { span: LiveSpan; index: number } | undefined;
  for (const [index, span] of spans.entries()) {
    const isLeaf = span.parent !== null && !spans.some(({ parent }) => parent === index);
    if (isLeaf && (!longest || span.durationMs > longest.span.durationMs)) longest = { span, index };
  }
  return longest;
}
