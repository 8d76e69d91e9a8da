/**
 * A worker of the pool: runs agents, each turn with its inference, on an event loop of its own. Tasks come from
 * piscina, one a turn; everything else about a turn passes through the worker's channel.
 */
import { readlinkSync } from 'node:fs';
import { MessageChannel, type MessagePort, parentPort, threadId, workerData } from 'node:worker_threads';
import { connect } from '../../transports/client.ts';
import type { Handler, Running, Sink, TurnEvent } from '../../transports/contract.ts';
import { agentHandler } from '../agents/index.ts';
import type { Batch, FromWorker, Hello, ThreadTask, ToWorker, WorkerSettings } from './messages.ts';
import { Outbox, type Source } from './outbox.ts';

/**
 * Piscina first tries `require` on a worker's module. A thread that is terminated while it requires an ES module aborts
 * the whole process (an assertion in Node 26.10); one that waits at its top level cannot be required, and is imported.
 */
await undefined;

/** For the pool: after bundling, only the module itself knows where it lies. */
export const url = import.meta.url;

class WorkerTurn implements Sink, Source {
  readonly id: number;
  lastText = -1;
  readonly #host: WorkerHost;
  readonly #done: () => void;
  #running: Running | undefined;
  /** By the main thread, where the consumer does not keep up. */
  #paused = false;
  #over = false;

  constructor(host: WorkerHost, id: number, done: () => void) {
    this.#host = host;
    this.id = id;
    this.#done = done;
  }

  run(handler: Handler, { turn }: ThreadTask): void {
    this.#running = handler(turn, this);
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (this.#over) return true;
    const room = this.#host.outbox.add(this, event, readAtNs);
    if (event.type === 'end') {
      this.#over = true;
      this.#host.turns.delete(this.id);
      this.#done();
    }
    return room && !this.#paused;
  }

  roomAgain(): void {
    if (!this.#paused && !this.#over) this.#running?.resume();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#running?.resume();
  }

  cancel(): void {
    this.#running?.cancel();
  }
}

class WorkerHost {
  readonly turns = new Map<number, WorkerTurn>();
  readonly outbox: Outbox;
  readonly #port: MessagePort;
  readonly #handler: Handler;

  constructor(port: MessagePort, { agents, upstream }: WorkerSettings) {
    this.#port = port;
    this.outbox = new Outbox((batch: Batch) => this.#post(batch));
    this.#handler = agentHandler(agents, { upstream: connect(upstream).handler });
    port.on('message', (message: ToWorker) => this.#told(message));
  }

  run(task: ThreadTask): Promise<void> {
    return new Promise((resolve) => {
      const turn = new WorkerTurn(this, task.id, resolve);
      this.turns.set(task.id, turn);
      this.#post({ accepted: task.id });
      turn.run(this.#handler, task);
    });
  }

  #post(message: FromWorker): void {
    this.#port.postMessage(message);
  }

  #told(message: ToWorker): void {
    if ('acknowledged' in message) this.outbox.acknowledged(message.acknowledged);
    else if ('cancel' in message) this.turns.get(message.cancel)?.cancel();
    else if ('pause' in message) this.turns.get(message.pause)?.pause();
    else this.turns.get(message.resume)?.resume();
  }
}

/** The main thread imports this module too, for its address, and may itself be a worker of something else. */
const host = parentPort !== null && isSettings(workerData) ? start(parentPort, workerData) : undefined;

function isSettings(data: unknown): data is WorkerSettings {
  return typeof data === 'object' && data !== null && 'gatebench' in data;
}

function start(parent: MessagePort, settings: WorkerSettings): WorkerHost {
  const { port1, port2 } = new MessageChannel();
  const started = new WorkerHost(port1, settings);
  const hello: Hello = { hello: 'gatebench', threadId, osThreadId: osThreadId(), port: port2 };
  parent.postMessage(hello, [port2]);
  return started;
}

/** The link names the thread that reads it: `<process>/task/<thread>`. */
function osThreadId(): number | null {
  if (process.platform !== 'linux') return null;
  return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
}

export default function run(task: ThreadTask): Promise<void> {
  if (!host) throw new Error('this module runs in a worker');
  return host.run(task);
}
