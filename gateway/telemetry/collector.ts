/**
 * Spans on their way to a collector, through the SDK and by whatever protocol the standard variables ask for. The SDK's
 * queue is bounded and its exporter gives up after a time, so a collector that is down, slow or refuses costs spans and
 * nothing else; it tells of them only in metrics of its own, from which the losses are read here, once a second.
 */
import { setTimeout } from 'node:timers/promises';
import { type Context, type HrTime, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import type { SpanKind as Kind, TraceSpan } from '../../dashboards/live/otlp-json.ts';
import type { ChosenIds } from './chosen-ids.ts';
import type { SpanSink } from './traces.ts';

/** The SDK, as it sends spans. */
export interface SpanExport {
  readonly tracer: Tracer;
  readonly ids: ChosenIds;
  /** So far. What was neither is still under way. */
  processed(): Promise<ProcessedSpans>;
  /** Both within a bounded time. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface ProcessedSpans {
  readonly sent: number;
  readonly queueFull: number;
  readonly failed: number;
}

const KINDS: Readonly<Record<Kind, SpanKind>> = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT };
const REFRESH_MS = 1_000;
const FLUSH_TIMEOUT_MS = 2_000;
const FLUSH_WAIT_MS = 20;

export class Collector implements SpanSink {
  readonly lost = { queue_full: 0, export_failed: 0 };
  readonly #export: SpanExport;
  readonly #offsetNs: bigint;
  readonly #timer: NodeJS.Timeout;
  #added = 0;

  /** @param offsetNs wall time − CLOCK_MONOTONIC */
  constructor(spanExport: SpanExport, offsetNs: bigint) {
    this.#export = spanExport;
    this.#offsetNs = offsetNs;
    this.#timer = setInterval(() => void this.#refresh(), REFRESH_MS).unref();
  }

  add(spans: readonly TraceSpan[]): void {
    this.#added += spans.length;
    for (const span of spans) this.#make(span);
  }

  async flush(): Promise<void> {
    const untilMs = performance.now() + FLUSH_TIMEOUT_MS;
    await this.#export.flush();
    // A batch that was under way before is not waited for by the SDK.
    while ((await this.#refresh()) < this.#added && performance.now() < untilMs) await setTimeout(FLUSH_WAIT_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
    const { sent, queueFull } = await this.#export.processed();
    await this.#export.close();
    // Nobody waits for the rest.
    this.lost.export_failed = this.#added - sent - queueFull;
  }

  #make({ traceId, spanId, parentSpanId, name, kind, startNs, endNs, attributes, error }: TraceSpan): void {
    const { tracer, ids } = this.#export;
    ids.choose(traceId, spanId);
    const span = tracer.startSpan(
      name,
      { kind: KINDS[kind], startTime: this.#wall(startNs), attributes },
      parentSpanId === undefined ? ROOT_CONTEXT : under(traceId, parentSpanId),
    );
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    span.end(this.#wall(endNs));
  }

  #wall(monotonicNs: number): HrTime {
    const ns = this.#offsetNs + BigInt(Math.round(monotonicNs));
    return [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)];
  }

  /** @returns spans that are done with, one way or the other. */
  async #refresh(): Promise<number> {
    const { sent, queueFull, failed } = await this.#export.processed();
    this.lost.queue_full = queueFull;
    this.lost.export_failed = failed;
    return sent + queueFull + failed;
  }
}

function under(traceId: string, spanId: string): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED });
}
