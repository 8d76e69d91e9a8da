/**
 * W3C Trace Context (Level 1): which trace a turn belongs to, and whether it is recorded. A `traceparent` comes from
 * outside, so it is read strictly, and what cannot be read counts as absent (4.3 there): it never fails a turn.
 *
 * Version 00 is read, and so is a later one if it looks the same up to its end; a later version with fields of its own
 * after the flags is passed over, which the standard lets a server do. Of the flags only `sampled` is known, and only
 * that is written. `tracestate` is not carried: it is other vendors' data, of a size that they choose, and a server
 * that changes the parent may drop it; no part of a trace here depends on it.
 */

/** Version (not ff), trace id and parent id (not all zeros), flags. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the span that what follows hangs under. */
  readonly spanId: string;
  readonly sampled: boolean;
}

export function isTraceparent(value: unknown): value is string {
  return typeof value === 'string' && TRACEPARENT.test(value);
}

/** @returns `undefined` for what is no `traceparent`. */
export function readTraceparent(value: unknown): TraceContext | undefined {
  if (!isTraceparent(value)) return undefined;
  return { traceId: value.slice(3, 35), spanId: value.slice(36, 52), sampled: isSampled(value) };
}

export function writeTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** @param traceparent a valid one. The lowest bit of the last digit is the flag. */
export function isSampled(traceparent: string): boolean {
  return (HEX.indexOf(traceparent[54]!) & 1) === 1;
}

const HEX = '0123456789abcdef';

export function newTraceId(): string {
  return newSpanId() + newSpanId();
}

/** Never all zeros. Not for secrets: ids need to differ, not to be hard to guess. */
export function newSpanId(): string {
  return half() + half();
}

/** 32 bits, not all of them zero. By a table, since `toString(16)` costs a microsecond, and a traced turn has ten spans. */
function half(): string {
  const bits = 1 + Math.floor(Math.random() * 0xffff_ffff);
  return BYTES[bits >>> 24]! + BYTES[(bits >>> 16) & 255]! + BYTES[(bits >>> 8) & 255]! + BYTES[bits & 255]!;
}

const BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
