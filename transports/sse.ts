/**
 * Transport `sse`: a POST whose reply is an event stream over HTTP/1.1. What a well-built HTTP client uses.
 */
import type { OpenConnection } from './connection.ts';
import type { EndEvent } from './contract.ts';
import { type Exchange, Http1Connection, type Reply } from './http1/connection.ts';
import type { ReplyHead } from './http1/reply-parser.ts';
import { StreamExchange } from './stream-exchange.ts';
import type { Transport } from './transport.ts';

const open: OpenConnection = (options, owner) => new Http1Connection(options, owner, true, streamedReply);

function streamedReply(head: ReplyHead, reply: Reply): Exchange {
  const type = head.headers.get('content-type') ?? '';
  if (type.startsWith('text/event-stream')) return new StreamExchange(reply);
  return {
    body() {},
    complete: (): EndEvent => ({
      type: 'end',
      outcome: { kind: 'failed', code: 'bad_reply', message: `an event stream was due, ${JSON.stringify(type.slice(0, 60))} came` },
    }),
  };
}

export const sse: Transport = {
  name: 'sse',
  connections: ['per-turn', 'kept'],
  envelopes: ['chat', 'responses', 'compact'],
  streams: true,
  open,
};
