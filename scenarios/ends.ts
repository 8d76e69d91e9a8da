/**
 * The ends that every comparison has in common: what the source of this project calls "HTTP mode" and "WebSocket
 * mode", and the best that plain HTTP can do, since buffered replies on fresh connections are a straw man.
 */
export const HTTP_MODE = 'http/chat/per-turn>sse/chat/kept/full/inline';
export const BEST_HTTP = 'sse/chat/kept>sse/chat/kept/full/inline';
export const WEBSOCKET_MODE = 'websocket/responses/kept>sse/chat/kept/full/thread';
export const ENDS = [HTTP_MODE, BEST_HTTP, WEBSOCKET_MODE] as const;
export const ENDS_PAIRS = [
  [HTTP_MODE, WEBSOCKET_MODE],
  [BEST_HTTP, WEBSOCKET_MODE],
  [HTTP_MODE, BEST_HTTP],
] as const;
