/**
 * The gateway's live page and its feed: at `/` of the admin port the page, at `/live` what it is told. Once a second a
 * sample is taken of what the gateway knows without asking anybody (counts, its loop, the operating system's figures of
 * threads) and goes into a ring of ten minutes; what it costs to write it down is spent only while somebody watches.
 */
import { performance } from 'node:perf_hooks';
import { liveDocument } from '../dashboards/live/document.ts';
import { LIVE_SPAN_MS, type LiveGateway, type LiveTurn, type LiveUnit } from '../dashboards/live/feed.ts';
import { LiveHub, VIEWERS_MAX } from '../dashboards/live/hub.ts';
import { type MeteredTurn, SecondMeter } from '../dashboards/live/meter.ts';
import { liveSpans } from '../dashboards/live/spans.ts';
import { newSpanId, newTraceId } from '../transports/traceparent.ts';
import type { AdminPages } from './admin.ts';
import type { PoolGlance } from './execution/status.ts';
import type { LoopDelay } from './loop-delay.ts';
import { traceOf } from './telemetry/traces.ts';
import type { TurnObserver, TurnRecord } from './turn-record.ts';
import { packageVersion } from './version.ts';

export interface LiveSources {
  /** Where clients connect; `null` before it listens. */
  address: () => string | null;
  inFlight: () => number;
  connections: () => number;
  pools: () => readonly PoolGlance[];
  draining: () => boolean;
  loopDelay: LoopDelay;
}

export interface LiveClock {
  /** Since 1970. */
  nowMs(): number;
  /** @returns what ends it */
  every(ms: number, act: () => void): () => void;
}

const CLOCK: LiveClock = {
  nowMs: () => Date.now(),
  every: (ms, act) => {
    const timer = setInterval(act, ms).unref();
    return () => clearInterval(timer);
  },
};

export class Live {
  readonly pages: AdminPages;
  readonly #sources: LiveSources;
  readonly #clock: LiveClock;
  readonly #hub: LiveHub;
  readonly #meter = new SecondMeter();
  readonly #usage: UsageMeter;
  #takenAtMs: number;
  #stop: (() => void) | undefined;

  constructor(sources: LiveSources, clock: LiveClock = CLOCK) {
    this.#sources = sources;
    this.#clock = clock;
    this.#takenAtMs = clock.nowMs();
    const version = packageVersion();
    const title = () => `gateway ${sources.address() ?? 'that does not listen yet'}`;
    this.#hub = new LiveHub(() => ({ source: 'gateway', title: title(), version }), clock.nowMs());
    this.#usage = new UsageMeter(sources);
    this.pages = {
      '/': { GET: liveDocument },
      '/live': {
        GET: ({ query }) => ({
          stream: (response) =>
            this.#hub.watch(response, query.get('past') !== '0')
              ? undefined
              : `there are ${VIEWERS_MAX} viewers already, the most there may be`,
        }),
      },
    };
  }

  readonly observe: TurnObserver = (record) => {
    const { outcome, usage, stamps, phases } = record;
    const { readNs, endedNs, upstreamFirstNs } = stamps;
    this.#meter.add({
      outcome: outcome.kind,
      durationMs: (endedNs - readNs) / 1e6,
      firstTokenMs: firstTokenMs(record),
      tokens: usage?.outputTokens ?? 0,
      phasesMs: upstreamFirstNs === 0 && outcome.kind !== 'completed' ? undefined : phases,
      trace: () => this.#traced(record),
    });
  };

  start(): void {
    this.#takenAtMs = this.#clock.nowMs();
    this.#usage.start();
    this.#stop = this.#clock.every(LIVE_SPAN_MS, () => this.#sample());
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#hub.close();
  }

  #sample(): void {
    const atMs = this.#clock.nowMs();
    const spanMs = Math.max(1, atMs - this.#takenAtMs);
    this.#takenAtMs = atMs;
    const { load, turns } = this.#meter.take(this.#sources.inFlight());
    this.#hub.sample({ atMs, spanMs, trial: null, load, gateway: this.#usage.take() }, turns);
  }

  #traced(record: TurnRecord): LiveTurn {
    const { turn, outcome, stamps, span } = record;
    const trace = traceOf(record, span ?? { traceId: newTraceId(), spanId: newSpanId(), sampled: false });
    return {
      key: turn.key,
      arm: null,
      // To the second, which is when this is asked.
      atMs: this.#clock.nowMs(),
      durationMs: (stamps.endedNs - stamps.readNs) / 1e6,
      firstTokenMs: firstTokenMs(record),
      outcome: outcome.kind,
      code: 'code' in outcome ? outcome.code : null,
      spans: liveSpans(trace.spans),
    };
  }
}

/** As near as the gateway comes to it: the LLM's first content, on its way to the client. */
function firstTokenMs({ stamps: { readNs, upstreamFirstNs } }: TurnRecord): MeteredTurn['firstTokenMs'] {
  return upstreamFirstNs === 0 ? null : (upstreamFirstNs - readNs) / 1e6;
}

/** How much of the machine was used since the last look. */
class UsageMeter {
  readonly #sources: LiveSources;
  #atNs = 0;
  #cpuMicros = 0;
  #mainMicros = 0;
  #utilisation = performance.eventLoopUtilization();
  #unitsNs = new Map<string, number>();

  constructor(sources: LiveSources) {
    this.#sources = sources;
  }

  start(): void {
    this.take();
  }

  take(): LiveGateway {
    const { connections, inFlight, pools, draining, loopDelay } = this.#sources;
    const atNs = performance.now() * 1e6;
    const passedNs = Math.max(1, atNs - this.#atNs);
    const cpuMicros = total(process.cpuUsage());
    const mainMicros = total(process.threadCpuUsage());
    const utilisation = performance.eventLoopUtilization();
    const glances = pools();
    const main: LiveUnit = {
      name: 'main',
      state: draining() ? 'draining' : 'running',
      turns: inFlight(),
      cpu: ((mainMicros - this.#mainMicros) * 1e3) / passedNs,
    };
    const unitsNs = new Map<string, number>();
    const units = glances.flatMap((pool) =>
      pool.units.map(({ name, state, turns, cpuNs }): LiveUnit => {
        const beforeNs = this.#unitsNs.get(name);
        if (cpuNs !== null) unitsNs.set(name, cpuNs);
        return { name, state, turns, cpu: cpuNs === null || beforeNs === undefined ? null : (cpuNs - beforeNs) / passedNs };
      }),
    );
    const sample: LiveGateway = {
      loopDelayMs: loopDelay.lap(),
      loopUtilisation: performance.eventLoopUtilization(utilisation, this.#utilisation).utilization,
      cpu: ((cpuMicros - this.#cpuMicros) * 1e3) / passedNs,
      rssBytes: process.memoryUsage.rss(),
      connections: connections(),
      inFlight: inFlight(),
      waiting: glances.reduce((sum, { waiting }) => sum + waiting, 0),
      units: [main, ...units].map(rounded),
    };
    this.#atNs = atNs;
    this.#cpuMicros = cpuMicros;
    this.#mainMicros = mainMicros;
    this.#utilisation = utilisation;
    this.#unitsNs = unitsNs;
    return sample;
  }
}

function total({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}

/** A sample has many of them, and goes over a wire. */
function rounded(unit: LiveUnit): LiveUnit {
  return unit.cpu === null ? unit : { ...unit, cpu: Math.round(unit.cpu * 1e4) / 1e4 };
}
