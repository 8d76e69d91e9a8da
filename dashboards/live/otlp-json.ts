/**
 * Spans, and how they are written so that other tools can read them: OTLP JSON, one export request a line (the
 * OpenTelemetry protocol's file format). Both sides make their spans after the fact from stamps of CLOCK_MONOTONIC, so
 * a span here is plain data; wall time, which the format wants, is that plus an offset found once a process.
 *
 * What is peculiar to the format: ids are hex (the rest of protobuf's JSON would have base64), 64-bit numbers are
 * strings, enumerations are numbers, and times are nanoseconds since 1970, which only a BigInt holds.
 */

export type SpanKind = 'internal' | 'server' | 'client';
export type AttributeValue = string | number | boolean;
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface TraceSpan {
  /** 32 and 16 hex digits, lower case. */
  readonly traceId: string;
  readonly spanId: string;
  /** Absent: the root of its trace. */
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** CLOCK_MONOTONIC. */
  readonly startNs: number;
  readonly endNs: number;
  readonly attributes: Attributes;
  /** What went wrong; absent: nothing did. */
  readonly error?: string;
}

/** Whose spans they are, and how their times become wall time. */
export interface SpanOrigin {
  /** Of the process, among them `service.name`. */
  readonly resource: Attributes;
  /** Of the code that made the spans. */
  readonly scope: { readonly name: string; readonly version: string };
  /** Wall time − CLOCK_MONOTONIC. */
  readonly wallOffsetNs: bigint;
}

type AnyValue = { stringValue: string } | { boolValue: boolean } | { intValue: string } | { doubleValue: number };
type KeyValue = { key: string; value: AnyValue };

export interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: KeyValue[];
  status: { code?: number; message?: string };
}

/** `ExportTraceServiceRequest`. */
export interface OtlpTraces {
  resourceSpans: {
    resource: { attributes: KeyValue[] };
    scopeSpans: { scope: { name: string; version: string }; spans: OtlpSpan[] }[];
  }[];
}

const KINDS: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3 };
const STATUS_ERROR = 2;

/** @param monotonicNs CLOCK_MONOTONIC now. Right to a microsecond or two; two processes differ by as much as the wall clock was set between their starts. */
export function wallOffsetNs(monotonicNs: number): bigint {
  const wallMicros = Math.round((performance.timeOrigin + performance.now()) * 1_000);
  return BigInt(wallMicros) * 1_000n - BigInt(Math.round(monotonicNs));
}

export function otlpTraces(spans: readonly TraceSpan[], { resource, scope, wallOffsetNs: offset }: SpanOrigin): OtlpTraces {
  return {
    resourceSpans: [
      {
        resource: { attributes: keyValues(resource) },
        scopeSpans: [{ scope: { name: scope.name, version: scope.version }, spans: spans.map((span) => otlpSpan(span, offset)) }],
      },
    ],
  };
}

/** One line of a file of traces, its end included. */
export function otlpLine(spans: readonly TraceSpan[], origin: SpanOrigin): string {
  return `${JSON.stringify(otlpTraces(spans, origin))}\n`;
}

function otlpSpan(span: TraceSpan, offset: bigint): OtlpSpan {
  const { traceId, spanId, parentSpanId, name, kind, startNs, endNs, attributes, error } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: String(offset + BigInt(Math.round(startNs))),
    endTimeUnixNano: String(offset + BigInt(Math.round(endNs))),
    attributes: keyValues(attributes),
    status: error === undefined ? {} : { code: STATUS_ERROR, message: error },
  };
}

function keyValues(attributes: Attributes): KeyValue[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue): AnyValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
