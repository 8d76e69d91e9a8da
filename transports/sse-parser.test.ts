import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SseParser } from './sse-parser.ts';

function parse(
  text: string,
  sizes: number[] = [text.length || 1],
  bytesMax = 1_000,
): { data: string[]; result: string; dataBytes: number } {
  const data: string[] = [];
  const parser = new SseParser((found) => {
    data.push(found);
    return found !== 'stop';
  }, bytesMax);
  const bytes = Buffer.from(text);
  let result = 'ok';
  for (let at = 0, index = 0; at < bytes.length && result === 'ok'; index += 1) {
    const size = sizes[Math.min(index, sizes.length - 1)]!;
    result = parser.push(bytes, at, Math.min(bytes.length, at + size));
    at += size;
  }
  return { data, result, dataBytes: parser.dataBytes };
}

describe('SseParser', () => {
  it('finds data among names, ids, comments and both kinds of line end', () => {
    const text = ': hello\n\nevent: x\r\ndata: {"a":1}\r\n\r\nid: 3\ndata:b\n\ndata: c\ndata: d\n\nretry: 5\n\n';
    expect(parse(text)).toEqual({ data: ['{"a":1}', 'b', 'c\nd'], result: 'ok', dataBytes: 10 });
  });

  it('finds the same however the bytes are cut, inside characters too', () => {
    const event = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).map((text) => text.replace(/[\r\n]/g, ' ').toWellFormed());
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 11 }), { minLength: 1 }), (events, sizes) => {
        const text = events.map((data) => `data: ${data}\n\n`).join('');
        expect(parse(text, sizes).data).toEqual(events);
      }),
    );
  });

  it('stops when told to, and at an event beyond its bound', () => {
    expect(parse('data: stop\n\ndata: more\n\n')).toMatchObject({ data: ['stop'], result: 'stopped' });
    expect(parse(`data: ${'x'.repeat(2_000)}`, [100])).toMatchObject({ data: [], result: 'too-large' });
    expect(parse(`${`data: ${'x'.repeat(400)}\n`.repeat(3)}\n`, [100])).toMatchObject({ data: [], result: 'too-large' });
  });
});
