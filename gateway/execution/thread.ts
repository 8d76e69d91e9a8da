/**
 * Agents in worker threads, each with its own event loop and upstream connections, so that what an agent computes
 * never holds up the main thread.
 *
 * piscina keeps the threads and gives each task to the least busy; turns that find all threads full wait here and not
 * in its queue, where a cancelled one could not be taken back without its `signal`, which would make a thread serve
 * one turn at a time. A thread that dies ends its turns at once, and is replaced.
 */
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { Handler, Running, Sink, Turn, TurnEvent } from '../../transports/contract.ts';
import type { ClientOptions } from '../../transports/wire.ts';
import type { AgentSettings } from '../agents/index.ts';
import type { AgentName } from '../agents/names.ts';
import { endOf, refuse } from '../outcome.ts';
import { Channel } from './channel.ts';
import type { Execution } from './execution.ts';
import type { Batch, FromWorker, Hello, ThreadTask, WorkerSettings } from './messages.ts';
import { url as workerUrl } from './worker.ts';

const START_TIMEOUT_MS = 30_000;

export interface ThreadPoolOptions {
  minThreads: number;
  maxThreads: number;
  idleTimeoutMs: number;
  turnsPerThread: number;
  queueMax: number;
  agents: Readonly<Record<AgentName, AgentSettings>>;
  /** Of each thread. */
  upstream: ClientOptions;
  /** Told when a thread ends that was not asked to. */
  onThreadError: (error: Error) => void;
}

export interface ThreadStatus {
  threadId: number;
  osThreadId: number | null;
  state: 'idle' | 'busy';
  turns: number;
}

/** A turn as its consumer has it, and as the pool tracks it: a cancelled one is over for the former first. */
class ThreadTurn implements Running {
  readonly task: ThreadTask;
  readonly #pool: ThreadPool;
  readonly #sink: Sink;
  waiting = true;
  channel: Channel | undefined;
  over = false;
  #paused = false;

  constructor(pool: ThreadPool, task: ThreadTask, sink: Sink) {
    this.#pool = pool;
    this.task = task;
    this.#sink = sink;
  }

  accepted(channel: Channel): void {
    this.channel = channel;
    channel.turns += 1;
    if (this.over) channel.send({ cancel: this.task.id });
  }

  take(event: TurnEvent, readAtNs: number): void {
    if (event.type === 'end') this.#pool.left(this);
    if (this.over) return;
    this.over = event.type === 'end';
    if (this.#sink.push(event, readAtNs) || this.over || this.#paused) return;
    this.#paused = true;
    this.channel?.send({ pause: this.task.id });
  }

  resume(): void {
    if (!this.#paused || this.over) return;
    this.#paused = false;
    this.channel?.send({ resume: this.task.id });
  }

  /** Over at once: a thread that computes answers late. One that has not said yet that it has the task is told then. */
  cancel(): void {
    if (this.over) return;
    this.over = true;
    if (this.waiting) this.#pool.left(this);
    else this.channel?.send({ cancel: this.task.id });
    this.#sink.push(endOf({ kind: 'cancelled' }), 0);
  }
}

export class ThreadPool implements Execution {
  readonly #options: ThreadPoolOptions;
  readonly #piscina: Piscina<ThreadTask, void>;
  readonly #channels = new Set<Channel>();
  readonly #turns = new Map<number, ThreadTurn>();
  readonly #waiting = new Set<ThreadTurn>();
  #onHello: () => void = () => {};
  #dispatched = 0;
  #lastId = 0;
  #closing = false;
  #lastError: Error | undefined;

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
    const settings: WorkerSettings = { gatebench: 'worker', agents: options.agents, upstream: options.upstream };
    this.#piscina = new Piscina<ThreadTask, void>({
      filename: fileURLToPath(workerUrl),
      minThreads: options.minThreads,
      maxThreads: options.maxThreads,
      idleTimeout: options.idleTimeoutMs,
      concurrentTasksPerWorker: options.turnsPerThread,
      workerData: settings,
      // Everything a worker needs is in its settings; the process's environment may hold secrets.
      env: {},
      // A worker that waits by Atomics has no event loop: no sockets, no timers, no channel.
      atomics: 'disabled',
      stricterFIFO: true,
      recordTiming: false,
    });
    this.#piscina.on('message', (hello: Hello) => this.#joined(hello));
    this.#piscina.on('error', (error: Error) => options.onThreadError(error));
  }

  /** Resolves when `minThreads` threads are up; rejects when one fails to start. */
  async ready(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`the threads did not start within ${START_TIMEOUT_MS} ms`)), START_TIMEOUT_MS);
    this.#piscina.once('error', reject);
    this.#onHello = () => {
      if (this.#channels.size >= this.#options.minThreads) resolve();
    };
    this.#onHello();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#piscina.off('error', reject);
    }
  }

  readonly handler: Handler = (turn: Turn, sink: Sink): Running => {
    const free = this.#dispatched < this.#options.maxThreads * this.#options.turnsPerThread;
    if (!free && this.#waiting.size >= this.#options.queueMax) {
      const message = `all threads are full and ${this.#waiting.size} turns wait`;
      return refuse(sink, { status: 429, code: 'queue_full', message, retryAfterS: 1 });
    }
    this.#lastId += 1;
    const running = new ThreadTurn(this, { id: this.#lastId, turn }, sink);
    this.#turns.set(running.task.id, running);
    if (free) this.#dispatch(running);
    else this.#waiting.add(running);
    return running;
  };

  threads(): ThreadStatus[] {
    return [...this.#channels].map(({ threadId, osThreadId, turns }) => ({
      threadId,
      osThreadId,
      state: turns > 0 ? 'busy' : 'idle',
      turns,
    }));
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const turn of [...this.#waiting]) turn.cancel();
    await this.#piscina.destroy();
    for (const channel of this.#channels) channel.close();
  }

  /** No thread has the turn any longer. */
  left(turn: ThreadTurn): void {
    if (turn.channel) turn.channel.turns -= 1;
    this.#turns.delete(turn.task.id);
    this.#waiting.delete(turn);
  }

  #dispatch(turn: ThreadTurn): void {
    turn.waiting = false;
    this.#dispatched += 1;
    this.#piscina.run(turn.task).then(
      () => this.#freed(),
      (error: Error) => {
        this.#freed();
        this.#died(turn, error);
      },
    );
  }

  #died(turn: ThreadTurn, error: Error): void {
    if (!this.#turns.has(turn.task.id)) return;
    turn.take(endOf({ kind: 'failed', code: 'agent_died', message: `the agent's thread ended: ${error.message}` }), 0);
    // All turns of a thread get the same error: told once.
    if (!this.#closing && error !== this.#lastError) this.#options.onThreadError(error);
    this.#lastError = error;
  }

  #freed(): void {
    this.#dispatched -= 1;
    const [next] = this.#waiting;
    if (!next || this.#closing) return;
    this.#waiting.delete(next);
    this.#dispatch(next);
  }

  #joined(hello: Hello): void {
    const channel = new Channel(hello, {
      message: (message) => this.#told(channel, message),
      closed: () => this.#channels.delete(channel),
    });
    this.#channels.add(channel);
    this.#onHello();
  }

  #told(channel: Channel, message: FromWorker): void {
    if ('accepted' in message) this.#turns.get(message.accepted)?.accepted(channel);
    else this.#deliver(message);
  }

  #deliver({ ids, events, readAtNs }: Batch): void {
    for (let index = 0; index < ids.length; index += 1) {
      const event = events[index]!;
      this.#turns.get(ids[index]!)?.take(typeof event === 'string' ? { type: 'text', text: event } : event, readAtNs[index]!);
    }
  }
}
