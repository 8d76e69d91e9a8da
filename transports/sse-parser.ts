/**
 * Finds the messages of an event stream (`text/event-stream`) in the chunks of a body.
 *
 * Only `data` matters to the envelopes (the event's name repeats what the data says), so other fields and
 * comments are passed over. The usual case, whole events in one chunk, is read in place. Lines end in LF,
 * CR LF or CR (WHATWG HTML, 9.2.6); CR alone is not supported and cannot be mistaken for data.
 */
const LF = 10;
const CR = 13;
const SPACE = 32;

export class SseParser {
  /** Bytes of `data` delivered; the rest of the body was framing. */
  dataBytes = 0;
  #onData: (data: string) => boolean;
  #bytesMax: number;
  #partial: Buffer | undefined;
  /** Data lines of the event being read. */
  #data: string | undefined;

  /**
   * @param onData takes the data of one event; false stops the parser for good.
   * @param bytesMax largest event.
   */
  constructor(onData: (data: string) => boolean, bytesMax: number) {
    this.#onData = onData;
    this.#bytesMax = bytesMax;
  }

  /** @returns 'ok', or why the stream cannot be read on. */
  push(chunk: Buffer, start: number, end: number): 'ok' | 'stopped' | 'too-large' {
    let buffer = chunk;
    let at = start;
    let limit = end;
    if (this.#partial) {
      buffer = Buffer.concat([this.#partial, chunk.subarray(start, end)]);
      at = 0;
      limit = buffer.length;
      this.#partial = undefined;
    }
    while (at < limit) {
      const lineEnd = buffer.indexOf(LF, at);
      if (lineEnd === -1 || lineEnd >= limit) {
        if (limit - at + (this.#data?.length ?? 0) > this.#bytesMax) return 'too-large';
        this.#partial = Buffer.from(buffer.subarray(at, limit));
        return 'ok';
      }
      const stop = lineEnd > at && buffer[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
      if (stop === at) {
        if (this.#data !== undefined) {
          const data = this.#data;
          this.#data = undefined;
          if (!this.#onData(data)) return 'stopped';
        }
      } else if (isDataLine(buffer, at, stop)) {
        const from = buffer[at + 5] === SPACE ? at + 6 : at + 5;
        const text = buffer.toString('utf8', from, stop);
        this.dataBytes += stop - from;
        const data = this.#data === undefined ? text : `${this.#data}\n${text}`;
        if (data.length > this.#bytesMax) return 'too-large';
        this.#data = data;
      }
      at = lineEnd + 1;
    }
    return 'ok';
  }
}

/** `data:` */
function isDataLine(buffer: Buffer, at: number, end: number): boolean {
  return (
    end - at >= 5 && buffer[at] === 100 && buffer[at + 1] === 97 && buffer[at + 2] === 116 && buffer[at + 3] === 97 && buffer[at + 4] === 58
  );
}
