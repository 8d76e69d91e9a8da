/**
 * Reads HTTP/1.1 replies from the chunks of a socket, counting what each byte was for.
 *
 * Written here instead of taken from a library because the client measures with it: it says where the
 * body's bytes lie in the very chunk that was read (no copy), tells headers from chunk framing, and adds
 * about a microsecond a chunk. It is strict: what it does not understand is a `bad_reply`, not a guess.
 * Grammar: RFC 9112.
 */

export interface ReplyHead {
  status: number;
  /** Names in lower case; of repeated fields the last. */
  headers: ReadonlyMap<string, string>;
}

export interface ReplyEvents {
  head(head: ReplyHead): void;
  /** Body bytes [start, end) of `chunk`; the chunk is only valid during the call. */
  body(chunk: Buffer, start: number, end: number): void;
  /** The reply is complete. `keepAlive`: the connection may carry another. */
  complete(keepAlive: boolean, trailers: ReadonlyMap<string, string>): void;
}

const HEAD_BYTES_MAX = 64 * 1024;
const LINE_BYTES_MAX = 16 * 1024;
const LF = 10;
const CR = 13;
/** Seven digits and the line's end; longer sizes take the slower way. */
const SIZE_DIGITS_MAX = 8;
/** By byte: the value of a hexadecimal digit, or -1. */
const HEX_VALUES = Int8Array.from({ length: 256 }, (_, byte) => {
  const text = String.fromCharCode(byte);
  return /[0-9a-f]/i.test(text) ? Number.parseInt(text, 16) : -1;
});
const NO_TRAILERS: ReadonlyMap<string, string> = new Map();

type State = 'idle' | 'head' | 'fixed' | 'until-close' | 'size' | 'data' | 'data-end' | 'trailers' | 'broken';

export class ReplyParser {
  /** Status line, header and trailer bytes. */
  headerBytes = 0;
  /** Chunk sizes and line ends around the chunks. */
  framingBytes = 0;
  #state: State = 'idle';
  #events: ReplyEvents;
  /** An unfinished head or line, from earlier chunks. */
  #partial: Buffer | undefined;
  #lines: string[] = [];
  #headLength = 0;
  #remaining = 0;
  #keepAlive = true;
  #problem = '';

  constructor(events: ReplyEvents) {
    this.#events = events;
  }

  /** A request was written; a reply may come. */
  expect(): void {
    this.#state = 'head';
    this.#partial = undefined;
    this.#lines = [];
    this.#headLength = 0;
  }

  get idle(): boolean {
    return this.#state === 'idle';
  }

  /** What was wrong, after `push` returned false. */
  get problem(): string {
    return this.#problem;
  }

  /** @returns false when the bytes are no reply; the connection is then of no use. */
  push(chunk: Buffer): boolean {
    let at = 0;
    const size = chunk.length;
    while (at < size) {
      switch (this.#state) {
        case 'data': {
          const end = Math.min(size, at + this.#remaining);
          this.#remaining -= end - at;
          if (this.#remaining === 0) this.#state = 'data-end';
          this.#events.body(chunk, at, end);
          at = end;
          break;
        }
        case 'data-end': {
          // CR LF after the data; remaining counts how much of it was seen.
          const due = this.#remaining === 0 ? CR : LF;
          if (chunk[at] !== due) return this.#broken('no line end after a chunk');
          this.framingBytes += 1;
          at += 1;
          if (due === CR) this.#remaining = -1;
          else {
            this.#remaining = 0;
            this.#state = 'size';
          }
          break;
        }
        case 'size': {
          const after = this.#partial ? -1 : this.#plainSize(chunk, at);
          if (after !== -1) {
            this.framingBytes += after - at;
            at = after;
            this.#state = this.#remaining === 0 ? 'trailers' : 'data';
            break;
          }
          const end = this.#line(chunk, at);
          if (end === -1) return this.#problem === '';
          const text = this.#text(chunk, at, end);
          this.framingBytes += text.length;
          at = end;
          const match = /^([0-9a-f]{1,8})(?:[ \t]*;[^\r\n]*)?\r?\n$/i.exec(text);
          if (!match?.[1]) return this.#broken('a chunk size is not hexadecimal');
          this.#remaining = Number.parseInt(match[1], 16);
          this.#state = this.#remaining === 0 ? 'trailers' : 'data';
          break;
        }
        case 'fixed': {
          const end = Math.min(size, at + this.#remaining);
          this.#remaining -= end - at;
          this.#events.body(chunk, at, end);
          at = end;
          if (this.#remaining === 0) this.#complete(NO_TRAILERS);
          break;
        }
        case 'until-close':
          this.#events.body(chunk, at, size);
          at = size;
          break;
        case 'head':
        case 'trailers': {
          const end = this.#line(chunk, at);
          if (end === -1) return this.#problem === '';
          const line = this.#text(chunk, at, end);
          at = end;
          this.headerBytes += line.length;
          this.#headLength += line.length;
          if (this.#headLength > HEAD_BYTES_MAX) return this.#broken('the head is too large');
          if (line === '\r\n' || line === '\n') {
            if (!this.#headDone()) return false;
          } else if (this.#lines.push(line) === 1 && this.#state === 'head' && !line.startsWith('HTTP/1.')) {
            // At once: a peer that speaks another protocol may never send the blank line.
            return this.#broken(`no HTTP/1.1 status line: ${JSON.stringify(line.trim().slice(0, 60))}`);
          }
          break;
        }
        case 'idle':
          return this.#broken('bytes without a request');
        case 'broken':
          return false;
      }
    }
    return true;
  }

  /** The peer closed. @returns whether that was a proper end of the reply. */
  closed(): boolean {
    if (this.#state === 'until-close') {
      this.#keepAlive = false;
      this.#complete(NO_TRAILERS);
    }
    return this.#state === 'idle';
  }

  /** The blank line after a head, or after the trailers. */
  #headDone(): boolean {
    const lines = this.#lines;
    this.#lines = [];
    this.#headLength = 0;
    if (this.#state === 'trailers') {
      this.#complete(fieldsOf(lines));
      return true;
    }
    const match = /^HTTP\/1\.([01]) (\d{3})(?: |\r?\n)/.exec(lines[0] ?? '');
    if (!match) return this.#broken(`no HTTP/1.1 status line: ${JSON.stringify((lines[0] ?? '').trim().slice(0, 60))}`);
    const status = Number(match[2]);
    if (status >= 100 && status < 200) return true;
    const headers = fieldsOf(lines.slice(1));
    const connection = (headers.get('connection') ?? '').toLowerCase();
    this.#keepAlive = match[1] === '1' ? !connection.includes('close') : connection.includes('keep-alive');
    const coding = headers.get('transfer-encoding');
    const length = headers.get('content-length');
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') return this.#broken(`transfer coding ${coding} is not supported`);
    if (length !== undefined && !/^\d{1,15}$/.test(length)) return this.#broken('content-length is no number');
    if (coding !== undefined) this.#state = 'size';
    else if (status === 204 || status === 304) this.#state = 'fixed';
    else this.#state = length === undefined ? 'until-close' : 'fixed';
    this.#remaining = this.#state === 'fixed' && length !== undefined && status !== 304 && status !== 204 ? Number(length) : 0;
    this.#events.head({ status, headers });
    if (this.#state === 'fixed' && this.#remaining === 0) this.#complete(NO_TRAILERS);
    return true;
  }

  #complete(trailers: ReadonlyMap<string, string>): void {
    this.#state = 'idle';
    this.#events.complete(this.#keepAlive, trailers);
  }

  /**
   * The usual size line, whole and without extensions, read digit by digit: once a token.
   * @returns the index after it with `#remaining` set, or -1 for anything else.
   */
  #plainSize(chunk: Buffer, at: number): number {
    let size = 0;
    for (let index = at; index < at + SIZE_DIGITS_MAX; index += 1) {
      const digit = HEX_VALUES[chunk[index] ?? 0]!;
      if (digit >= 0) size = size * 16 + digit;
      else {
        if (index === at || chunk[index] !== CR || chunk[index + 1] !== LF) return -1;
        this.#remaining = size;
        return index + 2;
      }
    }
    return -1;
  }

  /** The index after the next LF, or -1 with what there is put by. */
  #line(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(LF, at);
    if (end !== -1 && end - at + (this.#partial?.length ?? 0) <= LINE_BYTES_MAX) return end + 1;
    if (end !== -1 || !this.#putBy(chunk, at)) this.#broken('a line is too long');
    return -1;
  }

  /** The text from what was put by and [start, end) of the chunk. */
  #text(chunk: Buffer, start: number, end: number): string {
    const text = chunk.toString('latin1', start, end);
    if (!this.#partial) return text;
    const before = this.#partial.toString('latin1');
    this.#partial = undefined;
    return before + text;
  }

  #putBy(chunk: Buffer, at: number): boolean {
    const rest = Buffer.from(chunk.subarray(at));
    this.#partial = this.#partial ? Buffer.concat([this.#partial, rest]) : rest;
    return this.#partial.length <= LINE_BYTES_MAX;
  }

  #broken(problem: string): false {
    this.#problem = problem;
    this.#state = 'broken';
    return false;
  }
}

function fieldsOf(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}
