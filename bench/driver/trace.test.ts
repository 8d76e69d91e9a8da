import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { parseTrace, readTrace, type TraceFormat } from './trace.ts';

const HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens';
const azure = (lines: string[], limit = 1_000) => parseTrace(`${[HEADER, ...lines].join('\n')}\n`, 'azure', limit);
const mooncake = (lines: (object | string)[]) =>
  parseTrace(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'), 'mooncake', 1_000);
const problemsOf = (trace: ReturnType<typeof parseTrace>) => (trace.ok ? [] : trace.problems);
const rowsOf = (trace: ReturnType<typeof parseTrace>) => {
  if (!trace.ok) throw new Error(trace.problems.join('; '));
  return trace.rows;
};

describe('azure', () => {
  test('keeps 100 ns, across midnight and the end of a year', () => {
    const rows = rowsOf(
      azure(['2023-12-31 23:59:59.9999998,374,44', '2023-12-31 23:59:59.9999999,1,2', '2024-01-01 00:00:00.0000001,3,4']),
    );
    expect(rows).toEqual([
      { atNs: 0, inputTokens: 374, outputTokens: 44 },
      { atNs: 100, inputTokens: 1, outputTokens: 2 },
      { atNs: 300, inputTokens: 3, outputTokens: 4 },
    ]);
  });

  test('takes fewer digits, and UTC written out, as the recordings of 2024 have them', () => {
    const rows = rowsOf(azure(['2024-05-10 00:00:00+00:00,1,1', '2024-05-10 00:00:00.009930+00:00,1,1', '2024-05-10 00:00:01.5Z,1,1']));
    expect(rows.map(({ atNs }) => atNs)).toEqual([0, 9_930_000, 1_500_000_000]);
  });

  test.each([
    { what: 'CRLF', text: `${HEADER}\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50.9951690,396,109\r\n` },
    { what: 'a byte-order mark', text: `\uFEFF${HEADER}\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n` },
    { what: 'no newline at the end', text: `${HEADER}\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109` },
  ])('tolerates $what', ({ text }) => {
    expect(rowsOf(parseTrace(text, 'azure', 10))).toEqual([
      { atNs: 0, inputTokens: 374, outputTokens: 44 },
      { atNs: 4_314_579_000, inputTokens: 396, outputTokens: 109 },
    ]);
  });

  test('names each bad row by its line', () => {
    const trace = azure([
      '2023-11-16 18:15:46.6805900,374,44',
      '2023-11-16 18:15:46.6805900,374',
      '2023-02-30 18:15:46.6805900,1,1',
      '2023-11-16 24:00:00.0000000,1,1',
      '2023-11-16 18:15:46.6805900,-1,44',
      '',
      '2023-11-16 18:15:46.6805899,1,1',
    ]);
    expect(problemsOf(trace).map((problem) => problem.split(':', 1)[0])).toEqual([
      'line 3',
      'line 4',
      'line 5',
      'line 6',
      'line 7',
      'line 8',
    ]);
    expect(problemsOf(trace)[1]).toBe('line 4: "2023-02-30 18:15:46.6805900" is no time');
    expect(problemsOf(trace)[5]).toBe('line 8: comes before the row above it');
  });

  test('names the first 20 and counts the rest', () => {
    const problems = problemsOf(azure(Array.from({ length: 50 }, () => 'nonsense')));
    expect(problems.length).toBe(21);
    expect(problems.at(-1)).toBe('30 more bad lines');
  });

  test('a wrong header is named and the rows are read', () => {
    const problems = problemsOf(parseTrace('timestamp,a,b\n2023-11-16 18:15:46.6805900,1,1\nx\n', 'azure', 10));
    expect(problems.length).toBe(2);
    expect(problems[0]).toContain('line 1: the header is "timestamp,a,b"');
  });

  test('reads no further than the limit', () => {
    expect(rowsOf(azure(['2023-11-16 18:15:46.0,1,1', '2023-11-16 18:15:47.0,2,2', 'nonsense'], 2)).length).toBe(2);
  });

  test('nothing to replay is a problem', () => {
    expect(problemsOf(azure([]))).toEqual(['the trace has no rows']);
    expect(problemsOf(parseTrace('', 'azure', 10))).toEqual(['the trace has no rows']);
  });
});

describe('mooncake', () => {
  test('reads times in milliseconds and lengths', () => {
    const trace = mooncake([
      { timestamp: 0, input_length: 6_758, output_length: 500, hash_ids: [0, 1, 2] },
      { timestamp: 27.5, input_length: 1, output_length: 0 },
      { timestamp: 3_000, input_length: 7, output_length: 8, hash_ids: [], more: 'of it' },
    ]);
    expect(rowsOf(trace)).toEqual([
      { atNs: 0, inputTokens: 6_758, outputTokens: 500 },
      { atNs: 27_500_000, inputTokens: 1, outputTokens: 0 },
      { atNs: 3_000_000_000, inputTokens: 7, outputTokens: 8 },
    ]);
  });

  test.each([
    { line: '{"timestamp": 1', says: 'is not JSON' },
    { line: '[1]', says: 'is not an object' },
    { line: { timestamp: '1', input_length: 1, output_length: 1 }, says: 'timestamp' },
    { line: { timestamp: -1, input_length: 1, output_length: 1 }, says: 'timestamp' },
    { line: { timestamp: 1, output_length: 1 }, says: 'input_length' },
    { line: { timestamp: 1, input_length: 1.5, output_length: 1 }, says: 'input_length' },
    { line: { timestamp: 1, input_length: 1, output_length: null }, says: 'output_length' },
    { line: { timestamp: 1, input_length: 1, output_length: 1, hash_ids: ['a'] }, says: 'hash_ids' },
    { line: { timestamp: 1, input_length: 1, output_length: 1, hash_ids: 5 }, says: 'hash_ids' },
  ])('refuses $line', ({ line, says }) => {
    const problems = problemsOf(mooncake([line]));
    expect(problems).toEqual([expect.stringMatching(/^line 1: /)]);
    expect(problems[0]).toContain(says);
  });

  test('refuses rows out of order', () => {
    const row = (timestamp: number) => ({ timestamp, input_length: 1, output_length: 1 });
    expect(problemsOf(mooncake([row(5), row(4), row(5)]))).toEqual(['line 2: comes before the row above it']);
  });
});

test('any text gives rows in order or problems, never an exception', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constant(HEADER),
    fc.constant('2023-11-16 18:15:46.6805900,374,44'),
    fc.json(),
    fc.record({ timestamp: fc.integer(), input_length: fc.integer(), output_length: fc.nat() }).map((row) => JSON.stringify(row)),
  );
  fc.assert(
    fc.property(
      fc.array(line),
      fc.constantFrom<TraceFormat>('azure', 'mooncake'),
      fc.integer({ min: 1, max: 20 }),
      (lines, format, limit) => {
        const trace = parseTrace(lines.join('\n'), format, limit);
        if (!trace.ok) return trace.problems.length > 0;
        return trace.rows.length <= limit && trace.rows.every(({ atNs }, index) => index === 0 || atNs >= trace.rows[index - 1]!.atNs);
      },
    ),
  );
});

describe('file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-trace-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is read', () => {
    const path = join(folder, 'trace.jsonl');
    writeFileSync(path, '{"timestamp":1,"input_length":2,"output_length":3}\n');
    expect(rowsOf(readTrace(path, 'mooncake', 10))).toEqual([{ atNs: 1_000_000, inputTokens: 2, outputTokens: 3 }]);
  });

  test('that is missing, or is a folder, is a problem', () => {
    expect(problemsOf(readTrace(join(folder, 'missing'), 'azure', 10))[0]).toMatch(/missing cannot be read: ENOENT/);
    expect(problemsOf(readTrace(folder, 'azure', 10))[0]).toMatch(/cannot be read: EISDIR/);
  });
});
