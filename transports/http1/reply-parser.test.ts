import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplyParser } from './reply-parser.ts';

interface Seen {
  status: number;
  headers: Record<string, string>;
  body: string;
  keepAlive: boolean | undefined;
  trailers: Record<string, string>;
  accepted: boolean;
  parser: ReplyParser;
}

/** Feeds the bytes in pieces of the given sizes (the last repeats). */
function parse(text: string, sizes: number[] = [text.length || 1]): Seen {
  const seen: Seen = { status: 0, headers: {}, body: '', keepAlive: undefined, trailers: {}, accepted: true, parser: undefined as never };
  const parser = new ReplyParser({
    head: (head) => {
      seen.status = head.status;
      seen.headers = Object.fromEntries(head.headers);
    },
    body: (chunk, start, end) => {
      seen.body += chunk.toString('latin1', start, end);
    },
    complete: (keepAlive, trailers) => {
      seen.keepAlive = keepAlive;
      seen.trailers = Object.fromEntries(trailers);
    },
  });
  seen.parser = parser;
  parser.expect();
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0, index = 0; at < bytes.length && seen.accepted; index += 1) {
    const size = sizes[Math.min(index, sizes.length - 1)]!;
    seen.accepted = parser.push(bytes.subarray(at, at + size));
    at += size;
  }
  return seen;
}

const CHUNKED =
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nServer-Timing: a;dur=1\r\n\r\n';
const FIXED = 'HTTP/1.1 201 Created\r\ncontent-length: 5\r\nConnection: close\r\n\r\nabcde';

describe('ReplyParser', () => {
  it('reads a chunked reply with trailers, and tells headers from framing', () => {
    const seen = parse(CHUNKED);
    expect(seen).toMatchObject({
      status: 200,
      body: 'hello world',
      keepAlive: true,
      trailers: { 'server-timing': 'a;dur=1' },
      accepted: true,
    });
    const trailerBytes = 'Server-Timing: a;dur=1\r\n\r\n'.length;
    expect(seen.parser.headerBytes).toBe(CHUNKED.indexOf('\r\n\r\n') + 4 + trailerBytes);
    expect(seen.parser.headerBytes + seen.parser.framingBytes + 'hello world'.length).toBe(CHUNKED.length);
    expect(seen.parser.idle).toBe(true);
  });

  it('reads a fixed length, and that the connection will close', () => {
    expect(parse(FIXED)).toMatchObject({ status: 201, body: 'abcde', keepAlive: false, accepted: true });
  });

  it('reads the same however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(CHUNKED, FIXED),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 }),
        (text, sizes) => {
          const whole = parse(text);
          const cut = parse(text, sizes);
          const { parser: wholeParser, ...wholeSeen } = whole;
          const { parser: cutParser, ...cutSeen } = cut;
          expect(cutSeen).toEqual(wholeSeen);
          expect([cutParser.headerBytes, cutParser.framingBytes]).toEqual([wholeParser.headerBytes, wholeParser.framingBytes]);
        },
      ),
    );
  });

  it('skips interim replies, and takes replies without a body', () => {
    expect(parse('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n')).toMatchObject({ status: 204, keepAlive: true, body: '' });
    expect(parse('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')).toMatchObject({ status: 200, keepAlive: true, body: '' });
  });

  it('takes a body without a length until the connection closes', () => {
    const seen = parse('HTTP/1.0 200 OK\r\n\r\nall of it');
    expect(seen).toMatchObject({ body: 'all of it', keepAlive: undefined });
    expect(seen.parser.closed()).toBe(true);
    expect(seen.keepAlive).toBe(false);
  });

  it.each([
    ['HTTP/2 200 OK\r\n\r\n', 'no HTTP/1.1 status line'],
    ['<html>\r\n\r\n', 'no HTTP/1.1 status line'],
    ['HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n', 'transfer coding gzip'],
    ['HTTP/1.1 200 OK\r\ncontent-length: 5x\r\n\r\n', 'content-length is no number'],
    ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 'not hexadecimal'],
    ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc', 'no line end'],
    [`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 'too long'],
    [`HTTP/1.1 200 OK\r\n${'x: yyyyyyyy\r\n'.repeat(8_000)}\r\n`, 'too large'],
  ])('refuses %j', (text, problem) => {
    const seen = parse(text, [1_000]);
    expect(seen.accepted).toBe(false);
    expect(seen.parser.problem).toContain(problem);
  });

  it('refuses bytes that nobody asked for', () => {
    const seen = parse(`${FIXED}HTTP/1.1 200 OK\r\n`);
    expect(seen.accepted).toBe(false);
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom('', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'),
        (bytes, head) => {
          const seen = parse(head + Buffer.from(bytes).toString('latin1'), [7]);
          expect(typeof seen.accepted).toBe('boolean');
          seen.parser.closed();
        },
      ),
    );
  });
});
