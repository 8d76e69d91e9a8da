/**
 * The reading end of the capacity measurement, in a thread of its own: plain sockets that ask for a stream each and
 * count nothing but ends, so that it costs as little as a reader can.
 */
import { connect } from 'node:net';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { writeMarker } from '../ledger/rows.ts';

/** For `new Worker`: in the package this file has another name. */
export const READER_URL = import.meta.url;

export interface ReaderCommand {
  port: number;
  streams: number;
  model: string;
  tokens: number;
}

function request({ port, model, tokens }: ReaderCommand, stream: number): string {
  const content = writeMarker({ key: `capacity-${stream}`, tokens });
  const body = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content }] });
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nConnection: close`;
  return `${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Posts how many streams ran to their end of connection. */
function read(command: ReaderCommand, done: (finished: number) => void): void {
  let open = command.streams;
  let failed = 0;
  for (let stream = 0; stream < command.streams; stream += 1) {
    const socket = connect(command.port, '127.0.0.1', () => socket.write(request(command, stream)));
    socket.on('data', () => {});
    socket.on('error', () => {
      failed += 1;
    });
    socket.on('close', () => {
      open -= 1;
      if (open === 0) done(command.streams - failed);
    });
  }
}

const port = parentPort;
if (!isMainThread && port && (workerData as { capacityReader?: boolean } | null)?.capacityReader) {
  port.on('message', (command: ReaderCommand) => read(command, (finished) => port.postMessage(finished)));
}
