/**
 * Numbers, strings and frames as bytes: what `binary` is made of.
 *
 * Numbers are unsigned LEB128 (seven bits a byte, the lowest first, the top bit says that more follow) of at most
 * five bytes; they go up to 2^32 and are therefore put together by multiplication, since bit operations end at 2^31.
 * A string is the number of its bytes and its UTF-8.
 */
const NUMBER_MAX = 2 ** 32;
const NUMBER_BYTES_MAX = 5;

export function numberLength(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

/** @returns where to write on. */
export function writeNumber(into: Buffer, value: number, at: number): number {
  let rest = value;
  let to = at;
  while (rest >= 128) {
    into[to] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
    to += 1;
  }
  into[to] = rest;
  return to + 1;
}

export function numberBytes(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(numberLength(value));
  writeNumber(bytes, value, 0);
  return bytes;
}

/** A string with its length. */
export function stringBytes(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(numberLength(length) + length);
  bytes.write(text, writeNumber(bytes, length, 0));
  return bytes;
}

/** Reads one value after the other; after the first that is not there, `ok` is false and all others are empty. */
export class ByteReader {
  ok = true;
  #at: number;
  readonly #end: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  byte(): number {
    if (this.#at >= this.#end) {
      this.ok = false;
      return 0;
    }
    const value = this.#bytes[this.#at]!;
    this.#at += 1;
    return value;
  }

  number(): number {
    let value = 0;
    let unit = 1;
    for (let read = 0; read < NUMBER_BYTES_MAX; read += 1) {
      const byte = this.byte();
      value += (byte % 128) * unit;
      if (byte < 128) {
        if (value > NUMBER_MAX) this.ok = false;
        return this.ok ? value : 0;
      }
      unit *= 128;
    }
    this.ok = false;
    return 0;
  }

  string(): string {
    const length = this.number();
    if (length > this.remaining) this.ok = false;
    if (!this.ok) return '';
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  /** Everything that is left, as text. */
  rest(): string {
    if (!this.ok) return '';
    const from = this.#at;
    this.#at = this.#end;
    return this.#bytes.toString('utf8', from, this.#end);
  }

  /** The next bytes as a reader of their own. */
  part(length: number): ByteReader {
    if (length > this.remaining) this.ok = false;
    if (!this.ok) return new ByteReader(this.#bytes, this.#end);
    this.#at += length;
    return new ByteReader(this.#bytes, this.#at - length, this.#at);
  }
}
