/**
 * The finished responses that a later turn may name, within a bound of count and a bound of bytes.
 *
 * A response holds only what its own turn added and refers to the one before it, so a conversation of n turns is
 * kept once and not n times. The least recently used ids are forgotten first; messages live on as long as a later
 * response of the same conversation needs them, and count until then.
 */
import type { Message } from '../../transports/contract.ts';

/** Objects and references beside the text of a message; an estimate, so that empty messages are not free. */
const MESSAGE_OVERHEAD_BYTES = 128;

export interface StoredResponse {
  /** What this turn added: its input and what the model answered. Empty where the upstream keeps the history. */
  readonly messages: readonly Message[];
  readonly previous: StoredResponse | undefined;
  readonly upstreamResponseId: string | undefined;
  readonly bytes: number;
  /** Its id in the store, and later responses. At 0 its messages are gone. */
  holders: number;
}

export class ResponseStore {
  /** Oldest use first. */
  readonly #byId = new Map<string, StoredResponse>();
  readonly #countMax: number;
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(countMax: number, bytesMax: number) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#byId.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get bytesMax(): number {
    return this.#bytesMax;
  }

  find(id: string): StoredResponse | undefined {
    const found = this.#byId.get(id);
    if (found) {
      this.#byId.delete(id);
      this.#byId.set(id, found);
    }
    return found;
  }

  /** @param previous a response that `find` gave; it may have been forgotten since. */
  add(id: string, messages: readonly Message[], previous?: StoredResponse, upstreamResponseId?: string): void {
    const bytes = messages.reduce((sum, message) => sum + bytesOf(message), 0);
    const chain = previous?.holders === 0 ? undefined : previous;
    // Its beginning went while the turn ran: half a conversation is worse than none.
    if (previous && !chain) return;
    if (bytes > this.#bytesMax || this.#countMax === 0) return;
    if (chain) chain.holders += 1;
    this.#byId.set(id, { messages, previous: chain, upstreamResponseId, bytes, holders: 1 });
    this.#bytes += bytes;
    for (const oldest of this.#byId.keys()) {
      if (this.#byId.size <= this.#countMax && this.#bytes <= this.#bytesMax) break;
      this.#forget(oldest);
    }
  }

  #forget(id: string): void {
    let response = this.#byId.get(id);
    this.#byId.delete(id);
    while (response) {
      response.holders -= 1;
      if (response.holders > 0) return;
      this.#bytes -= response.bytes;
      response = response.previous;
    }
  }
}

/** All messages of a conversation, oldest first. */
export function conversation(last: StoredResponse): Message[] {
  const parts: (readonly Message[])[] = [];
  for (let at: StoredResponse | undefined = last; at; at = at.previous) parts.push(at.messages);
  return parts.reverse().flat();
}

/**
 * Text that was put together token by token is kept by V8 as a tree of its pieces (11 bytes a character, measured);
 * counting its bytes makes it one string (1 byte a character).
 */
export function bytesOf(message: Message): number {
  let bytes = MESSAGE_OVERHEAD_BYTES + Buffer.byteLength(message.content);
  for (const call of message.toolCalls ?? [])
    bytes += MESSAGE_OVERHEAD_BYTES + Buffer.byteLength(call.arguments) + call.name.length + call.id.length;
  return bytes;
}
