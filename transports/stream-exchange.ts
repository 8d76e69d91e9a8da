/** Reads an event-stream reply with its envelope: the same over HTTP/1.1 and HTTP/2. */
import type { TurnErrorCode } from './codes.ts';
import type { Counts, SettledOptions } from './connection.ts';
import type { EndEvent, TurnEvent } from './contract.ts';
import type { Envelope, ReplyReader } from './envelope.ts';
import { SseParser } from './sse-parser.ts';

export interface StreamTarget {
  readonly options: SettledOptions;
  readonly counts: Counts;
  push(event: TurnEvent): void;
  fail(code: TurnErrorCode, message: string): void;
}

export class StreamExchange {
  readonly #target: StreamTarget;
  readonly #envelope: Envelope;
  readonly #reader: ReplyReader;
  readonly #parser: SseParser;
  /** Told when the reply is complete, so that the connection is free again by then. */
  #end: EndEvent | undefined;

  constructor(target: StreamTarget) {
    this.#target = target;
    this.#envelope = target.options.envelope;
    this.#reader = this.#envelope.replyReader();
    this.#parser = new SseParser(this.#message, target.options.messageBytesMax);
  }

  body(chunk: Buffer, start: number, end: number): void {
    const { counts } = this.#target;
    const dataBefore = this.#parser.dataBytes;
    const contentBefore = this.#reader.contentBytes;
    const diagnosticsBefore = this.#reader.diagnosticsBytes;
    const result = this.#parser.push(chunk, start, end);
    counts.messageBytes += this.#parser.dataBytes - dataBefore;
    counts.contentBytes += this.#reader.contentBytes - contentBefore;
    counts.diagnosticsBytes += this.#reader.diagnosticsBytes - diagnosticsBefore;
    if (result === 'ok') return;
    if (result === 'too-large')
      this.#target.fail('reply_too_large', `an event is larger than ${this.#target.options.messageBytesMax} bytes`);
    else this.#target.fail('bad_reply', 'a message of the stream is no part of a reply');
  }

  complete(): EndEvent {
    return (
      this.#end ?? {
        type: 'end',
        outcome: { kind: 'failed', code: 'connection_lost', message: 'the stream ended before the turn did' },
      }
    );
  }

  readonly #message = (data: string): boolean => {
    // After the end nothing counts, but bytes may still come ([DONE], say).
    if (this.#end) return true;
    const message = this.#envelope.parseMessage(data);
    return message !== undefined && this.#reader.message(message, this.#push);
  };

  readonly #push = (event: TurnEvent): void => {
    if (event.type === 'end') this.#end ??= event;
    else if (!this.#end) this.#target.push(event);
  };
}
