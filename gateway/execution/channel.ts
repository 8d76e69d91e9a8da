/** The main thread's end of a worker's channel. Acknowledges batches once they have been delivered. */
import type { MessagePort } from 'node:worker_threads';
import { BATCHES_PER_ACKNOWLEDGEMENT, type FromWorker, type Hello, type ToWorker } from './messages.ts';

export interface ChannelOwner {
  message(message: FromWorker): void;
  closed(): void;
}

export class Channel {
  readonly threadId: number;
  readonly osThreadId: number | null;
  /** Turns that the worker has accepted and not ended. */
  turns = 0;
  readonly #port: MessagePort;
  #unacknowledged = 0;

  constructor({ threadId, osThreadId, port }: Hello, owner: ChannelOwner) {
    this.threadId = threadId;
    this.osThreadId = osThreadId;
    this.#port = port;
    port.on('message', (message: FromWorker) => {
      owner.message(message);
      if ('ids' in message) this.#delivered();
    });
    port.on('close', () => owner.closed());
  }

  send(message: ToWorker): void {
    this.#port.postMessage(message);
  }

  close(): void {
    this.#port.close();
  }

  #delivered(): void {
    this.#unacknowledged += 1;
    if (this.#unacknowledged < BATCHES_PER_ACKNOWLEDGEMENT) return;
    this.send({ acknowledged: this.#unacknowledged });
    this.#unacknowledged = 0;
  }
}
