/**
 * A thread, as a piscina of one. Piscina starts it, hands it its tasks (one a turn), and tells what became of them.
 * Which thread a turn gets, when one is started and when it ends is the pool's to say: a piscina of many starts
 * threads up to its maximum as soon as one task finds no place, and ends no particular one.
 */
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, type ResourceLimits, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { messageOf } from '../agents/guard.ts';
import { osThread } from '../os-threads.ts';
import type { Carrier, CarrierEvents } from './carrier.ts';
import { ENTERED, SharedDeliveries, sharedWords } from './credit.ts';
import type { FromHost, HostSettings, ToHost, TurnTask } from './messages.ts';
import { lowerPriority, nameOsThread, newOsThreads, osThreads } from './os-thread.ts';
import { within } from './time-limit.ts';
import type { UnitSample } from './unit.ts';
import { type BeginTask, url as workerUrl } from './worker.ts';

/** A thread whose event loop has not come to rest for this long is computing. */
const COMPUTING_AFTER_MS = 10;
/**
 * Niceness of threads that are an agent's own. Two threads that compute on the main thread's only core let its timers
 * fire 4 ms late at p99, 160 ms at worst; with this, 0.3 and 4 ms.
 */
const OWN_NICENESS = 10;

export interface ThreadOptions {
  execArgv: readonly string[];
  resourceLimits?: ResourceLimits | undefined;
}

export class ThreadCarrier implements Carrier {
  readonly kind = 'thread';
  readonly pid = process.pid;
  threadId: number | null = null;
  osThreadId: number | null = null;
  readonly #name: string;
  readonly #piscina: Piscina<BeginTask | TurnTask, void>;
  readonly #shared = sharedWords();
  readonly #deliveries = new SharedDeliveries(this.#shared, () => this.post({ delivered: 0 }));
  readonly #exited = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  #events!: CarrierEvents;
  #worker: Worker | undefined;
  #port: MessagePort | undefined;
  #error: Error | undefined;
  #idleMs = -1;
  #restedAtMs = 0;

  constructor(name: string, { execArgv, resourceLimits }: ThreadOptions) {
    this.#name = name;
    this.#failed.promise.catch(() => {});
    this.#piscina = new Piscina({
      filename: fileURLToPath(workerUrl),
      // Started by its first task, and never again by itself.
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: Number.MAX_SAFE_INTEGER,
      execArgv: [...execArgv],
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
      // Everything a worker needs is in its first task; the process's environment may hold secrets.
      env: {},
      // A worker that waits by Atomics has no event loop: no sockets, no timers, no port.
      atomics: 'disabled',
      recordTiming: false,
    });
  }

  async begin(settings: HostSettings, events: CarrierEvents): Promise<void> {
    this.#events = events;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on('message', (message: FromHost) => this.#told(message));
    // Of a thread that has no task.
    this.#piscina.on('error', (error: Error) => this.#broken(error));
    const before = osThreads();
    const begun = this.#piscina.run(
      { begin: settings, port: port2, shared: this.#shared },
      // Piscina takes its type from Node's, which has more than one by now; of the wrong one.
      { transferList: [port2] as never },
    );
    const started = newOsThreads(before);
    this.#watch(this.#piscina.threads[0]!);
    await Promise.race([begun, this.#failed.promise]);
    this.threadId = this.#worker?.threadId ?? null;
    this.osThreadId = nameOsThread(started, this.#name);
  }

  run(task: TurnTask): void {
    this.#piscina.run(task).catch((error: Error) => this.#events.refused(task.id, error));
  }

  post(message: ToHost): void {
    this.#port?.postMessage(message);
  }

  delivered(): void {
    this.#deliveries.delivered();
  }

  becomeOwn(): void {
    if (this.osThreadId !== null) lowerPriority(this.osThreadId, OWN_NICENESS);
  }

  lastEntered(): number {
    return this.#shared[ENTERED]!;
  }

  /** By the time that its event loop has been at rest: whoever computes adds nothing to it between two looks. */
  computing(): boolean {
    const idleMs = this.#loopIdleMs();
    const nowMs = performance.now();
    if (idleMs === this.#idleMs) return nowMs - this.#restedAtMs >= COMPUTING_AFTER_MS;
    this.#idleMs = idleMs;
    this.#restedAtMs = nowMs;
    return false;
  }

  osCpuNs(): number | null {
    const runMs = this.osThreadId === null ? null : osThread(this.osThreadId)?.runMs;
    return runMs === undefined || runMs === null ? null : runMs * 1e6;
  }

  async sample(timeoutMs: number): Promise<UnitSample | undefined> {
    const worker = this.#worker;
    if (!worker) return undefined;
    const idleMs = this.#loopIdleMs();
    const answers = Promise.all([worker.cpuUsage(), worker.getHeapStatistics()]);
    const answered = await within(answers, timeoutMs).catch(() => undefined);
    if (!answered) return undefined;
    const [{ user, system }, heap] = answered;
    return {
      cpuNs: (user + system) * 1_000,
      computing: this.#loopIdleMs() === idleMs,
      heapUsedBytes: heap.used_heap_size,
      externalBytes: heap.external_memory,
      rssBytes: null,
    };
  }

  end(): Promise<void> {
    // Its own promise does not wait for a thread that it has given up already.
    void this.#piscina.destroy();
    this.#port?.close();
    return this.#worker ? this.#exited.promise : Promise.resolve();
  }

  #loopIdleMs(): number {
    return this.#worker?.performance.eventLoopUtilization().idle ?? 0;
  }

  /** An agent can reach the port, and say what no host says: that ends its thread, and nobody else. */
  #told(message: FromHost): void {
    try {
      this.#events.message(message);
    } catch (error) {
      this.#broken(new Error(`what it said on its channel could not be read: ${messageOf(error)}`, { cause: error }));
    }
  }

  #watch(worker: Worker): void {
    this.#worker = worker;
    worker.on('error', (error: Error) => this.#broken(error));
    worker.on('exit', (code) => {
      this.#broken(new Error(`it exited with code ${code}`));
      this.#port?.close();
      this.#exited.resolve();
    });
  }

  /** Told several times, of which the first knows most. */
  #broken(error: Error): void {
    if (this.#error) return;
    this.#error = error;
    this.#failed.reject(error);
    this.#events.gone(error);
  }
}
