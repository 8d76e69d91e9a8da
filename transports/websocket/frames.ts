/**
 * WebSocket data frames of a server, many in one buffer.
 *
 * `ws` makes a header buffer and a write for each message; a relay's messages are small and come in groups, so
 * the frames of a pass are laid out in one buffer and leave in one write. Unmasked, unfragmented (RFC 6455, 5.2).
 * Everything else about the protocol (handshake, receiving, pings, closing) is `ws`'s.
 */
import type { Data } from '../envelope.ts';

const FIN_TEXT = 0x81;
const FIN_BINARY = 0x82;

/** @returns one buffer that holds a frame for each message, in order. */
export function framesOf(messages: readonly Data[]): Buffer {
  let total = 0;
  const sizes: number[] = [];
  for (const message of messages) {
    const size = typeof message === 'string' ? Buffer.byteLength(message) : message.length;
    sizes.push(size);
    total += size + headerSize(size);
  }
  const buffer = Buffer.allocUnsafe(total);
  let at = 0;
  for (let index = 0; index < messages.length; index += 1) {
    const message = messages[index]!;
    const size = sizes[index]!;
    buffer[at] = typeof message === 'string' ? FIN_TEXT : FIN_BINARY;
    at = writeLength(buffer, at + 1, size);
    if (typeof message === 'string') buffer.write(message, at, size, 'utf8');
    else message.copy(buffer, at);
    at += size;
  }
  return buffer;
}

function headerSize(size: number): number {
  if (size < 126) return 2;
  return size < 65_536 ? 4 : 10;
}

function writeLength(buffer: Buffer, at: number, size: number): number {
  if (size < 126) {
    buffer[at] = size;
    return at + 1;
  }
  if (size < 65_536) {
    buffer[at] = 126;
    return buffer.writeUInt16BE(size, at + 1);
  }
  buffer[at] = 127;
  buffer.writeUInt32BE(Math.floor(size / 2 ** 32), at + 1);
  return buffer.writeUInt32BE(size % 2 ** 32, at + 5);
}
