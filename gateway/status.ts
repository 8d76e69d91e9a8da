/**
 * The contents of the admin pages. Figures are cumulative since the start; beside them stands a window of measurement,
 * which whoever measures begins anew by a POST, since quantiles of two readings cannot be subtracted.
 */
import { performance } from 'node:perf_hooks';
import type { Execution } from '../transports/contract.ts';
import type { AdminPages } from './admin.ts';
import type { GatewayConfig } from './config.ts';
import type { TurnCounts } from './counts.ts';
import type { PoolStatus, UnitStatus } from './execution/status.ts';
import type { LogHealth } from './log.ts';
import { LoopDelay } from './loop-delay.ts';
import { type OsThread, osProcess, osThread, osThreadCount } from './os-threads.ts';
import { packageVersion } from './version.ts';

/** A pool as the status page sees it. */
export interface StatusPool {
  status(): PoolStatus;
  beginWindow(): void;
}

export interface StatusSources {
  config: GatewayConfig;
  turns: TurnCounts;
  responses: { readonly count: number; readonly bytes: number };
  pools: Readonly<Partial<Record<Execution, StatusPool>>>;
  /** `null` before it listens. */
  port: () => number | null;
  connections: () => number;
  sessions: () => number;
  commands: () => number;
  /** Warnings of the watchdog, and turns that it stopped. */
  quotas: () => { warned: number; stopped: number };
  traces: () => TracesStatus;
  log: LogHealth;
  draining: () => boolean;
}

/** Turns that were traced, traces that are remembered, and spans: made, and not where they should be. */
export interface TracesStatus {
  turns: number;
  kept: number;
  keptBytes: number;
  spans: { made: number; lost: Readonly<Record<string, number>> };
}

export interface Status {
  readonly pages: AdminPages;
  /** Measures from now on: what starting up costs the main thread is nobody's wait. */
  start(): void;
  stop(): void;
}

/** What the operating system tells; replaced in tests. */
export interface OsSource {
  thread(osThreadId: number): OsThread;
  process(pid: number): OsThread;
  threadCount(): number | null;
}

export const OS: OsSource = { thread: osThread, process: osProcess, threadCount: osThreadCount };

export function watchStatus(sources: StatusSources, os: OsSource = OS, loopDelay: LoopDelay = new LoopDelay()): Status {
  const { draining } = sources;
  const version = packageVersion();
  const startedAt = new Date().toISOString();
  const window = new Window(sources, loopDelay);
  const status = () => ({ version, startedAt, ...statusOf(sources, loopDelay), window: window.figures() });
  return {
    pages: {
      '/status': { GET: () => ({ body: status() }) },
      '/threads': { GET: () => ({ body: threadsOf(sources, os) }) },
      '/healthz': { GET: () => ({ status: draining() ? 503 : 200, body: { ok: !draining() } }) },
      '/window': {
        POST: () => {
          window.begin();
          return { body: { begun: true } };
        },
      },
    },
    start: () => {
      loopDelay.start();
      window.begin();
    },
    stop: () => loopDelay.stop(),
  };
}

/** What is measured since somebody said so, or since the start. */
class Window {
  readonly #sources: StatusSources;
  readonly #loopDelay: LoopDelay;
  #sinceMs = performance.now();
  #utilisation = performance.eventLoopUtilization();
  #spans = { made: 0, lost: 0 };

  constructor(sources: StatusSources, loopDelay: LoopDelay) {
    this.#sources = sources;
    this.#loopDelay = loopDelay;
  }

  begin(): void {
    this.#sinceMs = performance.now();
    this.#utilisation = performance.eventLoopUtilization();
    this.#loopDelay.beginWindow();
    this.#spans = spansOf(this.#sources.traces());
    for (const pool of Object.values(this.#sources.pools)) pool.beginWindow();
  }

  /** Of the pool in which turns run that do not ask for another. */
  figures() {
    const { pools, config, traces } = this.#sources;
    const spans = spansOf(traces());
    const pool = (pools[config.agents.execution] ?? pools.thread ?? pools.process)?.status();
    return {
      sinceMs: Math.round(performance.now() - this.#sinceMs),
      loopDelayMs: this.#loopDelay.window(),
      loopUtilisation: performance.eventLoopUtilization(this.#utilisation).utilization,
      dispatchMicros: pool ? dispatchOf(pool) : null,
      queueWaitMs: pool ? pool.queueWaitMs : null,
      spans: { made: spans.made - this.#spans.made, lost: spans.lost - this.#spans.lost },
    };
  }
}

function spansOf({ spans: { made, lost } }: TracesStatus) {
  return { made, lost: Object.values(lost).reduce((sum, count) => sum + count, 0) };
}

function dispatchOf({ dispatch: { count, p50Micros, p99Micros } }: PoolStatus) {
  return { count, p50: p50Micros, p99: p99Micros };
}

function statusOf({ config, turns, responses, pools, log, ...read }: StatusSources, loopDelay: LoopDelay) {
  const { idle: idleMs, active: activeMs } = performance.eventLoopUtilization();
  const { user: userMicros, system: systemMicros } = process.cpuUsage();
  const figures = Object.entries(pools).map(([name, pool]) => [name, pool.status()] as const);
  return {
    state: read.draining() ? 'draining' : 'running',
    pid: process.pid,
    uptimeMs: Math.round(process.uptime() * 1_000),
    port: read.port(),
    connections: read.connections(),
    sessions: read.sessions(),
    turns: {
      inFlight: turns.inFlight,
      waiting: figures.reduce((sum, [, { waiting }]) => sum + waiting, 0),
      ended: turns.ended,
      codes: Object.fromEntries(turns.codes),
    },
    pools: Object.fromEntries(figures.map(([name, pool]) => [name, poolOf(pool)])),
    quotas: read.quotas(),
    commands: { running: read.commands() },
    responses: { stored: responses.count, bytes: responses.bytes },
    memory: process.memoryUsage(),
    cpu: { userMicros, systemMicros },
    traces: read.traces(),
    loop: { idleMs, activeMs, delayMs: loopDelay.sinceStart() },
    log: { level: config.logging.level, ...log },
    // Secrets show themselves as such.
    config,
  };
}

function poolOf(pool: PoolStatus) {
  const { units, waiting, queueWaitMs, started, ended, died, killed } = pool;
  return { units: units.length, waiting, dispatchMicros: dispatchOf(pool), queueWaitMs, started, ended, died, killed };
}

function threadsOf({ turns, pools, draining }: StatusSources, os: OsSource) {
  const { heapUsed, external } = process.memoryUsage();
  const { user, system } = process.threadCpuUsage();
  const main = {
    name: 'main',
    kind: 'main',
    threadId: 0,
    osThreadId: process.pid,
    pid: process.pid,
    state: draining() ? 'draining' : 'running',
    agent: null,
    turns: turns.inFlight,
    ageMs: Math.round(process.uptime() * 1_000),
    cpuMs: (user + system) / 1_000,
    heapUsedBytes: heapUsed,
    externalBytes: external,
    rssBytes: null,
    ...switchesOf(os.thread(process.pid)),
  };
  const units = Object.values(pools).flatMap((pool) => pool.status().units.map((unit) => unitOf(unit, os)));
  return { threads: [main, ...units], osThreads: os.threadCount() };
}

function unitOf(unit: UnitStatus, os: OsSource) {
  const { osThreadId, kind, pid } = unit;
  const seen = kind === 'process' ? processOf(pid, os) : osThreadId === null ? undefined : os.thread(osThreadId);
  return { ...unit, cpuMs: unit.cpuMs ?? seen?.runMs ?? null, ...switchesOf(seen) };
}

/** One that has not started yet has no number. */
function processOf(pid: number, os: OsSource): OsThread | undefined {
  return pid === 0 ? undefined : os.process(pid);
}

function switchesOf(seen: OsThread | undefined) {
  return {
    voluntarySwitches: seen?.voluntarySwitches ?? null,
    involuntarySwitches: seen?.involuntarySwitches ?? null,
    runQueueWaitMs: seen?.runQueueWaitMs ?? null,
    runQueueWaitRatio: seen?.runQueueWaitRatio ?? null,
  };
}
