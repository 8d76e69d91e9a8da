import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TraceSpan } from '../../dashboards/live/otlp-json.ts';
import { TraceFile, type TraceFileOptions } from './trace-file.ts';

let folder: string;
let errors: unknown[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatebench-traces-'));
  errors = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ORIGIN = { resource: {}, scope: { name: 'gatebench', version: '0' }, wallOffsetNs: 0n };

function spans(number: number, count = 2): TraceSpan[] {
  const traceId = number.toString(16).padStart(32, '0');
  const one = { traceId, spanId: '1'.repeat(16), name: 'turn', kind: 'server' as const, startNs: 1, endNs: 2, attributes: {} };
  return Array.from({ length: count }, () => one);
}

function file(over: Partial<TraceFileOptions> = {}): TraceFile {
  const path = join(folder, 'traces.jsonl');
  return new TraceFile({ path, fileBytesMax: 1e6, filesMax: 3, origin: ORIGIN, onError: (error) => errors.push(error), ...over });
}

const tracesIn = (name: string) =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => Number.parseInt(JSON.parse(line).resourceSpans[0].scopeSpans[0].spans[0].traceId, 16));

describe('the file of traces', () => {
  test('has a line for each turn, in order, after those that it had', async () => {
    for (const from of [1, 501]) {
      const traces = file();
      for (let number = from; number < from + 500; number += 1) traces.add(spans(number));
      await traces.close();
      expect(traces.lost.file_failed).toBe(0);
    }
    expect(tracesIn('traces.jsonl')).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
  });

  test('is put aside when it is full, and the oldest goes', async () => {
    const traces = file({ fileBytesMax: 2_000 });
    for (let number = 1; number <= 40; number += 1) {
      traces.add(spans(number));
      await traces.flush();
    }
    await traces.close();
    const names = readdirSync(folder).sort();
    expect(names).toEqual(['traces.jsonl', 'traces.jsonl.1', 'traces.jsonl.2']);
    for (const name of names) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(2_000);
    const kept = names.toReversed().flatMap(tracesIn);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 40 - kept.length + 1 + index));
    expect(traces.lost.file_failed).toBe(0);
  });

  test('one file only is begun anew when it is full', async () => {
    const traces = file({ fileBytesMax: 2_000, filesMax: 1 });
    for (let number = 1; number <= 40; number += 1) {
      traces.add(spans(number));
      await traces.flush();
    }
    await traces.close();
    expect(readdirSync(folder)).toEqual(['traces.jsonl']);
    expect(statSync(join(folder, 'traces.jsonl')).size).toBeLessThanOrEqual(2_000);
  });

  test('loses what finds no room, and counts it', async () => {
    const traces = file({ waitingMax: 100 });
    for (let number = 1; number <= 60; number += 1) traces.add(spans(number));
    expect(traces.lost.file_failed).toBe(20);
    await traces.close();
    expect(tracesIn('traces.jsonl').length).toBe(50);
  });

  test('that cannot be written loses its spans, says so once, and goes on when it can', async () => {
    const inTheWay = join(folder, 'place');
    writeFileSync(inTheWay, '');
    const traces = file({ path: join(inTheWay, 'traces.jsonl') });
    for (const number of [1, 2]) {
      traces.add(spans(number));
      await traces.flush();
    }
    expect([traces.lost.file_failed, errors.length]).toEqual([4, 1]);
    rmSync(inTheWay);
    traces.add(spans(3));
    await traces.close();
    expect(tracesIn('place/traces.jsonl')).toEqual([3]);
    expect(traces.lost.file_failed).toBe(4);
  });
});
