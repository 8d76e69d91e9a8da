import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linesOf, logFilesOf, sizesOf } from './log-files.ts';
import { LogFollower } from './log-follow.ts';
import { isAtLeast, prettyLine, readLogLine, stackOf } from './log-lines.ts';

let folder: string;
const at = (name: string) => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatebench-logs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function all(sizes: ReadonlyMap<string, number>): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(sizes)) lines.push(line);
  return lines;
}

describe('the files of a log', () => {
  it('are those with its numbers, oldest first, whatever else is there', () => {
    for (const name of ['gateway.9.log', 'gateway.10.log', 'gateway.log', 'gateway-2.log', 'gateway.x.log', 'gateway.2.log.gz']) {
      writeFileSync(at(name), '');
    }
    expect(logFilesOf(at('gateway.log'))).toEqual([at('gateway.9.log'), at('gateway.10.log')]);
  });

  it('are the file itself where there are none with numbers, or nothing', () => {
    expect(logFilesOf(at('stderr.log'))).toEqual([]);
    expect(logFilesOf(at('no/such/folder/log'))).toEqual([]);
    writeFileSync(at('stderr.log'), '');
    expect(logFilesOf(at('stderr.log'))).toEqual([at('stderr.log')]);
  });

  it('are read one after the other, up to what they had when they were looked at', async () => {
    writeFileSync(at('a.1.log'), 'one\ntwo\n');
    writeFileSync(at('a.2.log'), '');
    writeFileSync(at('a.3.log'), 'three\nfour without an end');
    const sizes = sizesOf([...logFilesOf(at('a.log')), at('gone.log')]);
    appendFileSync(at('a.1.log'), 'later\n');
    rmSync(at('a.2.log'));
    expect(await all(sizes)).toEqual(['one', 'two', 'three', 'four without an end']);
    rmSync(at('a.3.log'));
    expect(await all(sizes)).toEqual(['one', 'two']);
  });
});

describe('a log that grows', () => {
  it('is followed line by line, into the next file, also where several have passed since', () => {
    writeFileSync(at('a.1.log'), 'shown\n');
    const follower = new LogFollower(at('a.log'), sizesOf(logFilesOf(at('a.log'))));
    expect(follower.read()).toEqual([]);
    appendFileSync(at('a.1.log'), 'one\ntw');
    expect(follower.read()).toEqual(['one']);
    appendFileSync(at('a.1.log'), 'o\nthe last of its file\n');
    writeFileSync(at('a.2.log'), 'three\n');
    expect(follower.read()).toEqual(['two', 'the last of its file', 'three']);
    rmSync(at('a.1.log'));
    appendFileSync(at('a.2.log'), 'four\n');
    writeFileSync(at('a.3.log'), 'five\nno end');
    writeFileSync(at('a.4.log'), 'six\nno');
    expect(follower.read()).toEqual(['four', 'five', 'no end', 'six']);
    rmSync(at('a.2.log'));
    rmSync(at('a.3.log'));
    appendFileSync(at('a.4.log'), 'w\n');
    expect(follower.read()).toEqual(['now']);
    expect(follower.read()).toEqual([]);
  });

  it('goes on where the file that was read is gone when its successor comes', () => {
    writeFileSync(at('a.1.log'), 'shown\n');
    const follower = new LogFollower(at('a.log'), sizesOf(logFilesOf(at('a.log'))));
    rmSync(at('a.1.log'));
    expect(follower.read()).toEqual([]);
    writeFileSync(at('a.3.log'), 'three\n');
    expect(follower.read()).toEqual(['three']);
  });

  it('may begin later, and a file without numbers may be begun anew', () => {
    const follower = new LogFollower(at('stderr.log'), new Map());
    expect(follower.read()).toEqual([]);
    writeFileSync(at('stderr.log'), 'one\ntwo\n');
    expect(follower.read()).toEqual(['one', 'two']);
    writeFileSync(at('stderr.log'), 'new\n');
    expect(follower.read()).toEqual(['new']);
  });

  it('is the same however it arrives', () => {
    const pieces = fc.array(fc.tuple(fc.string({ maxLength: 20 }), fc.constantFrom('', '\n', 'ü\n', '🙂')), { maxLength: 12 });
    let run = 0;
    fc.assert(
      fc.property(pieces, (parts) => {
        run += 1;
        const file = at(`${run}.log`);
        writeFileSync(file, '');
        const follower = new LogFollower(file, sizesOf([file]));
        const text = parts.map(([before, after]) => before.toWellFormed() + after);
        const lines = text.flatMap((part) => {
          // By bytes, so that characters are cut.
          for (const byte of Buffer.from(part)) appendFileSync(file, Buffer.of(byte));
          return follower.read();
        });
        expect(lines).toEqual(text.join('').split('\n').slice(0, -1));
      }),
      { numRuns: 30 },
    );
  });
});

describe('a line', () => {
  const error = JSON.stringify({
    level: 50,
    time: '2026-01-01T10:00:00.000Z',
    pid: 7,
    turn: 'k1',
    err: { type: 'TypeError', message: 'boom', stack: 'TypeError: boom\n    at agent (agent.ts:3:1)' },
    msg: 'an agent threw',
  });

  it('has a level, or always counts', () => {
    expect(isAtLeast(readLogLine(error), 'error')).toBe(true);
    expect(isAtLeast(readLogLine(error), 'fatal')).toBe(false);
    for (const other of ['FATAL ERROR: heap', '{"level":"x"}', '[]', 'null', '']) expect(isAtLeast(readLogLine(other), 'fatal')).toBe(true);
  });

  it('is shown with its stack', () => {
    const shown = prettyLine(false)(readLogLine(error));
    expect(shown).toMatch(/^\[2026-01-01 .*\] ERROR: an agent threw\n/);
    expect(shown).toContain('turn: "k1"');
    expect(shown).toContain('TypeError: boom\n');
    expect(shown).toContain('at agent (agent.ts:3:1)');
    expect(shown.endsWith('\n')).toBe(true);
    expect(stackOf(readLogLine(error))).toMatch(/^TypeError: boom\n/);
    expect(stackOf(readLogLine('{"level":30}'))).toBeUndefined();
  });

  it('obeys nobody who put escape sequences into it, coloured or not', () => {
    const hostile = JSON.stringify({
      level: 30,
      time: '2026-01-01T10:00:00.000Z',
      msg: 'a\u001b[2Jb\u009bc\rd',
      x: { y: '\u001b]0;t\u0007' },
    });
    const shown = prettyLine(false)(readLogLine(hostile));
    expect(shown).toContain('a\\u001b[2Jb\\u009bc\\u000dd');
    for (const character of ['\u001b', '\u009b', '\u0007', '\r']) expect(shown).not.toContain(character);
    const coloured = prettyLine(true)(readLogLine(hostile));
    for (const sequence of ['\u001b[2J', '\u001b[1m', '\u001b]0']) expect(coloured).not.toContain(sequence);
    expect(prettyLine(false)(readLogLine('crash \u001b[2J'))).toBe('crash \\u001b[2J\n');
  });

  it('is shown whatever it is', () => {
    expect(prettyLine(false)(readLogLine('{"level":30,"valueOf":0}'))).toBe('{"level":30,"valueOf":0}\n');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => JSON.stringify({ level: 30, ...value })),
        ),
        (text) => {
          expect(prettyLine(false)(readLogLine(text)).endsWith('\n')).toBe(true);
        },
      ),
    );
  });
});
