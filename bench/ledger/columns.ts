/**
 * Times of single tokens, packed: what the mock LLM sent when (the ledger), and what a client read when.
 *
 * A row is a turn; its tokens lie side by side in two columns, the cumulative UTF-16 length of the content and
 * the time. A file is one line of JSON (the rows) and then the columns as raw doubles, so that a million tokens
 * take 16 MB and load in milliseconds.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Where a row's tokens lie. */
export interface Span {
  offset: number;
  count: number;
}

export class TokenColumns<Row extends object> {
  readonly rows: (Row & Span)[] = [];
  /** Tokens that did not fit in `tokensMax`; their rows are left out whole. */
  lostTokens = 0;
  #lengths: Float64Array;
  #timesNs: Float64Array;
  #count = 0;
  readonly #tokensMax: number;

  constructor(tokensMax: number) {
    this.#tokensMax = tokensMax;
    this.#lengths = new Float64Array(Math.min(tokensMax, 65_536));
    this.#timesNs = new Float64Array(Math.min(tokensMax, 65_536));
  }

  get tokens(): number {
    return this.#count;
  }

  /** Adds one finished turn; the two arrays have one entry a token. */
  append(row: Row, cumulativeLengths: ArrayLike<number>, timesNs: ArrayLike<number>): boolean {
    const count = timesNs.length;
    if (this.#count + count > this.#tokensMax) {
      this.lostTokens += count;
      return false;
    }
    this.#grow(this.#count + count);
    this.#lengths.set(cumulativeLengths, this.#count);
    this.#timesNs.set(timesNs, this.#count);
    this.rows.push({ ...row, offset: this.#count, count });
    this.#count += count;
    return true;
  }

  lengthsOf(row: Span): Float64Array {
    return this.#lengths.subarray(row.offset, row.offset + row.count);
  }

  timesNsOf(row: Span): Float64Array {
    return this.#timesNs.subarray(row.offset, row.offset + row.count);
  }

  clear(): void {
    this.rows.length = 0;
    this.#count = 0;
    this.lostTokens = 0;
  }

  /** Written beside, then renamed: a reader never sees half a file. */
  save(path: string): void {
    const head = Buffer.from(`${JSON.stringify({ rows: this.rows, tokens: this.#count, lostTokens: this.lostTokens })}\n`);
    const bytes = (column: Float64Array) => Buffer.from(column.buffer, column.byteOffset, this.#count * 8);
    writeFileSync(`${path}.part`, Buffer.concat([head, bytes(this.#lengths), bytes(this.#timesNs)]));
    renameSync(`${path}.part`, path);
  }

  static load<Row extends object>(path: string): TokenColumns<Row> {
    const file = readFileSync(path);
    const end = file.indexOf(10);
    const head = JSON.parse(file.toString('utf8', 0, end)) as { rows: (Row & Span)[]; tokens: number; lostTokens: number };
    const columns = new TokenColumns<Row>(Math.max(1, head.tokens));
    // A copy, since doubles must be aligned and the line of JSON ends anywhere.
    const column = (index: number) => {
      const from = end + 1 + index * head.tokens * 8;
      return new Float64Array(Uint8Array.prototype.slice.call(file, from, from + head.tokens * 8).buffer);
    };
    for (const row of head.rows) columns.rows.push(row);
    columns.#lengths = column(0);
    columns.#timesNs = column(1);
    columns.#count = head.tokens;
    columns.lostTokens = head.lostTokens;
    return columns;
  }

  #grow(needed: number): void {
    if (needed <= this.#lengths.length) return;
    const size = Math.min(this.#tokensMax, Math.max(needed, this.#lengths.length * 2));
    const grow = (column: Float64Array) => {
      const larger = new Float64Array(size);
      larger.set(column);
      return larger;
    };
    this.#lengths = grow(this.#lengths);
    this.#timesNs = grow(this.#timesNs);
  }
}
