/**
 * Reads recorded traces: when requests came to a real service, and how long they and their replies were.
 *
 * Two formats: `azure` (AzurePublicDataset, LLM inference traces: CSV of `TIMESTAMP,ContextTokens,GeneratedTokens`)
 * and `mooncake` (JSON lines of `timestamp` in ms, `input_length`, `output_length`, and `hash_ids` of 512-token
 * blocks, which are checked and not used: every prompt begins with its own marker, so no two would share a prefix).
 *
 * Reading is strict: a replay that left out rows would have other gaps than the recording. Rows that are not in
 * order of time are bad rows too, since they mean that the file is not what it seems.
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { Load } from '../trial.ts';

export interface TraceRow {
  /** Since the trace's first row for `azure`, since the recording's own start for `mooncake`. */
  atNs: number;
  inputTokens: number;
  outputTokens: number;
}

export type Trace = { ok: true; rows: TraceRow[] } | { ok: false; problems: string[] };
export type TraceFormat = Extract<Load, { kind: 'replay' }>['format'];

const FILE_BYTES_MAX = 512 * 1024 * 1024;
export const PROBLEMS_MAX = 20;
const TOKENS_MAX = 10_000_000;

/** Reads the first `limit` rows of a file. */
export function readTrace(path: string, format: TraceFormat, limit: number): Trace {
  let text: string;
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      if (size > FILE_BYTES_MAX) return { ok: false, problems: [`${path} has ${size} bytes, more than ${FILE_BYTES_MAX}`] };
      text = readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { ok: false, problems: [`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`] };
  }
  return parseTrace(text, format, limit);
}

/** A byte-order mark, CRLF and one line end after the last row are as good as none. */
export function parseTrace(text: string, format: TraceFormat, limit: number): Trace {
  const readRow = format === 'azure' ? azureReader() : mooncakeRow;
  const rows: TraceRow[] = [];
  const problems: string[] = [];
  let bad = 0;
  let lineNumber = 0;
  let lastNs = Number.NEGATIVE_INFINITY;
  const complain = (message: string) => {
    bad += 1;
    if (bad <= PROBLEMS_MAX) problems.push(`line ${lineNumber}: ${message}`);
  };
  for (const line of linesOf(text)) {
    lineNumber += 1;
    if (format === 'azure' && lineNumber === 1) {
      if (line !== AZURE_HEADER) complain(`the header is ${shown(line)}, expected ${shown(AZURE_HEADER)}`);
      continue;
    }
    if (rows.length + bad >= limit) break;
    const row = readRow(line);
    if (typeof row === 'string') complain(row);
    else if (row.atNs < lastNs) complain('comes before the row above it');
    else {
      rows.push(row);
      lastNs = row.atNs;
    }
  }
  if (bad > PROBLEMS_MAX) problems.push(`${bad - PROBLEMS_MAX} more bad lines`);
  if (bad === 0 && rows.length === 0) problems.push('the trace has no rows');
  return problems.length > 0 ? { ok: false, problems } : { ok: true, rows };
}

function* linesOf(text: string): Generator<string> {
  let from = text.startsWith('\uFEFF') ? 1 : 0;
  while (from < text.length) {
    const end = text.indexOf('\n', from);
    const to = end === -1 ? text.length : end;
    yield text.slice(from, text[to - 1] === '\r' && to > from ? to - 1 : to);
    from = to + 1;
  }
}

const AZURE_HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens';
/** The recordings of 2023 have seven digits and no zone, those of 2024 six digits and `+00:00`. */
const AZURE_ROW = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)?,(\d{1,8}),(\d{1,8})$/;

/**
 * `Date` counts milliseconds, and nanoseconds since 1970 do not fit a double: so whole seconds through `Date.UTC`,
 * the digits after them apart, and both relative to the first row.
 */
function azureReader(): (line: string) => TraceRow | string {
  let firstS: number | undefined;
  let firstNs = 0;
  return (line) => {
    const found = AZURE_ROW.exec(line);
    if (!found) return `${shown(line)} is not "YYYY-MM-DD HH:MM:SS.fffffff,tokens,tokens"`;
    const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [number, number, number, number, number, number];
    const date = new Date(Date.UTC(year, month - 1, day));
    // `Date.UTC` carries 30 February over into March.
    if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
      return `${shown(line.slice(0, line.indexOf(',')))} is no time`;
    }
    const atS = date.getTime() / 1_000 + hour * 3_600 + minute * 60 + second;
    const atNs = Number((found[7] ?? '').padEnd(9, '0'));
    firstNs = firstS === undefined ? atNs : firstNs;
    firstS ??= atS;
    return { atNs: (atS - firstS) * 1e9 + (atNs - firstNs), inputTokens: Number(found[8]), outputTokens: Number(found[9]) };
  };
}

function mooncakeRow(line: string): TraceRow | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return `${shown(line)} is not JSON`;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${shown(line)} is not an object`;
  const { timestamp, input_length, output_length, hash_ids } = value as Record<string, unknown>;
  // Up to 104 days, where nanoseconds stay exact.
  if (typeof timestamp !== 'number' || !(timestamp >= 0 && timestamp <= 9e9)) return 'timestamp is not a number of milliseconds';
  if (!isTokens(input_length)) return 'input_length is not a number of tokens';
  if (!isTokens(output_length)) return 'output_length is not a number of tokens';
  const blocks = hash_ids ?? [];
  if (!Array.isArray(blocks) || !blocks.every((id) => Number.isSafeInteger(id) && id >= 0))
    return 'hash_ids is not a list of block numbers';
  return { atNs: Math.round(timestamp * 1e6), inputTokens: input_length, outputTokens: output_length };
}

function isTokens(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= TOKENS_MAX;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
