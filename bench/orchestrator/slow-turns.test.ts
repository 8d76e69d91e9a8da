import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { OtlpSpan, OtlpTraces } from '../../dashboards/live/otlp-json.ts';
import { arm } from '../arms.ts';
import type { TurnPath } from '../ledger/path.ts';
import type { ArmData } from './arm-data.ts';
import type { Observation } from './observation.ts';
import { reportSlowTurn, saveTraces, slowTurnsOf, traceLine } from './slow-turns.ts';
import type { Gathered } from './summarise.ts';
import { observePaths, path } from './testing/paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatebench-traces-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ORIGIN = { scope: { name: 'gatebench', version: '1' }, wallOffsetNs: 0n };
const lasting = (ms: number, over: Partial<TurnPath> = {}) => path(`${ms}`, { ms: { agent: ms }, over });
const failed = (ms: number) => lasting(ms, { outcome: 'failed', code: 'upstream_error', phases: undefined });
const spansOf = (line: string) =>
  (JSON.parse(line) as OtlpTraces).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ service: resource.attributes[0]?.value, ...span }))),
  );
const lengthMs = ({ startTimeUnixNano, endTimeUnixNano }: OtlpSpan) => Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6;

describe('the turns to look at', () => {
  test('are the ten slowest of all launches', () => {
    const of = (from: number) => Array.from({ length: 10 }, (_, index) => lasting(from + index * 2));
    const slow = slowTurnsOf([observePaths(of(10)), observePaths(of(11), {}, 1)]);
    expect(slow.map(({ key }) => key)).toEqual(['29', '28', '27', '26', '25', '24', '23', '22', '21', '20']);
  });

  test('three places are kept for turns that failed, and what the others leave free', () => {
    const completed = Array.from({ length: 12 }, (_, index) => lasting(100 + index));
    const many = Array.from({ length: 20 }, (_, index) => failed(1 + index));
    const keys = slowTurnsOf([observePaths(completed, { failed: many })]).map(({ key }) => key);
    expect(keys).toEqual(['111', '110', '109', '108', '107', '106', '105', '20', '19', '18']);
    expect(slowTurnsOf([observePaths(completed.slice(0, 2), { failed: many })])).toHaveLength(10);
    expect(slowTurnsOf([observePaths(completed.slice(0, 2))])).toHaveLength(2);
  });

  test('are told with what they add up to', () => {
    const told = reportSlowTurn('a', path('k', { ms: { scheduleLag: 1, queue: 50.00049, returnTransit: 2 }, residualMs: 0.5 }));
    expect(told).toMatchObject({ key: 'k', outcome: 'completed', turnMs: 53.5, residualMs: 0.5 });
    expect(Object.entries(told.phasesMs).filter(([, ms]) => ms > 0)).toEqual([
      ['scheduleLag', 1],
      ['queue', 50],
      ['returnTransit', 2],
    ]);
    expect(reportSlowTurn('a', failed(7))).toMatchObject({ outcome: 'failed (upstream_error)', turnMs: 7, phasesMs: {}, residualMs: null });
  });
});

describe('the trace of such a turn', () => {
  const slow = path('k', { ms: { scheduleLag: 1, transit: 2, admission: 3, queue: 50, serialise: 4, returnTransit: 5 }, residualMs: 0.5 });

  test('is whole: the client’s span, the gateway’s under it, and each phase that took time where it lay', () => {
    const spans = spansOf(traceLine('arm', slow, ORIGIN));
    const root = spans.find(({ parentSpanId }) => parentSpanId === undefined)!;
    const server = spans.find(({ kind }) => kind === 2)!;
    expect([root.kind, lengthMs(root), server.parentSpanId, lengthMs(server)]).toEqual([3, 65.5, root.spanId, 57.5]);
    const under = (id: string) => spans.filter((span) => span.parentSpanId === id && span.kind === 1);
    expect(under(root.spanId).map((span) => [span.name, lengthMs(span)])).toEqual([
      ['scheduleLag', 1],
      ['transit', 2],
      ['returnTransit', 5],
    ]);
    expect(under(server.spanId).map((span) => [span.name, lengthMs(span)])).toEqual([
      ['admission', 3],
      ['queue', 50],
      ['serialise', 4],
    ]);
    expect(under(root.spanId)[2]?.endTimeUnixNano).toBe(root.endTimeUnixNano);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([reportSlowTurn('arm', slow).traceId]));
    expect(spans.map(({ service }) => service)).toContainEqual({ stringValue: 'gatebench-gateway' });
  });

  test('has the ids that were sent with the turn, where some were', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const sent = { ...slow, traceparent };
    const root = spansOf(traceLine('arm', sent, ORIGIN)).find(({ parentSpanId }) => parentSpanId === undefined);
    expect([root?.traceId, root?.spanId]).toEqual(['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']);
    expect(reportSlowTurn('arm', sent).traceId).toBe('0af7651916cd43dd8448eb211c80319c');
  });

  test('differs from arm to arm, which are all offered the same turns', () => {
    expect(reportSlowTurn('one', slow).traceId).not.toBe(reportSlowTurn('other', slow).traceId);
  });

  test('of a turn without phases is the client’s span, with what went wrong', () => {
    const spans = spansOf(traceLine('arm', failed(7), ORIGIN));
    expect(spans.map(({ kind, status }) => [kind, status])).toEqual([[3, { code: 2, message: 'failed (upstream_error)' }]]);
  });

  test('of a gateway elsewhere has all phases under the client’s span', () => {
    const spans = spansOf(traceLine('arm', path('k', { ms: { transit: 2, queue: 5 }, elsewhere: true }), ORIGIN));
    expect(spans.map(({ name, kind }) => [name, kind]).slice(1)).toEqual([
      ['transit', 1],
      ['queue', 1],
    ]);
  });
});

test('traces of a run lie in one file, a line each; a run without any takes an older one away', () => {
  const one = arm('sse/chat/kept>sse/chat/kept/full/inline');
  const gathered = (all: Observation[]): Gathered[] => {
    const data: ArmData = { arm: one, role: 'plain', all, launches: new Map([[0, all]]), answers: [] };
    return [{ data: {} as Gathered['data'], byArm: new Map([[one.id, data]]) }];
  };
  const file = join(folder, 'run', 'traces.jsonl');
  expect(saveTraces(gathered([observePaths([lasting(5), lasting(6)])]), join(folder, 'run'))).toEqual(['traces.jsonl']);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => spansOf(line)[0]?.attributes.find(({ key }) => key === 'gatebench.turn')?.value)).toEqual([
    { stringValue: '6' },
    { stringValue: '5' },
  ]);
  expect(readdirSync(join(folder, 'run'))).toEqual(['traces.jsonl']);
  writeFileSync(join(folder, 'traces.jsonl'), 'old');
  expect(saveTraces(gathered([]), folder)).toEqual([]);
  expect(existsSync(join(folder, 'traces.jsonl'))).toBe(false);
});
