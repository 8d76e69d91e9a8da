/**
 * Transport `http`: a POST whose reply comes whole, when all of it is there. What the seed calls "HTTP mode".
 */
import type { OpenConnection } from './connection.ts';
import type { EndEvent } from './contract.ts';
import { BodyCollector, type Exchange, Http1Connection, type Reply } from './http1/connection.ts';
import type { ReplyHead } from './http1/reply-parser.ts';
import { readServerTiming } from './server-timing.ts';
import type { Transport } from './transport.ts';

const open: OpenConnection = (options, owner) => new Http1Connection(options, owner, false, wholeReply);

function wholeReply(head: ReplyHead, reply: Reply): Exchange {
  const { envelope, messageBytesMax } = reply.options;
  const type = head.headers.get('content-type') ?? '';
  const body = new BodyCollector(messageBytesMax);
  return {
    body: (chunk, start, end) => {
      if (!body.add(chunk, start, end)) reply.fail('reply_too_large', `the reply is larger than ${messageBytesMax} bytes`);
    },
    complete: (trailers): EndEvent => {
      const data = body.take();
      reply.counts.messageBytes += data.length;
      if (!type.startsWith(envelope.wholeReplyType))
        return bad(`a reply of type ${envelope.wholeReplyType} was due, ${JSON.stringify(type.slice(0, 60))} came`);
      const whole = envelope.readWhole(envelope.binaryFrames ? data : data.toString('utf8'));
      const end = whole?.events.pop();
      if (!whole || end?.type !== 'end') return bad('the body is no whole reply');
      reply.counts.contentBytes += whole.contentBytes;
      reply.counts.diagnosticsBytes += whole.diagnosticsBytes;
      for (const event of whole.events) reply.push(event);
      const timing = trailers.get('server-timing');
      if (timing === undefined) return end;
      reply.counts.diagnosticsBytes += timing.length;
      return { ...end, phases: readServerTiming(timing) };
    },
  };
}

function bad(message: string): EndEvent {
  return { type: 'end', outcome: { kind: 'failed', code: 'bad_reply', message } };
}

export const http: Transport = {
  name: 'http',
  connections: ['per-turn', 'kept'],
  envelopes: ['chat', 'responses', 'compact', 'binary'],
  streams: false,
  open,
};
