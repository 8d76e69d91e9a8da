import { PassThrough, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLines, writeLine } from './lines.ts';

function reader(charactersMax = 1_000_000) {
  const stream = new PassThrough();
  const messages: unknown[] = [];
  const problems: string[] = [];
  readLines(
    stream,
    charactersMax,
    (message) => messages.push(message),
    (problem) => problems.push(problem),
  );
  return { stream, messages, problems };
}

const pass = () => new Promise((resolve) => setImmediate(resolve));

describe('messages as lines', () => {
  it('arrive as they were sent, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        async (sent, cuts) => {
          const written: string[] = [];
          const wire = new Writable({
            decodeStrings: false,
            write: (text: string, _encoding, done) => {
              written.push(text);
              done();
            },
          });
          for (const message of sent) writeLine(wire, message);
          const bytes = Buffer.from(written.join(''));
          const { stream, messages, problems } = reader();
          for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
            const length = cuts[cut % cuts.length]!;
            stream.write(bytes.subarray(at, at + length));
            at += length;
          }
          stream.end();
          await finished(stream);
          expect(messages).toEqual(sent.map((message) => JSON.parse(JSON.stringify(message))));
          expect(problems).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('may be as long as the bound, and no longer', async () => {
    const { stream, messages, problems } = reader(10);
    stream.write('"12345678');
    stream.write('"');
    await pass();
    stream.write('\n');
    await pass();
    expect(messages).toEqual(['12345678']);
    stream.write('"123456789');
    stream.write('"');
    await pass();
    expect(problems).toEqual(['a line is longer than 10 characters']);
    stream.write('\n1\n');
    await pass();
    expect(messages.length).toBe(1);
  });

  it('that are no JSON end the reading', async () => {
    const { stream, messages, problems } = reader();
    stream.write('1\n{"a":\n2\n');
    await pass();
    expect(messages).toEqual([1]);
    expect(problems).toEqual(['a line is no JSON']);
  });

  it('to a channel that is gone are dropped', () => {
    const stream = new PassThrough();
    stream.destroy();
    expect(() => writeLine(stream, { a: 1 })).not.toThrow();
  });
});
