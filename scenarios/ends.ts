/**
 * The ends that every comparison has in common: what the source of this project calls "HTTP mode" and "WebSocket
 * mode", and the best that plain HTTP can do, since buffered replies on fresh connections are a straw man.
 */
export const HTTP_MODE = 'http/chat/per-turn>sse/chat/kept/full/inline';
export const BEST_HTTP = 'sse/chat/kept>sse/chat/kept/full/inline';
export const WEBSOCKET_MODE = 'websocket/responses/kept>sse/chat/kept/full/thread';
export const ENDS = [HTTP_MODE, BEST_HTTP, WEBSOCKET_MODE] as const;
export const ENDS_PAIRS = pairsOfEnds((id) => id);

/** The ends under conditions, and their comparisons. */
export function endsAt(conditions: string): string[] {
  return ENDS.map((id) => at(id, conditions));
}

export function pairsOfEnds(change: (id: string) => string): (readonly [string, string])[] {
  const pairs = [
    [HTTP_MODE, WEBSOCKET_MODE],
    [BEST_HTTP, WEBSOCKET_MODE],
    [HTTP_MODE, BEST_HTTP],
  ] as const;
  return pairs.map(([baseline, candidate]) => [change(baseline), change(candidate)]);
}

/** An arm's id with conditions that it does not have yet. */
export function at(id: string, conditions: string): string {
  return conditions === '' ? id : `${id}@${conditions}`;
}
