/**
 * Opens the socket of a client connection: TCP, TLS on top where asked, both under one deadline.
 *
 * The raw socket is kept beside the TLS one, since Node's TLS sockets count plaintext: bytes on the wire are
 * the raw socket's.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Dialled {
  /** What to read and write: plaintext. */
  socket: Socket;
  /** The TCP socket beneath; the same object where there is no TLS. */
  raw: Socket;
}

export interface DialOptions {
  host: string;
  port: number;
  tls?: { ca?: string; servername?: string } | undefined;
  /** Offered where there is TLS. */
  alpn?: readonly string[];
  /** TCP and TLS together. */
  connectTimeoutMs: number;
  /** Takes what a plain socket reads instead of 'data' events; the chunk is only valid during the call. */
  onChunk?: (chunk: Buffer) => void;
}

/**
 * Node allocates 64 KiB for every read and gives most of it back. Reads happen one at a time and are consumed at
 * once, so all sockets that take their chunks by `onChunk` read into this one.
 */
const sharedChunk = Buffer.allocUnsafeSlow(64 * 1024);

export class DialError extends Error {
  readonly code: 'connect_failed' | 'connect_timeout';
  constructor(code: 'connect_failed' | 'connect_timeout', message: string) {
    super(message);
    this.code = code;
  }
}

/** Starts dialling; `done` is called once, with an error or without. The sockets exist at once, so that a caller can destroy them. */
export function dial(options: DialOptions, done: (error: DialError | undefined) => void): Dialled {
  const { onChunk } = options;
  const onread =
    onChunk && !options.tls
      ? {
          buffer: sharedChunk,
          callback: (bytes: number) => {
            onChunk(sharedChunk.subarray(0, bytes));
            return true;
          },
        }
      : undefined;
  const raw = connectTcp({ host: options.host, port: options.port, noDelay: true, ...(onread ? { onread } : {}) });
  const socket = options.tls
    ? connectTls({
        socket: raw,
        servername: options.tls.servername ?? (/^[\d.:]+$/.test(options.host) ? 'localhost' : options.host),
        ...(options.tls.ca === undefined ? {} : { ca: options.tls.ca }),
        ...(options.alpn === undefined ? {} : { ALPNProtocols: [...options.alpn] }),
      })
    : raw;
  const where = `${options.host}:${options.port}`;
  const settle = (error: DialError | undefined) => {
    clearTimeout(timer);
    socket.off('error', onError).off('close', onClose).off(ready, onReady);
    if (error) {
      // An error may still come from the sockets that are torn down; nobody is interested any more.
      socket.on('error', () => {});
      raw.on('error', () => {});
      socket.destroy();
      raw.destroy();
    }
    done(error);
  };
  const onError = (error: Error) => settle(new DialError('connect_failed', `connecting to ${where}: ${error.message}`));
  const onClose = () => settle(new DialError('connect_failed', `connecting to ${where}: closed before it was ready`));
  const onReady = () => settle(undefined);
  const ready = options.tls ? 'secureConnect' : 'connect';
  const timer = setTimeout(
    () => settle(new DialError('connect_timeout', `connecting to ${where}: not ready within ${options.connectTimeoutMs} ms`)),
    options.connectTimeoutMs,
  );
  socket.once('error', onError).once('close', onClose).once(ready, onReady);
  return { socket, raw };
}
