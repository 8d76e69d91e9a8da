/**
 * An envelope: how turns and events are written as messages, whatever carries the messages.
 *
 * One file an envelope, each with both directions (the client's requests and the server's replies) and
 * both shapes of reply (streamed, whole). A transport frames messages; it never looks inside them.
 * Codecs are synchronous, allocate little, and hold no sockets; decoders take hostile input and answer
 * with a value, never with an exception.
 */
import type { EndEvent, EnvelopeName, Refusal, Turn, TurnEvent } from './contract.ts';

/** Text for JSON envelopes, bytes for `binary`. */
export type Data = string | Buffer;

/** What a client asks on the wire besides the turn itself. */
export interface RequestShape {
  /** Over HTTP: reply as a stream (`stream: true`) or whole. Over WebSocket always true. */
  stream: boolean;
  /** Over WebSocket: wrap as a client event (`type: "response.create"`) and carry `streamId`. */
  websocket: boolean;
  streamId?: string;
}

export type ParsedRequest =
  | {
      kind: 'turn';
      turn: Turn;
      stream: boolean;
      /** Chat's `stream_options.include_usage`; true where usage always comes. */
      includeUsage: boolean;
      streamId?: string;
    }
  /** Our extension on WebSockets: stop the stream's turn (`response.cancel`). */
  | { kind: 'cancel'; streamId?: string }
  | { kind: 'refused'; refusal: Refusal; streamId?: string };

/** Takes the messages that a reply is written as. `name` is the SSE event name, where the envelope uses them. */
export type Emit = (data: Data, name?: string) => void;

/** What a client sent, and what to put into replies. */
export interface ReplyContext {
  model: string;
  streamId?: string;
  /** Seconds since 1970, for the `created` fields of OpenAI's formats. */
  createdS: number;
  includeUsage: boolean;
  /** Which of the two dialects is written: over WebSocket, chat ends with an object instead of `[DONE]`. */
  websocket: boolean;
  /** Padding for each text event, in the field `obfuscation` of the message that holds it. Of `chat` and `responses`. */
  extraBytesPerToken?: number | undefined;
}

/**
 * Writes one streamed reply. Text is held back until `flush`, so that what piles up in a tick becomes one
 * delta; every other event flushes first, so order holds.
 */
export interface ReplyWriter {
  event(event: TurnEvent): void;
  /** Writes the text held back, if any. */
  flush(): void;
}

/** One message of a reply, parsed once: first to find its stream, then to read its events. */
export interface ParsedMessage {
  /** On a WebSocket: whose stream it belongs to; `undefined` is the default stream. */
  streamId: string | undefined;
  /** The envelope's own business. */
  value: unknown;
}

/** Reads one streamed reply. Stateful; one a turn. */
export interface ReplyReader {
  /**
   * Pushes the events of one message.
   * @returns false when the message is no valid part of a reply (the transport then ends the turn with `bad_reply`).
   */
  message(message: ParsedMessage, push: (event: TurnEvent) => void): boolean;
  /** UTF-8 bytes of content (text, and tool arguments) seen so far. */
  readonly contentBytes: number;
  /** Bytes spent on diagnostics (phases) so far. */
  readonly diagnosticsBytes: number;
}

export interface Envelope {
  readonly name: EnvelopeName;
  /** Path of the endpoint, for HTTP and for the upgrade. */
  readonly path: string;
  /** WebSocket subprotocol that selects this envelope, where the path alone does not. */
  readonly subprotocol?: string;
  readonly requestType: string;
  readonly wholeReplyType: string;
  /** WebSocket messages are binary frames. */
  readonly binaryFrames: boolean;

  writeRequest(turn: Turn, shape: RequestShape): Data;
  /** Client's wish to stop a turn on a shared connection. */
  writeCancel(streamId: string | undefined): Data;
  /** Server's side; `websocket` says which of the two dialects is expected. Never throws. */
  readRequest(
    data: Data,
    options: { websocket: boolean; headers?: Readonly<Record<string, string | string[] | undefined>> },
  ): ParsedRequest;

  /** A streamed reply; on SSE transports the transport itself frames (`data: …`). */
  replyWriter(context: ReplyContext, emit: Emit): ReplyWriter;
  replyReader(): ReplyReader;
  /** Parses one message of a streamed reply (`[DONE]` included); `undefined` when it is malformed. */
  parseMessage(data: Data): ParsedMessage | undefined;

  /** A whole reply, from all events of the turn (text may be many events). `end.outcome` is `completed`. */
  writeWhole(events: readonly TurnEvent[], context: ReplyContext): Data;
  /** @returns the events, or `undefined` when the body is malformed. */
  readWhole(data: Data): { events: TurnEvent[]; contentBytes: number; diagnosticsBytes: number } | undefined;

  /** A refusal or failure as an HTTP body, or as a WebSocket/stream message when `websocket` is true. */
  writeError(
    error: { status: number; code: string; message: string; param?: string; retryAfterS?: number },
    options: { websocket: boolean; streamId?: string },
  ): Data;
  /** Reads an error body of an HTTP reply with status ≥ 400. */
  readError(status: number, data: Data, retryAfterS: number | undefined): EndEvent;
}
