/** The contents of the status page. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { GatewayConfig } from './config.ts';
import type { TurnCounts } from './counts.ts';
import type { ThreadPool } from './execution/thread.ts';
import type { ResponseStore } from './history/store.ts';
import { packageVersion } from './version.ts';

const LOOP_DELAY_RESOLUTION_MS = 20;

export interface StatusSources {
  config: GatewayConfig;
  turns: TurnCounts;
  responses: ResponseStore;
  pool: ThreadPool | undefined;
  connections: () => number;
  draining: () => boolean;
}

export interface Status {
  status(): Record<string, unknown>;
  threads(): { threads: Record<string, unknown>[] };
  stop(): void;
}

/** Cumulative figures since the start; who wants those of a window subtracts two readings. */
export function watchStatus({ config, turns, responses, pool, connections, draining }: StatusSources): Status {
  const version = packageVersion();
  const startedAt = new Date().toISOString();
  const delay = monitorEventLoopDelay({ resolution: LOOP_DELAY_RESOLUTION_MS });
  delay.enable();
  const state = () => (draining() ? 'draining' : 'running');
  return {
    status: () => {
      const { idle: idleMs, active: activeMs } = performance.eventLoopUtilization();
      const { user: userMicros, system: systemMicros } = process.cpuUsage();
      return {
        state: state(),
        version,
        pid: process.pid,
        startedAt,
        uptimeMs: Math.round(process.uptime() * 1_000),
        connections: connections(),
        turns: { inFlight: turns.inFlight, waiting: pool?.waiting ?? 0, ended: turns.ended, codes: Object.fromEntries(turns.codes) },
        responses: { stored: responses.count, bytes: responses.bytes },
        memory: process.memoryUsage(),
        cpu: { userMicros, systemMicros },
        loop: {
          idleMs,
          activeMs,
          delayMs: { p50: delayMs(delay.percentile(50)), p99: delayMs(delay.percentile(99)), max: delayMs(delay.max) },
        },
        // Secrets show themselves as such.
        config,
      };
    },
    threads: () => ({
      threads: [
        { name: 'main', threadId: 0, osThreadId: process.pid, state: state(), turns: turns.inFlight },
        ...(pool?.threads() ?? []).map((thread) => ({ name: `agent-${thread.threadId}`, ...thread })),
      ],
    }),
    stop: () => delay.disable(),
  };
}

/** The histogram holds whole intervals, and nothing before the first; the delay is what lies beyond the resolution. */
function delayMs(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e6 - LOOP_DELAY_RESOLUTION_MS) : 0;
}
